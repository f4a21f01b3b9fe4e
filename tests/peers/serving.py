"""Runs a peer as a real HTTP server, and holds what the peers share: records, misbehaviour, paces, controls over HTTP."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email
import email.policy
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
CONTROL = "/_control/"
# How long a peer keeps silent when it is told to let a request time out; it stops when the client goes away.
SILENCE_SECONDS = 60.0
GATEWAY_PAGE = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body>\r\n</html>"


def server_of(app: ASGIApp, port: int = 0) -> uvicorn.Server:
    """A server that logs nothing; an application that is no peer has its lifespan run."""
    quiet: dict[str, Any] = {"log_config": None, "log_level": "critical", "access_log": False, "proxy_headers": False}
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=HOST,
            port=port,
            lifespan="off" if isinstance(app, Peer) else "on",
            ws="none",
            timeout_graceful_shutdown=2,
            **quiet,
        )
    )


@contextlib.contextmanager
def serving(app: ASGIApp, port: int = 0, host: str = HOST) -> Iterator[str]:
    """Any ASGI application under uvicorn in a daemon thread, on a free port unless told; gives its base URL."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise AssertionError("the server did not start")
        time.sleep(0.005)
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        server.force_exit = isinstance(app, Peer)
        thread.join(timeout=10)
        listening.close()


def main(make: Callable[[str], Peer], token: str) -> None:
    """The command of a peer that runs as a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default=token)
    asked = parser.parse_args()
    server_of(make(asked.token), asked.port).run()


class Call(NamedTuple):
    """A call that was accepted, and when, in the seconds of time.monotonic()."""

    at: float
    method: str
    params: dict[str, Any]


class Refusal(NamedTuple):
    """A call that was refused, or that met a misbehaviour, and what it was told."""

    at: float
    method: str
    params: dict[str, Any]
    error: str


class Pace:
    """`burst` at once, then one every `seconds`, for each key."""

    def __init__(self, seconds: float, burst: int) -> None:
        self.seconds, self.burst = seconds, burst
        self.due: dict[Any, float] = {}

    def wait(self, key: Any, now: float) -> float:
        """How many seconds too early a call is; 0 when it may go."""
        return max(0.0, self.due.get(key, now) - self.seconds * (self.burst - 1) - now)

    def take(self, key: Any, now: float) -> None:
        self.due[key] = max(now, self.due.get(key, now)) + self.seconds


class Window:
    """At most `most` in any `seconds`, over all keys."""

    def __init__(self, seconds: float, most: int) -> None:
        self.seconds, self.most = seconds, most
        self.times: deque[float] = deque()

    def wait(self, _: Any, now: float) -> float:
        """How many seconds too early a call is; 0 when it may go."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        return self.times[0] + self.seconds - now if len(self.times) >= self.most else 0.0

    def take(self, _: Any, now: float) -> None:
        self.times.append(now)


@dataclass
class Mood:
    """A misbehaviour that waits for `times` calls of one method (or "*"), in one chat or in any."""

    kind: str
    times: int
    chat: str | None
    method: str
    options: dict[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """A call that the service does not accept: its status, its JSON, and the words kept in `refused`."""

    def __init__(self, status: int, body: dict[str, Any], words: str) -> None:
        super().__init__(words)
        self.status, self.body, self.words = status, body, words

    def response(self) -> Response:
        return JSONResponse(self.body, self.status)


async def gone(receive: Receive) -> None:
    """Returns when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def until_gone(receive: Receive, seconds: float) -> None:
    """Returns when the client has closed its connection, and at the latest after `seconds`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone(receive), seconds)


def broken_gateway(_: Mood) -> ASGIApp:
    return HTMLResponse(GATEWAY_PAGE, 502)


def silence(mood: Mood) -> ASGIApp:
    return belated(HTMLResponse(GATEWAY_PAGE, 504), mood)


def belated(response: Response, mood: Mood) -> ASGIApp:
    """The response, when the client has long stopped waiting for it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await until_gone(receive, mood.options.get("seconds", SILENCE_SECONDS))
        await response(scope, receive, send)

    return app


def cut(response: Response, _: Mood) -> ASGIApp:
    """The first half of the response; uvicorn then closes the connection."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        half = bytes(response.body)[: len(response.body) // 2]
        await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
        await send({"type": "http.response.body", "body": half, "more_body": True})

    return app


