"""Once, in order, and only forgotten by the platform when it was answered: with a real ledger and a gateway without Rasa."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.crisis.rules import by_rules
from bot.messages import say
from bot.rendering import Reply
from channels.gateway import Gateway, Inbound, Outbound
from channels.intake import Intake, Misconfigured, Refused, SendError, TryLater, Unreachable, WindowClosed
from channels.ledger import Ledger
from tests.channels.test_gateway import Echo, Guess


@dataclass
class Door:
    """A platform that keeps what it is given, and fails first as often as it is told to."""

    failures: list[SendError] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    channel: str = "telegram"

    def render(self, outbound: Outbound) -> list[str]:
        return [reply.text for reply in outbound.replies]

    async def send(self, user: str, message: str) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((user, message))


class Parrot(Echo):
    """Says back what it hears, more slowly the shorter it is."""

    async def send(self, sender: str, text: str, language: str) -> list[Reply]:
        await asyncio.sleep(0.05 / len(text))
        return [Reply(text, "dialogue")]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite", "a", [b"k" * 32])
    yield ledger
    ledger.close()


def intake(ledger: Ledger, door: Door) -> Intake:
    return Intake(Gateway(Parrot(), lambda _: Guess(), by_rules), ledger, door)


def said(text: str, user: str = "1") -> Inbound:
    return Inbound("telegram", user, text, patient=True)


async def test_a_message_that_comes_five_times_is_answered_once(ledger: Ledger) -> None:
    """At the same time or later; each time the platform may forget it."""
    door = Door()
    taking = intake(ledger, door)
    assert all(await asyncio.gather(*(taking.take(said("hallo daar"), "m1") for _ in range(5))))
    assert await taking.take(said("hallo daar"), "m1")
    assert door.sent == [("1", "hallo daar")]


async def test_answers_to_a_person_go_out_in_order(ledger: Ledger) -> None:
    """Also when a later question is answered faster."""
    door = Door()
    taking = intake(ledger, door)
    texts = ["ik", "heb een", "brief gekregen van", "de gemeente en wat moet ik nu doen"]
    await asyncio.gather(*(taking.take(said(text), text) for text in texts))
    assert [text for _, text in door.sent] == texts


async def test_a_crisis_waits_for_nothing(ledger: Ledger) -> None:
    """Not even for the same person's message before it, which waits for Rasa."""
    door = Door()
    taking = intake(ledger, door)
    await asyncio.gather(taking.take(said("ok"), "m1"), taking.take(said("ik wil dood"), "m2"))
    assert [text for _, text in door.sent] == [say("nl", "crisis_suicide"), "ok"]


async def test_who_waits_long_hears_that_the_answer_follows(ledger: Ledger) -> None:
    """Once, with the people who help now; then the answer comes."""
    door = Door()

    class Slow(Echo):
        async def send(self, sender: str, text: str, language: str) -> list[Reply]:
            while not door.sent:
                await asyncio.sleep(0.01)
            return [Reply(text, "dialogue")]

    taking = Intake(Gateway(Slow(), lambda _: Guess(), by_rules), ledger, door, notice=0.05)
    assert await taking.take(said("hallo daar"), "m1")
    assert [text for _, text in door.sent] == [say("nl", "still_looking"), "hallo daar"]


async def test_what_went_out_before_a_crash_is_not_sent_again(ledger: Ledger, tmp_path: Path) -> None:
    """The rest of the answer is, and nothing of it stays in the ledger."""

    class Two(Echo):
        async def send(self, sender: str, text: str, language: str) -> list[Reply]:
            return [Reply("first", "dialogue"), Reply("second", "dialogue")]

    class Dying(Door):
        async def send(self, user: str, message: str) -> None:
            if self.sent:
                raise RuntimeError
            await super().send(user, message)

    door, gateway = Dying(), Gateway(Two(), lambda _: Guess(), by_rules)
    with pytest.raises(RuntimeError):
        await Intake(gateway, ledger, door).take(said("hallo daar"), "m1")
    again = Door()
    assert await Intake(gateway, ledger, again).take(said("hallo daar"), "m1")
    assert [*door.sent, *again.sent] == [("1", "first"), ("1", "second")]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as file:
        assert file.execute("select count(*) from parts").fetchone() == (0,)


async def test_two_parts_that_say_the_same_both_arrive(ledger: Ledger) -> None:
    """What is left out after a crash is what went out, not what looks like it."""

    class Echoing(Echo):
        async def send(self, sender: str, text: str, language: str) -> list[Reply]:
            return [Reply("again", "dialogue")] * 2

    door = Door()
    assert await Intake(Gateway(Echoing(), lambda _: Guess(), by_rules), ledger, door).take(said("hallo daar"), "m1")
    assert door.sent == [("1", "again"), ("1", "again")]


async def test_a_platform_that_is_down_is_tried_again(ledger: Ledger) -> None:
    """Until it takes the answer."""
    door = Door([TryLater(0.01), TryLater(0.01)])
    assert await intake(ledger, door).take(said("hallo daar"), "m1")
    assert door.sent == [("1", "hallo daar")]


@pytest.mark.parametrize("error", [Unreachable(), Refused()])
async def test_an_answer_that_can_never_arrive_is_dropped(ledger: Ledger, error: SendError) -> None:
    """The platform need not bring the message again."""
    door = Door([error])
    taking = intake(ledger, door)
    assert await taking.take(said("hallo daar"), "m1") and await taking.take(said("hallo daar"), "m1")
    assert door.sent == []


async def test_with_a_wrong_token_nothing_is_lost(ledger: Ledger) -> None:
    """The platform is told to bring the message again, and then it is answered."""
    door = Door([Misconfigured()])
    taking = intake(ledger, door)
    assert not await taking.take(said("hallo daar"), "m1")
    assert await taking.take(said("hallo daar"), "m1")
    assert door.sent == [("1", "hallo daar")]


async def test_an_answer_that_is_too_late_waits_for_the_next_message(ledger: Ledger) -> None:
    """And comes before the answer to that."""
    door = Door([WindowClosed()])
    taking = intake(ledger, door)
    assert await taking.take(said("eerste vraag"), "m1") and door.sent == []
    assert await taking.take(said("tweede vraag"), "m2")
    assert [text for _, text in door.sent] == ["eerste vraag", "tweede vraag"]


async def test_a_cancelled_answer_is_free_for_another_try(ledger: Ledger) -> None:
    """A gateway that stops in the middle releases what it was doing."""
    door = Door([TryLater(60)])
    taking = intake(ledger, door)
    task = asyncio.create_task(taking.take(said("hallo daar"), "m1"))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await taking.take(said("hallo daar"), "m1")
