"""The page of one entry: what is served, what somebody is working on, what is wrong with it, and what they may do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from fastapi import Request
from fastapi.responses import HTMLResponse

from channels.desk.desk import Desk
from channels.desk.forms import Form, as_typed, claim_rows, read_content, value_at
from channels.desk.listing import state
from channels.desk.pages import RefusedError
from channels.desk.preview import preview
from channels.desk.signing import Person
from channels.finding import Ranked, Stolen
from knowledge.entry import LANGUAGES, Audience, Letter
from knowledge.history import HistoryError
from knowledge.merging import RECORD, Content, changed_parts
from knowledge.problem import KnowledgeError
from knowledge.proposal import of_entry, plain
from knowledge.trial import Finding, check_content
from knowledge.workshop import Opened

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Result = TypeVar("Result")
SCOPES = ("national", "municipality")
# What a page says after an act, by the word in its address; nothing else is said.
SAID = ("saved", "merged", "checked", "approved", "withdrawn", "still", "undone", "discarded")


@dataclass(frozen=True)
class Asked:
    """A question that was tried, and the rankings before and after; None where the index gave no answer."""

    question: str = ""
    language: str = "nl"
    rankings: tuple[Ranked, Ranked] | None = None
    down: bool = False


@dataclass(frozen=True)
class Taken:
    """The questions that a content would take from other entries."""

    stolen: Sequence[Stolen] = ()
    down: bool = False
    asked: bool = False


@dataclass(frozen=True)
class View:
    """An entry as somebody sees it. `content` is what stands in the fields; `said` and `trouble` are keys of texts."""

    name: str
    opened: Opened
    content: Content
    seen: str
    said: str = ""
    trouble: str = ""
    reasons: Sequence[Finding] = ()
    asked: Asked = field(default_factory=Asked)
    taken: Taken = field(default_factory=Taken)
    reason: str = ""


async def work(call: Callable[..., Result], *args: Any) -> Result:
    """A call of the workshop, off the loop that answers people. Raises RefusedError where the folder cannot be used."""
    try:
        return await asyncio.to_thread(call, *args)
    except HistoryError:
        raise RefusedError(503, "refused_history") from None
    except KnowledgeError:
        raise RefusedError(503, "refused_knowledge") from None


def check_name(name: str) -> None:
    """Raises RefusedError(404) for what cannot be an entry's id, before it is part of any path."""
    if not _NAME.fullmatch(name):
        raise RefusedError(404, "refused_entry")


async def opened(desk: Desk, name: str) -> Opened:
    """An entry and its proposal. Raises RefusedError(404)."""
    check_name(name)
    try:
        return await work(desk.workshop.open, name)
    except KeyError:
        raise RefusedError(404, "refused_entry") from None


def typed(name: str, found: Opened, form: Form, **values: Any) -> View:
    """The view of what somebody typed, on top of what is there now."""
    return View(name, found, read_content(form, found.content), form.get("seen", ""), **values)


async def entry_page(desk: Desk, request: Request, person: Person, view: View, status: int = 200) -> HTMLResponse:
    """The whole page."""
    found = view.opened
    values = await work(shared, desk, view)
    return desk.frame.page(
        request,
        person,
        "entry.html",
        status,
        **values,
        form=fields(view.content),
        claims=claim_rows(view.content),
        entry=found.entry,
        states={code: state(found.entry, code, desk.today()) if found.entry else "missing" for code in LANGUAGES},
        proposed=_proposed(found),
        authors=found.authors,
        may=may(person, found),
        scopes=SCOPES,
        audiences=get_args(Audience),
        letters=get_args(Letter),
        sources=desk.shelf.library.sources,
        weak={code: desk.weak.get((view.name, code), ()) for code in LANGUAGES},
    )


def shared(desk: Desk, view: View) -> dict[str, Any]:
    """What both the page and its live parts show; takes tens of milliseconds."""
    findings = check_content(desk.shelf.library, view.content, desk.today())
    return {
        "view": view,
        "languages": LANGUAGES,
        "findings": by_field(findings),
        "count": len(findings),
        "previews": {code: preview(view.content, code, desk.shelf.library, desk.today()) for code in LANGUAGES},
    }


def fields(content: Content) -> dict[str, str]:
    """Every field but the claims, as it stands in its input."""
    names = [f"{code}.{name}" for code in LANGUAGES for name in ("question", "answer", "phrasings")]
    names += ["scope", "audience", "letters", "see_also", "risk", "valid_until"]
    return {name: as_typed(name.rpartition(".")[2], value_at(content, name)) for name in names}


def by_field(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Findings by the field that the page shows them at; what belongs to none stands under ""."""
    shown = {*fields({}), "claims"}
    told: dict[str, list[Finding]] = {name: [] for name in (*sorted(shown), "")}
    for finding in findings:
        parts = finding.field.split(".")
        places = (".".join(parts[:2]), parts[0])
        told[next((place for place in places if place in shown), "")].append(finding)
    return told


def may(person: Person, found: Opened) -> dict[str, str]:
    """By language "" when this person may approve it, else the key of why not, as far as the proposal tells."""
    if not person.may("approve"):
        return dict.fromkeys(LANGUAGES, "why_not_role")
    record = person.name in found.authors.get(RECORD, ())
    return {
        code: "why_not_record" if record else "why_not_author" if person.name in found.authors.get(code, ()) else ""
        for code in LANGUAGES
    }


def _proposed(found: Opened) -> set[str]:
    """The parts in which a proposal differs from what is served."""
    if not found.is_proposal:
        return set()
    if found.entry is None:
        return {*LANGUAGES, RECORD}
    return changed_parts(of_entry(found.entry), plain(found.content))
