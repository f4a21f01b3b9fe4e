"""The channels that are switched on, put together from settings and secrets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels.gateway import Gateway
from channels.intake import Intake, keep_beating
from channels.ledger import Ledger, read_keys
from kompas.secrets import read_secret, with_previous
from kompas.settings import Settings, SettingsError


@dataclass(frozen=True)
class Opened:
    """A channel around a gateway: what runs as long as it does, what ends it, and what it adds to the application."""

    work: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    close: tuple[Callable[[], Awaitable[None]], ...] = ()
    add: Callable[[Any], None] = lambda _: None


Door = Callable[[Gateway, Ledger], Opened]


def build(settings: Settings) -> Callable[[Gateway], Opened]:
    """What opens the channels around a gateway. Raises SettingsError for a secret or a setting that is missing."""
    switched = ((settings.telegram.enabled, telegram), (settings.whatsapp.enabled, whatsapp))
    doors = [prepare(settings) for enabled, prepare in switched if enabled]
    return partial(_open, settings, doors) if doors else lambda _: Opened()


def _open(settings: Settings, doors: list[Door], gateway: Gateway) -> Opened:
    """All channels share one ledger; a process is known in it by where it listens."""
    keys = read_keys(settings.state / "key.json")
    ledger = Ledger(settings.state / "ledger.sqlite", f"{settings.web.host}:{settings.web.port}", keys)
    opened = [door(gateway, ledger) for door in doors]

    async def close() -> None:
        ledger.close()

    def add(app: Any) -> None:
        for one in opened:
            one.add(app)

    return Opened(
        work=(partial(keep_beating, ledger), *(start for one in opened for start in one.work)),
        close=(*(end for one in opened for end in one.close), close),
        add=add,
    )


def telegram(settings: Settings) -> Door:
    """Telegram by polling or webhook."""
    from channels.telegram import Poller, TelegramChannel, TelegramDoor, make_bot, set_webhook
    from channels.webhooks import add_telegram

    wanted = settings.telegram
    token = read_secret(settings, "telegram_token")
    by_webhook = wanted.mode == "webhook"
    if by_webhook and not (wanted.url.startswith("https://") and wanted.url.endswith("/telegram")):
        raise SettingsError("[telegram] url must be an https address that ends in /telegram when mode is webhook")
    secrets = with_previous(settings, "telegram_secret") if by_webhook else ()

    def opened(gateway: Gateway, ledger: Ledger) -> Opened:
        door = TelegramDoor(make_bot(wanted.api, token))
        channel = TelegramChannel(Intake(gateway, ledger, door), door)
        close = (door.bot.shutdown,)
        if not by_webhook:
            return Opened((Poller(channel).run,), close)
        add = partial(add_telegram, channel=channel, secrets=secrets)
        return Opened((partial(set_webhook, channel, wanted.url, secrets[0]),), close, add)

    return opened


def whatsapp(settings: Settings) -> Door:
    """WhatsApp by webhook, the only way there is."""
    from channels.webhooks import WhatsAppSecrets, add_whatsapp
    from channels.whatsapp import WhatsAppDoor

    wanted = settings.whatsapp
    if not wanted.phone_number_id.isdigit():
        raise SettingsError("[whatsapp] phone_number_id must be the number that Meta shows beside the phone number")
    token = read_secret(settings, "whatsapp_token")
    secrets = WhatsAppSecrets(with_previous(settings, "whatsapp_app_secret"), read_secret(settings, "whatsapp_verify_token"))

    def opened(gateway: Gateway, ledger: Ledger) -> Opened:
        door = WhatsAppDoor(wanted.api, wanted.version, wanted.phone_number_id, token, gateway.metrics)
        add = partial(add_whatsapp, intake=Intake(gateway, ledger, door), door=door, secrets=secrets)
        return Opened((), (door.close,), add)

    return opened
