"""Secrets: a file in the secrets folder, or an environment variable. Missing or short ones stop the start."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from kompas.settings import Settings, SettingsError


@dataclass(frozen=True)
class Secret:
    """What a secret must look like, and where it comes from."""

    pattern: re.Pattern[str]
    wanted: str
    origin: str


# Telegram's own shapes: core.telegram.org/bots/api (token; secret_token of setWebhook). Meta's app secret is 32 hex digits.
SECRETS: dict[str, Secret] = {
    "telegram_token": Secret(re.compile(r"\d{5,}:[A-Za-z0-9_-]{30,}"), "the bot token", "BotFather"),
    "telegram_secret": Secret(re.compile(r"[A-Za-z0-9_-]{32,256}"), "32 or more letters and digits", "made by you"),
    "whatsapp_token": Secret(re.compile(r"\S{40,}"), "a system user's token", "Meta Business settings"),
    "whatsapp_app_secret": Secret(re.compile(r"[0-9a-f]{32,}"), "the app secret, 32 hex digits", "Meta app settings"),
    "whatsapp_verify_token": Secret(re.compile(r"[A-Za-z0-9_-]{20,}"), "20 or more letters and digits", "made by you"),
}
PREVIOUS = "_previous"


def read_secret(settings: Settings, name: str) -> str:
    """A secret. Raises SettingsError, in one sentence, when it is missing or not as it should be."""
    found = _find(settings, name)
    secret = SECRETS[name.removesuffix(PREVIOUS)]
    if found is None:
        raise SettingsError(
            f"the secret {name} is missing: put {secret.wanted} ({secret.origin}) in {settings.secrets / name} "
            f"or in KOMPAS_{name.upper()}"
        )
    if not secret.pattern.fullmatch(found):
        raise SettingsError(f"the secret {name} is not as it should be: {secret.wanted} ({secret.origin})")
    return found


def with_previous(settings: Settings, name: str) -> tuple[str, ...]:
    """A secret and, while it is being changed, the one before it."""
    before = name + PREVIOUS
    kept = (read_secret(settings, before),) if _find(settings, before) is not None else ()
    return (read_secret(settings, name), *kept)


def _find(settings: Settings, name: str) -> str | None:
    if value := os.environ.get(f"KOMPAS_{name.upper()}"):
        return value.strip()
    try:
        return (settings.secrets / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise SettingsError(f"the secret {name} cannot be read from {settings.secrets / name}") from None
