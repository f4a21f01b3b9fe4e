"""The list of entries, a new one, and what helps while an entry is written: live checks, preview and trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from channels.desk.desk import Desk, form_of, keeping
from channels.desk.editing import SAID, Asked, Taken, View, entry_page, opened, shared, typed, work
from channels.desk.listing import STATES, Query, items, matrix, query_of, select
from channels.desk.pages import need, see
from channels.desk.signing import Person
from channels.donations import Donation
from channels.finding import FindingDown
from knowledge.entry import LANGUAGES
from knowledge.workshop import Refused

READ, WRITE = Depends(need("read")), Depends(need("write"))
# A question longer than this is no question that people type.
QUESTION_CHARACTERS = 500


def router(desk: Desk) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/desk")

    @made.get("")
    async def listing(request: Request, person: Person = READ) -> Response:
        query = query_of(request.query_params)
        return desk.frame.page(request, person, "entries.html", **await _list(desk, query, person))

    @made.get("/new")
    async def new(request: Request, person: Person = WRITE) -> Response:
        return _new_page(desk, request, person, _donation(desk, request.query_params.get("donation", "")))

    @made.post("/new")
    async def make(request: Request, person: Person = WRITE) -> Response:
        form = form_of(await request.form())
        topic, name = form.get("topic", ""), form.get("id", "").strip()
        try:
            await work(desk.workshop.new, topic, name, person.name)
        except Refused as refused:
            given = _donation(desk, form.get("donation", ""))
            told = {"topic": topic, "name": name, "trouble": f"trouble_{refused.reason}"}
            return _new_page(desk, request, person, given, told)
        return see(f"/desk/entry/{name}")

    @made.get("/entry/{name}")
    async def entry(name: str, request: Request, person: Person = READ) -> Response:
        found = await opened(desk, name)
        said = request.query_params.get("said", "")
        view = View(name, found, found.content, found.version, said=f"said_{said}" if said in SAID else "")
        return await entry_page(desk, request, person, view)

    @made.post("/entry/{name}/check")
    async def check(name: str, request: Request) -> Response:
        return await _helped(desk, request, name, "part_check.html")

    @made.post("/entry/{name}/trial")
    async def trial(name: str, request: Request) -> Response:
        return await _helped(desk, request, name, "part_trial.html")

    @made.post("/entry/{name}/stolen")
    async def stolen(name: str, request: Request) -> Response:
        return await _helped(desk, request, name, "part_stolen.html")

    return made


async def _list(desk: Desk, query: Query, person: Person) -> dict[str, Any]:
    library, today = desk.shelf.library, desk.today()
    proposals = {name: proposal.content for name, proposal in (await work(desk.workshop.proposals)).items()}
    everything = items(library, proposals, desk.weak, person.language or "nl", today)
    return {
        "query": query,
        "blank": Query(),
        "broken": [f"{Path(one.file).name}:{one.line}" for one in await work(desk.workshop.broken)],
        "found": select(everything, query, await work(desk.haystack.of, library)),
        "whole": len(everything),
        "matrix": matrix(library, today),
        "topics": library.topics,
        "languages": LANGUAGES,
        "states": STATES,
    }


def _donation(desk: Desk, name: str) -> Donation | None:
    return next((one for one in desk.donations.list() if one.id == name), None) if name else None


def _new_page(
    desk: Desk, request: Request, person: Person, given: Donation | None, refused: dict[str, str] | None = None
) -> Response:
    """The form of a new entry; `refused` is what was typed, and the key of why not."""
    values = {"given": given, "topics": desk.shelf.library.topics}
    told = refused or {"topic": "", "name": "", "trouble": ""}
    return desk.frame.page(request, person, "new.html", 422 if refused else 200, **values, **told)


async def _try(desk: Desk, view: View, form: dict[str, str]) -> Asked:
    question = " ".join(form.get("trial.question", "").split())[:QUESTION_CHARACTERS]
    language = form.get("trial.language", "")
    language = language if language in LANGUAGES else LANGUAGES[0]
    if not question:
        return Asked(question, language)
    try:
        return Asked(question, language, await desk.finder.trial(question, language, view.content))
    except FindingDown:
        return Asked(question, language, down=True)


async def _take(desk: Desk, view: View) -> Taken:
    try:
        return Taken(await desk.finder.stolen(view.content), asked=True)
    except FindingDown:
        return Taken(down=True, asked=True)


async def _helped(desk: Desk, request: Request, name: str, part: str) -> Response:
    """The live part for HTMX; for a form without script the whole page, with everything that was typed."""
    person = await keeping(desk, request, "read")
    if isinstance(person, Response):
        return person
    form = form_of(await request.form())
    view = typed(name, await opened(desk, name), form)
    if part == "part_trial.html":
        view = typed(name, view.opened, form, asked=await _try(desk, view, form))
    if part == "part_stolen.html":
        view = typed(name, view.opened, form, taken=await _take(desk, view))
    if "hx-request" not in request.headers:
        return await entry_page(desk, request, person, view)
    return desk.frame.page(request, person, part, **await work(shared, desk, view))
