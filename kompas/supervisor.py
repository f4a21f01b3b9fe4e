"""Starts Rasa, the action server and the web chat, keeps them running, and leaves none behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from kompas.settings import LOOPBACK, ROOT, Settings
from kompas.training import RASA_PYTHON, rasa_environment

# glibc returns freed memory at once: 45 MiB less in the action server (docs/decisions/0005-encoder.md).
GIVE_BACK = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}

# Seconds before a dead child is started again: doubled each time, back to the first once it ran longer than a start takes.
BACKOFF_FIRST, BACKOFF_LAST, GOOD_SECONDS = 0.5, 30.0, 30.0
STOP_SECONDS = 8.0
READY_SECONDS = 180.0

Say = Callable[[str], None]


class StartError(RuntimeError):
    """Kompas cannot start; the message names the port or process and the remedy."""


@dataclass(frozen=True)
class Child:
    """A process to keep running. Its output goes to a log file that never holds message text."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path


def children(settings: Settings, settings_file: Path, model: Path) -> list[Child]:
    """The three processes, slowest start first."""
    logs = settings.cache / "logs"
    kompas = (sys.executable, "-m", "kompas.cli", "--settings", str(settings_file), "serve")
    own = {**os.environ, "PYTHONPATH": str(ROOT), **GIVE_BACK}
    rasa = (
        str(RASA_PYTHON), "-m", "bot.rasa_side.serve", "run",
        "--model", str(model), "--interface", LOOPBACK, "--port", str(settings.rasa.port),
        "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml",
    )  # fmt: skip
    return [
        Child("rasa", rasa, rasa_environment(settings), logs / "rasa.log"),
        Child("actions", (*kompas, "actions"), {**own, "OMP_NUM_THREADS": "1"}, logs / "actions.log"),
        Child("web", (*kompas, "web"), own, logs / "web.log"),
    ]


def check_ports(settings: Settings) -> None:
    """Raises StartError naming the port that is taken and where it is set."""
    wanted = (
        ("web", settings.web.host, settings.web.port),
        ("rasa", LOOPBACK, settings.rasa.port),
        ("actions", LOOPBACK, settings.actions.port),
    )
    for section, host, port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise StartError(
                    f"port {port} on {host} cannot be used ({error.strerror}): "
                    f"stop what listens there, or change [{section}] port in settings.toml"
                ) from None


class Supervisor:
    """Owns the children from start to stop."""

    def __init__(self, family: list[Child], say: Say) -> None:
        self._family, self._say = family, say
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Asks the supervisor to end; `run` returns when no child is left."""
        self._stopping.set()

    async def run(self) -> None:
        """Keeps every child running until `stop`."""
        for child in self._family:
            child.log.unlink(missing_ok=True)
        keepers = [asyncio.create_task(self._keep(child)) for child in self._family]
        await self._stopping.wait()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)
        await asyncio.gather(*(self._end(process) for process in self._running.values()))

    async def _keep(self, child: Child) -> None:
        wait = BACKOFF_FIRST
        while True:
            began = time.monotonic()
            process = await _start(child)
            self._running[child.name] = process
            code = await process.wait()
            wait = BACKOFF_FIRST if time.monotonic() - began > GOOD_SECONDS else wait
            self._say(f"{child.name} stopped (exit {code}); starting it again in {wait:.0f} s. Its log: {child.log}")
            await asyncio.sleep(wait)
            wait = min(wait * 2, BACKOFF_LAST)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        _signal_group(process.pid, signal.SIGKILL)  # also what the child itself may have left
        await process.wait()


async def _start(child: Child) -> asyncio.subprocess.Process:
    child.log.parent.mkdir(parents=True, exist_ok=True)
    with child.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *child.command, cwd=ROOT, env=child.environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


async def wait_until_answering(settings: Settings, question: str, say: Say, seconds: float = READY_SECONDS) -> float:
    """Asks a real question until it is answered. Returns the seconds it took; raises StartError after `seconds`."""
    began = time.monotonic()
    told: set[str] = set()
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        while time.monotonic() - began < seconds:
            passed = time.monotonic() - began
            for part in await _parts_up(client, settings) - told:
                told.add(part)
                say(f"  {part} is up ({passed:.1f} s)")
            if await _answers(client, settings, question):
                return time.monotonic() - began
            await asyncio.sleep(0.25)
    raise StartError(f"no answer after {seconds:.0f} s; look at the logs in {settings.cache / 'logs'}")


async def _parts_up(client: httpx.AsyncClient, settings: Settings) -> set[str]:
    try:
        health = (await client.get(f"{settings.web_url}/healthz")).json()
    except (httpx.HTTPError, ValueError):
        return set()
    return {"web chat"} | {part for part in ("rasa", "retrieval") if health[part] == "up"}


async def _answers(client: httpx.AsyncClient, settings: Settings, question: str) -> bool:
    try:
        asked = {"session": "start", "text": question}
        messages = (await client.post(f"{settings.web_url}/api/chat", json=asked)).json()["messages"]
    except (httpx.HTTPError, ValueError, KeyError):
        return False
    return any(message["decision"] == "answer" for message in messages)
