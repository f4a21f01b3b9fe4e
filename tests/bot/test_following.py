"""After an answer: a word that is asked about, and a question that leans on what was said. And languages Kompas does not speak."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.following import asked_word, continues, points_back
from bot.menu import groups
from bot.other_languages import lines, other_language
from knowledge.entry import LANGUAGES
from knowledge.library import load
from kompas.cli import QUESTIONS
from retrieval.evaluation import read_questions
from tests.conftest import REAL_KNOWLEDGE

WORDS = {
    "¿y qué significa voornemen?": "voornemen", "what does dwangsom mean": "dwangsom", "wat is bezwaar?": "bezwaar", "co to jest rni": "rni",
    "y un zzp que es?": "zzp", "een dwangsom, wat is dat?": "dwangsom", "ce inseamna aov": "aov", "wat betekent bezwaarschrift": "bezwaar", "and what is legal aid": "rechtsbijstand",
    "wat is dat": None, "what is the fine for parking": None, "is bezwaar maken gratis": None, "dwangsom": None, "": None,
}  # fmt: skip
BACK = {
    "en als ik geen papieren heb?": True, "and without papers?": True, "y si no tengo papeles": True, "a jeśli nie mam papierów": True,
    "și dacă nu am acte": True, "is dat gratis": True, "is that free?": True,
    "a bez papierów?": True, "can they see my address?": True, "here 90 days visa, ok to see clients?": False,
    "pismo z belastingdienst dwangbevel co to": False, "mag de politie mijn huis in": False, "how do I open a bank account as an escort": False,
}  # fmt: skip
OTHER = {
    "je voudrais savoir si la police peut entrer chez moi": "fr", "Искам да знам дали полицията може да влезе": "bg", "я хочу знать мои права": "ru",
    "Szeretném tudni hogy bejöhet-e a rendőrség a lakásomba": "hu", "polis evime girebilir mi öğrenmek istiyorum": "tr",
    "هل يمكن للشرطة دخول منزلي": "ar", "posso trabalhar em casa sem licença?": "pt", "kann die polizei in meine wohnung kommen": "de",
    "警察可以进我家吗": "zh", "ok": None, "tengo carta de la gemeente, dwangsom??": None, "112": None, "🙂": None,
}  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_explained_when_it_alone_is_asked_about(text: str) -> None:
    """In any of the five languages, with a Dutch word in it."""
    assert asked_word(text, load(REAL_KNOWLEDGE).glossary) == WORDS[text]


@pytest.mark.parametrize("text", BACK)
def test_a_short_message_may_lean_on_what_was_said(text: str) -> None:
    """A whole question never does."""
    assert (points_back(text) or continues(text)) is BACK[text]


@pytest.mark.parametrize("text", OTHER)
def test_another_language_is_recognised(text: str) -> None:
    """By its script, or by its words where there are enough of them."""
    assert other_language(text) == OTHER[text]


def test_no_public_question_is_taken_for_another_language() -> None:
    """850 questions in the five languages, typed as people type."""
    assert [q.text for q in read_questions(QUESTIONS) if other_language(q.text)] == []


@given(st.text(max_size=100))
def test_any_text_is_in_a_language_with_a_line_or_none(text: str) -> None:
    """Never an error, never one of ours."""
    found = other_language(text)
    assert found is None or (found in lines() and found not in LANGUAGES)


def test_the_menu_fits_a_list_and_points_to_entries() -> None:
    """Nine groups and nine questions at most: a WhatsApp list has ten rows."""
    library = load(REAL_KNOWLEDGE)
    assert 2 <= len(groups()) <= 9
    for group in groups().values():
        assert 2 <= len(group.entries) <= 9
        assert set(group.entries) <= set(library.entries)
