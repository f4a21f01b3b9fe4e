"""A hundred conversations as people have them, through the web door and the real Rasa, in five languages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import pytest
import yaml

from bot.letters import written
from bot.messages import catalogue
from knowledge.entry import LANGUAGES
from knowledge.library import Library, load
from kompas.settings import ROOT
from tests.conftest import REAL_KNOWLEDGE, Running

pytestmark = pytest.mark.rasa

FOLDER = ROOT / "tests" / "data" / "conversations"
_DATE = re.compile(r"\{(\d+) days (ago|ahead)\}")


def conversations() -> Iterator[tuple[str, dict[str, Any]]]:
    for language in LANGUAGES:
        for conversation in yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8")):
            yield language, conversation


def typed(text: str, language: str) -> str:
    """The text with its dates filled in."""

    def date(match: re.Match[str]) -> str:
        days = int(match[1]) * (-1 if match[2] == "ago" else 1)
        return written(dt.date.today() + dt.timedelta(days=days), language)

    return _DATE.sub(date, text)


def shows(text: str, key: str, language: str) -> bool:
    """Whether a reply holds a text of the catalogue, whatever its placeholders became."""
    parts = [literal for literal, *_ in Formatter().parse(catalogue(language)[key]) if literal.strip()]
    return all(part.strip() in text for part in parts)


def check(answer: dict[str, Any], expect: dict[str, Any], language: str, library: Library) -> None:
    messages = answer["messages"]
    assert answer["language"] == expect.get("language", language)
    assert messages and all(message["text"] for message in messages)
    spoken = answer["language"]
    entries = [message["entry"] for message in messages if message["entry"]]
    keys = expect.get("key", [])
    for key in [keys] if isinstance(keys, str) else keys:
        assert any(shows(message["text"], key, spoken) for message in messages), (key, messages)
    if "decision" in expect:
        # What answers may come after "we will speak English".
        changed = shows(messages[0]["text"], "language_changed", spoken)
        assert expect["decision"] in [message["decision"] for message in messages[: 2 if changed else 1]], messages
    if "entry" in expect:
        assert expect["entry"] in entries, messages
    if "topic" in expect:
        assert expect["topic"] in {library.entries[entry].topic for entry in entries}, messages
    values = {button["value"] for message in messages for button in message["buttons"]}
    assert set(expect.get("buttons", [])) <= values, (expect, values)


@pytest.mark.parametrize(
    ("language", "conversation"), list(conversations()), ids=lambda v: v if isinstance(v, str) else v["name"]
)
def test_a_conversation_goes_as_written(kompas: Running, language: str, conversation: dict[str, Any]) -> None:
    """Each turn gets the reply that a person would expect, to its end."""
    library = load(REAL_KNOWLEDGE)
    offered: set[str] = set()
    for turn in conversation["turns"]:
        # The web page always shows the five languages.
        assert "say" in turn or turn["tap"] in offered | {f"lang:{other}" for other in LANGUAGES}, (
            f"{turn['tap']} is no button here: {offered}"
        )
        text = typed(turn["say"], language) if "say" in turn else turn["tap"]
        answer = kompas.ask(text, session=f"{language}-{conversation['name']}")
        check(answer, turn["expect"], language, library)
        offered = {button["value"] for message in answer["messages"] for button in message["buttons"]}


def test_there_are_twenty_and_more_in_each_language() -> None:
    """As many in each, and no two of one language have the same name."""
    names = [(language, conversation["name"]) for language, conversation in conversations()]
    assert len(set(names)) == len(names)
    counted = {sum(spoken == language for spoken, _ in names) for language in LANGUAGES}
    assert len(counted) == 1 and counted.pop() >= 20
