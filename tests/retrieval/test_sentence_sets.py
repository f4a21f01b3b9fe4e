"""Judging an encoder on published sets: the figures are what the definition says, and a bad file is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.encoder import SentenceEncoder, Vectors
from retrieval.sentence_sets import CODES, SentenceSetError, bitext_accuracy, encode, judge, likeness_correlation


class ByLetter:
    """Encodes a sentence by its first letter: a real encoder of nothing else."""

    name = "first letter"

    def encode(self, sentences: list[str]) -> Vectors:
        return np.eye(26, dtype=np.float32)[[ord(s[0].lower()) - ord("a") for s in sentences]]


def test_accuracy_is_the_mean_of_both_directions() -> None:
    """Two of three found one way and back; equal translations count as one another."""
    assert bitext_accuracy(ByLetter(), ["a1", "b1", "c1"], ["a2", "b2", "c2"]) == 100.0
    assert bitext_accuracy(ByLetter(), ["a1", "b1", "c1"], ["a2", "b2", "a3"]) == round(100 * (2 / 3 + 2 / 3) / 2, 1)
    assert bitext_accuracy(ByLetter(), ["a1", "a1"], ["a2", "a2"]) == 100.0


def test_correlation_is_of_ranks() -> None:
    """Like pairs scored higher give 100, lower give -100."""
    first, second = ["a", "a", "b", "b"], ["a", "a", "a", "c"]
    assert likeness_correlation(ByLetter(), first, second, [5, 5, 1, 1]) == 100.0
    assert likeness_correlation(ByLetter(), first, second, [1, 1, 5, 5]) == -100.0


def test_vectors_come_in_the_order_asked(tiny_model: Path) -> None:
    """Sorting by length inside is not seen outside."""
    encoder = SentenceEncoder(tiny_model)
    sentences = ["a longer sentence about keys", "keys", "a boat"]
    assert np.allclose(encode(encoder, sentences), encoder.encode(sentences), atol=1e-6)


def test_a_whole_folder_is_judged(tmp_path: Path, tiny_model: Path) -> None:
    """Seventeen figures: three test sets in four languages, and likeness in five."""
    write_sets(tmp_path)
    found = judge(SentenceEncoder(tiny_model), tmp_path)
    assert len(found) == 17
    assert {result.test for result in found} == {"Tatoeba", "FLORES", "NTREX", "STS-B"}
    assert all(-100 <= result.percent <= 100 for result in found)


def test_a_missing_or_broken_file_is_named(tmp_path: Path, tiny_model: Path) -> None:
    """The error says which file and what is wrong with it."""
    encoder = SentenceEncoder(tiny_model)
    with pytest.raises(SentenceSetError, match=r"tatoeba.nld-eng.eng: cannot be read"):
        judge(encoder, tmp_path)
    write_sets(tmp_path)
    for broken, said in (("one,two,many\n", "row 1"), ("one,two,5\none,two\n", "row 2")):
        (tmp_path / "stsb.pl.csv").write_text(broken)
        with pytest.raises(SentenceSetError, match=rf"stsb.pl.csv: {said} is not two sentences and a score"):
            judge(encoder, tmp_path)
    (tmp_path / "flores.ron").write_text("one line\n")
    with pytest.raises(SentenceSetError, match=r"flores.eng has 6 lines, .*flores.ron has 1"):
        judge(encoder, tmp_path)


def write_sets(folder: Path) -> None:
    lines = "\n".join(f"{a} {b}" for a in ("lost", "copied", "mooring") for b in ("keys", "a boat"))
    for code in CODES.values():
        for side in ("eng", code):
            (folder / f"tatoeba.{code}-eng.{side}").write_text(lines)
    for code in ("eng", *CODES.values()):
        (folder / f"flores.{code}").write_text(lines)
        (folder / f"ntrex.{code}").write_text(lines)
    for language in ("nl", "en", "es", "pl"):
        (folder / f"stsb.{language}.csv").write_text('"keys, lost",lost keys,5\nkeys,boat,0\nlost,copied,1.5\n')
    (folder / "stsb.ro.tsv").write_text('5\tkeys "lost\tlost keys\n0\tkeys\tboat\n1.5\tlost\tcopied\n')
