"""Sentences to vectors. Anything with this one method can be the encoder; the default is a SentenceTransformer."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

Vectors = NDArray[np.float32]

MODELS = Path(__file__).parent / "models"
BUNDLED = MODELS / "minilm"
CHECKSUMS = MODELS / "checksums.json"  # folder → SHA-256 of its files, written by retrieval/training


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
        """Loads the model. Raises EncoderError when the folder holds none, or a bundled one differs from its checksum."""
        if not (folder / "modules.json").is_file():
            raise EncoderError(f"no sentence-transformers model in {folder}: it has no modules.json")
        found = digest(folder)
        if folder.parent == MODELS:
            verify(folder.name, found)
        try:
            self._model, number = _load(folder, threads)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError, SafetensorError) as error:
            raise EncoderError(f"{folder} cannot be loaded: {type(error).__name__}: {error}") from None
        self.name = f"{folder.name}-{found[:12]}-{number}"

    def encode(self, sentences: list[str]) -> Vectors:
        """Vectors of shape (len(sentences), dimensions), float32, each of length 1."""
        if len(sentences) == 1 and self._model.default_prompt_name is None:
            return self._encode_question(sentences)
        vectors = self._model.encode(
            sentences, batch_size=64, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def _encode_question(self, sentences: list[str]) -> Vectors:
        """The same without what `encode` does for many: somebody waits, and it is a sixth of the time."""
        import torch

        with torch.inference_mode():
            found = self._model(self._model.preprocess(sentences))["sentence_embedding"].float().numpy()
        return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), dtype=np.float32)


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
    model.eval()
    return model, str(number).removeprefix("torch.")


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of a model's files, in hexadecimal."""
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found.update(path.relative_to(folder).as_posix().encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def verify(name: str, found: str) -> None:
    """Raises EncoderError when the digest of the bundled model `name` is not the committed one."""
    try:
        wanted = json.loads(CHECKSUMS.read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError):
        wanted = None
    if found != wanted:
        remedy = "run `git checkout retrieval/models`, or `make encoder` to build it"
        raise EncoderError(f"retrieval/models/{name} differs from its checksum: {remedy}")
