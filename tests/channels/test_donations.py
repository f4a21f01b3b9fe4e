"""A question without an answer reaches the editors only when the person saw it and agreed, and nothing else of them does."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import stat
from pathlib import Path

import pytest

from bot.messages import say
from bot.rendering import Reply
from channels.buttons import pressed
from channels.donations import KEEP_DAYS, MOST, Donations, Question, sweep
from channels.gateway import Gateway, Inbound, Outbound
from channels.limits import IDLE_SECONDS, LIMITS
from channels.sessions import Sessions
from channels.whatsapp import render
from knowledge.entry import LANGUAGES
from tests.channels.test_gateway import Echo, Guess, by_rules

DAY = dt.date(2026, 11, 21)
ASKED = "mag ik een kat houden, bel me op 06 12345678"


class Calendar:
    def __init__(self) -> None:
        self.day = DAY

    def __call__(self) -> dt.date:
        return self.day


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def donations(tmp_path: Path, calendar: Calendar) -> Donations:
    return Donations(tmp_path / "state" / "donations.sqlite", calendar)


def make(donations: Donations | None, language: str = "nl") -> tuple[Gateway, Echo]:
    echo = Echo(Reply(say(language, "unknown"), "unknown"))
    return Gateway(echo, lambda _: Guess(language), by_rules, donations=donations), echo


async def send(gateway: Gateway, text: str, user: str = "u") -> Outbound:
    return await gateway.handle(Inbound("web", user, text))


async def told(gateway: Gateway, text: str) -> str:
    return (await send(gateway, text)).replies[0].text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_question_is_kept_only_after_it_was_shown_and_agreed_to(donations: Donations, language: str) -> None:
    """The button, the question as it would be kept, yes; and only then a row with day, language and redacted text."""
    gateway, echo = make(donations, language)
    (button,) = (await send(gateway, ASKED)).replies[0].buttons
    assert (button.title, button.value) == (say(language, "donate"), "donate:ask")
    shown = (await send(gateway, button.value)).replies[0]
    kept = echo.heard[0][1]
    assert kept in shown.text and "12345678" not in kept and donations.list() == []
    assert [b.value for b in shown.buttons] == ["donate:yes", "donate:no"]
    assert await told(gateway, "donate:yes") == say(language, "donate_kept")
    (donation,) = donations.list()
    assert (donation.day, donation.question) == (DAY, Question(language, "", kept))
    assert len(echo.heard) == 1, "Rasa hears nothing of the taps"


async def test_who_says_no_leaves_nothing(donations: Donations) -> None:
    """Neither in the file nor in memory."""
    gateway, _ = make(donations)
    await send(gateway, ASKED)
    await send(gateway, "donate:ask")
    assert await told(gateway, "donate:no") == say("nl", "donate_not_kept")
    assert await told(gateway, "donate:yes") == say("nl", "donate_nothing")
    assert donations.list() == []


async def test_a_second_tap_keeps_nothing_twice(donations: Donations) -> None:
    """Two taps on yes are one question."""
    gateway, _ = make(donations)
    await send(gateway, ASKED)
    await send(gateway, "donate:yes")
    assert await told(gateway, "donate:yes") == say("nl", "donate_nothing")
    assert len(donations.list()) == 1


@pytest.mark.parametrize("between", ["iets anders", "ik wil dood", "bad:", "lang:pl", "\x00", "a" * 5000])
async def test_the_next_message_takes_the_question_out_of_memory(donations: Donations, between: str) -> None:
    """Whatever it is: answered, a crisis, a tap, nothing, too long."""
    gateway, echo = make(donations)
    await send(gateway, ASKED)
    echo.reply = Reply("fine", "answer")
    await send(gateway, between)
    assert await told(gateway, "donate:yes") in {say(language, "donate_nothing") for language in LANGUAGES}
    assert donations.list() == []


async def test_forget_me_and_half_an_hour_take_the_question_out_of_memory(donations: Donations) -> None:
    """As with everything else that is remembered."""
    gateway, echo = make(donations)
    now = [0.0]
    gateway.sessions = Sessions(lambda: now[0])
    await send(gateway, ASKED)
    now[0] = IDLE_SECONDS + 1.0
    assert await told(gateway, "donate:yes") in {say(language, "donate_nothing") for language in LANGUAGES}
    await send(gateway, ASKED)
    echo.reply = Reply("gone", "dialogue", forget=True)
    await send(gateway, "vergeet mij")
    assert len(gateway.sessions) == 0
    await send(gateway, "donate:yes")
    assert donations.list() == []


async def test_without_a_file_nothing_is_offered() -> None:
    """No button, and a tap on one of an older day gets a kind line."""
    gateway, echo = make(None)
    assert (await send(gateway, ASKED)).replies[0].buttons == ()
    assert await told(gateway, "donate:yes") == say("nl", "donate_nothing")
    assert len(echo.heard) == 1


async def test_only_a_typed_question_without_an_answer_is_offered(donations: Donations) -> None:
    """Not under an answer, and not under what a tap led to."""
    gateway, echo = make(donations)
    assert (await send(gateway, "entry:keys-lost")).replies[0].buttons == ()
    echo.reply = Reply("fine", "answer")
    assert (await send(gateway, ASKED)).replies[0].buttons == ()


async def test_a_crisis_and_a_flood_go_before_a_donation(donations: Donations) -> None:
    """A tap is a message like any other for the limit, and no step before it is skipped for it."""
    gateway, _ = make(donations)
    await send(gateway, ASKED)
    gateway.sessions.allows = lambda *_: False  # type: ignore[method-assign]
    assert await told(gateway, "donate:yes") == say("nl", "too_fast")
    assert donations.list() == []


async def test_a_question_that_cannot_be_kept_is_said_to_be_so(donations: Donations) -> None:
    """A full disk or a broken file is no silence and no crash."""
    gateway, _ = make(donations)
    await send(gateway, ASKED)
    donations._db.execute("drop table donations")
    assert await told(gateway, "donate:yes") == say("nl", "donate_failed")


def test_what_is_older_than_thirty_days_is_gone_from_the_file(
    donations: Donations, calendar: Calendar, tmp_path: Path
) -> None:
    """On its thirtieth day a question is there; a day later no byte of it is on disk, at the next list, add or sweep."""
    donations.add(Question("nl", "keys", "een-vraag-over-sleutels"))
    calendar.day += dt.timedelta(days=KEEP_DAYS)
    assert len(donations.list()) == 1
    calendar.day += dt.timedelta(days=1)
    assert donations.list() == []
    written = b"".join(path.read_bytes() for path in (tmp_path / "state").iterdir())
    assert b"sleutels" not in written


async def test_the_sweep_drops_what_nobody_reads(donations: Donations, calendar: Calendar, tmp_path: Path) -> None:
    """Once at the start of a day of its own."""
    donations.add(Question("nl", "keys", "een-vraag-over-sleutels"))
    calendar.day += dt.timedelta(days=KEEP_DAYS + 1)
    task = asyncio.create_task(sweep(donations))
    await asyncio.sleep(0)
    task.cancel()
    assert b"sleutels" not in (tmp_path / "state" / "donations.sqlite").read_bytes()


def test_a_removed_question_is_gone_and_others_stay(donations: Donations, tmp_path: Path) -> None:
    """Removing twice removes once."""
    for text in ("een-vraag-over-sleutels", "een-vraag-over-boten"):
        donations.add(Question("nl", "", text))
    name = next(d.id for d in donations.list() if "sleutels" in d.question.text)
    assert donations.remove(name) and not donations.remove(name)
    written = (tmp_path / "state" / "donations.sqlite").read_bytes()
    assert b"boten" in written and b"sleutels" not in written


def test_the_file_is_for_its_owner_only_and_holds_no_time(donations: Donations, tmp_path: Path) -> None:
    """Mode 0600, five columns, ids that say nothing."""
    donations.add(Question("nl", "", "een vraag"))
    path = tmp_path / "state" / "donations.sqlite"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    columns = [row[1] for row in donations._db.execute("pragma table_info(donations)")]
    assert columns == ["id", "day", "language", "topic", "question"]
    assert str(DAY).encode() in path.read_bytes()


def test_nobody_can_fill_the_disk(donations: Donations, calendar: Calendar) -> None:
    """Beyond the most, the oldest go."""
    donations.add(Question("nl", "", "the oldest"))
    calendar.day += dt.timedelta(days=1)
    rows = [(f"{number:016x}", str(calendar.day), "nl", "", "flood") for number in range(MOST)]
    donations._db.executemany("insert into donations values (?, ?, ?, ?, ?)", rows)
    donations.add(Question("nl", "", "the newest"))
    texts = [donation.question.text for donation in donations.list()]
    assert len(texts) == MOST and "the oldest" not in texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_buttons_are_buttons_on_whatsapp(language: str) -> None:
    """Short enough not to become a list."""
    limit = LIMITS["whatsapp_button"].value
    assert all(len(say(language, key)) <= limit for key in ("donate", "donate_yes", "donate_no"))


async def test_what_is_shown_fits_whatsapp_as_one_message_with_two_buttons(donations: Donations) -> None:
    """For a question of ordinary length."""
    gateway, _ = make(donations)
    await send(gateway, "mag ik een kat houden in een kamer " * 8)
    (message,) = render(await send(gateway, "donate:ask"))
    assert message["interactive"]["type"] == "button"


async def test_a_question_is_in_no_log_and_no_repr(donations: Donations, caplog: pytest.LogCaptureFixture) -> None:
    """Neither while it waits nor when it is kept."""
    caplog.set_level(logging.DEBUG)
    gateway, _ = make(donations)
    for text in ("wie voert de olifant", "donate:ask"):
        await send(gateway, text)
    assert "olifant" not in repr(gateway.sessions.get(gateway.pseudonyms.of("web", "u")))
    await send(gateway, "donate:yes")
    assert "olifant" not in repr(donations.list()) and "olifant" not in caplog.text


@pytest.mark.parametrize("text", ["donate:", "donate:maybe", "donate"])
def test_what_looks_like_the_button_and_is_none_is_text(text: str) -> None:
    """Only the three values are presses."""
    assert pressed(text) is None
