"""What the value of a pressed button means. Values are short plain text, at most 64 bytes (Telegram's callback data)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from knowledge.entry import LANGUAGES

# What each kind of button is for Rasa: an intent, and the name of the value it brings along.
COMMANDS: dict[str, tuple[str, str | None]] = {
    "entry": ("choose_entry", "entry"),
    "none": ("none_of_these", None),
    "more": ("more", "entry"),
    "bad": ("not_helpful", None),
    "why": ("why", "reason"),
    "menu": ("menu", "group"),
    "from": ("choose_sender", "sender"),
    "kind": ("choose_kind", "kind"),
    "date": ("no_date", None),
    "town": ("skip_town", None),
    # No button: the gateway says it after a change of language.
    "again": ("show_again", None),
}
# What `/start` and the like stand for, in any channel; the values of `act` are Rasa's dialogue acts.
TYPED = {
    "/start": "act:greet",
    "/help": "act:help",
    "/hide": "act:hide",
    "/forget": "act:forget_me",
    "/privacy": "entry:bot-bewaren",
    "/language": "lang:other",
}
# Not Rasa's: the gateway keeps the language, or asks for it.
LANGUAGE, ASK = "lang", "other"
# Nor this: a question without an answer is given to the editors. Asked, agreed, or not after all.
DONATE, DONATE_ASK, DONATE_YES, DONATE_NO = "donate", "ask", "yes", "no"
_VALUE = re.compile(rf"^({'|'.join([*COMMANDS, LANGUAGE, DONATE, 'act'])}):([a-z0-9_-]{{0,60}})$")


_ACTS = {value.removeprefix("act:") for value in TYPED.values() if value.startswith("act:")}


@dataclass(frozen=True)
class Press:
    """A pressed button: its kind (a key of COMMANDS, LANGUAGE or DONATE) and what it names."""

    kind: str
    value: str


START = Press("act", "greet")


def pressed(text: str) -> Press | None:
    """The button or command that a text stands for, or None for anything else a person types."""
    text = text.strip()
    match = _VALUE.match(TYPED.get(text.lower(), text))
    if match is None:
        return None
    kind, value = match[1], match[2]
    allowed = {
        LANGUAGE: value in (*LANGUAGES, ASK),
        DONATE: value in (DONATE_ASK, DONATE_YES, DONATE_NO),
        "entry": bool(value),
        "act": value in _ACTS,
    }
    return Press(kind, value) if allowed.get(kind, True) else None


def for_rasa(text: str, press: Press | None) -> str:
    """What is sent to Rasa: a command for a button, and otherwise the text, never taken for a command.

    Rasa reads a leading `/` as an intent and an `@` in it as entities; a space before it makes it plain text again.
    """
    if press and press.kind == "act":
        return f"/{press.value}"
    if press and press.kind in COMMANDS:
        intent, name = COMMANDS[press.kind]
        return f"/{intent}" + (json.dumps({name: press.value}) if name and press.value else "")
    return re.sub(r"^[\s/@\\]+", "", text)
