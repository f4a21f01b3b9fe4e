"""BM25 over entries: the words and word parts that a question shares with the phrasings of each entry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
Numbers = NDArray[np.int32]

# The usual values (Robertson and Zaragoza, 2009); 4.0 in place of 1.2 changed nothing beyond noise.
K1, B = 1.2, 0.75


@dataclass(frozen=True)
class LexicalIndex:
    """An index over documents, each a list of terms. `best[t]` is the highest score that term t gives anywhere."""

    retriever: Any
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
        return np.asarray(self.retriever.get_scores_from_ids(ids), dtype=np.float32) / reachable


class Terms:
    """The terms of texts as numbers, remembered: after an edit only what is new is taken apart."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []
        self._known: dict[Hashable, Numbers] = {}
        self._rules: object = None

    def under(self, rules: object) -> None:
        """Forgets every text when what decides about its terms is another than before."""
        if rules != self._rules:
            self._rules, self._known = rules, {}

    def of(self, text: Hashable, take_apart: Callable[[], Iterable[str]]) -> Numbers:
        """The numbers of a text's terms, in their order; `take_apart` gives the terms of a text that is new."""
        if text not in self._known:
            self._known[text] = np.fromiter((self._number(term) for term in take_apart()), dtype=np.int32)
        return self._known[text]

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
    """Indexes documents, each given as the numbers of its texts' terms, with Lucene's BM25."""
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    joined = [np.concatenate([*texts, np.empty(0, dtype=np.int32)]) for texts in documents]
    used = np.flatnonzero(np.bincount(np.concatenate(joined)))
    # In the order of the words, so that sums are the same to the last digit whatever was known before.
    used = used[np.argsort(np.array(terms.words(used), dtype=object), kind="stable")]
    places = np.zeros(int(used.max(initial=0)) + 1, dtype=np.int32)
    places[used] = np.arange(len(used))
    ids = [places[document].tolist() for document in joined]
    vocabulary = {word: place for place, word in enumerate(terms.words(used))}
    retriever = bm25s.BM25(method="lucene", k1=K1, b=B)
    retriever.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    data, starts = retriever.scores["data"], np.asarray(retriever.scores["indptr"][:-1])
    best = np.maximum.reduceat(data, starts[: len(vocabulary)]).astype(np.float32)
    return LexicalIndex(retriever, vocabulary, best, float(np.median(best)), len(documents))
