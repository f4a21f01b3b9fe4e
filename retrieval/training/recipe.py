"""The numbers of one training run, and the folders it works in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ("nl", "en", "es", "pl", "ro")
TRANSLATED = ("nl", "es", "pl", "ro")


@dataclass(frozen=True)
class Recipe:
    """What the steps of the pipeline agree on. Sized for three hours on two cores."""

    seed: int = 0
    threads: int = 2
    # Cleaning and choosing pairs
    words: tuple[int, int] = (2, 32)  # of the English side
    characters: int = 220
    english: int = 520_000  # English sentences that the teachers read
    translations: int = 2  # of one sentence in one language
    # How often a text is drawn, by style: what people say, what machines say, single words.
    draws: dict[str, float] = field(default_factory=lambda: {"natural": 5.0, "software": 1.0, "words": 0.7})
    # Which share of the draws each language gets: more for those that were weakest with equal shares.
    shares: dict[str, float] = field(default_factory=lambda: {"nl": 0.16, "en": 0.13, "es": 0.28, "pl": 0.21, "ro": 0.22})
    # Vocabulary
    pieces: int = 48_000
    lines_per_language: int = 110_000
    # Static student
    static_epochs: int = 6
    static_batch: int = 1024
    static_rate: float = 0.02
    static_dimensions: int = 128  # of the table that Rasa's featurizer reads
    # Body
    tokens: int = 40  # longer sentences are cut while training
    body_batch: int = 384
    body_texts: int = 2_000_000
    body_rate: float = 3e-4
    table_rate: float = 1.5e-3
    contrast: float = 0.3  # weight of telling sentences apart, beside likeness to the teachers
    scale: float = 20.0  # inverse temperature of it
    second_teacher: float = 0.5
    remembered: int = 4_000  # sentences of the pool that tuning must not move


def device() -> str:
    """Where tensors go: a GPU when torch finds one (the locks' torch has no CUDA; bring your own), else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
