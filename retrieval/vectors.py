"""Vectors kept by the content hash of their sentence, so that a start or an edit encodes only what is new."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np

from retrieval.encoder import Encoder, Vectors
from retrieval.kept import read_arrays, write_arrays


class Store(Protocol):
    """Whatever gives vectors for sentences of the knowledge base."""

    def vectors(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions)."""


class VectorStore:
    """Remembers vectors of knowledge sentences, never of what a person typed. One file per encoder."""

    def __init__(self, encoder: Encoder, folder: Path | None) -> None:
        """`folder` None keeps vectors in memory only."""
        self._encoder = encoder
        self._path = folder / f"{encoder.name}.npz" if folder else None
        self._known: dict[str, Vectors] = _read(self._path)
        self._changed = False

    def vectors(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions); what is not known yet is encoded, and kept with `keep`."""
        keys = [_key(sentence) for sentence in sentences]
        missing = {key: sentence for key, sentence in zip(keys, sentences, strict=True) if key not in self._known}
        if missing:
            self._known.update(zip(missing, self._encoder.encode(list(missing.values())), strict=True))
            # Only what is in use stays, so that the file does not grow with every edit.
            self._known = {key: self._known[key] for key in keys}
            self._changed = True
        return np.stack([self._known[key] for key in keys])

    def known(self, sentence: str) -> Vectors | None:
        """The vector of a sentence that is in use."""
        return self._known.get(_key(sentence))

    def keep(self) -> None:
        """Writes what is new for the next start: a tenth of a second and more, so after serving it."""
        if self._path is None or not self._changed:
            return
        self._changed = False
        vectors = np.stack(list(self._known.values()))
        write_arrays(self._path, {"keys": np.array(list(self._known)), "vectors": vectors})


class Borrowed:
    """The vectors of a store, and of what is tried beside it: those are in memory only, and gone with this object."""

    def __init__(self, store: VectorStore, encoder: Encoder) -> None:
        self._store, self._encoder = store, encoder
        self._own: dict[str, Vectors] = {}

    def vectors(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions)."""
        found = {sentence: self._known(sentence) for sentence in sentences}
        missing = [sentence for sentence, vector in found.items() if vector is None]
        if missing:
            self._own.update(zip(missing, self._encoder.encode(missing), strict=True))
        return np.stack([self._own[s] if (vector := found[s]) is None else vector for s in sentences])

    def _known(self, sentence: str) -> Vectors | None:
        vector = self._store.known(sentence)
        return self._own.get(sentence) if vector is None else vector


def _key(sentence: str) -> str:
    return hashlib.sha256(sentence.encode()).hexdigest()[:32]


def _read(path: Path | None) -> dict[str, Vectors]:
    found = read_arrays(path) if path else {}
    if not {"keys", "vectors"} <= found.keys() or len(found["keys"]) != len(found["vectors"]):
        return {}
    return dict(zip(found["keys"].tolist(), found["vectors"], strict=True))
