"""What is sent: the entry's own words, where they come from, and few buttons."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from bot.rendering import NONE_VALUE, answer, choices, decided, source_titles
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import load
from retrieval.decision import Choice, Decision
from tests.conftest import REAL_KNOWLEDGE, make_entry, write_entry

# Telegram's text limit in UTF-16 units; WhatsApp's is the same in characters.
TEXT_LIMIT = 4096
# Telegram's callback data, in bytes.
VALUE_LIMIT = 64


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_fits_every_channel_and_names_its_source_date_and_status(language: str) -> None:
    """Verbatim text first, then source, date, status and scope; at most three buttons with short values."""
    library = load(REAL_KNOWLEDGE)
    for entry in library.entries.values():
        reply = answer(entry, language, library)
        assert reply.text.startswith(entry.text(language).answer)
        assert len(reply.text.encode("utf-16-le")) // 2 <= TEXT_LIMIT
        assert entry.checked_on.isoformat() in reply.text
        assert library.sources[entry.claims[0].evidence[0].source].title in reply.text
        assert len(reply.buttons) <= 3
        assert all(len(button.value.encode()) <= VALUE_LIMIT for button in reply.buttons)


def test_a_translation_that_is_behind_shows_its_own_date(folder: Path) -> None:
    """The Dutch was checked again; the Polish, which was not, does not claim that it was."""
    content = make_entry("keys-lost", "keys", "lost keys")
    entry = Entry.model_validate(content | {"pl": content["pl"] | {"behind": "2026-03-02"}})
    assert entry.checked("pl") == dt.date(2026, 3, 2) and "2026-03-02" in answer(entry, "pl", load(folder)).text
    assert entry.checked("nl") == entry.checked_on and "2026-11-01" in answer(entry, "nl", load(folder)).text


def test_a_law_is_named_once_with_all_its_articles(folder: Path) -> None:
    """However the editor wrote the places down."""
    places = ("art. 1", "art. 5:31d and 5:32a", "articles 1 and 7")
    claims = [{"text": "x", "evidence": [{"source": "law", "at": at}]} for at in places]
    write_entry(folder, make_entry("keys-lost", "keys", "lost keys", claims=claims))
    library = load(folder)
    assert source_titles(library.entries["keys-lost"], library) == ["A law, art. 1, 5:31d, 5:32a, 7"]


def test_choices_end_with_none_of_these(folder: Path) -> None:
    """Two to four real titles and a way out; the tap on a title asks for that entry."""
    offered = tuple(Choice(name, "keys", f"{name}?", 0.5) for name in ("keys-lost", "keys-copy"))
    decision = Decision("choices", "pl", 0.5, offered, "v")
    reply = choices(decision)
    assert [button.value for button in reply.buttons] == ["entry:keys-lost", "entry:keys-copy", NONE_VALUE]
    unknown = decided(replace(decision, outcome="unknown", choices=()), load(folder))
    assert (unknown.decision, unknown.entry, unknown.buttons) == ("unknown", None, ())
