"""Questions that people gave to the editors: text, day, language and topic; no person, no time of day; 30 days at most."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

KEEP_DAYS = 30
# More than people give in a month; beyond it the oldest go, so that nobody can fill the disk.
MOST = 1000
SWEEP_SECONDS = 24 * 3600.0
# Without rowid: nothing in the file tells which of two questions of a day came first.
SCHEMA = """create table if not exists donations
  (id text primary key, day text not null, language text not null, topic text not null, question text not null)
  without rowid"""


@dataclass(frozen=True)
class Question:
    """A question without an answer, redacted; `topic` is "" where none is known."""

    language: str
    topic: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Donation:
    """A question that was given, under a random id."""

    id: str
    day: dt.date
    question: Question


class Donations:
    """The file of given questions. Every method is one short transaction; all but `remove` drop what is too old."""

    def __init__(self, path: Path, today: Callable[[], dt.date] = dt.date.today) -> None:
        """Makes the file when it is missing; nobody else may read it."""
        self._today = today
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        # Used by one event loop, which may run in another thread than the one that opened it.
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
        # Not WAL, as the ledger has it: a WAL would hold a deleted text until its next checkpoint.
        self._db.execute("pragma journal_mode = delete")
        self._db.execute("pragma secure_delete = on")
        self._db.execute(SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def add(self, question: Question) -> None:
        """Keeps one question. Raises sqlite3.Error, which never quotes it."""
        kept = (secrets.token_hex(8), self._today().isoformat(), question.language, question.topic, question.text)
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute("insert into donations values (?, ?, ?, ?, ?)", kept)
        self.drop_old()

    def list(self) -> list[Donation]:
        """All that is kept, the newest day first."""
        self.drop_old()
        rows = self._db.execute("select id, day, language, topic, question from donations order by day desc, id")
        return [
            Donation(name, dt.date.fromisoformat(day), Question(language, topic, text))
            for name, day, language, topic, text in rows
        ]

    def remove(self, name: str) -> bool:
        """Whether there was such a donation; there is none afterwards."""
        return self._db.execute("delete from donations where id = ?", (name,)).rowcount > 0

    def drop_old(self) -> None:
        """Deletes what is older than KEEP_DAYS, and the oldest beyond MOST."""
        limit = (self._today() - dt.timedelta(days=KEEP_DAYS)).isoformat()
        beyond = "select id from donations order by day desc, id limit -1 offset ?"
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute("delete from donations where day < ?", (limit,))
            self._db.execute(f"delete from donations where id in ({beyond})", (MOST,))  # noqa: S608


async def sweep(donations: Donations) -> None:
    """Drops what is too old once a day, also when nobody gives or reads any."""
    while True:
        with suppress(sqlite3.Error):  # busy or full: each add and list drops them too
            donations.drop_old()
        await asyncio.sleep(SWEEP_SECONDS)
