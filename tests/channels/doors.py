"""Gateways with a door to a platform's double: everything real but Rasa, whose place a parrot takes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from bot.crisis.rules import by_rules
from bot.rendering import Button, Reply
from channels.gateway import Gateway
from channels.intake import Intake, keep_beating
from channels.ledger import Ledger
from channels.limits import Rate
from channels.pacing import Pacing
from channels.sessions import Sessions
from channels.telegram import Poller, TelegramChannel, TelegramDoor, make_bot
from channels.webchat import create_app
from channels.webhooks import WhatsAppSecrets, add_telegram, add_whatsapp
from channels.whatsapp import WhatsAppDoor
from tests.channels.test_gateway import Guess
from tests.peers import graph_api, telegram_api
from tests.peers.serving import serving

KEYS = [b"k" * 32]
SECRET = "a-secret-of-thirty-two-characters-or-more"
APP_SECRET = "0123456789abcdef" * 2
OLD_SECRETS = ("the-secret-before-this-one-was-also-long", "fedcba9876543210" * 2)
VERIFY = "the-verify-token-of-a-test"


@dataclass
class Parrot:
    """A dialogue that says back what it hears, with the buttons it is told to show."""

    buttons: tuple[Button, ...] = ()
    heard: list[str] = field(default_factory=list)
    seconds: float = 0.0

    async def send(self, sender: str, text: str, language: str) -> list[Reply]:
        await asyncio.sleep(self.seconds)
        self.heard.append(text)
        return [Reply(text, "dialogue", buttons=self.buttons)]


def make_gateway(parrot: Parrot) -> Gateway:
    return Gateway(parrot, lambda _: Guess(), by_rules)


async def health() -> dict[str, Any]:
    return {"status": "ok"}


@dataclass
class Standing:
    """A gateway that serves: where, and what is behind it."""

    url: str
    gateway: Gateway
    parrot: Parrot

    def alarms(self) -> dict[str, float]:
        samples = next(iter(self.gateway.metrics.alarms.collect())).samples
        return {s.labels["kind"]: s.value for s in samples if s.name.endswith("_total")}


@contextmanager
def telegram_door(
    api: str, folder: Path, *, polling: bool = True, name: str = "a", parrot: Parrot | None = None, pace: Rate | None = None
) -> Iterator[Standing]:
    parrot = parrot or Parrot()
    gateway, ledger = make_gateway(parrot), Ledger(folder / "ledger.sqlite", name, KEYS)
    door = TelegramDoor(make_bot(api, telegram_api.TOKEN))
    door.pacing = Pacing(pace, pace) if pace else door.pacing
    channel = TelegramChannel(Intake(gateway, ledger, door), door, "kompas_test_bot")
    work = [partial(keep_beating, ledger), Poller(channel).run if polling else door.bot.initialize]
    app = create_app(gateway, health, close=[door.bot.shutdown], work=work)
    add_telegram(app, channel, [SECRET, OLD_SECRETS[0]])
    with serving(app) as url:
        yield Standing(url, gateway, parrot)
    ledger.close()


@contextmanager
def whatsapp_door(
    api: str, folder: Path, *, name: str = "a", parrot: Parrot | None = None, token: str = graph_api.TOKEN
) -> Iterator[Standing]:
    parrot = parrot or Parrot()
    gateway, ledger = make_gateway(parrot), Ledger(folder / "ledger.sqlite", name, KEYS)
    door = WhatsAppDoor(api, "v25.0", graph_api.PHONE_NUMBER_ID, token, gateway.metrics)
    app = create_app(gateway, health, close=[door.close], work=[partial(keep_beating, ledger)])
    add_whatsapp(app, Intake(gateway, ledger, door), door, WhatsAppSecrets((APP_SECRET, OLD_SECRETS[1]), VERIFY))
    with serving(app) as url:
        yield Standing(url, gateway, parrot)
    ledger.close()


def main() -> None:
    """One gateway with a Telegram webhook, as a process of its own: `python -m tests.channels.doors PORT API FOLDER NAME`."""
    port, api, folder, name = sys.argv[1:]
    parrot = Parrot(seconds=0.01)
    gateway, ledger = make_gateway(parrot), Ledger(Path(folder) / "ledger.sqlite", name, KEYS)
    gateway.sessions = Sessions(lambda: 0.0)
    gateway.sessions.allows = lambda *_: True  # type: ignore[method-assign]  # many people in one here
    door = TelegramDoor(make_bot(api, telegram_api.TOKEN), Pacing(Rate(1000, 1000.0), Rate(1000, 1000.0)))
    channel = TelegramChannel(Intake(gateway, ledger, door), door, "kompas_test_bot")
    work = [partial(keep_beating, ledger), door.bot.initialize]
    app = create_app(gateway, health, close=[door.bot.shutdown], work=work)
    add_telegram(app, channel, [SECRET])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
