"""Which language a message is in: sure of sentences, unsure where nothing speaks for one, never misled by Dutch terms."""

from __future__ import annotations

import pytest

from channels.gateway import FIRST_BELIEF
from knowledge.library import load
from kompas.cli import QUESTIONS
from kompas.settings import read_settings, settings_path
from kompas.wiring import build_guesser
from retrieval.evaluation import read_questions
from retrieval.language import LanguageGuesser
from tests.conftest import REAL_KNOWLEDGE

SAID = {
    "am un brief": "ro", "mam brief": "pl", "co?": "pl", "hola": "es", "cześć": "pl", "goedemiddag": "nl", "what is a dwangsom": "en",
    "y que es schijnzelfstandigheid?": "es", "tengo carta de la gemeente, dwangsom??": "es", "i got a last onder dwangsom": "en",
    "voornemen last onder dwangsom wat nu": "nl", "co to jest bezwaar": "pl", "y la boete?": "es",
    "menu": None, "dwangsom?": None, "hallo": None, "heey": None, "hi": None, "control": None, "vergunning": None, "112": None, "ok": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def guesser() -> LanguageGuesser:
    """The guesser of the real knowledge base."""
    return build_guesser(read_settings(settings_path()), load(REAL_KNOWLEDGE))


@pytest.mark.parametrize("text", SAID)
def test_a_language_is_guessed_where_a_word_speaks_for_it(guesser: LanguageGuesser, text: str) -> None:
    """Dutch terms say nothing of who writes them; None is: too little to settle on."""
    guess = guesser.guess(text)
    assert (guess.language if guess.belief >= FIRST_BELIEF else None) == SAID[text]


def test_two_words_are_enough_for_most_and_rarely_wrong(guesser: LanguageGuesser) -> None:
    """The first two words of every public question: nine in ten settle the language, and 98 % of those rightly."""
    asked = [(q.language, " ".join(q.text.split()[:2])) for q in read_questions(QUESTIONS)]
    sure = [(language, guess) for language, text in asked if (guess := guesser.guess(text)).belief >= FIRST_BELIEF]
    assert len(sure) >= 0.9 * len(asked)
    assert sum(guess.language == language for language, guess in sure) >= 0.98 * len(sure)
