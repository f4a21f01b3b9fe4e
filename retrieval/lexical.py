"""BM25 over entries: the words and word parts that a question shares with the phrasings of each entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
Numbers = NDArray[np.int32]

# The usual values (Robertson and Zaragoza, 2009); 4.0 in place of 1.2 changed nothing beyond noise.
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class LexicalIndex:
    """An index over documents, each a list of terms.

    Term t gives `data[starts[t]:starts[t + 1]]` to the documents in the same part of `places`, at most `best[t]`.
    """

    data: Scores
    places: Numbers
    starts: NDArray[np.int64]
    vocabulary: dict[str, int]
    best: Scores
    unknown: float
    documents: int

    def scores(self, terms: list[str]) -> Scores:
        """BM25 of every document, shape (documents,), as a share (0 to 1) of the best these terms could reach.

        A term that nobody used before counts like a middling one, so that a question about something else stays low.
        """
        asked = set(terms)
        ids = sorted(self.vocabulary[term] for term in asked if term in self.vocabulary)
        if not ids:
            return np.zeros(self.documents, dtype=np.float32)
        reachable = float(self.best[ids].sum()) + (len(asked) - len(ids)) * self.unknown
        scores = np.zeros(self.documents, dtype=np.float32)
        for term in ids:
            part = slice(self.starts[term], self.starts[term + 1])
            scores[self.places[part]] += self.data[part]
        return scores / reachable


class Terms:
    """The terms of texts as numbers, remembered: after an edit only what is new is taken apart."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._known: dict[Hashable, Numbers] = {}
        self._rules: object = None
        self._places: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def under(self, rules: object) -> None:
        """Forgets every text when what decides about its terms is another than before."""
        if rules != self._rules:
            self._rules, self._known = rules, {}

    def of(self, text: Hashable, take_apart: Callable[[], Iterable[str]]) -> Numbers:
        """The numbers of a text's terms, in their order; `take_apart` gives the terms of a text that is new."""
        if text not in self._known:
            self._known[text] = np.fromiter((self._number(term) for term in take_apart()), dtype=np.int32)
        return self._known[text]

    def in_order(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers in the order of their terms, which is the same whatever was known before."""
        if len(self._places) != len(self._words):
            self._places = np.empty(len(self._words), dtype=np.int64)
            self._places[sorted(range(len(self._words)), key=self._words.__getitem__)] = np.arange(len(self._words))
        return numbers[np.argsort(self._places[numbers])]

    def words(self, numbers: Iterable[int]) -> list[str]:
        """The terms that have these numbers."""
        return [self._words[number] for number in numbers]

    def keep(self, texts: Collection[Hashable]) -> None:
        """Forgets all other texts, so that many edits do not fill the memory. Their terms keep their numbers."""
        self._known = {text: self._known[text] for text in texts}

    def _number(self, term: str) -> int:
        number = self._numbers.setdefault(term, len(self._words))
        if number == len(self._words):
            self._words.append(term)
        return number


def build(documents: Sequence[Sequence[Numbers]], terms: Terms) -> LexicalIndex:
    """Indexes documents, each given as the numbers of its texts' terms, with BM25 as Lucene has it.

    bm25s gives the same numbers (tests/retrieval/test_search.py) and takes three times as long, which an editor waits for.
    """
    joined = [np.concatenate([*texts, np.empty(0, dtype=np.int32)]) for texts in documents]
    lengths = np.array([len(document) for document in joined])
    everything = np.concatenate(joined)
    # In the order of the words, so that sums are the same to the last digit whatever was known before.
    used = terms.in_order(np.flatnonzero(np.bincount(everything)))
    places = np.zeros(int(used.max(initial=0)) + 1, dtype=np.int64)
    places[used] = np.arange(len(used))
    owner = np.repeat(np.arange(len(joined)), lengths)
    cells, often = np.unique(places[everything] * len(joined) + owner, return_counts=True)
    term, document = np.divmod(cells, len(joined))
    spread = np.bincount(term, minlength=len(used))
    rare = np.log(1 + (len(joined) - spread + 0.5) / (spread + 0.5))
    long = K1 * (1 - B + B * lengths / (float(lengths.mean()) or 1.0))
    data = (rare[term] * often / (often + long[document])).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(spread)])
    best = np.maximum.reduceat(data, starts[:-1]) if len(used) else np.zeros(0, dtype=np.float32)
    vocabulary = {word: place for place, word in enumerate(terms.words(used))}
    middle = float(np.median(best)) if len(used) else 0.0
    return LexicalIndex(data, document.astype(np.int32), starts, vocabulary, best, middle, len(joined))
