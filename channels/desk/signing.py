"""Signing in to the editors' desk: sessions, how many tries there are, and where a request must come from.

A session is 32 random bytes in a cookie, of which only the SHA-256 is kept. Tries are kept as times under a keyed
hash of the name or the address, never the name or the address itself.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import Request, Response

from channels.desk.accounts import ROLES, Account, Accounts, DeskFile
from channels.ledger import read_keys
from channels.proof import is_one_of

TOKEN_BYTES = 32
IDLE_SECONDS, WHOLE_SECONDS = 30 * 60, 12 * 3600
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# The prefix makes a browser refuse the cookie without Secure and Path=/: RFC 6265bis, section 4.1.3.
COOKIE, SECURE_COOKIE = "kompas_desk", "__Host-kompas_desk"
# Of an IPv6 address this part is one household's; the rest anybody may choose for themselves.
HOUSEHOLD_BITS = 64
LOOPBACK = frozenset({"127.0.0.1", "::1"})
DESK_FILE, KEY_FILE = "desk.sqlite", "desk.key.json"


@dataclass(frozen=True)
class Tries:
    """So many failed tries in so many seconds; whoever goes beyond waits until the oldest of them is as old as that."""

    most: int
    seconds: int


TRIES: dict[str, Tries] = {"account": Tries(5, 15 * 60), "address": Tries(20, 15 * 60)}


@dataclass(frozen=True)
class Wait:
    """Too many tries: how many minutes until the next one counts."""

    minutes: int


@dataclass(frozen=True)
class Session:
    """A session as its owner may see it: seconds since 1970, and the hash it is kept under."""

    key: bytes = field(repr=False)
    made: float
    used: float


@dataclass(frozen=True)
class Person:
    """Who is signed in. `csrf` is this session's word for forms; `left` is how many seconds the session lasts at most."""

    name: str
    role: str
    language: str | None
    csrf: str = field(repr=False)
    session: bytes = field(repr=False)
    left: int

    def may(self, act: str) -> bool:
        """Whether this person's role has the act."""
        return act in ROLES[self.role]


class Sessions:
    """The sessions in a desk file."""

    def __init__(self, file: DeskFile, clock: Callable[[], float] = time.time) -> None:
        self._file, self._clock = file, clock

    def open(self, account: Account) -> str:
        """A new session; gives the token for the cookie."""
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        with self._file.change() as db:
            db.execute("insert into sessions values (?, ?, ?, ?, ?)", (_hash(token), account.name, account.stamp, now, now))
        return token

    def find(self, token: str) -> Person | None:
        """Whose session this is, used from now; None for one that ended, was closed or never was."""
        now = self._clock()
        with self._file.change() as db:
            db.execute("delete from sessions where used <= ? or made <= ?", (now - IDLE_SECONDS, now - WHOLE_SECONDS))
            row = db.execute(
                "select a.name, a.role, a.language, s.made from sessions s"
                " join accounts a on a.name = s.account and a.stamp = s.stamp where s.key = ? and a.closed = 0",
                (_hash(token),),
            ).fetchone()
            if row is None:
                return None
            db.execute("update sessions set used = ? where key = ?", (now, _hash(token)))
        name, role, language, made = row
        return Person(name, role, language, csrf_of(token), _hash(token), int(made + WHOLE_SECONDS - now))

    def of(self, name: str) -> list[Session]:
        """The sessions of one account that have not ended, the newest first."""
        now = self._clock()
        query = "select key, made, used from sessions where account = ? and used > ? and made > ? order by made desc"
        return [Session(*row) for row in self._file.read(query, (name, now - IDLE_SECONDS, now - WHOLE_SECONDS))]

    def end(self, token: str) -> None:
        """Ends one session."""
        with self._file.change() as db:
            db.execute("delete from sessions where key = ?", (_hash(token),))

    def end_others(self, person: Person) -> None:
        """Ends all sessions of this person but the one that asks."""
        with self._file.change() as db:
            db.execute("delete from sessions where account = ? and key <> ?", (person.name, person.session))


