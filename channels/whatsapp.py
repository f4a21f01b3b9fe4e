"""WhatsApp Cloud API: verifies webhooks, reads messages, sends answers. Plain httpx (docs/decisions/0008-channels.md).

A person is known here by the business-scoped id that Meta gives, and by the phone number only where there is none.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from bot.messages import say
from bot.rendering import Button, Reply
from channels.gateway import Inbound, Outbound
from channels.intake import Misconfigured, Refused, SendError, TryLater, Unreachable, WindowClosed
from channels.limits import LIMITS, WHATSAPP_ALL, WHATSAPP_CHAT
from channels.metrics import Metrics
from channels.pacing import Pacing
from channels.proof import is_one_of
from channels.splitting import shorten, split

CHANNEL = "whatsapp"
SIGNATURE, SCHEME = "x-hub-signature-256", "sha256="
LIMIT = {name.removeprefix("whatsapp_"): int(limit.value) for name, limit in LIMITS.items() if name.startswith("whatsapp")}
# Before a person's key: which of Meta's two addresses it is, and the field of a request it goes into.
BY_ID, BY_NUMBER = "id", "tel"
FIELDS = {BY_ID: "recipient", BY_NUMBER: "to"}
SECONDS = 10.0

# What an error code means for an answer (developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes).
MEANINGS: tuple[tuple[Callable[[], SendError], tuple[int, ...]], ...] = (
    (TryLater, (1, 2, 131000, 131016, 133004)),
    (partial(TryLater, 5.0), (4, 80007, 130429, 131048, 131056)),  # too fast
    (Unreachable, (131021, 131026, 131030, 131045, 131049, 130472, 131062)),
    (WindowClosed, (131047,)),  # more than 24 hours after their last message
    (Misconfigured, (0, 3, 10, 190, 368, 131005, 131031, 131042, 130497, 133010)),  # our token, number or account
    (Refused, (100, 131008, 131009, 131051, 131052, 135000)),  # our message
)
CODES = {code: meaning for meaning, codes in MEANINGS for code in codes}


@dataclass(frozen=True)
class Received:
    """A message that is to be answered, and Meta's id of it."""

    inbound: Inbound
    message: str


