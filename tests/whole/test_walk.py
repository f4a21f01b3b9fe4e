"""A long walk through Kompas: any message, any old button, any language, in any order, and never silence.

KOMPAS_WALK_TURNS=10000 walks as far as the plan asks; the ordinary test walks a part of it.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.language_names import asked_for
from bot.messages import say
from knowledge.entry import LANGUAGES
from knowledge.library import load
from kompas.cli import QUESTIONS
from kompas.settings import ROOT, read_settings
from kompas.wiring import build_guesser
from retrieval.evaluation import read_questions
from tests.conftest import REAL_KNOWLEDGE, Running

pytestmark = pytest.mark.rasa

TURNS = int(os.environ.get("KOMPAS_WALK_TURNS", "400"))
WALKERS = 8
BUTTONS = (
    "entry:bank-klacht", "entry:nothing-like-it", "none:", "more:aangifte-hoe", "more:", "bad:", "why:topic", "why:x", "menu:money", "menu:x",
    "from:cak", "from:x", "kind:dwangsom", "kind:x", "date:none", "town:skip", "lang:other", "again:", *(f"lang:{language}" for language in LANGUAGES),
)  # fmt: skip
ODD = (
    "", " ", "?", "🙂🙂", "112", "/restart", "/letter_form", "3 november", "31-02-2026", "asdf qwer zxcv", "ik heb een brief gekregen", "carta de la gemeente",
    "rotterdam", "a" * 500, "ja", "nope", "{}", '{"a": 1}', "<b>x</b>", "en als ik geen papieren heb", "what does dwangsom mean", "help", "aangifte",
    "bonjour je voudrais parler français", "здравствуйте я хочу знать мои права", "dziękuję", "olvida todo", "entry:", "lang:xx", "laat maar", "stop", "y en la haya?", "vorige week",
)  # fmt: skip


def walk(kompas: Running, number: int, turns: int, guess: Callable[[str], str], asked: list[str]) -> int:
    """One person's turns. Raises AssertionError at the first reply that is none, or that speaks a language nobody asked for."""
    dice = random.Random(number)
    spoken, offered, session = None, list(BUTTONS), f"walk-{number}"
    for _ in range(turns):
        text = dice.choice(dice.choice((asked, list(ODD), offered)))
        answer = kompas.ask(text, session=session)
        messages = answer["messages"]
        assert messages and all(message["text"].strip() for message in messages), text
        language = answer["language"]
        allowed = {spoken or "en", guess(text), asked_for(text), text.removeprefix("lang:")}
        assert language in allowed, (text, language, allowed)
        # Who asked to be forgotten is a stranger again, and a stranger's tap is answered in English.
        spoken = None if messages[0]["text"] == say(language, "forget_me") else language
        offered += [button["value"] for message in messages for button in message["buttons"]][:5]
    return turns


def test_nobody_is_ever_left_without_a_reply(kompas: Running) -> None:
    """Every turn gets words, in a language that was spoken or asked for."""
    guesser = build_guesser(read_settings(ROOT / "settings.toml"), load(REAL_KNOWLEDGE))
    asked = [question.text for question in read_questions(QUESTIONS)]
    with ThreadPoolExecutor(WALKERS) as pool:
        walks = [
            pool.submit(walk, kompas, number, TURNS // WALKERS, lambda text: guesser.guess(text).language, asked)
            for number in range(WALKERS)
        ]
    assert sum(done.result() for done in walks) == TURNS // WALKERS * WALKERS
