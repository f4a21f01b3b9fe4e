"""The web application: the chat page, `POST /api/chat` and `GET /healthz`. Plain HTTP, no cookies, no third party."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.messages import catalogue
from bot.rendering import Reply
from channels.gateway import Gateway, Inbound
from channels.limits import BODY_BYTES, SESSION_CHARACTERS, SWEEP_SECONDS
from knowledge.entry import LANGUAGES

PAGE = Path(__file__).parent / "page"
FILES = {"chat.css": "text/css", "chat.js": "text/javascript", "icon.svg": "image/svg+xml"}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

# What is wrong with a request, by HTTP status. Never quotes what was sent.
ERRORS = {
    400: 'the body is no JSON object like {"session": "…", "text": "…"}',
    413: f"the body is larger than {BODY_BYTES} bytes",
    422: f"session must be text of 1 to {SESSION_CHARACTERS} characters, and text must be text",
}

LOCAL = {"127.0.0.1", "::1"}
FORWARDED = {"x-forwarded-for", "x-real-ip", "forwarded"}

# What runs beside the application, and what ends with it.
Work = Callable[[], Coroutine[Any, Any, None]]
Close = Callable[[], Awaitable[None]]
# Health as others see it: Rasa, retrieval, entries, version.
Health = Callable[[], Awaitable[dict[str, Any]]]


class BadRequest(ValueError):
    """A request that cannot be read; `status` is a key of ERRORS."""

    def __init__(self, status: int) -> None:
        super().__init__(ERRORS[status])
        self.status = status


def create_app(
    gateway: Gateway,
    health: Health,
    close: Sequence[Close] = (),
    work: Sequence[Work] = (),
) -> FastAPI:
    """The application around one gateway; `work` runs as long as it does, `close` when it stops."""
    app = FastAPI(
        lifespan=lifespan_of([partial(sweep, gateway), *work], close), docs_url=None, redoc_url=None, openapi_url=None
    )
    template = Environment(loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined).get_template(
        "chat.html"
    )

    @app.middleware("http")
    async def safe_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(BadRequest)
    async def bad_request(_: Request, error: BadRequest) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=error.status)

    @app.get("/", response_class=HTMLResponse)
    def page(request: Request) -> str:
        return template.render(**page_values(page_language(request)))

    @app.get("/page/{name}")
    def file(name: str) -> Response:
        if name not in FILES:
            return JSONResponse({"error": "there is no such file"}, status_code=404)
        return FileResponse(PAGE / name, media_type=FILES[name])

    @app.post("/api/chat")
    async def chat(request: Request) -> dict[str, Any]:
        session, text = parse(await read(request))
        outbound = await gateway.handle(Inbound("web", session, text))
        return {"language": outbound.language, "messages": [message(reply) for reply in outbound.replies]}

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return await health()

    @app.get("/metrics")
    def metrics(request: Request) -> Response:
        # For this machine only: what a reverse proxy brings is somebody else's question.
        host = request.client.host if request.client else ""
        if host not in LOCAL or FORWARDED & set(request.headers):
            return JSONResponse({"error": "there is no such file"}, status_code=404)
        return Response(gateway.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def lifespan_of(work: Sequence[Work], close: Sequence[Close]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """What runs beside the application, and what ends with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(start()) for start in work]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in close:
            await end()

    return lifespan


async def sweep(gateway: Gateway) -> None:
    """Silent conversations are forgotten also when nobody writes any more."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        gateway.sessions.drop_idle()


async def read(request: Request) -> bytes:
    """The body, as long as it is small. Raises BadRequest(413)."""
    body = await read_up_to(request, BODY_BYTES)
    if body is None:
        raise BadRequest(413)
    return body


async def read_up_to(request: Request, limit: int) -> bytes | None:
    """The raw body, or None when it has more than `limit` bytes; no more than that is ever held."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return body


def parse(body: bytes) -> tuple[str, str]:
    """Session and text of a chat request. Raises BadRequest(400) or (422)."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest(400) from None
    if not isinstance(data, dict):
        raise BadRequest(400)
    session, text = data.get("session"), data.get("text")
    if not isinstance(session, str) or not isinstance(text, str) or not 1 <= len(session) <= SESSION_CHARACTERS:
        raise BadRequest(422)
    return session, text


def message(reply: Reply) -> dict[str, Any]:
    """A reply as the contract of POST /api/chat has it."""
    buttons = [{"title": button.title, "value": button.value} for button in reply.buttons]
    return {"text": reply.text, "decision": reply.decision, "entry": reply.entry, "buttons": buttons}


def page_language(request: Request) -> str:
    """`?lang=`, else the first language the browser asks for that Kompas speaks, else English."""
    asked = request.query_params.get("lang", "")
    preferred = [part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")]
    return next((language for language in [asked, *preferred] if language in LANGUAGES), "en")


def page_values(language: str) -> dict[str, Any]:
    """What the template shows: the texts of the page in every language, so that the chooser works without a reload."""
    texts = {
        code: {key.removeprefix("page_"): text for key, text in catalogue(code).items() if key.startswith("page_")}
        for code in LANGUAGES
    }
    names = {code: catalogue(code)["language_name"] for code in LANGUAGES}
    greetings = {code: catalogue(code)["greet"] for code in LANGUAGES}
    return {
        "language": language,
        "names": names,
        "text": texts[language],
        "texts": json.dumps({code: {**texts[code], "greet": greetings[code]} for code in LANGUAGES}),
        "greeting": greetings[language],
    }
