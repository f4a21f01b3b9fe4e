"""How long one question takes through the whole of Kompas, and through retrieval alone; and how much memory each process holds."""

from __future__ import annotations

import itertools
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import psutil

from knowledge.library import load
from kompas.cli import QUESTIONS
from kompas.settings import Settings, read_settings, settings_path
from kompas.wiring import OUTSIDE, build_assistant, intent_examples
from retrieval.encoder import Encoder
from retrieval.evaluation import read_questions
from retrieval.index import build
from retrieval.vectors import VectorStore

COUNT = 200


def times(ask: Callable[[str, str], object], questions: list[tuple[str, str]]) -> str:
    taken = []
    for text, language in questions:
        began = time.perf_counter()
        ask(text, language)
        taken.append((time.perf_counter() - began) * 1000)
    return f"p50 {np.percentile(taken, 50):.1f} ms, p95 {np.percentile(taken, 95):.1f} ms, worst {max(taken):.1f} ms"


def main() -> None:
    settings = read_settings(settings_path())
    answerable = [(q.text, q.language) for q in read_questions(QUESTIONS) if q.kind == "answerable"]
    questions = list(itertools.islice(itertools.cycle(answerable[::2] + answerable[1::2]), COUNT))
    with httpx.Client(base_url=settings.web_url, timeout=30, trust_env=False) as client:

        def chat(text: str, language: str) -> object:
            # a fresh session each: the limit per person is not what is measured
            return client.post("/api/chat", json={"session": secrets.token_hex(8), "text": text}).raise_for_status()

        times(chat, questions[:20])
        print(f"| `/api/chat`, {COUNT} questions, one at a time | {times(chat, questions)} |")
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        line = " ".join(process.info["cmdline"] or [])
        for name, sign in {
            "Rasa": "rasa_side.serve",
            "action server": "serve actions",
            "gateway": "serve web",
            "supervisor": "kompas run",
        }.items():
            if sign in line and "make" not in line:
                print(f"| memory of the {name}, idle | {process.info['memory_info'].rss / 2**20:.0f} MiB |")
    assistant = build_assistant(settings).assistant
    times(assistant.search, questions[:20])
    assistant.crisis("fitted when first asked")
    print(f"| `retrieval.search`, the same questions | {times(assistant.search, questions)} |")
    print(f"| crisis detection, the same questions | {times(lambda text, _: assistant.crisis(text), questions)} |")
    print(f"| encoding alone | {times(lambda text, _: assistant.searcher.encoder.encode([text]), questions)} |")
    print_index_times(assistant.searcher.encoder, settings)


def print_index_times(encoder: Encoder, settings: Settings) -> None:
    """How long an index of 10,000 phrasings takes: the knowledge base's own, and numbered copies to fill up."""
    library = load(settings.knowledge)
    own = [text for _, _, text in library.phrasings()]
    sentences = [f"{text} {round_}" if round_ else text for round_ in range(10_000 // len(own) + 1) for text in own][:10_000]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("built", "restored"):
            began = time.perf_counter()
            store = VectorStore(encoder, Path(folder))
            store.vectors(sentences)
            store.keep()
            print(f"| vectors of 10,000 phrasings {name} | {time.perf_counter() - began:.1f} s |")
    store = VectorStore(encoder, settings.cache / "vectors")
    began = time.perf_counter()
    build(library, store, intent_examples(settings.intents, OUTSIDE))
    print(f"| index of the knowledge base from kept vectors, BM25 and probe too | {time.perf_counter() - began:.1f} s |")


if __name__ == "__main__":
    main()
