"""Words that mean different things: a message that is nothing else is asked back, anything more is searched."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge import check
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.open_words import OpenWords
from knowledge.problem import KnowledgeError
from tests.conftest import REAL_KNOWLEDGE, TODAY

# Real messages, and the open word that they consist of.
OPEN = {
    "aangifte?": "aangifte",
    "hoe doe ik aangifte": "aangifte",
    "me ayudas con una declaración": None,
    "tengo una multa": "boete",
    "MAM MANDAT": "boete",
    "am primit amendă": "boete",
    "is het anoniem": "anoniem",
    "vergunning": "vergunning",
    "i have a question about my permit": "vergunning",
    "kontrola": "controle",
    "asigurare": "verzekering",
    "¿un recurso?": "bezwaar",
    "beroep": "beroep",
    "belastingaangifte": None,
    "hoe doe ik aangifte van een overval": None,
    "vergunning voor een parkeerplaats": None,
    "help me": None,
    "": None,
}


@pytest.fixture(scope="module")
def words() -> OpenWords:
    return load(REAL_KNOWLEDGE).open_words


@pytest.mark.parametrize("text", OPEN)
def test_only_a_message_that_is_nothing_else_is_open(words: OpenWords, text: str) -> None:
    """One more word that says what it is about, and retrieval answers."""
    expected = OPEN[text]
    assert words.find(text) is (words.words[expected] if expected else None)


def test_the_words_that_dutch_paper_uses_twice_are_there(words: OpenWords) -> None:
    """The plan names them: aangifte, controle, vergunning, verzekering, bezwaar and beroep."""
    assert {"aangifte", "controle", "vergunning", "verzekering", "bezwaar", "beroep"} <= set(words.words)


def test_each_form_is_found_and_each_label_tells_the_choices_apart(words: OpenWords) -> None:
    """No word hides another's form, and no two buttons look the same."""
    for name, word in words.words.items():
        for form in word.forms:
            found = words.find(form)
            assert found and found.forms & {form}, (name, form)
        for language in LANGUAGES:
            labels = list(word.labels(language).values())
            assert len(set(labels)) == len(labels), (name, language)


@given(st.text(max_size=200))
def test_any_text_is_open_or_not(words: OpenWords, text: str) -> None:
    """Whatever is typed, the answer is one of the words, or None."""
    found = words.find(text)
    assert found is None or found in words.words.values()


def test_an_unknown_entry_is_named_with_its_line(folder: Path) -> None:
    """An editor who renames an entry hears where it is still offered."""
    path = folder / "open_words.yml"
    path.write_text(path.read_text().replace("keys-copy:", "keys-gone:"))
    problem = next(p for p in check.check(folder, TODAY) if "keys-gone" in p.what)
    assert problem.file == str(path)
    assert "keys-gone" in path.read_text().splitlines()[problem.line - 1]


def test_a_phrasing_that_would_be_asked_back_is_refused(folder: Path) -> None:
    """An editor who writes it expects an answer, and would get a question."""
    path = folder / "entries" / "boats" / "boats-mooring.yml"
    path.write_text(path.read_text().replace("mooring a boat phrasing one nl", "my new key"))
    assert any("'my new key' leaves open" in p.what for p in check.check(folder, dt.date(2026, 11, 21)))


def test_a_label_too_long_for_a_button_is_refused(folder: Path) -> None:
    """WhatsApp cuts the title of a list row at 24 characters."""
    path = folder / "open_words.yml"
    content = yaml.safe_load(path.read_text())
    content["words"]["key"]["choices"]["keys-lost"]["pl"] = "x" * 25
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(KnowledgeError, match=r"open_words\.yml:.*24 characters"):
        load(folder)
