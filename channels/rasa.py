"""The client of Rasa's REST channel: one message in, replies out, or RasaDown."""

from __future__ import annotations

from typing import Any

import httpx

from bot.rendering import Button, Reply
from channels.limits import RASA_SECONDS


class RasaDown(RuntimeError):
    """Rasa or its action server gave no usable reply. Holds nothing of the message."""


class RasaClient:
    """Talks to one Rasa on loopback."""

    def __init__(self, url: str, seconds: float = RASA_SECONDS) -> None:
        """`url` like http://127.0.0.1:5005."""
        # trust_env=False: a proxy in the environment must never see a message.
        self._http = httpx.AsyncClient(base_url=url, timeout=seconds, trust_env=False)

    async def send(self, sender: str, text: str, language: str) -> list[Reply]:
        """Rasa's replies to one message. Raises RasaDown when there is none, or none that can be read."""
        message = {"sender": sender, "message": text, "metadata": {"language": language}}
        try:
            response = await self._http.post("/webhooks/rest/webhook", json=message)
            response.raise_for_status()
            replies = [_reply(item["custom"]) for item in response.json() if "custom" in item]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            raise RasaDown from None  # the cause may quote the message
        if not replies:
            raise RasaDown  # an action server that is down gives 200 and an empty list
        return replies

    async def is_up(self) -> bool:
        """Whether Rasa answers its health check."""
        try:
            return (await self._http.get("/", timeout=1.0)).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()


def _reply(data: dict[str, Any]) -> Reply:
    buttons = tuple(Button(**button) for button in data.get("buttons") or ())
    return Reply(**{**data, "buttons": buttons})
