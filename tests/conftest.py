"""What many tests share: a tiny real encoder, a tiny knowledge base, and one running Kompas."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
import yaml
from pydantic import ValidationError

from knowledge.entry import Entry, Letter
from knowledge.writing import as_yaml
from kompas.settings import ROOT, Settings, read_settings

TODAY = dt.date(2026, 11, 21)
REAL_KNOWLEDGE = ROOT / "knowledge"


COUNTING = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_entry(entry_id: str, topic: str, about: str, **changes: Any) -> dict[str, Any]:
    """A whole entry about one subject, as its YAML would be read."""
    text = {
        "status": "checked",
        "question": f"{about} question?",
        "answer": f"The answer about {about}, in plain words. " + f"Do this about {about} by that date. " * 12,
        "phrasings": [f"{about} phrasing {word}" for word in COUNTING],
    }
    entry: dict[str, Any] = {
        "id": entry_id,
        "topic": topic,
        "scope": "national",
        "audience": "everyone",
        "letters": [],
        "see_also": [],
        "risk": None,
        "checked_on": "2026-11-01",
        "valid_until": "2027-11-01",
        "claims": [{"text": "A claim.", "evidence": [{"source": "law", "at": "art. 1"}]}],
    }
    entry.update(
        {language: dict(text, question=f"{about} {language} question?") for language in ("nl", "en", "es", "pl", "ro")}
    )
    for language in ("nl", "en", "es", "pl", "ro"):
        entry[language]["phrasings"] = [f"{line} {language}" for line in text["phrasings"]]
    entry.update(changes)
    return entry


def write_entry(folder: Path, entry: dict[str, Any]) -> Path:
    path = folder / "entries" / entry["topic"] / f"{entry['id']}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    dated = {k: dt.date.fromisoformat(v) if k in ("checked_on", "valid_until") else v for k, v in entry.items()}
    try:
        content = as_yaml(Entry.model_validate(entry))
    except ValidationError:
        content = yaml.safe_dump(dated, allow_unicode=True, sort_keys=False)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A knowledge folder with three entries, two topics and one law, all in order."""
    (tmp_path / "topics.yml").write_text("keys: keys and locks\nboats: boats and water\n")
    source = {
        "kind": "law",
        "publisher": "P",
        "title": "A law",
        "date": dt.date(2020, 1, 1),
        "url": "https://law.example/x",
    }
    (tmp_path / "sources.yml").write_text(yaml.safe_dump({"law": source}))
    term = {"fixed": True, "nl": ["sleutel"], "en": ["key"], "es": ["llave"], "pl": ["klucz"], "ro": ["cheie"]}
    (tmp_path / "glossary.yml").write_text(yaml.safe_dump({"sleutel": term}))
    (tmp_path / "meanings.yml").write_text("{}\n")
    five = ("nl", "en", "es", "pl", "ro")
    choices = {entry: {language: f"{entry} {language}" for language in five} for entry in ("keys-lost", "keys-copy")}
    word = {"forms": "key keys", "beside": "new", "ask": {language: f"Which key, {language}?" for language in five}}
    open_words = {"filler": "the my a", "words": {"key": {**word, "choices": choices}}}
    (tmp_path / "open_words.yml").write_text(yaml.safe_dump(open_words, sort_keys=False))
    write_entry(tmp_path, make_entry("keys-lost", "keys", "lost keys", letters=list(get_args(Letter))))
    write_entry(tmp_path, make_entry("keys-copy", "keys", "copied keys"))
    write_entry(tmp_path, make_entry("boats-mooring", "boats", "mooring a boat"))
    return tmp_path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real SentenceTransformer of a few hundred kilobytes: a static table over character pieces."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    torch.manual_seed(0)
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    words = [
        f"{a} {b} question phrasing one two three four five six seven eight nl en es pl ro"
        for a in ("lost", "copied", "mooring")
        for b in ("keys", "a boat")
    ]
    tokenizer.train_from_iterator(words, trainers.BpeTrainer(vocab_size=300, special_tokens=["[UNK]"]))
    path = tmp_path_factory.mktemp("model") / "tiny"
    SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=64), Normalize()], device="cpu").save(str(path))
    return path


@pytest.fixture(scope="session")
def settings_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with free ports and a copy of the knowledge base, sharing the repository's cache of models."""
    home = tmp_path_factory.mktemp("installation")
    copy = home / "knowledge"
    copy.mkdir()
    for name in ("topics.yml", "sources.yml", "glossary.yml", "open_words.yml", "meanings.yml"):
        shutil.copy(REAL_KNOWLEDGE / name, copy)
    shutil.copytree(REAL_KNOWLEDGE / "entries", copy / "entries")
    ports = [free_port() for _ in range(3)]
    path = home / "settings.toml"
    path.write_text(
        f'[web]\nhost = "127.0.0.1"\nport = {ports[0]}\n[rasa]\nport = {ports[1]}\n[actions]\nport = {ports[2]}\n'
        f'[paths]\nknowledge = "{copy}"\nintents = "intents"\ncache = "{ROOT / ".cache"}"\n'
        '[encoder]\nmodel = "bundled"\nthreads = 1\n'
    )
    return path


@dataclass(frozen=True)
class Running:
    """A Kompas that answers."""

    settings: Settings
    process: subprocess.Popen[str]
    output: Path

    def ask(self, text: str, session: str = "s") -> dict[str, Any]:
        asked = {"session": session, "text": text}
        response = httpx.post(f"{self.settings.web_url}/api/chat", json=asked, timeout=30.0, trust_env=False)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.settings.web_url}/healthz", timeout=10.0, trust_env=False).json()
        return found


def start_kompas(settings_file: Path, output: Path, seconds: float = 400.0, before: Sequence[str] = ()) -> Running:
    """Starts `kompas run`, perhaps with a tracer `before` it, and waits until it says that it is ready."""
    with output.open("w") as log:
        command = [*before, sys.executable, "-m", "kompas.cli", "--settings", str(settings_file), "run"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)
    until = time.monotonic() + seconds
    while "Ready after" not in output.read_text():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise AssertionError(f"Kompas did not start:\n{output.read_text()}")
        time.sleep(0.2)
    return Running(read_settings(settings_file), process, output)


def stop_kompas(kompas: Running) -> int:
    """Ends it as a service manager would; returns the exit code."""
    kompas.process.terminate()
    return kompas.process.wait(timeout=40)


@pytest.fixture(scope="session")
def kompas(settings_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running Kompas for all tests of the whole."""
    running = start_kompas(settings_file, tmp_path_factory.mktemp("run") / "output.txt")
    yield running
    stop_kompas(running)