class Throttle:
    """Counts failed tries by account and by address."""

    def __init__(self, file: DeskFile, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._file, self._key, self._clock = file, key, clock

    def take(self, who: dict[str, str]) -> Wait | None:
        """Counts a try before it is made, or says how long to wait. `who` names somebody for kinds of TRIES."""
        now, waits = self._clock(), []
        with self._file.change() as db:
            db.execute("delete from tries where at <= ?", (now - max(limit.seconds for limit in TRIES.values()),))
            for kind, name in who.items():
                query = "select at from tries where who = ? and at > ? order by at desc limit 1 offset ?"
                limit = TRIES[kind]
                found = (self._hash(kind, name), now - limit.seconds, limit.most - 1)
                waits += [at + limit.seconds - now for (at,) in db.execute(query, found)]
            if waits:
                return Wait(math.ceil(max(waits) / 60))
            db.executemany("insert into tries values (?, ?)", [(self._hash(*one), now) for one in who.items()])
        return None

    def forgive(self, account: str, address: str) -> None:
        """After a good try: the account begins anew, and the address has one failure less, for this was none."""
        last = "delete from tries where rowid = (select max(rowid) from tries where who = ?)"
        with self._file.change() as db:
            db.execute("delete from tries where who = ?", (self._hash("account", account),))
            db.execute(last, (self._hash("address", address),))

    def _hash(self, kind: str, name: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{name}".encode("utf-8", "replace"), hashlib.sha256).digest()


class Signing:
    """Signing in, and who somebody is afterwards."""

    def __init__(
        self, accounts: Accounts, sessions: Sessions, throttle: Throttle, clock: Callable[[], float] = time.time
    ) -> None:
        self.accounts, self.sessions, self.throttle, self.clock = accounts, sessions, throttle, clock

    def sign_in(self, name: str, password: str, code: str, address: str) -> str | Wait | None:
        """The token of a new session; None when anything is wrong, whatever it is; Wait after too many tries."""
        name, code = name.strip().lower(), "".join(code.split())
        wait = self.throttle.take({"account": name, "address": address})
        if wait:
            return wait
        account = self.accounts.prove(name, password, code)
        if account is None:
            return None
        self.throttle.forgive(name, address)
        return self.sessions.open(account)

    def close(self) -> None:
        """Closes the file."""
        self.accounts.file.close()


def open_signing(state: Path, clock: Callable[[], float] = time.time, hasher: PasswordHasher | None = None) -> Signing:
    """Signing in with the accounts of a state folder. Raises AccountError, KeyFileError."""
    file = DeskFile(state / DESK_FILE)
    key = read_keys(state / KEY_FILE, clock)[0]
    return Signing(Accounts(file, clock, hasher), Sessions(file, clock), Throttle(file, key, clock), clock)


def csrf_of(token: str) -> str:
    """The word that every form of a session carries: it follows from the cookie, and says nothing about it."""
    return hmac.new(token.encode("utf-8", "replace"), b"csrf", hashlib.sha256).hexdigest()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def is_https(request: Request) -> bool:
    """Whether the browser speaks https, to us or to a proxy on this machine."""
    forwarded = _from_proxy(request, "x-forwarded-proto")
    return request.url.scheme == "https" or forwarded == "https"


def address_of(request: Request) -> str:
    """Who asks, as one household: the address, or the one that a proxy on this machine saw."""
    peer = request.client.host if request.client else ""
    given = _from_proxy(request, "x-forwarded-for") or peer
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        return given
    if isinstance(address, ipaddress.IPv4Address):
        return given
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address), HOUSEHOLD_BITS), strict=False))


def _from_proxy(request: Request, header: str) -> str:
    """The last value of a proxy's header; nothing when no proxy on this machine brings the request."""
    peer = request.client.host if request.client else ""
    if peer not in LOOPBACK:
        return ""
    return ",".join(request.headers.getlist(header)).split(",")[-1].strip().lower()


def is_from_here(request: Request) -> bool:
    """Whether a request that changes something comes from our own page. A browser says so in at least one of two headers."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = f"{'https' if is_https(request) else 'http'}://{request.headers.get('host', '')}"
    if site is None and origin is None:
        return False
    return site in (None, "same-origin") and origin in (None, own)


def token_of(request: Request) -> str:
    """The token in the cookie, or nothing."""
    return request.cookies.get(SECURE_COOKIE if is_https(request) else COOKIE, "")


def set_token(request: Request, response: Response, token: str) -> None:
    """Puts the token into a cookie that only our own pages bring, and no script reads."""
    secure = is_https(request)
    name, path = (SECURE_COOKIE, "/") if secure else (COOKIE, "/desk")
    response.set_cookie(name, token, path=path, secure=secure, httponly=True, samesite="strict")


def drop_token(request: Request, response: Response) -> None:
    """Takes the cookie back."""
    secure = is_https(request)
    name, path = (SECURE_COOKIE, "/") if secure else (COOKIE, "/desk")
    response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="strict")


async def has_csrf(request: Request, person: Person) -> bool:
    """Whether the session's word came along, in the header X-CSRF or in the form's field."""
    given = request.headers.get("x-csrf")
    if given is None:
        told = (await request.form()).get("csrf")
        given = told if isinstance(told, str) else None
    return is_one_of(given, [person.csrf])
