"""Both channels under load, and under kill -9, with the whole Kompas and doubles that enforce the platforms' limits.

python -m benchmarks.channels load --seconds 300 --rate 30     → p50, p95, errors
python -m benchmarks.channels kill --times 60 --rate 6         → lost, answered twice, longest wait
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.messages import say
from knowledge.entry import LANGUAGES
from kompas.cli import QUESTIONS
from kompas.settings import ROOT
from retrieval.evaluation import read_questions
from tests.conftest import free_port, start_kompas, stop_kompas
from tests.peers.graph_api import bsuid_of
from tests.peers.telegram_api import TOKEN
from tests.whole.connected import APP_SECRET, WHATSAPP_TOKEN, connect, crash, wait_until_ok

# Seconds between "all is up again" and the next kill: any point, in the rush after a restart as well as in the calm after it.
BETWEEN = (0.3, 15.0)
PARTS = ("rasa_side.serve", "serve actions", "serve web")


@dataclass
class Peer:
    """A double in a process of its own, spoken to over its control."""

    url: str
    client: httpx.Client
    seen: list[Any] = field(default_factory=list)

    def control(self, name: str, **arguments: Any) -> Any:
        found = self.client.post(f"{self.url}/_control/{name}", json=arguments)
        return found.json() if found.content else None

    def sent(self) -> list[Any]:
        """All calls so far, read in pieces."""
        self.seen += self.control("sent", after=len(self.seen))
        return self.seen


@dataclass
class Bench:
    """A running Kompas between its doubles, and what was said to it: (when, peer, person)."""

    kompas: Any
    settings_file: Path
    telegram: Peer
    whatsapp: Peer
    said: list[tuple[float, str, str]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def telegram_says(self, person: int, text: str) -> None:
        self.said.append((time.monotonic(), "telegram", str(person)))
        self.telegram.control("say", chat_id=person, text=text)

    def whatsapp_says(self, person: str, text: str) -> None:
        body = self.whatsapp.control("say", user=person, text=text)
        raw = (body if isinstance(body, str) else json.dumps(body)).encode()
        signed = "sha256=" + hmac.new(APP_SECRET.encode(), raw, hashlib.sha256).hexdigest()
        self.said.append((time.monotonic(), "whatsapp", person))
        while not self.stop.is_set():  # as Meta does, with less patience
            try:
                url = f"{self.kompas.settings.web_url}/whatsapp"
                status = self.whatsapp.client.post(url, content=raw, headers={"X-Hub-Signature-256": signed}).status_code
            except httpx.HTTPError:
                status = 0
            self.statuses[status] += 1
            if status == 200:
                return
            time.sleep(0.5)

    def answers(self) -> dict[tuple[str, str], list[tuple[float, str]]]:
        """When and what each person was sent."""
        found: dict[tuple[str, str], list[tuple[float, str]]] = {}
        for at, method, params in self.telegram.sent():
            if method == "sendMessage":
                found.setdefault(("telegram", str(params["chat_id"])), []).append((at, params["text"]))
        for at, method, params in self.whatsapp.sent():
            if method == "message":
                text = params["text"]["body"] if params["type"] == "text" else params["interactive"]["body"]["text"]
                # Without a number of theirs a person is known by an id that the double makes of it.
                found.setdefault(("whatsapp", params.get("recipient") or params["to"]), []).append((at, text))
        return found


def start(stack: ExitStack, cache: Path) -> Bench:
    client = stack.enter_context(httpx.Client(trust_env=False, timeout=120, limits=httpx.Limits(max_connections=200)))
    peers = []
    for module, token in (("telegram_api", TOKEN), ("graph_api", WHATSAPP_TOKEN)):
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.peers.{module}", "--port", str(port), "--token", token], cwd=ROOT
        )
        stack.callback(process.kill)
        peers.append(Peer(f"http://127.0.0.1:{port}", client))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    base = folder / "base.toml"
    base.write_text(
        '[web]\nhost = "127.0.0.1"\nport = 1\n[rasa]\nport = 2\n[actions]\nport = 3\n'
        f'[paths]\nknowledge = "knowledge"\nintents = "intents"\ncache = "{cache}"\n[encoder]\nmodel = "bundled"\nthreads = 1\n'
    )
    path = connect(base, folder, peers[0].url, peers[1].url)
    kompas = start_kompas(path, folder / "output.txt")
    stack.callback(stop_kompas, kompas)
    peers[0].control("limit")
    return Bench(kompas, path, *peers)


def feed(bench: Bench, rate: float, seconds: float, people: int) -> None:
    """Real questions, half to each channel, evenly spread, to `people` in each or (0) each from somebody new."""
    texts = [q.text for q in read_questions(QUESTIONS) if q.kind == "answerable"]
    dice, began, number = random.Random(1), time.monotonic(), 0
    with ThreadPoolExecutor(100) as pool:
        while time.monotonic() - began < seconds and not bench.stop.is_set():
            person = 1000 + (number // 2) % people if people else 1000 + number
            if number % 2:
                pool.submit(bench.whatsapp_says, f"316{person:08d}", dice.choice(texts))
            else:
                pool.submit(bench.telegram_says, person, dice.choice(texts))
            number += 1
            time.sleep(max(0.0, began + number / rate - time.monotonic()))


def waits(bench: Bench) -> dict[str, list[float]]:
    """Seconds from each message to the first answer after it, by channel; infinite when none came."""
    answers = bench.answers()
    found: dict[str, list[float]] = {"telegram": [], "whatsapp": []}
    for at, peer, person in bench.said:
        key = person if peer == "telegram" else bsuid_of(person)
        later = [when for when, _ in answers.get((peer, key), []) if when >= at]
        found[peer].append(min(later, default=float("inf")) - at)
    return found


def load(bench: Bench, rate: float, seconds: float) -> None:
    feed(bench, 5, 20, 60)  # warm
    time.sleep(5)
    bench.said.clear()
    feed(bench, rate, seconds, 400)
    time.sleep(10)
    for peer, found in waits(bench).items():
        found.sort()
        middle, late, most = (found[int(len(found) * part)] for part in (0.5, 0.95, 0.999))
        print(
            f"{peer}: {len(found)} messages, p50 {middle * 1000:.0f} ms, p95 {late * 1000:.0f} ms, p99.9 {most * 1000:.0f} ms"
        )
    print("webhook statuses", dict(bench.statuses))
    for name, peer in (("telegram", bench.telegram), ("whatsapp", bench.whatsapp)):
        print(f"{name}: {len(peer.sent())} calls accepted, refused: {Counter(r[3] for r in peer.control('refused'))}")


def kill(bench: Bench, rate: float, times: int) -> None:
    feeding = threading.Thread(target=feed, args=(bench, rate, 36_000, 0))
    feeding.start()
    dice, back = random.Random(2), []
    for number in range(times):
        time.sleep(dice.uniform(*BETWEEN))
        part = dice.choice(PARTS)
        at = time.monotonic()
        crash(bench.kompas, bench.settings_file, part)
        time.sleep(0.3)
        wait_until_ok(bench.kompas)
        back.append(time.monotonic())
        told = tell(bench, back, until=at - 60)
        print(
            f"{number + 1}: {part} back after {back[-1] - at:.1f} s; what came a minute before it and earlier: {told}",
            flush=True,
        )
    ended = time.monotonic()
    time.sleep(65)
    bench.stop.set()
    feeding.join()
    time.sleep(5)
    print(f"{times} kills: {tell(bench, back, until=ended)}; webhook statuses {dict(bench.statuses)}")


def tell(bench: Bench, back: list[float], until: float) -> str:
    """What became of the messages up to `until`: an apology is no answer, and waits count from when all was up again."""
    notices = {say(language, "still_looking") for language in LANGUAGES}
    sorry = {say(language, "unavailable") for language in LANGUAGES}
    counts: Counter[str] = Counter()
    answers, longest, after_last = bench.answers(), 0.0, 0.0
    for at, peer, person in [said for said in bench.said if said[0] <= until]:
        sent = answers.get((peer, person if peer == "telegram" else bsuid_of(person)), [])
        got = [(when, text) for when, text in sent if text not in notices | sorry]
        texts = [text for _, text in got]
        counts["messages"] += 1
        counts["lost"] += not sent
        counts["only told to wait"] += bool(sent) and not got and not any(text in sorry for _, text in sent)
        counts["only told to try again"] += not got and any(text in sorry for _, text in sent)
        counts["answered twice"] += len(texts) != len(set(texts))
        counts["told that the answer follows"] += any(text in notices for _, text in sent)
        if got:
            up = next((when for when in back if when >= at), at)
            longest = max(longest, got[0][0] - max(at, up))
            last = max((when for when in back if when <= got[0][0]), default=at)
            after_last = max(after_last, got[0][0] - max(at, last))
    told = ", ".join(f"{what} {count}" for what, count in counts.items())
    return (
        f"{told}, longest wait once all was up {longest:.1f} s, after the last restart before the answer {after_last:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("load", "kill"))
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--times", type=int, default=60)
    asked = parser.parse_args()
    with ExitStack() as stack:
        bench = start(stack, ROOT / ".cache")
        if asked.what == "load":
            load(bench, asked.rate or 30, asked.seconds)
        else:
            kill(bench, asked.rate or 6, asked.times)


if __name__ == "__main__":
    main()
