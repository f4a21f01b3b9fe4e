"""Taps on "not helpful", counted by topic, language and reason; no text and nobody's name. Gone with the process."""

from __future__ import annotations

from collections import Counter
from typing import Literal, get_args

Reason = Literal["topic", "unclear", "situation"]
# Fewer than this are not shown.
TENS = 10
REASONS: tuple[str, ...] = get_args(Reason)


class Feedback:
    """Counts since the start."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def count(self, topic: str, language: str, reason: str) -> None:
        """One tap. A reason that is none of REASONS is not counted."""
        if reason in REASONS:
            self._counts[(topic, language, reason)] += 1

    def rows(self) -> list[dict[str, str | int]]:
        """Topic, language, reason and count, the commonest first; in tens, so that nobody can be picked out."""
        return [
            {"topic": topic, "language": language, "reason": reason, "count": count // TENS * TENS}
            for (topic, language, reason), count in self._counts.most_common()
            if count >= TENS
        ]
