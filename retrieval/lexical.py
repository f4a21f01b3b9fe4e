"""BM25 over entries: the words and word parts that a question shares with the phrasings of each entry."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

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


def build(documents: list[list[str]]) -> LexicalIndex:
    """Indexes documents given as lists of terms, with Lucene's BM25."""
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    vocabulary = {term: i for i, term in enumerate(sorted({t for d in documents for t in d}))}
    retriever = bm25s.BM25(method="lucene", k1=K1, b=B)
    ids = [[vocabulary[term] for term in document] for document in documents]
    retriever.index((ids, vocabulary), create_empty_token=False, show_progress=False)
    data, starts = retriever.scores["data"], np.asarray(retriever.scores["indptr"][:-1])
    best = np.maximum.reduceat(data, starts[: len(vocabulary)]).astype(np.float32)
    return LexicalIndex(retriever, vocabulary, best, float(np.median(best)), len(documents))
