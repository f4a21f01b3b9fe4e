"""A whole Kompas with both channels switched on, before doubles of the platforms."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from tests.conftest import Running, free_port, start_kompas, stop_kompas
from tests.peers.graph_api import PHONE_NUMBER_ID, GraphApi
from tests.peers.serving import serving
from tests.peers.telegram_api import TOKEN, TelegramApi

WHATSAPP_TOKEN = "EAA-a-token-for-tests-" + "x" * 40
APP_SECRET = "0123456789abcdef" * 2
SECRETS = {
    "telegram_token": TOKEN,
    "whatsapp_token": WHATSAPP_TOKEN,
    "whatsapp_app_secret": APP_SECRET,
    "whatsapp_verify_token": "the-verify-token-of-a-test",
}


@dataclass
class Connected:
    """Kompas and the two doubles."""

    kompas: Running
    telegram: TelegramApi
    whatsapp: GraphApi
    settings_file: Path

    def telegram_says(self, chat: int, text: str, wait: float = 20.0) -> list[str]:
        """What somebody is answered in Telegram; a value with a colon and no space is a tap."""
        return self._answers(chat, text, self.telegram.tap if is_value(text) else self.telegram.say, wait)

    def _answers(self, chat: int, text: str, act: Any, wait: float) -> list[str]:
        before = len(self.telegram.texts(chat))
        act(chat, text)
        until = time.monotonic() + wait
        while self.telegram.updates and time.monotonic() < until:
            time.sleep(0.05)  # an update is confirmed when all of its answer went out
        return self.telegram.texts(chat)[before:]

    def whatsapp_says(self, user: str, text: str) -> list[str]:
        """What somebody is answered in WhatsApp."""
        before = len(self.whatsapp.texts(user))
        body = self.whatsapp.tap_list(user, text, "x") if is_value(text) else self.whatsapp.say(user, text)
        status = self.whatsapp.deliver(body, f"{self.kompas.settings.web_url}/whatsapp", APP_SECRET, seconds=60)
        assert status == 200, status
        return self.whatsapp.texts(user)[before:]


def is_value(text: str) -> bool:
    return ":" in text and " " not in text


def elsewhere(settings_file: Path) -> str:
    """The same settings, on free ports."""
    return re.sub(r"port = \d+", lambda _: f"port = {free_port()}", settings_file.read_text())


def connect(settings_file: Path, folder: Path, telegram: str, whatsapp: str) -> Path:
    """Settings like those given, with both channels on and their secrets beside them."""
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    path = folder / "settings.toml"
    path.write_text(
        elsewhere(settings_file)
        + f'[gateway]\nsecrets = "{secrets}"\nstate = "{folder / "state"}"\n'
        + f'[telegram]\nenabled = true\napi = "{telegram}"\n'
        + f'[whatsapp]\nenabled = true\napi = "{whatsapp}"\nphone_number_id = "{PHONE_NUMBER_ID}"\n'
    )
    return path


@contextmanager
def connected(settings_file: Path, folder: Path, environment: dict[str, str] | None = None) -> Iterator[Connected]:
    """Starts all three."""
    telegram, whatsapp = TelegramApi(), GraphApi(WHATSAPP_TOKEN)
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(peer)) for peer in (telegram, whatsapp)]
        path = connect(settings_file, folder, *urls)
        with mock.patch.dict(os.environ, environment or {}):
            kompas = start_kompas(path, folder / "output.txt")
        stack.callback(stop_kompas, kompas)
        yield Connected(kompas, telegram, whatsapp, path)


def crash(kompas: Running, settings_file: Path, part: str) -> None:
    """kill -9 for the process of this Kompas with these words on its command line."""
    mark = str(kompas.settings.rasa.port) if "rasa" in part else str(settings_file)
    for folder in Path("/proc").iterdir():
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode() if folder.name.isdigit() else ""
        except OSError:
            continue
        if part in line and mark in line:
            os.kill(int(folder.name), signal.SIGKILL)
            return
    raise AssertionError(f"no process {part}")


def wait_until_ok(kompas: Running, seconds: float = 120.0) -> None:
    """Returns when all parts are up again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if kompas.health()["status"] == "ok":
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("Kompas did not come back")
