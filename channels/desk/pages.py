"""The frame that all pages of the editors' desk stand in: signing in and out, one's account, and the guard of every route.

A route of the desk takes `person: Annotated[Person, Depends(need("approve"))]` and answers with `frame.page(...)`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.messages import catalogue, texts
from channels.desk import signing
from channels.desk.accounts import ROLES, AccountError
from channels.desk.signing import Person, Signing, Wait
from channels.limits import BODY_BYTES
from channels.webchat import HEADERS as WEB_HEADERS
from channels.webchat import page_language
from knowledge.entry import LANGUAGES

HERE = Path(__file__).parent
TEXTS, TEMPLATES = HERE / "texts", HERE / "templates"
HOME, SIGN_IN = "/desk", "/desk/signin"
STATIC = {
    "desk.css": (HERE / "static" / "desk.css", "text/css"),
    "desk.js": (HERE / "static" / "desk.js", "text/javascript"),
    "pages.css": (HERE / "static" / "pages.css", "text/css"),
    "pages.js": (HERE / "static" / "pages.js", "text/javascript"),
    "htmx.min.js": (HERE.parent / "vendor" / "htmx.min.js", "text/javascript"),
    "icon.svg": (HERE.parent / "page" / "icon.svg", "image/svg+xml"),
}
# Of every response under /desk. no-referrer would make Chromium send `Origin: null` with a form.
HEADERS = {
    **WEB_HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
# Where the frame leads: address, key of its text, and the act it takes.
NAVIGATION = (
    ("/desk", "nav_entries", "read"),
    ("/desk/gaps", "nav_gaps", "read"),
    ("/desk/sheets", "nav_sheets", "read"),
    ("/desk/account", "nav_account", "read"),
    ("/desk/accounts", "nav_accounts", "accounts"),
)
# Of a request's body: of somebody signed in (a spreadsheet of all entries has half of this), and of anybody else.
DESK_BYTES = 8 * 1024 * 1024
# Where the language chooser may lead back to.
BACK = re.compile(r"/desk(/[a-z0-9-]+)*")
ACTS = ROLES["admin"]


class NotSignedInError(Exception):
    """A page for people who are signed in."""


class RefusedError(Exception):
    """A page with one sentence: `key` is its text in the catalogues."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


BROKEN = RefusedError(500, "refused_broken")


