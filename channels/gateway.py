"""The way of a message, the same for every channel: a short pipeline of named steps.

A step gets the turn and returns the replies that end it, or None to go on. No step knows the next; STEPS is the order.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot import rendering
from bot.crisis.rules import Kind
from bot.messages import say
from bot.other_languages import other_language
from bot.rendering import Button, Reply
from channels.asking import question_of
from channels.buttons import ASK, DONATE, DONATE_ASK, DONATE_NO, DONATE_YES, LANGUAGE, START, Press, for_rasa, pressed
from channels.donations import Donations, Question
from channels.limits import PATIENCE_SECONDS, QUEUE_SECONDS, TEXT_CHARACTERS, TURNS_AT_ONCE
from channels.metrics import Metrics
from channels.rasa import RasaDown
from channels.redaction import redact as redacted
from channels.sessions import Pseudonyms, Session, Sessions
from knowledge.entry import LANGUAGES

# How sure the first guess must be, and how much surer a later one, with how many words that speak for a language,
# before the language changes.
FIRST_BELIEF = 0.8
SWITCH_BELIEF = 0.95
SWITCH_WORDS = 3
DEFAULT_LANGUAGE = "en"
# Between two tries to reach Rasa.
RETRY_SECONDS = 0.5

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc\ufffd]")


class LanguageGuess(Protocol):
    """A language, the belief in it (0 to 1), and how many words of the message speak for any language."""

    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def belief(self) -> float: ...  # noqa: D102
    @property
    def words(self) -> int: ...  # noqa: D102


class Dialogue(Protocol):
    """Whoever answers a message: Rasa."""

    async def send(self, sender: str, text: str, language: str) -> list[Reply]: ...  # noqa: D102


@dataclass(frozen=True)
class Inbound:
    """A message as a channel hands it over.

    `media` is a picture, a voice note or a file, which nobody fetches; `hint` the language of the person's app, used until
    they wrote something; `patient` says that the channel can wait for Rasa to come back.
    """

    channel: str
    user: str
    text: str
    media: bool = False
    hint: str | None = None
    patient: bool = False


@dataclass(frozen=True)
class Outbound:
    """What is sent back: the language and the replies."""

    language: str
    replies: tuple[Reply, ...]


@dataclass
class Turn:
    """One message on its way. Lives as long as the answer takes."""

    text: str
    pseudonym: str
    session: Session
    press: Press | None = None
    language: str = DEFAULT_LANGUAGE
    media: bool = False
    patient: bool = False


@dataclass
class Gateway:
    """Runs the steps for one message after another."""

    dialogue: Dialogue
    guess: Callable[[str], LanguageGuess]
    crisis: Callable[[str], Kind | None]
    sessions: Sessions = field(default_factory=Sessions)
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    metrics: Metrics = field(default_factory=Metrics)
    donations: Donations | None = None  # None: no question can be given to the editors

    def __post_init__(self) -> None:
        """Makes the gate that lets only so many turns in at once."""
        self._gate = asyncio.Semaphore(TURNS_AT_ONCE)

    async def handle(self, inbound: Inbound) -> Outbound:
        """The replies to one message. Never raises for anything a person can type."""
        turn = self._begin(inbound)
        for step in STEPS:
            with self.metrics.steps.labels(step.__name__).time():
                replies = await step(self, turn)
            if replies is not None:
                turn.session.spoken = turn.language
                self._count(inbound.channel, turn.language, replies)
                return Outbound(turn.language, tuple(replies))
        raise AssertionError("the last step always answers")

    def crisis_in(self, text: str) -> Kind | None:
        """The kind of crisis a message speaks of; of one that is too long, its beginning and its end are read."""
        found = self.crisis(text[:TEXT_CHARACTERS])
        return found or (self.crisis(text[-TEXT_CHARACTERS:]) if len(text) > TEXT_CHARACTERS else None)

    def _begin(self, inbound: Inbound) -> Turn:
        pseudonym = self.pseudonyms.of(inbound.channel, inbound.user)
        session = self.sessions.get(pseudonym)
        # A tap says nothing of the language: the reply to it stays in the one that was spoken.
        session.spoken = session.spoken or (inbound.hint if inbound.hint in LANGUAGES else None)
        spoken = session.language or session.spoken or DEFAULT_LANGUAGE
        text = clean(inbound.text)
        return Turn(text, pseudonym, session, language=spoken, media=inbound.media, patient=inbound.patient)

    def _count(self, channel: str, language: str, replies: list[Reply]) -> None:
        told = next((reply for reply in replies if reply.entry), replies[0])
        self.metrics.turns.labels(channel, told.topic or "", language, told.decision).inc()

    async def ask(self, turn: Turn) -> list[Reply]:
        """Rasa's replies, or that there are none now: it is down or too busy. A patient channel waits for it a little."""
        until = time.monotonic() + (PATIENCE_SECONDS if turn.patient else 0.0)
        while True:
            try:
                return self._offer(turn, await self._ask_once(turn))
            except (RasaDown, TimeoutError):
                if time.monotonic() >= until:
                    return [rendering.unavailable(turn.language)]
                await asyncio.sleep(RETRY_SECONDS)

    def still_looking(self, inbound: Inbound) -> Outbound:
        """What somebody in a patient channel hears while the answer takes long."""
        session = self.sessions.get(self.pseudonyms.of(inbound.channel, inbound.user))
        language = session.language or session.spoken or DEFAULT_LANGUAGE
        return Outbound(language, (rendering.dialogue(language, "still_looking"),))

    async def _ask_once(self, turn: Turn) -> list[Reply]:
        async with asyncio.timeout(QUEUE_SECONDS), self._gate:
            sender = f"{turn.pseudonym}{turn.session.epoch}"
            return await self.dialogue.send(sender, for_rasa(turn.text, turn.press), turn.language)

    def _offer(self, turn: Turn, replies: list[Reply]) -> list[Reply]:
        """A typed question without an answer can be given to the editors: a button under the reply says so."""
        unknown = next((reply for reply in replies if reply.decision == "unknown"), None)
        if self.donations is None or turn.press or unknown is None:
            return replies
        turn.session.unanswered = Question(turn.language, unknown.topic or "", turn.text)
        button = Button(say(turn.language, "donate"), f"{DONATE}:{DONATE_ASK}")
        return [replace(r, buttons=(*r.buttons, button)) if r is unknown else r for r in replies]


