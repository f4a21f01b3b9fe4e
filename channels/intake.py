"""From a platform's message to its answer, once and in order: claim, wait one's turn, gateway, send, remember.

The platform is the queue: it hears that a message was taken only after the answer went out, so a crash loses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from channels.gateway import Gateway, Inbound, Outbound, clean
from channels.ledger import BEAT_SECONDS, Claim, Ledger
from channels.limits import LIMITS, NOTICE_SECONDS, SEND_SECONDS

# How often a message looks whether the one before it is done (seconds).
LOOK_SECONDS = 0.02
# Between two tries to send: doubled each time.
BACKOFF_FIRST, BACKOFF_LAST = 0.5, 8.0


class SendError(Exception):
    """Nothing was sent. Carries no text: a traceback must not quote an answer or a person."""


class TryLater(SendError):
    """The platform is down or asks to wait `seconds`."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__("try later")
        self.seconds = seconds


class Unreachable(SendError):
    """The person cannot be reached, now or ever: blocked, gone, unknown."""


class WindowClosed(SendError):
    """WhatsApp: 24 hours without a message of theirs; the answer waits for the next one."""


class Refused(SendError):
    """This very message is refused, and always will be: a mistake of ours, for an operator to report."""


class Misconfigured(SendError):
    """Our token or account is refused: an operator must look. The platform will bring the message again."""


class Door(Protocol):
    """One platform: what a person is called there, and how to send."""

    @property
    def channel(self) -> str: ...  # noqa: D102

    def render(self, outbound: Outbound) -> Sequence[Any]:
        """The messages of an answer, as the platform takes them."""

    async def send(self, user: str, message: Any) -> None:
        """Sends one message of `render`. Raises SendError."""


@dataclass
class Held:
    """Answers that wait until a person writes again, by pseudonym, in memory only and for a day at most."""

    clock: Callable[[], float] = time.monotonic
    _answers: OrderedDict[str, tuple[float, Outbound]] = field(default_factory=OrderedDict)

    def put(self, pseudonym: str, outbound: Outbound) -> None:
        """Keeps the latest answer for a person."""
        self._answers.pop(pseudonym, None)
        self._answers[pseudonym] = (self.clock(), outbound)
        self._drop()

    def take(self, pseudonym: str) -> Outbound | None:
        """The answer that waits for a person, and no longer does."""
        self._drop()
        return self._answers.pop(pseudonym, (0.0, None))[1]

    def _drop(self) -> None:
        """What is too old, and what is too much."""
        first = self.clock() - LIMITS["held_for"].value
        while self._answers and (len(self._answers) > LIMITS["held"].value or self._oldest() < first):
            self._answers.popitem(last=False)

    def _oldest(self) -> float:
        return next(iter(self._answers.values()))[0]


@dataclass
class Intake:
    """Answers the messages of one platform."""

    gateway: Gateway
    ledger: Ledger
    door: Door
    held: Held = field(default_factory=Held)
    notice: float = NOTICE_SECONDS

    async def take(self, inbound: Inbound, message: str) -> bool:
        """Whether the platform may forget the message: it was answered, now or before, or cannot be."""
        claim = await self._claim(inbound, message)
        if isinstance(claim, bool):
            return claim
        began = time.monotonic()
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._wait_for_turn(claim, inbound)
                await self._answer(inbound, claim, began)
        except BaseException as error:
            self.ledger.release(claim)
            if not isinstance(error, TimeoutError | Misconfigured):
                raise
            self.alarm("unanswered" if isinstance(error, TimeoutError) else "misconfigured")
            return False
        self.ledger.answered(claim)
        return True

    async def _claim(self, inbound: Inbound, message: str) -> Claim | bool:
        """A claim, or True once somebody else has answered; who is answering it now is waited for."""
        until = time.monotonic() + SEND_SECONDS
        while time.monotonic() < until:
            claim = self.ledger.claim(inbound.channel, message, inbound.user)
            if claim is not False:
                return claim
            await asyncio.sleep(LOOK_SECONDS)
        return False

    async def _wait_for_turn(self, claim: Claim, inbound: Inbound) -> None:
        """Until nothing older of the same person is under way. A crisis waits for nothing."""
        if self.ledger.is_first(claim) or self.gateway.crisis_in(clean(inbound.text)):
            return
        while not self.ledger.is_first(claim):
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer(self, inbound: Inbound, claim: Claim, began: float) -> None:
        waiting = self.held.take(self._pseudonym(inbound.user))
        if waiting:
            await self._send(inbound.user, waiting, claim)
        await self._send(inbound.user, await self._outbound(inbound, claim), claim)
        self.gateway.metrics.sent.labels(inbound.channel).observe(time.monotonic() - began)

    async def _outbound(self, inbound: Inbound, claim: Claim) -> Outbound:
        """The gateway's answer; who waits long is told meanwhile that it follows, and who can help now."""
        answering = asyncio.create_task(self.gateway.handle(inbound))
        try:
            done, _ = await asyncio.wait([answering], timeout=self.notice)
            if not done:
                await self._send(inbound.user, self.gateway.still_looking(inbound), claim)
            return await answering
        finally:
            answering.cancel()

    async def _send(self, user: str, outbound: Outbound, claim: Claim) -> None:
        """Sends every message, each until it is through; what went out before a crash is left out. Raises Misconfigured."""
        for number, message in enumerate(self.door.render(outbound)):
            part = f"{number} {message!r}"  # numbered: two parts of one answer may say the same
            if self.ledger.was_sent(claim, part):
                continue
            try:
                await self._send_one(user, message)
                self.ledger.sent(claim, part)
            except (Unreachable, Refused) as error:
                self.alarm(type(error).__name__.lower())
                return
            except WindowClosed:
                self.held.put(self._pseudonym(user), outbound)
                return

    async def _send_one(self, user: str, message: Any) -> None:
        wait = BACKOFF_FIRST
        while True:
            try:
                return await self.door.send(user, message)
            except TryLater as later:
                self.alarm("send_again")
                await asyncio.sleep(wait if later.seconds is None else later.seconds)
                wait = min(wait * 2, BACKOFF_LAST)

    def _pseudonym(self, user: str) -> str:
        return self.gateway.pseudonyms.of(self.door.channel, user)

    def alarm(self, kind: str) -> None:
        """Counts something that an operator must look at."""
        self.gateway.metrics.alarms.labels(self.door.channel, kind).inc()


async def keep_beating(ledger: Ledger) -> None:
    """Tells the other processes that this one is alive, for as long as it is."""
    while True:
        ledger.beat()
        await asyncio.sleep(BEAT_SECONDS)
