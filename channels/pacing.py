"""Waiting one's turn to send, so that a platform's limits are never exceeded."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from channels.limits import Rate


@dataclass
class Bucket:
    """A token bucket that may go into debt: whoever takes a token is told how long to wait for it."""

    rate: Rate
    tokens: float
    filled: float

    def take(self, now: float) -> float:
        """Seconds to wait before sending."""
        self.tokens = self._after(now) - 1
        self.filled = now
        return max(0.0, -self.tokens / self.rate.per_second)

    def is_full(self, now: float) -> bool:
        """Whether it is as good as new."""
        return self._after(now) >= self.rate.burst

    def _after(self, now: float) -> float:
        return min(self.rate.burst, self.tokens + (now - self.filled) * self.rate.per_second)


@dataclass
class Pacing:
    """One bucket for all chats and one for each. A chat whose bucket is full again is forgotten: its id is somebody's."""

    everyone: Rate
    each: Rate
    clock: Callable[[], float] = time.monotonic
    _chats: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        """Begins with a full bucket."""
        self._all = Bucket(self.everyone, self.everyone.burst, self.clock())

    def __len__(self) -> int:
        self._forget(self.clock())
        return len(self._chats)

    async def wait(self, chat: str) -> None:
        """Returns when a message may go to `chat`. A chat that must wait takes nothing from the others."""
        now = self.clock()
        self._forget(now)
        bucket = self._chats.pop(chat, None) or Bucket(self.each, self.each.burst, now)
        self._chats[chat] = bucket
        await asyncio.sleep(bucket.take(now))
        await asyncio.sleep(self._all.take(self.clock()))

    def _forget(self, now: float) -> None:
        while self._chats and next(iter(self._chats.values())).is_full(now):
            self._chats.popitem(last=False)