def hang_up(_: Mood) -> ASGIApp:
    """The connection is closed without a word: ASGI has no way to say so, hence uvicorn's transport."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        send.__self__.transport.abort()  # type: ignore[attr-defined]
        await gone(receive)

    return app


# Instead of the work, and after it.
INSTEAD: dict[str, Callable[[Mood], ASGIApp]] = {"502": broken_gateway, "timeout": silence, "reset": hang_up}
AFTERWARDS: dict[str, Callable[[Response, Mood], ASGIApp]] = {"late": belated, "truncated": cut}


class Peer:
    """An ASGI application that records what it is asked, misbehaves on command, and is controlled from any thread."""

    # What may be called, or read, at POST /_control/<name>; `after` skips what was already read of a list.
    CONTROLS: ClassVar[tuple[str, ...]] = ("sent", "refused", "deliveries", "misbehave", "wait_for", "clear", "texts")
    # What can go wrong with any call, and what only the service's own methods know how to do wrong.
    KINDS: ClassVar[tuple[str, ...]] = (*INSTEAD, *AFTERWARDS, "429", "500")
    OWN_KINDS: ClassVar[tuple[str, ...]] = ()
    METHOD: ClassVar[str] = "*"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sent: list[Call] = []
        self.refused: list[Refusal] = []
        self.deliveries: list[tuple[float, int]] = []
        self._accepted = threading.Condition(self.lock)
        self._moods: list[Mood] = []

    def misbehave(self, kind: str, times: int = 1, chat: Any = None, method: str | None = None, **options: Any) -> None:
        """The next `times` calls of `method` go wrong in one of KINDS or OWN_KINDS; options are retry_after, seconds, status."""
        if kind not in (*self.KINDS, *self.OWN_KINDS):
            raise ValueError(f"{kind} is none of {(*self.KINDS, *self.OWN_KINDS)}")
        which = method or ("*" if kind in self.OWN_KINDS else self.METHOD)
        with self.lock:
            self._moods.append(Mood(kind, times, None if chat is None else str(chat), which, options))

    def wait_for(self, count: int, method: str | None = None, seconds: float = 20.0) -> bool:
        """Whether `count` calls of the method (else METHOD) are accepted within `seconds`."""

        def enough() -> bool:
            return sum(call.method == (method or self.METHOD) for call in self.sent) >= count

        with self.lock:
            return self._accepted.wait_for(enough, seconds)

    def texts(self, chat: Any = None) -> list[str]:
        """The texts sent, to one chat or to all."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forgets records and misbehaviours; conversations and limits stay."""
        with self.lock:
            for kept in (self.sent, self.refused, self.deliveries, self._moods):
                kept.clear()

    async def answer(self, request: Request) -> ASGIApp:
        """What a request to the service itself gets."""
        raise NotImplementedError

    def error(self, mood: Mood) -> Response:
        """The service's own error, for every kind that is neither INSTEAD nor AFTERWARDS."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        controlled = request.url.path.startswith(CONTROL)
        response = await (self._control(request) if controlled else self.answer(request))
        await response(scope, receive, send)

    def _accept(self, method: str, params: dict[str, Any]) -> None:
        with self.lock:
            self.sent.append(Call(time.monotonic(), method, params))
            self._accepted.notify_all()

    def _refuse(self, method: str, params: dict[str, Any], error: str) -> None:
        with self.lock:
            self.refused.append(Refusal(time.monotonic(), method, params, error))

    def _post(self, client: httpx.Client, url: str, content: bytes, headers: dict[str, str]) -> int:
        """The status that a webhook answers with, and 0 when it does not answer."""
        try:
            told = client.post(url, content=content, headers={"Content-Type": "application/json", **headers}).status_code
        except httpx.TransportError:
            told = 0
        with self.lock:
            self.deliveries.append((time.monotonic(), told))
        return told

    def _mood(self, method: str, chat: Any, kinds: Sequence[str]) -> Mood | None:
        """The misbehaviour that this call meets, one of its times used up."""
        with self.lock:
            for mood in self._moods:
                fits = mood.method in ("*", method) and mood.chat in (None, str(chat))
                if fits and mood.times > 0 and mood.kind in kinds:
                    mood.times -= 1
                    return mood
        return None

    async def _moody(
        self, method: str, chat: Any, params: dict[str, Any], work: Callable[[], Awaitable[Response]]
    ) -> ASGIApp:
        """The work, unless a misbehaviour comes instead of it or spoils its response."""
        mood = self._mood(method, chat, self.KINDS)
        if mood is None:
            return await work()
        if mood.kind in AFTERWARDS:
            return AFTERWARDS[mood.kind](await work(), mood)
        self._refuse(method, params, mood.kind)
        return INSTEAD[mood.kind](mood) if mood.kind in INSTEAD else self.error(mood)

    async def _control(self, request: Request) -> Response:
        name = request.url.path.removeprefix(CONTROL)
        if name not in self.CONTROLS:
            return JSONResponse({"error": f"no control {name}"}, 404)
        asked: dict[str, Any] = json.loads(await request.body() or b"{}")
        found = getattr(self, name)
        try:
            result = await asyncio.to_thread(found, **asked) if callable(found) else found[asked.get("after", 0) :]
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(result.decode() if isinstance(result, bytes) else result)


async def form_or_json(request: Request) -> dict[str, Any]:
    """The parameters in the query and in a JSON, urlencoded or multipart body. Raises ValueError."""
    body, kind = await request.body(), request.headers.get("content-type", "")
    read: Any
    if kind.startswith("application/json"):
        read = json.loads(body or b"{}")
    elif kind.startswith("multipart/form-data"):
        read = multipart(body, kind)
    else:
        read = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    if not isinstance(read, dict):
        raise ValueError("no object")
    return {**request.query_params, **read}


def multipart(body: bytes, kind: str) -> dict[str, str]:
    """The fields of a multipart body; a file is only named."""
    whole: Any = email.message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP)
    parts = [(part["content-disposition"].params["name"], part) for part in whole.iter_parts()]
    return {name: part.get_filename() or part.get_payload(decode=True).decode() for name, part in parts}


def http_client(seconds: float = 10.0) -> httpx.Client:
    """A client for webhooks: no proxies, and no certificates to load."""
    return httpx.Client(trust_env=False, verify=False, timeout=seconds)


def insist(attempt: Callable[[], int], fine: Callable[[int], bool], delays: Sequence[float]) -> int:
    """The status of the last attempt: once, and again after each delay until it is fine."""
    status = attempt()
    for delay in delays:
        if fine(status):
            break
        time.sleep(delay)
        status = attempt()
    return status
