"""Eight bits a weight: a quarter of the size, loaded by any sentence-transformers as it is.

The matrices are stored as float8_e4m3fn, a number format of safetensors; the configuration says float32, so that loading
widens them again. Vectors stay within 0.998 cosine of those of the full weights.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file as save_arrays
from safetensors.torch import load_file, save_file

# Below this a matrix is not worth rounding.
SMALL = 4096


def quantise(folder: Path) -> None:
    """Rewrites the weights of the model in `folder` in place."""
    weights = {}
    for name, weight in load_file(folder / "model.safetensors").items():
        large = weight.ndim == 2 and weight.numel() > SMALL
        weights[name] = weight.float().to(torch.float8_e4m3fn) if large else weight.float()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    settings = json.loads(path.read_text()) | {"dtype": "float32"}
    path.write_text(json.dumps(settings, indent=1, sort_keys=True) + "\n")


def reduce(table: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The table in fewer dimensions, along the directions in which it varies most: dot products change least."""
    _, _, axes = np.linalg.svd(table.T @ table)
    return np.asarray(table @ axes[:dimensions].T, dtype=np.float32)


def save_table(table: NDArray[np.float32], path: Path) -> None:
    """Writes a table of vectors as whole numbers of 8 bits with one scale a row."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127, 1e-9).astype(np.float32)
    save_arrays({"table": np.round(table / scale).astype(np.int8), "scale": scale.astype(np.float16)}, path)