def is_signed(body: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether the raw body carries the HMAC-SHA256 of one of our app secrets. No header, no secret: no."""
    return is_one_of(header, [SCHEME + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets])


def read(body: bytes, phone_number_id: str) -> list[Received]:
    """The messages in a verified body for our number; delivery statuses and all else are no messages."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return []
    return [found for value in _values(data, phone_number_id) for found in _messages(value)]


def _values(data: Any, phone_number_id: str) -> Iterator[dict[str, Any]]:
    for entry in _list(data, "entry"):
        for change in _list(entry, "changes"):
            value = change.get("value") if change.get("field") == "messages" else None
            if isinstance(value, dict) and _dict(value, "metadata").get("phone_number_id") == phone_number_id:
                yield value


def _messages(value: dict[str, Any]) -> Iterator[Received]:
    ids = {contact.get("wa_id"): contact.get("user_id") for contact in _list(value, "contacts")}
    for message in _list(value, "messages"):
        number, name = message.get("from"), message.get("id")
        business = message.get("from_user_id") or ids.get(number)
        user = f"{BY_ID}:{business}" if business else f"{BY_NUMBER}:{number}"
        if (business or number) and isinstance(name, str) and message.get("type") not in IGNORED:
            text = _text(message)
            yield Received(Inbound(CHANNEL, user, text, media=not text, patient=True), name)


# A reaction to an answer, and Meta's own notices, ask for nothing.
IGNORED = {"reaction", "system", "unsupported", "request_welcome"}


def _text(message: dict[str, Any]) -> str:
    """What was typed, tapped, or written under a picture."""
    kind = str(message.get("type"))
    part = _dict(message, kind)
    if kind == "interactive":
        part = _dict(part, str(part.get("type")))
    found = part.get("body") if kind == "text" else part.get("id") if kind == "interactive" else part.get("caption")
    return found if isinstance(found, str) else ""


def _list(data: Any, key: str) -> list[dict[str, Any]]:
    found = data.get(key) if isinstance(data, dict) else None
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _dict(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def render(outbound: Outbound) -> list[dict[str, Any]]:
    """The messages of an answer, as the API takes them, without a recipient."""
    return [message for reply in outbound.replies for message in _of_reply(reply, outbound.language)]


def _of_reply(reply: Reply, language: str) -> Iterator[dict[str, Any]]:
    *first, last = split(reply.text, LIMIT["text"])
    if not reply.buttons:
        yield from (_plain(text) for text in [*first, last])
        return
    if len(last) > LIMIT["interactive"]:
        # The buttons stand under the last paragraph, which is the source line of an answer.
        *before, last = split(last, LIMIT["interactive"]) if "\n\n" not in last else last.rsplit("\n\n", 1)
        *more, last = split(last, LIMIT["interactive"])
        first += [*before, *more]
    yield from (_plain(text) for text in first)
    yield {"type": "interactive", "interactive": _interactive(last, reply.buttons, language)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _interactive(text: str, buttons: Sequence[Button], language: str) -> dict[str, Any]:
    """Up to three short buttons under a text, or a list."""
    if len(buttons) <= LIMIT["buttons"] and all(len(b.title) <= LIMIT["button"] for b in buttons):
        shown = [{"type": "reply", "reply": {"id": b.value, "title": b.title}} for b in buttons]
        return {"type": "button", "body": {"text": text}, "action": {"buttons": shown}}
    rows = [_row(button) for button in buttons[: LIMIT["rows"]]]
    action = {"button": say(language, "choose"), "sections": [{"rows": rows}]}
    return {"type": "list", "body": {"text": text}, "action": action}


def _row(button: Button) -> dict[str, str]:
    row = {"id": button.value, "title": shorten(button.title, LIMIT["row"])}
    whole = shorten(button.title, LIMIT["description"])
    return row if row["title"] == button.title else {**row, "description": whole}


@dataclass
class WhatsAppDoor:
    """Sends through the Graph API within its limits."""

    api: str
    version: str
    phone_number_id: str
    token: str = field(repr=False)
    metrics: Metrics
    pacing: Pacing = field(default_factory=lambda: Pacing(WHATSAPP_ALL, WHATSAPP_CHAT))
    channel: str = CHANNEL

    def __post_init__(self) -> None:
        """Opens the connections, without proxies from the environment."""
        headers = {"Authorization": f"Bearer {self.token}"}
        self._http = httpx.AsyncClient(base_url=self.api, headers=headers, timeout=SECONDS, trust_env=False)
        self._notes: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    def render(self, outbound: Outbound) -> list[dict[str, Any]]:
        """The messages of an answer."""
        return render(outbound)

    async def send(self, user: str, message: dict[str, Any]) -> None:
        """Sends one message. Raises SendError."""
        kind, _, address = user.partition(":")
        await self.pacing.wait(user)
        await self._post({"recipient_type": "individual", FIELDS[kind]: address, **message})

    def note(self, message: str) -> None:
        """Shows the person two blue ticks and that an answer is coming; nobody waits for it."""
        read = {"status": "read", "message_id": message, "typing_indicator": {"type": "text"}}
        task = asyncio.create_task(self._quietly(read))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _quietly(self, data: dict[str, Any]) -> None:
        try:
            await self._post(data)
        except SendError:
            self.metrics.alarms.labels(CHANNEL, "note").inc()

    async def _post(self, data: dict[str, Any]) -> None:
        path = f"/{self.version}/{self.phone_number_id}/messages"
        try:
            response = await self._http.post(path, json={"messaging_product": "whatsapp", **data})
        except httpx.HTTPError:
            raise TryLater from None  # the cause holds the request
        if not response.is_success:
            raise told(response)


def told(response: httpx.Response) -> SendError:
    """What an error of the platform means for an answer. An unknown one: try again where it is Meta's, else give up."""
    try:
        code = int(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        code = -1
    if code in CODES:
        return CODES[code]()
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Misconfigured()
    return TryLater() if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS else Refused()
