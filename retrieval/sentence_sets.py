"""An encoder alone, judged on published test sets: is a translation the nearest sentence, is likeness what people say?"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.encoder import Encoder, Vectors

# Language → the three letters in the names of the test files.
CODES = {"nl": "nld", "es": "spa", "pl": "pol", "ro": "ron"}
CHUNK = 512


class SentenceSetError(ValueError):
    """A test file is missing or not what it should be; the message names it."""


@dataclass(frozen=True)
class Result:
    """One figure: test set, language, and percent (accuracy of both directions averaged, or Spearman's rho times 100)."""

    test: str
    language: str
    percent: float


def judge(encoder: Encoder, folder: Path) -> list[Result]:
    """Every figure of every test set in `folder`. Raises SentenceSetError.

    Files, with c one of CODES' three letters: tatoeba.c-eng.c and tatoeba.c-eng.eng, flores.c and flores.eng, ntrex.c and
    ntrex.eng (a sentence a line), stsb.nl|en|es|pl.csv (two sentences, a score) and stsb.ro.tsv (a score, two sentences).
    """
    results = []
    for language, code in CODES.items():
        english, other = _bitext(folder / f"tatoeba.{code}-eng.eng", folder / f"tatoeba.{code}-eng.{code}")
        results.append(Result("Tatoeba", language, bitext_accuracy(encoder, english, other)))
    for name in ("flores", "ntrex"):
        for language, code in CODES.items():
            english, other = _bitext(folder / f"{name}.eng", folder / f"{name}.{code}")
            results.append(Result(name.upper(), language, bitext_accuracy(encoder, english, other)))
    for language in ("nl", "en", "es", "pl", "ro"):
        first, second, scores = _rated(folder, language)
        results.append(Result("STS-B", language, likeness_correlation(encoder, first, second, scores)))
    return results


def table(results: Sequence[Result]) -> str:
    """The figures as a Markdown table, a line per test set."""
    languages = ("nl", "en", "es", "pl", "ro")
    lines = ["| test set | " + " | ".join(languages) + " |", "|---" * (len(languages) + 1) + "|"]
    for test in dict.fromkeys(result.test for result in results):
        found = {result.language: f"{result.percent:.1f}" for result in results if result.test == test}
        lines.append(f"| {test} | " + " | ".join(found.get(language, "") for language in languages) + " |")
    return "\n".join(lines)


def bitext_accuracy(encoder: Encoder, left: Sequence[str], right: Sequence[str]) -> float:
    """Percent of sentences whose nearest sentence on the other side is their translation, both directions averaged.

    A twin counts: where two translations are the same words, either is right.
    """
    scores = encode(encoder, left) @ encode(encoder, right).T
    forward = np.mean([right[found] == right[row] for row, found in enumerate(scores.argmax(1))])
    back = np.mean([left[found] == left[row] for row, found in enumerate(scores.argmax(0))])
    return round(100 * float(forward + back) / 2, 1)


def likeness_correlation(encoder: Encoder, first: Sequence[str], second: Sequence[str], scores: Sequence[float]) -> float:
    """Spearman's rank correlation, times 100, between the dot products and what people scored."""
    from scipy.stats import spearmanr

    found = (encode(encoder, first) * encode(encoder, second)).sum(1)
    return round(100 * float(spearmanr(found, scores).statistic), 1)


def encode(encoder: Encoder, sentences: Sequence[str]) -> Vectors:
    """Vectors in the order of `sentences`; those of like length are encoded together."""
    order = sorted(range(len(sentences)), key=lambda place: len(sentences[place]))
    parts = [
        encoder.encode([sentences[place] for place in order[start : start + CHUNK]]) for start in range(0, len(order), CHUNK)
    ]
    vectors = np.concatenate(parts)
    back = np.empty_like(vectors)
    back[order] = vectors
    return back


def _lines(path: Path) -> list[str]:
    """The lines of a file, split at line feeds only: some sentences hold other separators."""
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SentenceSetError(f"{path}: cannot be read ({error})") from None


def _bitext(left: Path, right: Path) -> tuple[list[str], list[str]]:
    """Two files, line beside line."""
    pair = _lines(left), _lines(right)
    if len(pair[0]) != len(pair[1]):
        raise SentenceSetError(f"{left} has {len(pair[0])} lines, {right} has {len(pair[1])}: not translations line by line")
    return pair


def _rated(folder: Path, language: str) -> tuple[list[str], list[str], list[float]]:
    """Pairs of sentences and people's scores; the Romanian file has the score first and tabs."""
    path = folder / (f"stsb.{language}.tsv" if language == "ro" else f"stsb.{language}.csv")
    lines = _lines(path)
    first, second, scores = [], [], []
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if language == "ro" else csv.reader(lines)
    for number, row in enumerate(rows, start=1):
        try:
            one, two, score = (row[1], row[2], row[0]) if language == "ro" else (row[0], row[1], row[2])
            scores.append(float(score))
        except (IndexError, ValueError) as error:
            raise SentenceSetError(f"{path}: row {number} is not two sentences and a score ({error})") from None
        first.append(one)
        second.append(two)
    return first, second, scores
