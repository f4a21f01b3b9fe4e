"""Token ids of many texts in two flat arrays: two million lists would not fit beside the training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

CHUNK = 20_000


@dataclass(frozen=True)
class Tokens:
    """The ids of text i lie in ids[starts[i]:starts[i + 1]], without [CLS] and [SEP]."""

    ids: NDArray[np.uint16]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: list[str], tokenizer: Tokenizer, longest: int) -> Tokens:
        """Tokenizes `texts`, cut after `longest` pieces; an empty text is one unknown piece."""
        parts, lengths = [], []
        for start in range(0, len(texts), CHUNK):
            for found in tokenizer.encode_batch(texts[start : start + CHUNK], add_special_tokens=False):
                kept = found.ids[:longest] or [0]
                parts.append(np.array(kept, dtype=np.uint16))
                lengths.append(len(kept))
        return cls(np.concatenate(parts), np.concatenate([[0], np.cumsum(lengths)]))

    def lengths(self) -> NDArray[np.int64]:
        """How many pieces each text has."""
        found: NDArray[np.int64] = np.diff(self.starts)
        return found

    def flat(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The ids of some texts one after another, and where each begins."""
        pieces = [self.ids[self.starts[row] : self.starts[row + 1]] for row in rows]
        begins = np.cumsum([0] + [len(piece) for piece in pieces[:-1]])
        return np.concatenate(pieces).astype(np.int64), begins.astype(np.int64)

    def padded(self, rows: NDArray[np.int64], before: int, after: int, pad: int) -> NDArray[np.int64]:
        """The ids of some texts, each between `before` and `after`, as rows of one length."""
        width = int(max(self.starts[row + 1] - self.starts[row] for row in rows)) + 2
        out = np.full((len(rows), width), pad, dtype=np.int64)
        out[:, 0] = before
        for place, row in enumerate(rows):
            piece = self.ids[self.starts[row] : self.starts[row + 1]]
            out[place, 1 : 1 + len(piece)] = piece
            out[place, 1 + len(piece)] = after
        return out
