"""What the gateway remembers of a conversation: its language, under a pseudonym, in memory, until it falls silent."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.crisis.rules import Kind
from channels.donations import Question
from channels.limits import IDLE_SECONDS, PER_SESSION, SESSIONS, Rate


@dataclass
class Session:
    """`language` is None until a message said enough; `spoken` is the language of the last reply.

    `waiting` is a message whose language was asked, until the next one comes; `crisis` is the kind of crisis answered last,
    to be answered again in another language; `unanswered` is the last question without an answer, redacted, until the next
    message that does not give it to the editors. `epoch` makes a new pseudonym for Rasa after "forget me" and a crisis.
    """

    language: str | None = None
    spoken: str | None = None
    asked_language: bool = False
    waiting: str | None = field(default=None, repr=False)
    crisis: Kind | None = field(default=None, repr=False)
    unanswered: Question | None = field(default=None, repr=False)
    tokens: float = PER_SESSION.burst
    refilled: float = 0.0
    used: float = 0.0
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))

    def begin_again(self) -> None:
        """A new conversation for Rasa: what it kept in mind of the old one, a form for instance, is out of reach."""
        self.epoch = secrets.token_hex(4)


class Pseudonyms:
    """HMAC of channel and user id under a key made at start: the only name a person has inside Kompas."""

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)

    def of(self, channel: str, user: str) -> str:
        """32 hex digits; the same person gets another pseudonym after a restart."""
        return hmac.new(self._key, f"{channel}\0{user}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


class Sessions:
    """Sessions by pseudonym, oldest use first, dropped when idle or too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        self.drop_idle()
        return len(self._sessions)

    def get(self, pseudonym: str) -> Session:
        """The session, made when it is new; using it keeps it alive for another half hour."""
        self.drop_idle()
        session = self._sessions.setdefault(pseudonym, Session(refilled=self._clock()))
        session.used = self._clock()
        self._sessions.move_to_end(pseudonym)
        return session

    def forget(self, pseudonym: str) -> None:
        """Removes everything known under a pseudonym."""
        self._sessions.pop(pseudonym, None)

    def allows(self, session: Session, rate: Rate = PER_SESSION) -> bool:
        """Whether this session may send one more message now (token bucket)."""
        now = self._clock()
        session.tokens = min(rate.burst, session.tokens + (now - session.refilled) * rate.per_second)
        session.refilled = now
        if session.tokens < 1:
            return False
        session.tokens -= 1
        return True

    def drop_idle(self) -> None:
        """Forgets who has been silent for IDLE_SECONDS, and the oldest beyond SESSIONS."""
        limit = self._clock() - IDLE_SECONDS
        while self._sessions:
            oldest = next(iter(self._sessions.values()))
            if oldest.used >= limit and len(self._sessions) <= SESSIONS:
                return
            self._sessions.popitem(last=False)