class DeskFrame:
    """Renders the desk's pages in a person's language, and knows who asks."""

    def __init__(self, signing: Signing, folders: Sequence[Path] = (TEXTS,)) -> None:
        """`folders` are the catalogues of texts; a later one wins."""
        self.signing = signing
        self._texts = {code: SimpleNamespace(**_merged(folders, code)) for code in LANGUAGES}
        self._names = {code: catalogue(code)["language_name"] for code in LANGUAGES}
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def person(self, request: Request) -> Person | None:
        """Who asks; None when nobody is signed in."""
        token = signing.token_of(request)
        return self.signing.sessions.find(token) if token else None

    def page(self, request: Request, person: Person | None, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A template with its texts `t`, the person, the language, and the values given."""
        language = (person.language if person else None) or page_language(request)
        path = request.url.path
        rendered = self._environment.get_template(template).render(
            t=self._texts[language],
            language=language,
            names=self._names,
            person=person,
            navigation=_navigation(person, path),
            back=path if request.method == "GET" and BACK.fullmatch(path) else HOME,
            idle_seconds=signing.IDLE_SECONDS,
            **values,
        )
        return HTMLResponse(rendered, status)

    def refusal(self, request: Request, error: RefusedError) -> HTMLResponse:
        """The page of a refusal."""
        return self.page(request, self.person(request), "refused.html", error.status, reason=error.key)


def frame_of(request: Request) -> DeskFrame:
    """The frame of the application that a request came to."""
    found: DeskFrame = request.app.state.desk
    return found


def need(act: str) -> Callable[[Request], AsyncIterator[Person]]:
    """What a route depends on: somebody signed in whose role has the act and, to change something, whose form it is.

    Raises ValueError for an act of no role.
    """
    if act not in ACTS:
        raise ValueError(f"{act!r} is none of {sorted(ACTS)}")

    async def person(request: Request) -> AsyncIterator[Person]:
        found = frame_of(request).person(request)
        if found is None:
            raise NotSignedInError
        try:
            if request.method not in signing.SAFE_METHODS and not await signing.has_csrf(request, found):
                raise RefusedError(403, "refused_stale")
            if not found.may(act):
                raise RefusedError(403, "refused_role")
            yield found
        finally:
            # Reading the form may have laid files down.
            await request.close()

    return person


Reader = Annotated[Person, Depends(need("read"))]
Admin = Annotated[Person, Depends(need("accounts"))]


def install(app: FastAPI, frame: DeskFrame, *routers: APIRouter) -> None:
    """Adds the desk to an application: its guard, the frame's own routes, and those of the pages."""
    app.state.desk = frame
    for one in (router(frame), *routers):
        app.include_router(one)

    @app.exception_handler(NotSignedInError)
    async def not_signed_in(request: Request, _: NotSignedInError) -> Response:
        # HTMX would put the sign-in page into the middle of this one.
        if "hx-request" in request.headers:
            return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
        return see(SIGN_IN)

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return frame.refusal(request, error)

    app.add_middleware(Guard, frame=frame)


class Guard:
    """Before anything under /desk is read: where it comes from and how long it is. After it: the headers."""

    def __init__(self, app: ASGIApp, frame: DeskFrame) -> None:
        self._app, self._frame = app, frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, of any path."""
        if scope["type"] != "http" or not f"{scope['path']}/".startswith("/desk/"):
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            begun = True
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        request = Request(scope, receive)
        error = self._wrong(request)
        answer = self._app if error is None else self._frame.refusal(request, error)
        try:
            await answer(scope, receive, send_with_headers)
        except Exception:
            # The error goes on to the log, which tells its kind only; the person gets a page.
            if not begun:
                await self._frame.refusal(request, BROKEN)(scope, receive, send_with_headers)
            raise

    def _wrong(self, request: Request) -> RefusedError | None:
        if request.method in signing.SAFE_METHODS:
            return None
        if not signing.is_from_here(request):
            return RefusedError(403, "refused_origin")
        length = request.headers.get("content-length", "")
        if not re.fullmatch(r"\d{1,12}", length):
            return RefusedError(411, "refused_size")
        if int(length) <= BODY_BYTES or (int(length) <= DESK_BYTES and self._frame.person(request)):
            return None
        return RefusedError(413, "refused_size")


def router(frame: DeskFrame) -> APIRouter:
    """The frame's own routes."""
    made = APIRouter(prefix="/desk")
    accounts, sessions = frame.signing.accounts, frame.signing.sessions

    @made.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            return JSONResponse({"error": "there is no such file"}, status_code=404)
        path, kind = STATIC[name]
        return FileResponse(path, media_type=kind)

    @made.get("/signin")
    def show_signin(request: Request) -> Response:
        if frame.person(request):
            return see(HOME)
        return frame.page(request, None, "signin.html", refused=False, minutes=0)

    @made.post("/signin")
    async def sign_in(request: Request) -> Response:
        form = await request.form()
        name, password, code = (_text(form.get(key)) for key in ("name", "password", "code"))
        address = signing.address_of(request)
        # Hashing takes a processor for a tenth of a second: not in the loop that answers everybody.
        token = await asyncio.to_thread(frame.signing.sign_in, name, password, code, address)
        if isinstance(token, Wait):
            response: Response = frame.page(request, None, "signin.html", 429, refused=False, minutes=token.minutes)
            response.headers["Retry-After"] = str(token.minutes * 60)
            return response
        if token is None:
            return frame.page(request, None, "signin.html", 403, refused=True, minutes=0)
        sessions.end(signing.token_of(request))
        response = see(HOME)
        signing.set_token(request, response, token)
        _keep_language(request, token)
        return response

    def _keep_language(request: Request, token: str) -> None:
        """The first time, the pages stay in the language of the sign-in page."""
        person = sessions.find(token)
        if person and person.language is None:
            accounts.set_language(person.name, page_language(request))

    @made.post("/signout")
    def sign_out(request: Request, _: Reader) -> Response:
        sessions.end(signing.token_of(request))
        response = see(SIGN_IN)
        signing.drop_token(request, response)
        return response

    @made.post("/language")
    async def set_language(request: Request, person: Reader) -> Response:
        form = await request.form()
        back = _text(form.get("back"))
        try:
            accounts.set_language(person.name, _text(form.get("language")))
        except AccountError:
            raise RefusedError(422, "refused_stale") from None
        return see(back if BACK.fullmatch(back) else HOME)

    @made.get("/account")
    def account(request: Request, person: Reader) -> Response:
        return frame.page(request, person, "account.html", sessions=_ages(frame, person.name), own=person.session)

    @made.post("/account/signout")
    def sign_out_others(person: Reader) -> Response:
        sessions.end_others(person)
        return see("/desk/account")

    @made.get("/accounts")
    def all_accounts(request: Request, person: Admin) -> Response:
        rows = [(account, len(sessions.of(account.name))) for account in accounts.all()]
        return frame.page(request, person, "accounts.html", accounts=rows)

    @made.post("/accounts/{name}/signout")
    def sign_out_account(name: str, _: Admin) -> Response:
        try:
            accounts.end_sessions(name)
        except AccountError:
            raise RefusedError(404, "refused_account") from None
        return see("/desk/accounts")

    return made


def see(path: str) -> Response:
    """Sends the browser on to a page, with GET."""
    return RedirectResponse(path, status_code=303)


def _merged(folders: Sequence[Path], language: str) -> dict[str, str]:
    return {key: text for folder in folders for key, text in texts(folder, language).items()}


def _navigation(person: Person | None, path: str) -> list[tuple[str, str, bool]]:
    """Address, text's key, and whether it is where the person is: the longest address that the path lies under."""
    if person is None:
        return []
    shown = [(href, key) for href, key, act in NAVIGATION if person.may(act)]
    here = max((href for href, _ in shown if f"{path}/".startswith(f"{href}/")), key=len, default="")
    return [(href, key, href == here) for href, key in shown]


def _ages(frame: DeskFrame, name: str) -> list[tuple[bytes, int, int]]:
    """Of each session its key, and how many minutes ago it began and was used."""
    now = frame.signing.clock()
    return [(one.key, int(now - one.made) // 60, int(now - one.used) // 60) for one in frame.signing.sessions.of(name)]


def _text(value: object) -> str:
    """A form's field; nothing for one that is missing or a file."""
    return value if isinstance(value, str) else ""
