"""A WhatsApp Cloud API server on this machine: its messages, limits and error codes, and the people who write.

In a test: `api = GraphApi()`, then `with serving(api) as url:`; messages go to f"{url}/v25.0/{PHONE_NUMBER_ID}/messages".
As a process: `python -m tests.peers.graph_api --port 8082`; every control is then a POST to /_control/<name>.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import re
import time
from collections.abc import Iterator, Sequence
from functools import partial, partialmethod
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from tests.peers.serving import Mood, Pace, Peer, Refused, Window, http_client, insist, main

TOKEN = "EAA-a-token-for-tests"  # no real one
PHONE_NUMBER_ID, ACCOUNT_ID, DISPLAY_NUMBER = "106540352242922", "102290129340398", "31850000000"
METADATA = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": PHONE_NUMBER_ID}
NUMBER = {
    "id": PHONE_NUMBER_ID,
    "verified_name": "Kompas",
    "display_phone_number": "+31 85 000 0000",
    "quality_rating": "GREEN",
}
Params = dict[str, Any]

WINDOW_SECONDS = 24 * 60 * 60
# What each code says: HTTP status, title, details.
ERRORS: dict[int, tuple[int, str, str]] = {
    1: (500, "API Unknown", "An unknown error occurred"),
    2: (500, "API Service", "Service temporarily unavailable"),
    4: (400, "Application request limit reached", "The app has reached its API call rate limit"),
    33: (400, "Parameter value is not valid", "The business phone number does not exist"),
    100: (400, "Invalid parameter", "The request included one or more unsupported or misspelled parameters"),
    190: (401, "Error validating access token: Session has expired", ""),
    368: (403, "Temporarily blocked for policies violations", "The account has been restricted or disabled"),
    80007: (400, "Rate limit issues", "The WhatsApp Business Account has reached its rate limit"),
    130429: (429, "Rate limit hit", "Cloud API message throughput has been reached"),
    131000: (500, "Something went wrong", "Message failed to send due to an unknown error"),
    131008: (400, "Required parameter is missing", "The request is missing a required parameter"),
    131009: (400, "Parameter value is not valid", "One or more parameter values are invalid"),
    131026: (400, "Message undeliverable", "Unable to deliver message"),
    131031: (403, "Business Account locked", "The account has been restricted or disabled"),
    131047: (400, "Re-engagement message", "More than 24 hours have passed since the customer last replied to this number"),
    131051: (400, "Unsupported message type", "Unsupported message type"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit", "Too many messages to the same phone number"),
    133010: (400, "Phone number not registered", "Phone number not registered on the WhatsApp Business Platform"),
}
# How long each text may be, by where it stands.
LENGTHS: dict[str, range] = {
    name: range(low, high + 1)
    for name, (low, high) in {
        "text body": (1, 4096), "button body": (1, 1024), "list body": (1, 4096), "header": (0, 60), "footer": (0, 60),
        "button title": (1, 20), "button id": (1, 256), "list button": (1, 20), "section title": (1, 24),
        "row title": (1, 24), "row id": (1, 200), "row description": (0, 72),
    }.items()
}  # fmt: skip
# How many there may be, and what must differ.
COUNTS = {"buttons": range(1, 4), "sections": range(1, 11), "rows": range(1, 11)}
UNIQUE = ("button title", "button id", "row id")
KEYS = {
    "messaging_product", "recipient_type", "to", "recipient", "type", "text", "interactive", "context", "status",
    "message_id", "typing_indicator", "biz_opaque_callback_data",
}  # fmt: skip
PHONE, BSUID = re.compile(r"\+?[\d\s()-]{7,20}"), re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
PATH = re.compile(r"/v\d+\.\d+/(\d+)(/messages)?")

FILE = {"sha256": "bm90aGluZw==", "id": "1908647269898587"}
MEDIA: dict[str, Params] = {
    "voice": {"audio": {**FILE, "mime_type": "audio/ogg; codecs=opus", "voice": True}},
    "audio": {"audio": {**FILE, "mime_type": "audio/mpeg", "voice": False}},
    "image": {"image": {**FILE, "mime_type": "image/jpeg"}},
    "video": {"video": {**FILE, "mime_type": "video/mp4"}},
    "document": {"document": {**FILE, "mime_type": "application/pdf", "filename": "letter.pdf"}},
    "sticker": {"sticker": {**FILE, "mime_type": "image/webp", "animated": False}},
    "location": {"location": {"latitude": 52.37, "longitude": 4.89}},
    "contacts": {"contacts": [{"name": {"formatted_name": "Ana", "first_name": "Ana"}, "phones": []}]},
    "reaction": {"reaction": {"message_id": "wamid.none", "emoji": "👍"}},
    "unsupported": {
        "errors": [
            {"code": 131051, "title": "Message type unknown", "error_data": {"details": "Message type is not supported."}}
        ]
    },
}


def graph_error(code: int, details: str = "", status: int | None = None) -> Refused:
    """The error of a code as the Graph API words it."""
    usual, title, about = ERRORS[code]
    error: Params = {"message": title if code == 190 else f"(#{code}) {title}", "type": "OAuthException", "code": code}
    data = {"messaging_product": "whatsapp", "details": details or about}
    error |= {"error_data": data} if code > 10_000 else {}
    return Refused(status or usual, {"error": error | {"fbtrace_id": "A4O5a8RAgePwbcGSu"}}, f"{code} {details or title}")


def require(holds: object, code: int, details: str = "") -> None:
    """Raises the error of the code, unless it holds."""
    if not holds:
        raise graph_error(code, details)


def digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def bsuid_of(user: str) -> str:
    """The business-scoped id of a user: of a phone number always the same, of a business-scoped id itself."""
    return user if "." in user else f"NL.{int(digits(user)) * 7_919_191 % 10**18:018d}"


class GraphApi(Peer):
    """The server. A user is a phone number, or a business-scoped id such as "NL.13491208655302741918"."""

    METHOD = "message"
    KINDS = (*Peer.KINDS, *map(str, ERRORS))
    CONTROLS = (
        *Peer.CONTROLS, "say", "tap_button", "tap_list", "send", "status", "batch", "undeliverable", "pass_hours", "limit",
        "deliver", "verify",
    )  # fmt: skip

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.heard: dict[str, float] = {}
        self.unreachable: set[str] = set()
        self.incoming: set[str] = set()
        self.last_sent: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self.limit()

    # What people do. Each gives the body that Meta would post to the webhook.

    def say(self, user: str, text: str, **extra: Any) -> bytes:
        """Somebody writes. Extra: name, hide_phone (only the business-scoped id is told), message_id, timestamp."""
        return self._incoming(user, {"type": "text", "text": {"body": text}}, **extra)

    def tap_button(self, user: str, button_id: str, title: str, **extra: Any) -> bytes:
        return self._tap(user, "button_reply", {"id": button_id, "title": title}, extra)

    def tap_list(self, user: str, row_id: str, title: str, description: str | None = None, **extra: Any) -> bytes:
        row = {"id": row_id, "title": title} | ({"description": description} if description else {})
        return self._tap(user, "list_reply", row, extra)

    def send(self, kind: str, user: str, **extra: Any) -> bytes:
        """Somebody sends one of MEDIA."""
        return self._incoming(user, {"type": "audio" if kind == "voice" else kind, **MEDIA[kind]}, **extra)

    voice, image = partialmethod(send, "voice"), partialmethod(send, "image")
    document, sticker = partialmethod(send, "document"), partialmethod(send, "sticker")
    location, unsupported = partialmethod(send, "location"), partialmethod(send, "unsupported")

    def status(self, user: str, state: str = "delivered", message_id: str | None = None, code: int | None = None) -> bytes:
        """What became of a message (else of the newest to that user): sent, delivered, read, or failed with a code."""
        phone, number = None if "." in user else user, message_id or self.last_sent.get(bsuid_of(user), "wamid.none")
        about = {"id": number, "status": state, "timestamp": str(int(time.time()))}
        about |= {"recipient_user_id": bsuid_of(user)} | ({"recipient_id": phone} if phone else {})
        if code is None:
            return self._body({"contacts": [contact(user, None)], "statuses": [about]})
        title, details = ERRORS[code][1:]
        error = {"code": code, "title": title, "message": title, "error_data": {"details": details}}
        return self._body({"statuses": [{**about, "errors": [error]}]})

    def batch(self, bodies: Sequence[bytes | str], flat: bool = False) -> bytes:
        """Several bodies in one: a change for each, or (flat) all their messages in one change."""
        changes = [change for body in bodies for change in json.loads(body)["entry"][0]["changes"]]
        if flat:
            values = [change["value"] for change in changes]
            names = ("contacts", "messages", "statuses")
            together = {name: [item for value in values for item in value.get(name, [])] for name in names}
            return self._body({name: items for name, items in together.items() if items})
        return body_of(changes)

    def undeliverable(self, user: str) -> None:
        """From now on nothing can be delivered to that user (131026)."""
        self.unreachable.add(bsuid_of(user))

    def pass_hours(self, user: str, hours: float) -> None:
        """The user's last message becomes that much older."""
        with self.lock:
            self.heard[bsuid_of(user)] -= hours * 3600

    def limit(self, pair_burst: int = 45, pair_seconds: float = 6.0, per_second: int = 80) -> None:
        """How much may be sent: to one user a burst and then one each pair_seconds; to all per_second."""
        self.paces: dict[int, Pace | Window] = {131056: Pace(pair_seconds, pair_burst), 130429: Window(0.95, per_second)}

    def texts(self, chat: Any = None) -> list[str]:
        """The texts, and the bodies of interactive messages, to one user or to all."""
        with self.lock:
            sent = [call.params for call in self.sent if call.method == "message"]
        mine = [params for params in sent if chat is None or recipient_of(params)[1] == bsuid_of(chat)]
        return [at(params, "text.body") or at(params, "interactive.body.text") for params in mine]

    def deliver(
        self, body: bytes | str, url: str, app_secret: str, *, signature: str | None = None,
        delays: Sequence[float] = (0.1, 0.2, 0.4, 0.8), seconds: float = 10.0,
    ) -> int:  # fmt: skip
        """Posts a body, signed, to a webhook, again after each delay until 200; gives the last status (0: no answer)."""
        raw = body.encode() if isinstance(body, str) else body
        signed = signature or f"sha256={hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()}"
        with http_client(seconds) as client:
            attempt = partial(self._post, client, url, raw, {"X-Hub-Signature-256": signed})
            return insist(attempt, lambda status: status == 200, delays)

    def verify(self, url: str, verify_token: str) -> tuple[int, bool]:
        """Asks a webhook whether it is ours, as Meta does once: the status, and whether it gave the challenge back."""
        asked = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": "1158201444"}
        with http_client() as client:
            found = client.get(url, params=asked)
        return found.status_code, found.text == asked["hub.challenge"]

    # What lies behind.

    def _wamid(self) -> str:
        return "wamid." + base64.b64encode(f"\x1d\x0bKOMPAS{next(self._numbers):012d}".encode()).decode()

    def _incoming(
        self, user: str, content: Params, *, name: str = "Ana", hide_phone: bool = False,
        message_id: str | None = None, timestamp: int | None = None,
    ) -> bytes:  # fmt: skip
        person = contact(bsuid_of(user) if hide_phone else user, name)
        number = message_id or self._wamid()
        with self.lock:
            self.heard[bsuid_of(user)] = time.monotonic()
            self.incoming.add(number)
        sender = {"from": person["wa_id"]} if "wa_id" in person else {}
        about = {"from_user_id": person["user_id"], "id": number, "timestamp": str(timestamp or int(time.time()))}
        return self._body({"contacts": [person], "messages": [sender | about | content]})

    def _tap(self, user: str, kind: str, reply: Params, extra: Params) -> bytes:
        context = {"from": DISPLAY_NUMBER, "id": self.last_sent.get(bsuid_of(user), "wamid.none")}
        content = {"context": context, "type": "interactive", "interactive": {"type": kind, kind: reply}}
        return self._incoming(user, content, **extra)

    def _body(self, value: Params) -> bytes:
        return body_of([{"value": {"messaging_product": "whatsapp", "metadata": METADATA, **value}, "field": "messages"}])

    def error(self, mood: Mood) -> Response:
        code = {"429": 130429, "500": 2}.get(mood.kind) or int(mood.kind)
        status = int(mood.kind) if mood.kind in ("429", "500") else None
        return graph_error(code, status=mood.options.get("status", status)).response()

    async def answer(self, request: Request) -> ASGIApp:
        found, params = PATH.fullmatch(request.url.path), {}
        method = "number"
        try:
            require(request.headers.get("authorization") == f"Bearer {self.token}", 190)
            require(found and found[1] == PHONE_NUMBER_ID, 33)
            if request.method == "POST":
                params = as_object(await request.body())
                method = "read" if "status" in params else self.METHOD
            require((request.method == "POST") == bool(found and found[2]), 100, "Unsupported request")
            user = str(params.get("to") or params.get("recipient") or "")
            return await self._moody(method, user, params, lambda: self._perform(method, params))
        except Refused as refused:
            self._refuse(method, params, refused.words)
            return refused.response()

    async def _perform(self, method: str, params: Params) -> Response:
        if method == "number":
            return JSONResponse(NUMBER)
        require(params.get("messaging_product") == "whatsapp", 100, 'messaging_product must be "whatsapp"')
        with self.lock:
            answer = self._read(params) if method == "read" else self._send(params)
            self._accept(method, params)
        return JSONResponse(answer)

    def _read(self, params: Params) -> Params:
        require(params["status"] == "read", 100, 'status must be "read"')
        require(params.get("message_id") in self.incoming, 100, "there is no such message")
        require(params.get("typing_indicator", {"type": "text"}) == {"type": "text"}, 100, "typing_indicator")
        return {"success": True}

    def _send(self, params: Params) -> Params:
        recipient, key = recipient_of(params)
        require(params.get("type", "text") in ("text", "interactive"), 131051)
        unknown = set(params) - KEYS
        require(not unknown, 100, f"Unexpected key {sorted(unknown)}")
        require(params.get("recipient_type", "individual") == "individual", 100, "recipient_type")
        check(list(fields_of(params)))
        require(key not in self.unreachable, 131026)
        require(time.monotonic() - self.heard.get(key, -WINDOW_SECONDS) < WINDOW_SECONDS, 131047)
        now, number = time.monotonic(), self._wamid()
        for code, pace in self.paces.items():
            require(not pace.wait(key, now), code)
        for pace in self.paces.values():
            pace.take(key, now)
        self.last_sent[key] = number
        return {"messaging_product": "whatsapp", "contacts": [recipient], "messages": [{"id": number}]}


