"""The catalogues: the same in all languages, and written by the copy rule."""

from __future__ import annotations

import pytest

from bot.actions import dialogue_reply
from bot.language_names import asked_for
from bot.messages import catalogue, check_catalogues, placeholders, say
from knowledge.entry import LANGUAGES
from knowledge.reading import AVERAGE_WORDS, LONGEST_WORDS, longest
from knowledge.text import fold
from knowledge.wording import PHONE_NUMBERS, STIGMA
from kompas.settings import ROOT

DIALOGUE_INTENTS = (
    "greet",
    "thanks",
    "goodbye",
    "bot_challenge",
    "help",
    "change_language",
    "affirm",
    "deny",
    "feedback",
    "forget_me",
    "hide",
    "none_of_these",
)


def test_all_catalogues_have_the_same_keys_and_placeholders() -> None:
    """A text that is missing in one language would be missing in front of a person."""
    check_catalogues()


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_words_are_without_stigma_and_shouting(language: str) -> None:
    """No stigmatising word, no exclamation mark, no invented number."""
    import re

    for key, text in catalogue(language).items():
        assert not STIGMA.search(fold(text)), key
        assert "!" not in text and "¡" not in text, key
        for number in re.findall(r"\b0\d{2,3}[- ]\d[\d ]{2,}\d\b", text):
            assert number in PHONE_NUMBERS, (key, number)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("intent", DIALOGUE_INTENTS)
def test_every_dialogue_act_has_a_reply(language: str, intent: str) -> None:
    """No placeholder is left open in what is sent."""
    reply = dialogue_reply(intent, language, "")
    assert reply.text and not placeholders(reply.text)


def test_contacts_are_filled_in() -> None:
    """Who says "I do not know" also says who does."""
    for language in LANGUAGES:
        assert "0800-8020" in say(language, "unknown")
        assert "112" in say(language, "unavailable")


@pytest.mark.parametrize(
    ("text", "language"),
    [("spreek je pools", "pl"), ("can you speak romanian", "ro"), ("¿hablas neerlandés?", "nl"), ("po angielsku proszę", "en"), ("vorbești spaniolă?", "es"),
     ("română te rog", "ro"), ("dutch or polish?", None), ("hola", None)],
)  # fmt: skip
def test_a_language_asked_for_in_any_language_is_understood(text: str, language: str | None) -> None:
    """One name is a wish, two are a question."""
    assert asked_for(text) == language


def test_asking_for_a_language_is_answered_in_it() -> None:
    """The reply is in the language asked for, and says so to the gateway; without a name all five are offered."""
    reply = dialogue_reply("change_language", "nl", "kun je pools praten")
    assert (reply.text, reply.language) == (say("pl", "language_changed"), "pl")
    assert [button.value for button in dialogue_reply("change_language", "nl", "andere taal").buttons] == [
        f"lang:{code}" for code in LANGUAGES
    ]


def test_messages_keep_to_the_copy_rule() -> None:
    """docs/voice.md: short sentences and no exclamation mark, in every language."""
    for language in LANGUAGES:
        for key, text in catalogue(language).items():
            if key == "months":
                continue
            assert len(longest(text)) <= LONGEST_WORDS, (language, key)
            assert "!" not in text and "¡" not in text, (language, key)


def test_the_copy_rules_numbers_are_the_checks() -> None:
    """What docs/voice.md says of sentences is what is measured."""
    text = (ROOT / "docs" / "voice.md").read_text(encoding="utf-8")
    assert f"{AVERAGE_WORDS:.0f} words on average, {LONGEST_WORDS} at most" in text