def clean(text: str) -> str:
    """Text without control and invisible characters, lone surrogates and needless spaces."""
    visible = _INVISIBLE.sub("", text)
    printable = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Cn") else c for c in visible)
    return " ".join(printable.split())


async def recognise_button(gateway: Gateway, turn: Turn) -> None:
    """A pressed button sends its value as text."""
    turn.press = pressed(turn.text)
    if turn.press is None or turn.press.kind != DONATE:
        turn.session.unanswered = None


async def detect_language(gateway: Gateway, turn: Turn) -> None:
    """The first message with enough evidence decides; a settled language changes only for a clear sentence."""
    if turn.press or (turn.media and not turn.text):
        return
    guess = gateway.guess(turn.text)
    settled = turn.session.language
    sure_first = settled is None and guess.belief >= FIRST_BELIEF
    sure_switch = settled is not None and guess.belief >= SWITCH_BELIEF and guess.words >= SWITCH_WORDS
    if sure_first or sure_switch:
        turn.session.language = guess.language
    turn.language = turn.session.language or (guess.language if guess.words else turn.language)


async def answer_crisis(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Crisis rules run before every limit, and before Rasa, whether that is up or not."""
    if turn.press:
        return None
    kind = gateway.crisis_in(turn.text)
    if kind is None:
        return None
    turn.session.begin_again()  # whatever form was open is over
    turn.session.crisis = kind
    return [rendering.crisis(kind, turn.language)]


async def limit_rate(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """More messages than a person types get a kind line and go no further."""
    return None if gateway.sessions.allows(turn.session) else [rendering.dialogue(turn.language, "too_fast")]


async def decline_media(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Pictures, voice notes and files are not fetched; what is written beside one is answered."""
    return [rendering.dialogue(turn.language, "no_media")] if turn.media and not turn.text else None


async def limit_length(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Nothing typed, or far too much."""
    if not any(c.isalnum() for c in turn.text):
        return [rendering.dialogue(turn.language, "nothing_typed")]
    return [rendering.dialogue(turn.language, "too_long")] if len(turn.text) > TEXT_CHARACTERS else None


async def name_languages(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Who writes in another language hears in it which five Kompas speaks."""
    code = None if turn.press else other_language(turn.text)
    return [rendering.five_languages(code)] if code else None


async def ask_language(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Who says too little to tell which language is asked, once, in all five; the message is answered after the tap."""
    session = turn.session
    if turn.press is None or turn.press.kind != LANGUAGE:
        session.waiting = None
    begins = turn.press is None or (turn.press == START and session.spoken is None)
    if begins and session.language is None and not session.asked_language:
        session.asked_language, session.waiting = True, turn.text
        return [rendering.ask_language()]
    return None


async def choose_language(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """A chosen language stays; what was said last is said again in it."""
    if turn.press is None or turn.press.kind != LANGUAGE:
        return None
    if turn.press.value == ASK:
        return [rendering.which_language(turn.language)]
    turn.session.language = turn.language = turn.press.value
    return await _in_new_language(gateway, turn, rendering.dialogue(turn.language, "language_changed"))


async def redact(gateway: Gateway, turn: Turn) -> None:
    """Numbers, names and addresses that tell who somebody is go no further, and do not change what is asked."""
    if turn.press is None:
        turn.text = question_of(redacted(turn.text))


async def take_donation(gateway: Gateway, turn: Turn) -> list[Reply] | None:
    """Shows a question as it would be kept, and keeps it only when the person agrees."""
    if turn.press is None or turn.press.kind != DONATE:
        return None
    session, question = turn.session, turn.session.unanswered
    if gateway.donations is None or question is None:
        return [rendering.dialogue(turn.language, "donate_nothing")]
    if turn.press.value == DONATE_ASK:
        return [_as_kept(question, turn.language)]
    session.unanswered = None
    if turn.press.value == DONATE_NO:
        return [rendering.dialogue(turn.language, "donate_not_kept")]
    try:
        gateway.donations.add(question)
    except sqlite3.Error:
        return [rendering.dialogue(turn.language, "donate_failed")]
    return [rendering.dialogue(turn.language, "donate_kept")]


def _as_kept(question: Question, language: str) -> Reply:
    buttons = tuple(Button(say(language, f"donate_{value}"), f"{DONATE}:{value}") for value in (DONATE_YES, DONATE_NO))
    return Reply(say(language, "donate_show", question=question.text), "dialogue", None, buttons)


async def ask_rasa(gateway: Gateway, turn: Turn) -> list[Reply]:
    """Everything else is Rasa's: what kind of turn it is, and the answer."""
    replies = await gateway.ask(turn)
    for reply in replies:
        if reply.forget:
            gateway.sessions.forget(turn.pseudonym)
        elif reply.language:
            turn.session.language = turn.language = reply.language
            return await _in_new_language(gateway, turn, reply)
    turn.session.crisis = None
    return replies


async def _in_new_language(gateway: Gateway, turn: Turn, said: Reply) -> list[Reply]:
    """What was said in the wrong language, or waits for its language; otherwise Rasa shows what stood there last."""
    session = turn.session
    if session.crisis:
        return [said, rendering.crisis(session.crisis, turn.language)]
    waiting, session.waiting = session.waiting, None
    again = replace(turn, text=waiting, press=None) if waiting else replace(turn, press=Press("again", ""))
    return [said, *await gateway.ask(again)]


Step = Callable[[Gateway, Turn], Awaitable[list[Reply] | None]]
STEPS: tuple[Step, ...] = (
    recognise_button,
    detect_language,
    answer_crisis,
    limit_rate,
    decline_media,
    limit_length,
    name_languages,
    redact,
    ask_language,
    choose_language,
    take_donation,
    ask_rasa,
)
