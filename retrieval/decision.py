"""What retrieval says: one entry, a few to choose from, or that it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["answer", "choices", "unknown"]

# The first three in order of belief are listed also beside an answer, so that hit@3 can be measured.
RANKED = 3


@dataclass(frozen=True)
class Choice:
    """An entry that may be meant, with the belief that it is (0 to 1)."""

    entry: str
    topic: str
    title: str
    score: float


@dataclass(frozen=True)
class Decision:
    """`entry` is set for an answer; `choices` are in order of belief, the answer's own entry first."""

    outcome: Outcome
    language: str
    score: float
    choices: tuple[Choice, ...]
    version: str
    question: str | None = None  # what to ask with the choices, where it can be said precisely

    @property
    def entry(self) -> str | None:
        """The entry to answer with, or None."""
        return self.choices[0].entry if self.outcome == "answer" else None
