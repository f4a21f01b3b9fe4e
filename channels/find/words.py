"""Finding by words alone, in all languages at once: when the index is down, and without connection (static/words.js)."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from knowledge.text import fold

WORD = re.compile(r"[^\W_]+")
# What a word counts that only begins alike: one being typed, or another ending (policja, policji).
ALIKE = 0.6
# Shorter words must be there as they are: "de" begins half of every dictionary.
SHORTEST_BEGINNING = 3
# What each further line of an entry counts, as a part of the one before: several that fit a little beat one by chance.
# With one way to ask of each entry left out: the entry first 0.65, among five 0.86; by the best line alone 0.49 and 0.75.
FURTHER = 0.8


class WordIndex:
    """Lines of text by their words; rare words count more. Made once, never changed."""

    def __init__(self, lines: Iterable[tuple[str, str]]) -> None:
        """`lines`: (name of the entry, a way to ask for it)."""
        self._owners: list[str] = []
        self._lines: dict[str, list[int]] = defaultdict(list)
        told: list[list[str]] = []
        for owner, text in lines:
            words = list(dict.fromkeys(words_of(text)))
            for word in words:
                self._lines[word].append(len(told))
            self._owners.append(owner)
            told.append(words)
        self._vocabulary = sorted(self._lines)
        self._rarity = {word: math.log(1 + len(told) / len(found)) for word, found in self._lines.items()}
        self._sizes = [math.sqrt(sum(self._rarity[word] for word in words)) for words in told]
        self._unknown = math.log(1 + len(told))

    def search(self, text: str, most: int = 10) -> list[tuple[str, float]]:
        """(entry, score from 0 to 1), best first, by the best lines of each."""
        asked = list(dict.fromkeys(words_of(text)))
        size = math.sqrt(sum(self._rarity.get(word, self._unknown) for word in asked))
        totals: dict[int, float] = defaultdict(float)
        for word in asked:
            for line, weight in self._hits(word).items():
                totals[line] += weight
        scores: dict[str, list[float]] = defaultdict(list)
        for line, total in totals.items():
            scores[self._owners[line]].append(total / (size * self._sizes[line]))
        # Equal scores by name, so that the same question always gets the same list.
        return sorted(((owner, _together(found)) for owner, found in scores.items()), key=lambda one: (-one[1], one[0]))[
            :most
        ]

    def _hits(self, word: str) -> dict[int, float]:
        found: dict[int, float] = {}
        for known in self._alike(word):
            weight = self._rarity[known] * (1.0 if known == word else ALIKE)
            for line in self._lines[known]:
                found[line] = max(found.get(line, 0.0), weight)
        return found

    def _alike(self, word: str) -> Iterator[str]:
        start = beginning(word)
        if len(start) < SHORTEST_BEGINNING:
            if word in self._lines:
                yield word
            return
        for known in self._vocabulary[bisect_left(self._vocabulary, start) :]:
            if not known.startswith(start):
                return
            yield known


def _together(scores: list[float]) -> float:
    return (1 - FURTHER) * sum(score * FURTHER**place for place, score in enumerate(sorted(scores, reverse=True)))


def words_of(text: str) -> list[str]:
    """The words of a text, without case and accents."""
    return WORD.findall(fold(text))


def beginning(word: str) -> str:
    """The part of a word that its other forms share: all of a short one, a long one without its last two letters."""
    return word if len(word) < 6 else word[:-2]
