"""Parallel text, cleaned: which English sentences the teachers read, and which translations the students learn from them."""

from __future__ import annotations

import lzma
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from knowledge.text import fold
from retrieval.training.fetch import corpora
from retrieval.training.held_out import fingerprint, held_out
from retrieval.training.recipe import TRANSLATED, Recipe

TAG = re.compile(r"<[^>]{1,80}>|\\[ntr]|^#[0-9]+[ :]")
ACCELERATOR = re.compile(r"[_&~](?=\w)|\(\s*[_&~]\w\s*\)")
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”»]?\s+(?=[\"“«„¿¡—-]*\w)")


@dataclass(frozen=True)
class Pool:
    """What the students learn: texts, each with the English sentence it should be close to."""

    english: list[str]
    texts: list[str]
    languages: list[str]
    targets: NDArray[np.int64]  # index into english, one a text
    draws: NDArray[np.float64]  # how often each text is drawn, relative

    def of(self, language: str) -> list[int]:
        """The places of one language's texts."""
        return [place for place, found in enumerate(self.languages) if found == language]

    def save(self, folder: Path) -> None:
        """Writes the pool as lines of text and arrays of numbers."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("english", "texts", "languages"):
            (folder / f"{name}.txt").write_text("\n".join(getattr(self, name)), encoding="utf-8")
        np.savez(folder / "numbers.npz", targets=self.targets, draws=self.draws)

    @classmethod
    def load(cls, folder: Path) -> Pool:
        """Reads what `save` wrote."""
        english, texts, languages = (
            (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n") for name in ("english", "texts", "languages")
        )
        with np.load(folder / "numbers.npz") as numbers:
            return cls(english, texts, languages, numbers["targets"], numbers["draws"])


def clean(text: str) -> str:
    """One line without markup and keyboard accelerators."""
    return " ".join(ACCELERATOR.sub("", TAG.sub(" ", text)).split())


def usable(english: str, other: str, recipe: Recipe) -> bool:
    """Whether two sentences can be translations of each other, in letters, and short enough to learn from."""
    low, high = recipe.words
    longest = max(len(english), len(other))
    return (
        low <= len(english.split()) <= high
        and longest <= recipe.characters
        and 0.4 <= len(english) / max(1, len(other)) <= 2.5
        and fold(english) != fold(other)
        and all(sum(c.isalpha() or c.isspace() for c in text) >= 0.7 * len(text) for text in (english, other))
    )


def sentences(english: str, other: str) -> Iterator[tuple[str, str]]:
    """The pair itself and, where both sides have as many sentences, sentence beside sentence."""
    yield english, other
    left, right = SENTENCE_END.split(english), SENTENCE_END.split(other)
    if 1 < len(left) == len(right):
        yield from zip(left, right, strict=True)


def read(folder: Path, recipe: Recipe) -> Pool:
    """The pool made of all corpora in `folder` that corpora.yml names."""
    table = corpora()
    styles = {name: corpus["style"] for part in table.values() for name, corpus in part.items()}
    forbidden = held_out()
    known: dict[str, dict[str, dict[str, None]]] = {}
    style_of: dict[str, str] = {}
    order = list(recipe.draws)
    for path in sorted(folder.glob("*.tsv*")):
        name, language = path.name.split(".")[:2]
        if name not in styles or language not in TRANSLATED:
            continue
        for english, other in _pairs(path, recipe):
            if fingerprint(english) in forbidden or fingerprint(other) in forbidden:
                continue
            known.setdefault(english, defaultdict(dict))[language][other] = None
            style_of[english] = min(style_of.get(english, "words"), styles[name], key=order.index)
    return _choose(known, style_of, recipe)


def opened(path: Path) -> TextIO:
    """A file of pairs, compressed or not."""
    return lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")


def _pairs(path: Path, recipe: Recipe) -> Iterator[tuple[str, str]]:
    with opened(path) as lines:
        for line in lines:
            english, _, other = line.rstrip("\n").partition("\t")
            for one, two in sentences(clean(english), clean(other)):
                if usable(one, two, recipe):
                    yield one, two


def _choose(known: dict[str, dict[str, dict[str, None]]], style_of: dict[str, str], recipe: Recipe) -> Pool:
    """Natural sentences first, then those in most languages, Romanian before others, longer before two-word labels."""
    dice = random.Random(recipe.seed)  # noqa: S311 - no secret

    def worth(english: str) -> tuple[bool, bool, bool, int, float]:
        others = known[english]
        natural = style_of[english] == "natural"
        return natural, len(english.split()) >= 4, "ro" in others, len(others), dice.random()

    chosen = sorted(sorted(known), key=worth, reverse=True)[: recipe.english]
    chosen.sort(key=lambda english: (len(english), english))
    texts, languages, targets, draws = [], [], [], []
    for place, english in enumerate(chosen):
        weight = recipe.draws[style_of[english]]
        rows = [("en", english, weight)]
        for language, others in sorted(known[english].items()):
            kept = list(others)[: recipe.translations]
            rows += [(language, other, weight / len(kept)) for other in kept]
        for language, text, draw in rows:
            texts.append(text)
            languages.append(language)
            targets.append(place)
            draws.append(draw)
    return Pool(chosen, texts, languages, np.array(targets), _shared(np.array(draws), languages, recipe))


def _shared(draws: NDArray[np.float64], languages: list[str], recipe: Recipe) -> NDArray[np.float64]:
    """The draws rescaled so that each language has its share; they sum to 1."""
    spoken = np.array(languages)
    for language, share in recipe.shares.items():
        mine = spoken == language
        draws[mine] *= share / max(draws[mine].sum(), 1e-12)
    return np.asarray(draws / draws.sum())
