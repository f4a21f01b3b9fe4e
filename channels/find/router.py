"""The outreach desk at /find: looking something up for somebody else, in two languages. No sign-in, nothing is stored."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import hashlib
import io
import re
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.routing import APIRoute

from bot.crisis.rules import Kind
from channels.find.booklet import booklet
from channels.find.downloads import data, one_file
from channels.find.kept import Kept
from channels.find.pages import STATIC, Pair, Results, card_size, environment, page_values
from channels.find.shown import Selection, Showcase, Shown
from channels.finding import FindingDown, Ranked
from channels.gateway import FIRST_BELIEF, LanguageGuess
from channels.limits import BODY_BYTES, TEXT_CHARACTERS
from channels.webchat import PAGE, page_language, read_up_to
from knowledge.entry import LANGUAGES
from knowledge.shelf import Shelf

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The browser keeps nothing by itself; what is kept on a phone is in the service worker's cache, which a button empties.
    "Cache-Control": "no-store",
}

# Every file there is, and what it is.
FILES: dict[str, tuple[Path, str]] = {
    "find.css": (STATIC, "text/css"),
    "card.css": (STATIC, "text/css"),
    "find.js": (STATIC, "text/javascript"),
    "words.js": (STATIC, "text/javascript"),
    "phone.js": (STATIC, "text/javascript"),
    "htmx.min.js": (STATIC.parents[1] / "vendor", "text/javascript"),
    "icon.svg": (PAGE, "image/svg+xml"),
}
CODE = re.compile(r"[0-9a-f]{8}")
FORM = "application/x-www-form-urlencoded"
FIELDS = 8
# One letter is in everything.
SHORTEST_SEARCH = 2
ALL = "all"
BUILT = (".html", ".css", ".js", ".yml")


class Search(Protocol):
    """Whoever searches: channels.finding.Finder does. Raises FindingDown."""

    async def search(self, text: str, language: str) -> Ranked: ...  # noqa: D102


class SafeRoute(APIRoute):
    """A route whose every response has HEADERS."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the headers put on."""
        handle = super().get_route_handler()

        async def safe(request: Request) -> Response:
            response = await handle(request)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return safe


@dataclass(frozen=True)
class Desk:
    """What the pages need: what may be shown, who searches, and who knows languages and crises."""

    showcase: Showcase
    finder: Search
    guess: Callable[[str], LanguageGuess]
    crisis: Callable[[str], Kind | None]

    async def results(self, asked: dict[str, str], pair: Pair) -> Results:
        """What a form asks for: a topic, a kind of letter, or the entries for a text."""
        selection = self.showcase.now()
        if topic := asked.get("topic"):
            return Results(found=tuple(_in(pair, selection.in_topic(topic))))
        if letter := asked.get("letter"):
            return Results(found=tuple(_in(pair, selection.with_letter(letter))))
        text = asked.get("q", "").strip()[:TEXT_CHARACTERS]
        if len(text) < SHORTEST_SEARCH:
            return Results()
        return await self._search(text, pair, selection)

    async def _search(self, text: str, pair: Pair, selection: Selection) -> Results:
        kind = self.crisis(text)
        guessed = self.guess(text)
        language = guessed.language if guessed.belief >= FIRST_BELIEF else pair.a
        try:
            ranked = await self.finder.search(text, language)
        except FindingDown:
            words = await asyncio.to_thread(lambda: selection.words)  # made when first needed, in about a second
            found = [entry for entry, _ in words.search(text)]
            return Results(tuple(_known(found, pair, selection)), asked=True, kind=kind, words_only=True)
        found = [one.entry for one in ranked.found]
        return Results(tuple(_known(found, pair, selection)), asked=True, kind=kind, unsure=ranked.decision == "unknown")


def router(  # noqa: PLR0917 - the order the wiring knows
    shelf: Shelf,
    finder: Search,
    guess: Callable[[str], LanguageGuess],
    crisis: Callable[[str], Kind | None],
    public_url: str = "",
    today: Callable[[], dt.date] = dt.date.today,
) -> APIRouter:
    """The pages under /find. Raises CodeClash when two entries would have the same address."""
    desk = Desk(Showcase(shelf, today), finder, guess, crisis)
    desk.showcase.now()
    routes = APIRouter(prefix="/find", route_class=SafeRoute)
    _search_pages(routes, desk)
    _answer_pages(routes, desk.showcase, public_url)
    _downloads(routes, desk.showcase)
    _offline(routes, desk.showcase)
    return routes


def _search_pages(routes: APIRouter, desk: Desk) -> None:
    template = environment().get_template("find.html")
    fragment = environment().get_template("results.html")

    @routes.get("")
    def page(request: Request) -> Response:
        values = page_values(pair_of(request.query_params.get, request), desk.showcase.now())
        return HTMLResponse(template.render(**values, results=Results(), asked=""))

    @routes.post("")
    async def search(request: Request) -> Response:
        asked = await form(request)
        if asked is None:
            return Response(status_code=400)
        pair = pair_of(asked.get, request)
        values = page_values(pair, desk.showcase.now())
        shown = fragment if request.headers.get("HX-Target") == "results" else template
        results = await desk.results(asked, pair)
        return HTMLResponse(shown.render(**values, results=results, asked=asked.get("q", "")[:TEXT_CHARACTERS]))


