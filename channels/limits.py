"""Every limit of the gateway, as a table of values."""

from __future__ import annotations

from dataclasses import dataclass

# The longest question worth reading. Rasa has no limit of its own and slows down beyond.
TEXT_CHARACTERS = 2000
# The largest request body read at all: anything longer gets 413.
BODY_BYTES = 64 * 1024
# A session id is made by the page; anything longer is no session id.
SESSION_CHARACTERS = 128
# What is remembered of a conversation dies after this much silence.
IDLE_SECONDS = 30 * 60
SESSIONS = 20_000
# How often the silent ones are looked for.
SWEEP_SECONDS = 30
# Turns under way at once; more wait, and give up with "one moment" after QUEUE_SECONDS.
TURNS_AT_ONCE = 16
QUEUE_SECONDS = 20.0
# Rasa answers in hundredths of a second; past this it is down.
RASA_SECONDS = 2.5


@dataclass(frozen=True)
class Rate:
    """A token bucket: `burst` messages at once, then `per_second` more each second."""

    burst: int
    per_second: float


# An outreach worker looking up a whole list stays below this; only a program does not.
PER_SESSION = Rate(burst=300, per_second=5.0)