def as_object(body: bytes) -> Params:
    try:
        params = json.loads(body)
        json.dumps(params, ensure_ascii=False).encode()
    except ValueError:
        raise graph_error(100, "the body is no JSON") from None
    require(isinstance(params, dict), 100, "the body is no JSON object")
    return dict(params)


def body_of(changes: list[Params]) -> bytes:
    """A webhook's body, with every letter beyond ASCII escaped, as Meta writes it."""
    entry = {"id": ACCOUNT_ID, "changes": changes}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, separators=(",", ":")).encode()


def contact(user: str, name: str | None) -> Params:
    """A person as a webhook names them; without a phone number where only the business-scoped id is known."""
    profile: Params = {"profile": {"name": name}} if name else {}
    return profile | ({} if "." in user else {"wa_id": digits(user)}) | {"user_id": bsuid_of(user)}


def recipient_of(params: Params) -> tuple[Params, str]:
    """The contact of the answer, and the user's business-scoped id. `to` goes before `recipient`."""
    to, recipient = params.get("to"), params.get("recipient")
    require(to or recipient, 131008, "one of to and recipient must be there")
    if to:
        require(isinstance(to, str) and PHONE.fullmatch(to), 131009, "to is no phone number")
        return {"input": to, "wa_id": digits(str(to))}, bsuid_of(str(to))
    require(isinstance(recipient, str) and BSUID.fullmatch(recipient), 131009, "recipient is no business-scoped user id")
    return {"input": recipient, "user_id": recipient}, str(recipient)