def _answer_pages(routes: APIRouter, showcase: Showcase, public_url: str) -> None:
    template, card_template = environment().get_template("answer.html"), environment().get_template("card.html")
    gone = environment().get_template("gone.html")

    def address(request: Request, code: str, pair: Pair) -> str:
        # Whoever gets the link reads the page in her own language.
        base = public_url or str(request.base_url)
        return f"{base.rstrip('/')}/find/k/{code}?{urlencode({'a': pair.b, 'b': pair.a})}"

    def values_of(request: Request, code: str) -> dict[str, Any]:
        pair, selection = pair_of(request.query_params.get, request), showcase.now()
        shown = selection.by_code.get(code) if CODE.fullmatch(code) else None
        return {**page_values(pair, selection), "shown": shown, "address": address(request, code, pair)}

    @routes.get("/k/{code}")
    def answer(request: Request, code: str) -> Response:
        values = values_of(request, code)
        if values["shown"] is None:
            return HTMLResponse(gone.render(**values, results=Results(), asked=""), status_code=404)
        related = [values["selection"].by_code[other] for other in values["shown"].related]
        return HTMLResponse(template.render(**values, related=_in(values["pair"], related), results=Results(), asked=""))

    @routes.get("/k/{code}/card")
    def card(request: Request, code: str) -> Response:
        values = values_of(request, code)
        if values["shown"] is None:
            return HTMLResponse(gone.render(**values, results=Results(), asked=""), status_code=404)
        return HTMLResponse(card_template.render(**values, size=card_size(values["shown"], values["pair"])))

    @routes.get("/k/{code}/qr.svg")
    def qr(request: Request, code: str) -> Response:
        values = values_of(request, code)
        if values["shown"] is None:
            return Response(status_code=404)
        drawn = io.BytesIO()
        segno.make(values["address"], error="m", micro=False).save(drawn, kind="svg", scale=8, border=4, light="#fff")
        return Response(drawn.getvalue(), media_type="image/svg+xml")


def _downloads(routes: APIRouter, showcase: Showcase) -> None:
    templates, kept = environment(), Kept()

    async def made(name: str, make: Callable[[Selection], bytes], kind: str) -> Response:
        selection = showcase.now()
        content = await kept.get((selection.version, selection.day), name, lambda: make(selection))
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    @routes.get("/all.html")
    async def as_html(lang: str = ALL) -> Response:
        if lang not in (*LANGUAGES, ALL):
            return Response(status_code=404)
        languages = LANGUAGES if lang == ALL else (lang,)
        make = partial(one_file, languages=languages, templates=templates)
        return await made(f"kompas-{lang}.html", make, "text/html")

    @routes.get("/all.pdf")
    async def as_pdf(lang: str) -> Response:
        if lang not in LANGUAGES:
            return Response(status_code=404)
        return await made(f"kompas-{lang}.pdf", partial(booklet, language=lang), "application/pdf")


def _offline(routes: APIRouter, showcase: Showcase) -> None:
    kept, build = Kept(), _build()

    @routes.get("/data.json")
    async def everything(request: Request) -> Response:
        selection = showcase.now()
        zipped = await kept.get((selection.version, selection.day), "data", lambda: data(selection))
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                zipped, media_type="application/json", headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            )
        return Response(gzip.decompress(zipped), media_type="application/json", headers={"Vary": "Accept-Encoding"})

    @routes.get("/version.json")
    def version() -> Response:
        selection = showcase.now()
        told = hashlib.sha256(f"{build} {selection.version} {selection.day}".encode()).hexdigest()[:12]
        return JSONResponse({"version": told})

    @routes.get("/sw.js")
    def worker() -> Response:
        # Without the header it would be in charge of /find/… only, not of /find.
        content = (STATIC / "sw.js").read_bytes()
        return Response(content, media_type="text/javascript", headers={"Service-Worker-Allowed": "/find"})

    @routes.get("/static/{name}")
    def file(name: str) -> Response:
        if name not in FILES:
            return Response(status_code=404)
        folder, kind = FILES[name]
        return Response((folder / name).read_bytes(), media_type=kind)


async def form(request: Request) -> dict[str, str] | None:
    """The fields of a small form, the last of each name; None when it is none."""
    if not request.headers.get("content-type", "").startswith(FORM):
        return None
    body = await read_up_to(request, BODY_BYTES)
    if body is None:
        return None
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=FIELDS))
    except ValueError:
        return None


def pair_of(asked: Callable[[str], str | None], request: Request) -> Pair:
    """The two languages asked for: else the browser's own, and beside it English or Dutch."""
    mine, theirs = asked("a") or "", asked("b") or ""
    a = mine if mine in LANGUAGES else page_language(request)
    return Pair(a, theirs if theirs in LANGUAGES else ("nl" if a == "en" else "en"))


def _known(entries: Iterable[str], pair: Pair, selection: Selection) -> list[Shown]:
    """Those of the entries that may be shown, by id."""
    return _in(pair, [shown for entry in entries if (shown := selection.of_entry(entry))])


def _in(pair: Pair, found: Iterable[Shown]) -> list[Shown]:
    """Those that are there in one of the two languages."""
    return [shown for shown in found if shown.sides.keys() & {pair.a, pair.b}]


def _build() -> str:
    """A name for the pages as they are built: another one when a file of this folder changed."""
    digest = hashlib.sha256()
    for path in sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in BUILT):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
