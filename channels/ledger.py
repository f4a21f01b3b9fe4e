"""Which messages were answered and which are under way: keyed hashes in SQLite, shared by all gateway processes.

No text, no user id, no platform message id is written: only their HMAC under a key in a file that nobody else may read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from channels.limits import DEDUPE_SECONDS

# A process that has not been heard of for so long is gone, and what it was doing is free again (seconds).
BEAT_SECONDS, GONE_SECONDS = 1.0, 5.0
KEY_BYTES = 32
SCHEMA = """
create table if not exists answered (message blob primary key, at real not null) without rowid;
create table if not exists turns
  (ticket integer primary key autoincrement, message blob not null unique, person blob not null, holder text not null);
create table if not exists parts
  (message blob not null, part blob not null, at real not null, primary key (message, part)) without rowid;
create table if not exists holders (name text primary key, alive real not null) without rowid;
"""


class KeyFileError(RuntimeError):
    """The key file cannot be used; the message names it and the remedy."""


def read_keys(path: Path, now: Callable[[], float] = time.time) -> list[bytes]:
    """The current key and the one before it. Made when missing, renewed when older than the time duplicates may come."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        keys = [bytes.fromhex(key) for key in kept["keys"]]
        fresh = now() - kept["made"] < DEDUPE_SECONDS
    except FileNotFoundError:
        keys, fresh = [], False
    except (OSError, ValueError, KeyError, TypeError):
        raise KeyFileError(f"{path} cannot be read as keys: remove it, and a message may be answered twice once") from None
    if not fresh:
        keys = [secrets.token_bytes(KEY_BYTES), *keys[:1]]
        _write_private(path, json.dumps({"made": now(), "keys": [key.hex() for key in keys]}))
    return keys


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(f".{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


@dataclass(frozen=True)
class Claim:
    """A message that this process answers; `ticket` tells its place in the row of its person."""

    ticket: int
    message: bytes
    person: bytes


class Ledger:
    """Claims on messages. Every method is one short transaction; several processes may use the same file."""

    def __init__(self, path: Path, holder: str, keys: list[bytes], clock: Callable[[], float] = time.time) -> None:
        """`holder` names this process; a process that starts again under the same name frees what it held."""
        self._keys, self._holder, self._clock = keys, holder, clock
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Opened where things are put together, used by one event loop, which may run in another thread.
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma secure_delete = on")
        self._db.executescript(SCHEMA)
        path.chmod(0o600)
        self._db.execute("delete from turns where holder = ?", (holder,))
        self.beat()

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def beat(self) -> None:
        """Says that this process is alive; frees what the dead held, and forgets what nobody brings again."""
        now = self._clock()
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute("insert or replace into holders values (?, ?)", (self._holder, now))
            self._db.execute("delete from holders where alive < ?", (now - GONE_SECONDS,))
            self._db.execute("delete from turns where holder not in (select name from holders)")
            for table in ("answered", "parts"):
                self._db.execute(f"delete from {table} where at < ?", (now - DEDUPE_SECONDS,))  # noqa: S608

    def claim(self, channel: str, message: str, person: str) -> Claim | bool:
        """A claim on a message; False when somebody else is answering it, True when it was answered."""
        names = [_hash(key, channel, message) for key in self._keys]
        who = _hash(self._keys[0], channel, person)
        with self._db:
            self._db.execute("begin immediate")
            marks = ", ".join("?" * len(names))
            if self._db.execute(f"select 1 from answered where message in ({marks})", names).fetchone():  # noqa: S608
                return True
            if self._db.execute(f"select 1 from turns where message in ({marks})", names).fetchone():  # noqa: S608
                return False
            cursor = self._db.execute(
                "insert into turns (message, person, holder) values (?, ?, ?)", (names[0], who, self._holder)
            )
            return Claim(int(cursor.lastrowid or 0), names[0], who)

    def is_first(self, claim: Claim) -> bool:
        """Whether nothing older of the same person is still under way."""
        query = "select 1 from turns where person = ? and ticket < ?"
        return self._db.execute(query, (claim.person, claim.ticket)).fetchone() is None

    def answered(self, claim: Claim) -> None:
        """The message was answered, or never will be: its hash stays, so that nobody answers it again."""
        with self._db:
            self._db.execute("begin immediate")
            self._db.execute("insert or ignore into answered values (?, ?)", (claim.message, self._clock()))
            self._db.execute("delete from turns where ticket = ?", (claim.ticket,))
            self._db.execute("delete from parts where message = ?", (claim.message,))

    def sent(self, claim: Claim, part: str) -> None:
        """A part of the answer went out; after a crash it is not sent again. Kept until the message is answered."""
        row = (claim.message, self._part(claim, part), self._clock())
        self._db.execute("insert or ignore into parts values (?, ?, ?)", row)

    def was_sent(self, claim: Claim, part: str) -> bool:
        """Whether this very part of the answer went out before."""
        query = "select 1 from parts where message = ? and part = ?"
        return self._db.execute(query, (claim.message, self._part(claim, part))).fetchone() is not None

    def _part(self, claim: Claim, part: str) -> bytes:
        # Bound to the message: nobody can tell who got the same answer.
        return _hash(self._keys[0], claim.message.hex(), part)

    def release(self, claim: Claim) -> None:
        """The message was not answered: the platform will bring it again."""
        self._db.execute("delete from turns where ticket = ?", (claim.ticket,))


def _hash(key: bytes, channel: str, name: str) -> bytes:
    return hmac.new(key, f"{channel}\0{name}".encode("utf-8", "replace"), hashlib.sha256).digest()
