"""Who may sign in to the editors' desk, and what each role may do: one SQLite file, which nobody else may read.

Passwords are kept as Argon2id hashes; the second factor is a time-based code (RFC 6238), of which each step counts once.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from channels.proof import is_one_of
from knowledge.entry import LANGUAGES

# Which role may do which act. `write` is all that needs no second person: save, new, discard, take over as checked, still
# correct, withdraw, spreadsheets, donated questions.
_EDITOR = frozenset({"read", "write"})
_REVIEWER = _EDITOR | {"approve", "undo"}
ROLES: dict[str, frozenset[str]] = {"editor": _EDITOR, "reviewer": _REVIEWER, "admin": _REVIEWER | {"accounts"}}

NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")
PASSWORD_MINIMUM = 12
STEP_SECONDS = 30
# A telephone's clock may be this many steps off.
STEPS_OFF = 1
# Hashing takes 64 MiB each time; so many sign-ins at once, and no more, may ask for it.
HASHES_AT_ONCE = 2

SCHEMA = """
create table if not exists accounts
  (name text primary key, role text not null, password text not null, totp text not null, step integer not null default 0,
   language text, closed integer not null default 0, stamp integer not null default 0, made real not null) without rowid;
create table if not exists sessions
  (key blob primary key, account text not null, stamp integer not null, made real not null, used real not null)
  without rowid;
create table if not exists tries (who blob not null, at real not null);
create index if not exists tries_of on tries (who, at);
"""
# Of an Account, in its order.
COLUMNS = "name, role, language, closed, stamp"


class AccountError(ValueError):
    """What was asked of an account cannot be done; one sentence, which quotes no password and no code."""


@dataclass(frozen=True)
class Account:
    """A person of the desk. `stamp` counts the changes that end the sessions made before; `language` is the pages'."""

    name: str
    role: str
    language: str | None
    closed: bool
    stamp: int


class DeskFile:
    """The SQLite file of accounts, sessions and tries; shared by threads, by processes and by the command line."""

    def __init__(self, path: Path) -> None:
        """Raises AccountError when it cannot be opened."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Before SQLite makes it: what SQLite lays beside it gets the same permissions.
            path.touch(mode=0o600)
            path.chmod(0o600)
            self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)
            for pragma in ("journal_mode = wal", "synchronous = normal", "secure_delete = on"):
                self._db.execute(f"pragma {pragma}")
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error):
            raise AccountError(f"{path} cannot be opened as the desk's accounts: look who may write it") from None
        self._lock = threading.RLock()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, after an error, nothing."""
        with self._lock, self._db:
            self._db.execute("begin immediate")
            yield self._db

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """The rows of a query."""
        with self._lock:
            return self._db.execute(query, values).fetchall()


