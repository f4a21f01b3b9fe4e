"""Sentences to vectors. Anything with this one method can be the encoder; the default is a SentenceTransformer."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

BUNDLED = Path(__file__).parent / "models" / "minilm"


class EncoderError(RuntimeError):
    """The encoder cannot be loaded; the message says why and what to do."""


class Encoder(Protocol):
    """Turns sentences into vectors whose dot product is their likeness."""

    name: str

    def encode(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions), each of length 1."""


class SentenceEncoder:
    """A sentence-transformers model read from a folder, on the CPU, with one thread, never from the network."""

    def __init__(self, folder: Path = BUNDLED, threads: int = 1) -> None:
        """Loads the model. Raises EncoderError when the folder holds none."""
        if not (folder / "modules.json").is_file():
            raise EncoderError(f"no sentence-transformers model in {folder}: it has no modules.json")
        self._model, number = _load(folder, threads)
        self.name = f"{folder.name}-{_digest(folder)}-{number}"

    def encode(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions), float32, each of length 1."""
        vectors = self._model.encode(
            sentences, batch_size=64, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


def _load(folder: Path, threads: int) -> tuple[Any, str]:
    """The model, and the name of its number format: bfloat16 where the processor multiplies it (a third faster)."""
    # Hub libraries look for the network at import; Kompas makes no outbound connection.
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
    # More threads than idle cores made one call up to thirty times slower (docs/decisions/0001).
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import torch
    import transformers
    from sentence_transformers import SentenceTransformer

    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(threads)
    number = torch.bfloat16 if torch.cpu.get_capabilities().get("avx512_bf16") else torch.float32
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": number}, trust_remote_code=False)
    return model, str(number).removeprefix("torch.")


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
