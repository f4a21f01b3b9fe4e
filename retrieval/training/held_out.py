"""Sentences that no model of ours may learn: those it is judged by. Kept as fingerprints: nobody needs the test sets.

`python -m retrieval.training.held_out [DIR ...]` adds the public questions, and every sentence of the test sets in DIR.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from knowledge.text import fold
from retrieval.evaluation import read_questions
from retrieval.training.progress import say
from retrieval.training.recipe import ROOT

HELD_OUT = Path(__file__).parent / "held_out.npy"
QUESTIONS = ROOT / "tests" / "data" / "questions.tsv"
NOT_LETTERS = re.compile(r"[^a-z]+")
COLUMNS = re.compile(r'\t|","|,(?=\S)')


def fingerprint(text: str) -> int:
    """A 64-bit number of a sentence's letters, the same however it is cased, accented or punctuated."""
    letters = NOT_LETTERS.sub("", fold(text))
    return int.from_bytes(hashlib.blake2b(letters.encode(), digest_size=8).digest(), "big")


def held_out() -> set[int]:
    """Fingerprints of every sentence a model is judged by: the published test sets and the public questions."""
    return {int(number) for number in np.load(HELD_OUT)}


def add(texts: Iterable[str]) -> int:
    """Adds the fingerprints of `texts`, creating the table where there is none. Returns how many it then has."""
    numbers = {fingerprint(text) for text in texts} | (held_out() if HELD_OUT.is_file() else set())
    np.save(HELD_OUT, np.array(sorted(numbers), dtype=np.uint64))
    return len(numbers)


def sentences(folder: Path) -> list[str]:
    """Every line of every file in a folder of test sets, and every column of it: too many rather than too few."""
    found = []
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.suffix != ".json"):
        for line in path.read_text(encoding="utf-8").splitlines():
            found += [line, *COLUMNS.split(line)]
    return found


def main(folders: list[str]) -> None:
    """Adds the public questions and what the folders hold."""
    texts = [question.text for question in read_questions(QUESTIONS)]
    for folder in folders:
        texts += sentences(Path(folder))
    say(f"{add(texts)} sentences are held out")


if __name__ == "__main__":
    main(sys.argv[1:])
