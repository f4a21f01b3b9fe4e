"""A linear probe: ridge regression from sentence vectors to entries, solved in closed form in a fraction of a second.

Nearest neighbours ask "which phrasing is this like?"; the probe asks "which directions tell this entry from the others?".
Together they are right more often than either (docs/decisions/0002-retrieval.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Vectors

# Strength of the ridge; 1 to 30 gave the same hits within noise.
RIDGE = 3.0
# The constant feature's size, small so that it explains little.
BIAS = 0.3


def fit(vectors: Vectors, owners: NDArray[np.int64], classes: int) -> Vectors:
    """Weights of shape (dimensions + 1, classes). Every class counts the same, however many phrasings it has.

    `owners[i]` is the class of vector i; -1 is the last class.
    """
    counts = np.bincount(owners % classes, minlength=classes)
    weight = 1.0 / counts[owners % classes]
    weight *= len(owners) / weight.sum()
    features = _with_bias(vectors)
    weighted = features * weight[:, None].astype(np.float32)
    targets = np.zeros((len(owners), classes), dtype=np.float32)
    targets[np.arange(len(owners)), owners] = 1.0
    gram = weighted.T @ features + RIDGE * np.eye(features.shape[1], dtype=np.float32)
    return np.asarray(np.linalg.solve(gram, weighted.T @ targets), dtype=np.float32)


def beliefs(weights: Vectors, vector: Vectors) -> Vectors:
    """The belief in each class for one vector of shape (1, dimensions); about 0 to 1, shape (classes,)."""
    return np.asarray((_with_bias(vector) @ weights)[0].clip(0.0, 1.0), dtype=np.float32)


def _with_bias(vectors: Vectors) -> Vectors:
    return np.hstack([vectors, np.full((len(vectors), 1), BIAS, dtype=np.float32)])