class Accounts:
    """The accounts in a desk file. Every method is one short transaction."""

    def __init__(self, file: DeskFile, clock: Callable[[], float] = time.time, hasher: PasswordHasher | None = None) -> None:
        """`clock` gives seconds since 1970; `hasher` is argon2-cffi's with its defaults unless told."""
        self.file, self._clock = file, clock
        self._hasher = hasher or PasswordHasher()
        self._hashing = threading.Semaphore(HASHES_AT_ONCE)
        # What is compared when there is no such account, so that the answer takes as long.
        self._nobody = (self._hasher.hash(secrets.token_hex()), pyotp.random_base32(), 0)

    def all(self) -> list[Account]:
        """All accounts by name, closed ones too."""
        rows = self.file.read(f"select {COLUMNS} from accounts order by name")  # noqa: S608
        return [_account(row) for row in rows]

    def get(self, name: str) -> Account | None:
        """One account, closed or not."""
        rows = self.file.read(f"select {COLUMNS} from accounts where name = ?", (name,))  # noqa: S608
        return _account(rows[0]) if rows else None

    def add(self, name: str, password: str, role: str) -> str:
        """Makes an account; gives the secret of its second factor. Raises AccountError."""
        if not NAME.fullmatch(name):
            raise AccountError("a name is 2 to 31 small letters, digits and hyphens, and begins with a letter")
        _check_role(role)
        _check_password(name, password)
        secret = pyotp.random_base32()
        row = (name, role, self._hash(password), secret, self._clock())
        query = "insert or ignore into accounts (name, role, password, totp, made) values (?, ?, ?, ?, ?)"
        with self.file.change() as db:
            if not db.execute(query, row).rowcount:
                raise AccountError(f"there is an account {name} already; a closed account's name is not given again")
        return secret

    def set_role(self, name: str, role: str) -> None:
        """Another role, and the end of all sessions. Raises AccountError."""
        _check_role(role)
        self._change(name, role=role)

    def set_password(self, name: str, password: str) -> None:
        """Another password, and the end of all sessions. Raises AccountError."""
        _check_password(name, password)
        self._change(name, password=self._hash(password))

    def new_totp(self, name: str) -> str:
        """Another second factor, and the end of all sessions; gives its secret. Raises AccountError."""
        secret = pyotp.random_base32()
        self._change(name, totp=secret, step=0)
        return secret

    def close_account(self, name: str) -> None:
        """Nobody signs in with it any more, and all its sessions end. Raises AccountError."""
        self._change(name, closed=1)

    def end_sessions(self, name: str) -> None:
        """Ends all sessions of an account. Raises AccountError."""
        self._change(name)

    def set_language(self, name: str, language: str) -> None:
        """The language of the pages for this person. Raises AccountError."""
        if language not in LANGUAGES:
            raise AccountError("Kompas does not speak that language")
        with self.file.change() as db:
            db.execute("update accounts set language = ? where name = ?", (language, name))

    def prove(self, name: str, password: str, code: str) -> Account | None:
        """The open account of this name, if password and code are right; else None, after the same work."""
        query = f"select {COLUMNS}, password, totp, step from accounts where name = ? and closed = 0"  # noqa: S608
        rows = self.file.read(query, (name,))
        known, secret, last = rows[0][-3:] if rows else self._nobody
        right = self._is_password(known, password)
        step = self._step(secret, code)
        if not rows or not right or step is None or step <= last:
            return None
        with self.file.change() as db:
            # Asked again here: of two who bring the same code at once, one comes in.
            used = db.execute("update accounts set step = ? where name = ? and step < ?", (step, name, step)).rowcount
        if not used:
            return None
        self._rehash(name, known, password)
        # With the stamp read at the beginning: what changed meanwhile ends the session that this opens.
        return _account(rows[0][:-3])

    def _change(self, name: str, **columns: object) -> None:
        changes = "".join(f"{column} = ?, " for column in columns)
        query = f"update accounts set {changes} stamp = stamp + 1 where name = ? and closed = 0"  # noqa: S608
        with self.file.change() as db:
            if not db.execute(query, (*columns.values(), name)).rowcount:
                raise AccountError("there is no open account of that name: `kompas desk list` shows all")
            db.execute("delete from sessions where account = ?", (name,))

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(_as_bytes(password))

    def _is_password(self, known: str, password: str) -> bool:
        with self._hashing:
            try:
                return self._hasher.verify(known, _as_bytes(password))
            except (VerificationError, InvalidHashError):
                return False

    def _rehash(self, name: str, known: str, password: str) -> None:
        """The same password under newer parameters: no change that ends a session."""
        if not self._hasher.check_needs_rehash(known):
            return
        fresh = self._hash(password)
        with self.file.change() as db:
            db.execute("update accounts set password = ? where name = ? and password = ?", (fresh, name, known))

    def _step(self, secret: str, code: str) -> int | None:
        """The step of time that a code belongs to, one back or ahead allowed."""
        totp, now = pyotp.TOTP(secret), int(self._clock()) // STEP_SECONDS
        near = range(max(0, now - STEPS_OFF), now + STEPS_OFF + 1)
        return max([step for step in near if is_one_of(code, [totp.generate_otp(step)])], default=None)


def otpauth(name: str, secret: str) -> str:
    """The address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Kompas")


def _account(row: tuple[str, str, str | None, int, int]) -> Account:
    name, role, language, closed, stamp = row
    return Account(name, role, language, bool(closed), stamp)


def _as_bytes(password: str) -> bytes:
    """The same bytes from every keyboard: ș and ł may arrive as one character or as two."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise AccountError(f"a role is one of {', '.join(ROLES)}")


def _check_password(name: str, password: str) -> None:
    if len(password) < PASSWORD_MINIMUM:
        raise AccountError(f"the password is too short: {PASSWORD_MINIMUM} characters or more, a few words will do")
    if name in password.casefold():
        raise AccountError("the password contains the name: choose another one")
