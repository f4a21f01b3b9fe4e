"""What retrieval says: one entry, a few to choose from, or that it does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["answer", "choices", "unknown"]

# "Did you mean" offers two to four titles.
CHOICES_LIMITS = (2, 4)
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

    @property
    def entry(self) -> str | None:
        """The entry to answer with, or None."""
        return self.choices[0].entry if self.outcome == "answer" else None
