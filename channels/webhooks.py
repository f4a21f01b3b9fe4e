"""The two webhooks. They fail closed: what is not signed as it should be is refused before anything in it is read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from channels import telegram, whatsapp
from channels.intake import Intake
from channels.limits import WEBHOOK_BYTES
from channels.proof import is_one_of
from channels.webchat import read_up_to

TELEGRAM_SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
# Meta sends back a number of its own; anything longer is none.
CHALLENGE_CHARACTERS = 100


def refused() -> Response:
    """The same bytes whatever was wrong: who is not let in learns nothing."""
    return Response(status_code=403)


def taken(done: bool) -> Response:
    """200 only when the platform may forget the message; otherwise it brings it again."""
    return Response(status_code=200 if done else 503)


def add_telegram(app: FastAPI, channel: telegram.TelegramChannel, secrets: Sequence[str]) -> None:
    """POST /telegram."""

    @app.post("/telegram")
    async def updates(request: Request) -> Response:
        body = await read_up_to(request, WEBHOOK_BYTES)
        if body is None or not is_one_of(request.headers.get(TELEGRAM_SECRET), secrets):
            channel.intake.alarm("forged")
            return refused()
        update = telegram.update_of(body, channel.door.bot)
        return taken(update is None or await channel.take(update))


@dataclass(frozen=True)
class WhatsAppSecrets:
    """What Meta must know to be believed: app secrets (the current and the one before) and the verify token."""

    app: tuple[str, ...] = field(repr=False)
    verify: str = field(repr=False)


def add_whatsapp(app: FastAPI, intake: Intake, door: whatsapp.WhatsAppDoor, secrets: WhatsAppSecrets) -> None:
    """GET and POST /whatsapp."""

    @app.get("/whatsapp")
    def verify(request: Request) -> Response:
        asked = request.query_params
        challenge = asked.get("hub.challenge", "")
        known = is_one_of(asked.get("hub.verify_token"), [secrets.verify]) and asked.get("hub.mode") == "subscribe"
        if not known or not challenge.isalnum() or len(challenge) > CHALLENGE_CHARACTERS:
            intake.alarm("forged")
            return refused()
        return PlainTextResponse(challenge)

    @app.post("/whatsapp")
    async def messages(request: Request) -> Response:
        body = await read_up_to(request, WEBHOOK_BYTES)
        if body is None or not whatsapp.is_signed(body, request.headers.get(whatsapp.SIGNATURE), secrets.app):
            intake.alarm("forged")
            return refused()
        return taken(await _answer_all(whatsapp.read(body, door.phone_number_id)))

    async def _answer_all(received: list[whatsapp.Received]) -> bool:
        for one in received:
            door.note(one.message)
        return all(await asyncio.gather(*(intake.take(one.inbound, one.message) for one in received)))
