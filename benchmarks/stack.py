"""Choices of the retrieval stack against the one that ships, on the public questions: hit@1 and hit@3, and how sure the difference is.

A difference has a 95 % interval by the paired bootstrap over questions (10,000 draws): one that holds 0 is noise.
`python -m benchmarks.stack [NAME=FOLDER ...]`: further encoders that are put in the bundled one's place or beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from benchmarks.encoders import searcher_of
from kompas.cli import QUESTIONS
from retrieval.encoder import BUNDLED, SentenceEncoder
from retrieval.evaluation import Question, read_questions
from retrieval.search import Searcher, Weights, fuse

Scores = NDArray[np.float64]  # of one question: kinds of evidence × (entries + outside)
KINDS = ("own_language", "all_languages", "probe", "nearest")


def evidence(searcher: Searcher, questions: list[Question]) -> list[Scores]:
    """Each kind alone, by giving it all the weight."""
    alone = [Weights(**{kind: float(kind == one) for kind in KINDS}, topic=0) for one in KINDS]
    found = []
    for question in questions:
        vector = searcher.encoder.encode([question.text])
        found.append(np.array([fuse(searcher.index, question.text, vector, question.language, w) for w in alone]))
    return found


def mean_of(*weights: float) -> Callable[[Scores], Scores]:
    return lambda seen: np.average(seen[: len(weights)], axis=0, weights=weights)


def stretched(seen: Scores) -> Scores:
    """Every kind stretched to 0 to 1 for each question."""
    low, high = seen.min(1, keepdims=True), seen.max(1, keepdims=True)
    return ((seen - low) / np.maximum(high - low, 1e-9)).mean(0)


def standard(seen: Scores) -> Scores:
    """Every kind with mean 0 and deviation 1 for each question."""
    return ((seen - seen.mean(1, keepdims=True)) / np.maximum(seen.std(1, keepdims=True), 1e-9)).mean(0)


def reciprocal_ranks(seen: Scores) -> Scores:
    ranks = (-seen).argsort(1).argsort(1)
    return (1 / (60 + ranks)).sum(0)


def reranked(seen: Scores) -> Scores:
    """The ten best of all kinds, put in order by the nearest phrasing and the probe alone."""
    fused = seen.mean(0)
    best = np.argsort(-fused)[:10]
    out = fused.copy()
    out[best] = 10 + seen[2:, best].mean(0)
    return out


VARIANTS: dict[str, Callable[[Scores], Scores]] = {
    "shipped: four kinds, equal weights": mean_of(1, 1, 1, 1),
    "without BM25 in the own language": mean_of(0, 1, 1, 1),
    "without BM25 over all languages": mean_of(1, 0, 1, 1),
    "without the probe": mean_of(1, 1, 0, 1),
    "without the nearest phrasing": mean_of(1, 1, 1, 0),
    "BM25 alone": mean_of(1, 1, 0, 0),
    "encoder alone": mean_of(0, 0, 1, 1),
    "BM25 counts double": mean_of(2, 2, 1, 1),
    "encoder counts double": mean_of(1, 1, 2, 2),
    "probe counts double": mean_of(1, 1, 2, 1),
    "scores stretched to 0 to 1": stretched,
    "scores standardised": standard,
    "reciprocal ranks": reciprocal_ranks,
    "ten best reranked by the encoder": reranked,
}


def hits(scores: list[Scores], ids: tuple[str, ...], questions: list[Question], first: int) -> NDArray[np.float64]:
    ranked = [[ids[i] for i in np.argsort(-s[:-1], kind="stable")[:first]] for s in scores]
    return np.array([bool(q.expected & set(r)) for q, r in zip(questions, ranked, strict=True)], dtype=float)


def compare(
    name: str, found: NDArray[np.float64], third: NDArray[np.float64], base: NDArray[np.float64], spoken: list[str]
) -> str:
    by_language = [100 * found[np.array(spoken) == language].mean() for language in ("nl", "en", "es", "pl", "ro")]
    difference = found - base
    if difference.any():
        interval = bootstrap((difference,), np.mean, n_resamples=10_000, method="percentile", rng=0).confidence_interval
        change = f"{100 * difference.mean():+.1f} ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
    else:
        change = "0"
    languages = " ".join(f"{share:.1f}" for share in by_language)
    return f"| {name} | {100 * found.mean():.1f} | {languages} | {change} | {100 * third.mean():.1f} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("others", nargs="*", metavar="NAME=FOLDER")
    given = options.parse_args()
    questions = [q for q in read_questions(QUESTIONS) if q.kind == "answerable"]
    spoken = [q.language for q in questions]
    bundled = searcher_of(SentenceEncoder(BUNDLED))
    ids = bundled.index.ids
    seen = evidence(bundled, questions)
    rows = {name: [variant(s) for s in seen] for name, variant in VARIANTS.items()}
    for other in given.others:
        name, _, folder = other.partition("=")
        more = evidence(searcher_of(SentenceEncoder(Path(folder))), questions)
        rows[f"{name} instead"] = [s.mean(0) for s in more]
        rows[f"{name} beside it"] = [np.vstack([one, two[2:]]).mean(0) for one, two in zip(seen, more, strict=True)]
    base = hits(rows[next(iter(VARIANTS))], ids, questions, 1)
    print("| stack | hit@1 | nl en es pl ro | against shipped, 95 % interval | hit@3 |\n|---|---|---|---|---|")
    for name, scores in rows.items():
        print(compare(name, hits(scores, ids, questions, 1), hits(scores, ids, questions, 3), base, spoken))


if __name__ == "__main__":
    main()
