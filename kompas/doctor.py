"""`kompas doctor`: looks at everything that must be right, and prints a table. Asks the platforms only with --online."""

from __future__ import annotations

import datetime as dt
import email.utils
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from kompas.secrets import PREVIOUS, SECRETS, read_secret
from kompas.settings import Settings, SettingsError

# A clock further off than this makes days left, and certificates, wrong (seconds).
CLOCK_SECONDS = 120.0
SECONDS = 10.0
NEEDS = {"telegram": ("telegram_token",), "whatsapp": ("whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token")}


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is right (None: not looked at), and what to know."""

    what: str
    right: bool | None
    said: str


def doctor(settings: Settings, online: bool) -> list[Finding]:
    """All findings, in the order in which to mend them."""
    checks: tuple[Callable[[Settings, bool], Iterator[Finding]], ...] = (
        _knowledge, _desk, _parts, _exposure, _secrets, _clock, _telegram, _whatsapp,
    )  # fmt: skip
    return [finding for check in checks for finding in check(settings, online)]


def table(findings: list[Finding]) -> str:
    """The findings as text."""
    marks = {True: "ok", False: "WRONG", None: "-"}
    width = max(len(finding.what) for finding in findings)
    return "\n".join(f"{marks[f.right]:<6} {f.what:<{width}}  {f.said}" for f in findings)


def _knowledge(settings: Settings, online: bool) -> Iterator[Finding]:
    from knowledge.library import load
    from knowledge.problem import KnowledgeError

    try:
        library = load(settings.knowledge)
    except KnowledgeError as error:
        yield Finding("knowledge", False, str(error).splitlines()[0])
        return
    today = dt.date.today()
    over = sum(entry.valid_until < today for entry in library.entries.values())
    yield Finding("knowledge", not over, f"{len(library.entries)} entries, {over} past their date")


def _desk(settings: Settings, online: bool) -> Iterator[Finding]:
    from channels.desk.signing import open_signing
    from knowledge.history import History, HistoryError

    try:
        History(settings.knowledge)
    except HistoryError as error:
        yield Finding("editors' desk", None, f"closed: {error}")
        return
    people = [account for account in open_signing(settings.state).accounts.all() if not account.closed]
    said = f"{len(people)} accounts" if people else "nobody can sign in yet: `kompas desk add NAME --role admin`"
    yield Finding("editors' desk", bool(people) or None, said)


def _parts(settings: Settings, online: bool) -> Iterator[Finding]:
    found = _get(f"{settings.web_url}/healthz") or {}
    yield Finding(
        "web chat", bool(found), settings.web_url if found else f"nobody answers at {settings.web_url}: `make run`"
    )
    for part in ("rasa", "retrieval"):
        yield Finding(part, found.get(part) == "up", str(found.get(part, "down")))


def _exposure(settings: Settings, online: bool) -> Iterator[Finding]:
    local = settings.web.host in ("127.0.0.1", "::1", "localhost")
    said = "loopback only" if local else f"{settings.web.host}: reachable from outside; a proxy with TLS belongs before it"
    yield Finding("listens on", local or None, said)


def _secrets(settings: Settings, online: bool) -> Iterator[Finding]:
    wanted = [name for channel, names in NEEDS.items() if getattr(settings, channel).enabled for name in names]
    if settings.telegram.enabled and settings.telegram.mode == "webhook":
        wanted.append("telegram_secret")
    for name in wanted:
        try:
            read_secret(settings, name)
        except SettingsError as error:
            yield Finding(name, False, str(error))
        else:
            yield Finding(name, True, "there")
    for name in (name + suffix for name in SECRETS for suffix in ("", PREVIOUS)):
        path = settings.secrets / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(name, False, f"others can read {path}: chmod 600")


def _clock(settings: Settings, online: bool) -> Iterator[Finding]:
    api = next((s.api for s in (settings.telegram, settings.whatsapp) if s.enabled), None)
    if api is None or not online:
        yield Finding("clock", None, "compared with a platform's only with --online and a channel switched on")
        return
    try:
        date = httpx.get(api, timeout=SECONDS, trust_env=False).headers["date"]
        off = abs((email.utils.parsedate_to_datetime(date) - dt.datetime.now(dt.UTC)).total_seconds())
    except (httpx.HTTPError, KeyError, ValueError):
        yield Finding("clock", None, f"{api} does not tell the time")
        return
    yield Finding("clock", off < CLOCK_SECONDS, f"{off:.0f} s from the platform's")


def _telegram(settings: Settings, online: bool) -> Iterator[Finding]:
    wanted = settings.telegram
    if not wanted.enabled:
        yield Finding("telegram", None, "switched off")
        return
    token = _quietly(settings, "telegram_token")
    if not online or token is None:
        yield Finding("telegram", None, f"{wanted.mode}; the token is tried with --online")
        return
    me = _get(f"{wanted.api}/bot{token}/getMe") or {}
    yield Finding(
        "telegram", bool(me.get("ok")), "the token works" if me.get("ok") else "the token is refused, or no answer"
    )
    hook = (_get(f"{wanted.api}/bot{token}/getWebhookInfo") or {}).get("result", {})
    wants = wanted.url if wanted.mode == "webhook" else ""
    same = hook.get("url", "") == wants
    late = f", {hook.get('pending_update_count', 0)} messages wait"
    late += f"; the last error: {hook['last_error_message']}" if "last_error_message" in hook else ""
    yield Finding("telegram webhook", same, ("as set" if same else "not as in settings.toml: start Kompas") + late)


def _whatsapp(settings: Settings, online: bool) -> Iterator[Finding]:
    wanted = settings.whatsapp
    if not wanted.enabled:
        yield Finding("whatsapp", None, "switched off")
        return
    token = _quietly(settings, "whatsapp_token")
    if not online or token is None:
        yield Finding("whatsapp", None, "the token is tried with --online")
        return
    url = f"{wanted.api}/{wanted.version}/{wanted.phone_number_id}"
    found = _get(url, {"Authorization": f"Bearer {token}"}) or {}
    right = found.get("id") == wanted.phone_number_id
    yield Finding(
        "whatsapp", right, "token and number work" if right else "token or phone_number_id is refused, or no answer"
    )


def _quietly(settings: Settings, name: str) -> str | None:
    try:
        return read_secret(settings, name)
    except SettingsError:
        return None


def _get(url: str, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
    try:
        found = httpx.get(url, headers=headers, timeout=SECONDS, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return None  # an error would quote the address, and the token in it
    return found if isinstance(found, dict) else None
