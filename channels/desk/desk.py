"""What the pages of the editors' desk work with, and how they guard what somebody typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from channels.desk.listing import Haystack
from channels.desk.pages import DeskFrame, RefusedError
from channels.desk.signing import Person, has_csrf
from channels.donations import Donations
from channels.finding import Finder
from channels.metrics import Metrics
from knowledge.shelf import Shelf
from knowledge.workshop import Workshop

# Texts of the pages in this package's other modules; the frame merges them with its own.
TEXTS_PAGES = Path(__file__).parent / "texts_pages"


@dataclass
class Desk:
    """The parts behind the pages.

    `published` is awaited after every change of what is served, so that the next page and the chat show it; `feedback` gives
    the action server's counts and raises FindingDown; `weak` says by entry and language which public questions did not find
    it first.
    """

    frame: DeskFrame
    workshop: Workshop
    shelf: Shelf
    finder: Finder
    donations: Donations
    published: Callable[[], Awaitable[None]]
    feedback: Callable[[], Awaitable[list[dict[str, Any]]]]
    metrics: Metrics
    weak: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    today: Callable[[], dt.date] = dt.date.today
    haystack: Haystack = field(default_factory=Haystack)


def form_of(data: FormData) -> dict[str, str]:
    """A form as texts by name; what was ticked several times is joined by line breaks. Files are left out."""
    told: dict[str, str] = {}
    for name, value in data.multi_items():
        if not isinstance(value, UploadFile):
            told[name] = f"{told[name]}\n{value}" if told.get(name) else value
    return told


async def keeping(desk: Desk, request: Request, act: str) -> Person | Response:
    """Who sent a form; whose session ended meanwhile gets back what was typed, to send it again after signing in.

    Raises RefusedError when the role is too small.
    """
    person = desk.frame.person(request)
    if person and await has_csrf(request, person):
        if not person.may(act):
            raise RefusedError(403, "refused_role")
        return person
    if "hx-request" in request.headers:
        return desk.frame.page(request, person, "part_signed_out.html", 200)
    fields = {name: text for name, text in form_of(await request.form()).items() if name != "csrf"}
    csrf = person.csrf if person else ""
    return desk.frame.page(request, None, "kept.html", 403, fields=fields, csrf=csrf, action=request.url.path)
