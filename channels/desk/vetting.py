"""Saving an entry, vetting it, and its history. Whatever goes wrong, what somebody typed stands on the page that says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from channels.desk import words
from channels.desk.desk import Desk, form_of, keeping
from channels.desk.editing import View, check_name, entry_page, opened, typed, work
from channels.desk.forms import as_json, as_typed, parse_typed, put, read_content, read_json
from channels.desk.pages import RefusedError, need, see
from channels.desk.signing import Person
from knowledge.entry import LANGUAGES
from knowledge.history import Change
from knowledge.merging import Content
from knowledge.proposal import plain
from knowledge.workshop import Collision, Opened, Refused

READ, UNDO = Depends(need("read")), Depends(need("undo"))
# Fields whose two versions can also be mixed by hand.
BY_HAND = ("question", "answer", "phrasings", "see_also", "risk")
UNDO_TROUBLES = {"nothing": "trouble_undo_nothing"}

# What an act does once the content is the one that the person saw: gets the form, the version, and who it is.
Do = Callable[[dict[str, str], str, str], Awaitable[None]]


@dataclass(frozen=True)
class Act:
    """An act on an entry: what a role needs for it, what the page says afterwards, and what it does beyond saving."""

    needs: str
    said: str
    do: Do | None = None


def router(desk: Desk) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/desk/entry/{name}")

    @made.post("/save")
    async def save(name: str, request: Request) -> Response:
        return await _acted(desk, request, name, Act("write", "saved"))

    @made.post("/resolve")
    async def resolve(name: str, request: Request) -> Response:
        return await _resolved(desk, request, name)

    @made.post("/checked")
    async def checked(name: str, request: Request) -> Response:
        async def act(form: dict[str, str], seen: str, by: str) -> None:
            await work(desk.workshop.take_over, name, _ticked(form), "checked", by, seen)

        return await _acted(desk, request, name, Act("write", "checked", act))

    @made.post("/approved")
    async def approved(name: str, request: Request) -> Response:
        async def act(form: dict[str, str], seen: str, by: str) -> None:
            await work(desk.workshop.take_over, name, _ticked(form), "approved", by, seen)

        return await _acted(desk, request, name, Act("approve", "approved", act))

    @made.post("/withdraw")
    async def withdraw(name: str, request: Request) -> Response:
        async def act(form: dict[str, str], seen: str, by: str) -> None:
            reason = " ".join(form.get("reason", "").split())
            if not reason:
                raise Refused("no_reason")
            await work(desk.workshop.withdraw, name, _ticked(form), reason, by)

        return await _acted(desk, request, name, Act("write", "withdrawn", act))

    @made.post("/still")
    async def still(name: str, request: Request) -> Response:
        async def act(form: dict[str, str], seen: str, by: str) -> None:
            await work(desk.workshop.still_correct, name, by)

        return await _acted(desk, request, name, Act("write", "still", act))

    @made.post("/discard")
    async def discard(name: str, request: Request) -> Response:
        return await _discarded(desk, request, name)

    @made.get("/history")
    async def history(name: str, request: Request, person: Person = READ) -> Response:
        changes = await _history(desk, name)
        return desk.frame.page(request, person, "history.html", **_told(desk, name, changes))

    @made.get("/history/{commit}")
    async def diff(name: str, commit: str, request: Request, person: Person = READ) -> Response:
        changes = [change for change in await _history(desk, name) if change.commit == commit]
        if not changes:
            raise RefusedError(404, "refused_commit")
        differences = await work(desk.workshop.diff, name, commit)
        shown = [
            (one.field, words.compare(_flat(one.field, one.before), _flat(one.field, one.after))) for one in differences
        ]
        return desk.frame.page(request, person, "diff.html", name=name, change=changes[0], shown=shown)

    @made.post("/undo")
    async def undo(name: str, request: Request, person: Person = UNDO) -> Response:
        commit = form_of(await request.form()).get("commit", "")
        changes = await _history(desk, name)
        if commit not in {change.commit for change in changes}:
            raise RefusedError(404, "refused_commit")
        try:
            await work(desk.workshop.undo, name, commit, person.name)
        except Refused as refused:
            trouble = UNDO_TROUBLES.get(refused.reason, f"trouble_{refused.reason}")
            values = _told(desk, name, changes, trouble, refused.names)
            return desk.frame.page(request, person, "history.html", 422, **values)
        await desk.published()
        return see(await _after(desk, name, "undone"))

    return made


async def _history(desk: Desk, name: str) -> list[Change]:
    """Raises RefusedError(404) for an entry that never was."""
    check_name(name)
    changes = await work(desk.workshop.history, name)
    if not changes:
        raise RefusedError(404, "refused_entry")
    return changes


def _told(desk: Desk, name: str, changes: Sequence[Change], trouble: str = "", in_way: Sequence[str] = ()) -> dict[str, Any]:
    """What the history shows; only a change of what is served can be undone."""
    rows = [(change, any("/entries/" in f"/{path}" for path in change.paths)) for change in changes]
    return {"name": name, "changes": rows, "trouble": trouble, "in_way": in_way}


def _ticked(form: dict[str, str]) -> list[str]:
    return [code for code in form.get("take", "").split("\n") if code in LANGUAGES]


def _flat(field: str, value: Any) -> str:
    return as_typed(field.rpartition(".")[2], value)


async def _after(desk: Desk, name: str, said: str) -> str:
    """Where an act leads: to the entry, or to the list when nothing of it is left."""
    try:
        await work(desk.workshop.open, name)
    except KeyError:
        return "/desk"
    return f"/desk/entry/{name}?said={said}"


async def _acted(desk: Desk, request: Request, name: str, act: Act) -> Response:
    """Saves what was typed, then does the act, unless somebody else changed something that the person has not seen."""
    person = await keeping(desk, request, act.needs)
    if isinstance(person, Response):
        return person
    form = form_of(await request.form())
    found = await opened(desk, name)
    view = typed(name, found, form, reason=form.get("reason", ""))
    page = partial(entry_page, desk, request, person)
    try:
        if view.seen != found.version or plain(view.content) != plain(found.content):
            # Who approves signs what is there; what they typed would make them its author.
            if act.needs == "approve":
                return await page(_again(view, trouble="trouble_unsaved"), 409)
            found = await work(desk.workshop.save, name, view.content, view.seen, person.name)
        if act.do and found.version != view.seen and plain(found.content) != plain(view.content):
            return see(f"/desk/entry/{name}?said=merged")
        if act.do:
            await act.do(form, found.version, person.name)
            await desk.published()
    except Collision as collision:
        return _collision_page(desk, request, person, name, collision)
    except Refused as refused:
        fresh = await opened(desk, name)
        again = View(name, fresh, view.content, fresh.version, reason=view.reason)
        return await page(_again(again, trouble=f"trouble_{refused.reason}", reasons=refused.findings), 422)
    return see(await _after(desk, name, act.said))


def _again(view: View, **values: Any) -> View:
    return View(view.name, view.opened, view.content, view.seen, reason=view.reason, **values)


async def _discarded(desk: Desk, request: Request, name: str) -> Response:
    person = await keeping(desk, request, "write")
    if isinstance(person, Response):
        return person
    form = form_of(await request.form())
    found = await opened(desk, name)
    if not form.get("sure"):
        return await entry_page(desk, request, person, typed(name, found, form, trouble="trouble_not_sure"), 422)
    await work(desk.workshop.discard, name, person.name)
    return see(await _after(desk, name, "discarded"))


def _collision_page(desk: Desk, request: Request, person: Person, name: str, collision: Collision) -> Response:
    shown = [
        {
            "field": conflict.field,
            "before": _flat(conflict.field, conflict.base),
            "mine": _flat(conflict.field, conflict.mine),
            "theirs": _flat(conflict.field, conflict.theirs),
            "mine_diff": words.compare(_flat(conflict.field, conflict.base), _flat(conflict.field, conflict.mine)),
            "theirs_diff": words.compare(_flat(conflict.field, conflict.base), _flat(conflict.field, conflict.theirs)),
            "mine_json": as_json(conflict.mine),
            "theirs_json": as_json(conflict.theirs),
            "by_hand": conflict.field.rpartition(".")[2] in BY_HAND,
        }
        for conflict in collision.conflicts
    ]
    values = {"name": name, "conflicts": shown, "merged": as_json(collision.merged), "version": collision.version}
    return desk.frame.page(request, person, "collision.html", 409, **values)


async def _resolved(desk: Desk, request: Request, name: str) -> Response:
    """Saves what a person chose of two versions."""
    person = await keeping(desk, request, "write")
    if isinstance(person, Response):
        return person
    form = form_of(await request.form())
    found: Opened = await opened(desk, name)
    try:
        content = _chosen(form, found.content)
    except ValueError:
        raise RefusedError(422, "refused_stale") from None
    try:
        await work(desk.workshop.save, name, content, form.get("seen", ""), person.name)
    except Collision as collision:
        return _collision_page(desk, request, person, name, collision)
    except Refused as refused:
        view = View(
            name, found, content, form.get("seen", ""), trouble=f"trouble_{refused.reason}", reasons=refused.findings
        )
        return await entry_page(desk, request, person, view, 422)
    return see(f"/desk/entry/{name}?said=saved")


def _chosen(form: dict[str, str], base: Content) -> Content:
    """The merged content with each conflict as it was decided. Raises ValueError."""
    content = read_json(form.get("content", ""))
    content |= {key: base[key] for key in ("id", "topic") if key in base}
    for name, choice in form.items():
        if not name.startswith("choose:"):
            continue
        field = name.removeprefix("choose:")
        if choice == "own" and field.rpartition(".")[2] in BY_HAND:
            put(content, field, parse_typed(field, form.get(f"own:{field}", "")))
        elif choice in ("mine", "theirs"):
            put(content, field, read_value(form.get(f"{choice}:{field}", "")))
    return read_content({}, content)


def read_value(text: str) -> Any:
    """A value that a page of ours carried along. Raises ValueError."""
    return read_json(f'{{"value": {text}}}')["value"]
