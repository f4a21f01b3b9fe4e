"""What is costly to make and the same for everybody: made once, one at a time, and kept in memory while it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable


class Kept:
    """Bytes by name, for as long as `state` stays the same."""

    def __init__(self) -> None:
        self._state: Hashable = None
        self._made: dict[str, bytes] = {}
        self._one_at_a_time = asyncio.Lock()

    async def get(self, state: Hashable, name: str, make: Callable[[], bytes]) -> bytes:
        """The bytes called `name`; `make` runs in a thread when they are not there yet or the state is another one."""
        async with self._one_at_a_time:
            if self._state != state:
                self._state, self._made = state, {}
            if name not in self._made:
                self._made[name] = await asyncio.to_thread(make)
            return self._made[name]