def at(content: Any, path: str) -> Any:
    """What stands at a dotted path of nested objects, or None."""
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def several(name: str, items: Any) -> list[Any]:
    """The items of an array, when there may be so many of them."""
    require(isinstance(items, list) and len(items) in COUNTS[name], 131009, f"Invalid {name} count")
    return list(items)


def fields_of(params: Params) -> Iterator[tuple[str, Any]]:
    """Every text of a message, with its name in LENGTHS."""
    if params.get("type", "text") == "text":
        yield "text body", at(params, "text.body")
        return
    message = params.get("interactive")
    kind = at(message, "type")
    require(kind in ("button", "list"), 131009, "interactive.type must be button or list")
    yield f"{kind} body", at(message, "body.text")
    yield from ((part, at(message, f"{part}.text")) for part in ("header", "footer") if at(message, part) is not None)
    yield from (buttons_of if kind == "button" else rows_of)(at(message, "action"))


def buttons_of(action: Any) -> Iterator[tuple[str, Any]]:
    for button in several("buttons", at(action, "buttons")):
        require(at(button, "type") == "reply", 131009, "a button must be of the type reply")
        yield "button title", at(button, "reply.title")
        yield "button id", at(button, "reply.id")


def rows_of(action: Any) -> Iterator[tuple[str, Any]]:
    yield "list button", at(action, "button")
    sections = several("sections", at(action, "sections"))
    for section in sections:
        if len(sections) > 1 or at(section, "title") is not None:
            yield "section title", at(section, "title")
    for row in several("rows", [row for section in sections for row in at(section, "rows") or []]):
        yield "row title", at(row, "title")
        yield "row id", at(row, "id")
        if at(row, "description") is not None:
            yield "row description", at(row, "description")


def check(fields: list[tuple[str, Any]]) -> None:
    """Raises the error of the first text that is missing, too short or too long, or that must be unique and is not."""
    for name, value in fields:
        require(value is not None, 131008, f"{name} is missing")
        limits = LENGTHS[name]
        code = 100 if name == "text body" else 131009
        words = f"{name.capitalize()} length invalid. Min length: {limits.start}, Max length: {limits.stop - 1}"
        require(isinstance(value, str) and len(value) in limits, code, words)
    for name in UNIQUE:
        values = [value for other, value in fields if other == name]
        require(len(values) == len(set(values)), 131009, f"Duplicate {name}")


if __name__ == "__main__":
    main(GraphApi, TOKEN)
