"""Two gateway processes and one restart: each message answered once, each person in order."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from kompas.settings import ROOT
from tests.channels.doors import SECRET
from tests.conftest import free_port
from tests.peers.serving import serving
from tests.peers.telegram_api import TelegramApi

PEOPLE, EACH, COPIES = 100, 10, 5


@contextmanager
def gateway_process(port: int, api: str, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.channels.doors", str(port), api, str(folder), name]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until and not answers(port):
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def insist(client: httpx.Client, update: dict[str, Any], port: Callable[[], int]) -> None:
    """Brings an update until somebody takes it, as Telegram does."""
    while True:
        try:
            url = f"http://127.0.0.1:{port()}/telegram"
            if client.post(url, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)


def test_a_thousand_updates_five_times_each_make_a_thousand_answers(tmp_path: Path) -> None:
    """Over two processes, one of which is stopped and started again in the middle; none extra, in order per person."""
    api, dice = TelegramApi(), random.Random(5)
    ports = [free_port(), free_port()]
    updates = {chat: [api.say(chat, f"vraag {n}") for n in range(EACH)] for chat in range(1, PEOPLE + 1)}
    done = threading.Semaphore(0)

    def one_person(chat: int, client: httpx.Client, copies: ThreadPoolExecutor) -> None:
        """Telegram brings a person's next update when the one before was taken; copies come whenever they like."""
        for update in updates[chat]:
            for _ in range(COPIES - 1):
                copies.submit(later, client, update, dice.random() * 0.5)
            insist(client, update, lambda: dice.choice(ports))
            done.release()

    def later(client: httpx.Client, update: dict[str, Any], seconds: float) -> None:
        time.sleep(seconds)
        insist(client, update, lambda: dice.choice(ports))

    with (
        serving(api) as url,
        gateway_process(ports[0], url, tmp_path, "a"),
        httpx.Client(trust_env=False, timeout=60) as client,
        ThreadPoolExecutor(60) as copies,
        ThreadPoolExecutor(20) as people,
    ):
        with gateway_process(ports[1], url, tmp_path, "b"):
            talks = [people.submit(one_person, chat, client, copies) for chat in updates]
            for _ in range(PEOPLE * EACH // 3):
                done.acquire(timeout=60)
        with gateway_process(ports[1], url, tmp_path, "b"):
            for talk in talks:
                talk.result(timeout=120)
            copies.shutdown(wait=True)
    wanted = [f"vraag {n}" for n in range(EACH)]
    assert {chat: api.texts(chat) for chat in updates} == dict.fromkeys(updates, wanted)
