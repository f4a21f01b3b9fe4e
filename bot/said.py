"""What an action says and what Rasa should remember of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.rendering import Reply


@dataclass(frozen=True)
class Said:
    """Replies in order, and Rasa's events (slots set, the next action)."""

    replies: tuple[Reply, ...] = ()
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def one(cls, reply: Reply, *events: dict[str, Any]) -> Said:
        """One reply."""
        return cls((reply,), list(events))
