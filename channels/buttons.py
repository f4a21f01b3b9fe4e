"""What the value of a pressed button means. Values are short plain text, at most 64 bytes (Telegram's callback data)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from knowledge.entry import LANGUAGES

_VALUE = re.compile(r"^(entry|lang|none):([a-z0-9-]{0,60})$")


@dataclass(frozen=True)
class Press:
    """A pressed button: an entry asked for, a language chosen, or none of these."""

    kind: Literal["entry", "lang", "none"]
    value: str


def pressed(text: str) -> Press | None:
    """The button that a text stands for, or None for anything a person types."""
    match = _VALUE.match(text.strip())
    if match is None:
        return None
    kind, value = match[1], match[2]
    if (kind == "lang" and value not in LANGUAGES) or (kind == "entry" and not value):
        return None
    return Press(kind, value)  # type: ignore[arg-type]


def for_rasa(text: str, press: Press | None) -> str:
    """What is sent to Rasa: a command for a button, and otherwise the text, never taken for a command.

    Rasa reads a leading `/` as an intent and an `@` in it as entities; a space before it makes it plain text again.
    """
    if press and press.kind == "entry":
        return "/choose_entry" + json.dumps({"entry": press.value})
    if press and press.kind == "none":
        return "/none_of_these"
    return re.sub(r"^[\s/@\\]+", "", text)
