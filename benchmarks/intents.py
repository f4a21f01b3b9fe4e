"""How often Rasa sees the right topic, with the encoder's vector and without.

Of every entry and language two phrasings are held out for the comparison. Our pipeline is then trained on everything, as `kompas train`
does, and asked the public questions. Use: `python benchmarks/intents.py` (about six minutes).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.entry import LANGUAGES
from knowledge.library import Library, load
from kompas.cli import QUESTIONS
from kompas.settings import ROOT, Settings, read_settings, settings_path
from kompas.training import RASA_PYTHON, rasa_environment
from retrieval.evaluation import read_questions

HELD_OUT = 2
FEATURIZER = "bot.rasa_side.featurizer.StaticEncoderFeaturizer"


@dataclass(frozen=True)
class Asked:
    """A message and the intents that are right; the first is the one that Rasa's report counts."""

    text: str
    intents: tuple[str, ...]


def write_nlu(path: Path, examples: list[Asked]) -> None:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        by_intent[example.intents[0]].append(example.text)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in by_intent.items()
    ]
    path.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")


def phrasings(library: Library) -> tuple[list[Asked], list[Asked]]:
    """Phrasings to train on, and those held out."""
    train, held = [], []
    for entry in library.entries.values():
        for language in LANGUAGES:
            text, intents = entry.text(language), (f"ask_{entry.topic}",)
            held += [Asked(line, intents) for line in text.phrasings[:HELD_OUT]]
            train += [Asked(line, intents) for line in (text.question, *text.phrasings[HELD_OUT:])]
    return train, held


def acts(settings: Settings) -> list[Asked]:
    """The examples of `intents/`."""
    files = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(settings.intents.glob("*.yml")))
    blocks = [block for content in files for block in content["nlu"]]
    return [
        Asked(line.removeprefix("- "), (block["intent"],)) for block in blocks for line in block["examples"].splitlines()
    ]


def public(library: Library) -> dict[str, list[Asked]]:
    """The answerable public questions by language; any topic of an entry that answers is right."""
    asked: dict[str, list[Asked]] = defaultdict(list)
    for question in read_questions(QUESTIONS):
        if question.kind == "answerable":
            topics = sorted({f"ask_{library.entries[entry].topic}" for entry in question.expected})
            asked[question.language].append(Asked(question.text, tuple(topics)))
    return asked


def main() -> None:
    settings = read_settings(settings_path())
    library = load(settings.knowledge)
    train, held = phrasings(library)
    ours = yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]
    compared = {
        "ours": ours,
        "ours without the vector": [part | {"scale": 1e-6} if part["name"] == FEATURIZER else part for part in ours],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for label, pipeline in compared.items():
            fit(settings, folder, pipeline, train + acts(settings))
            print(f"| held-out phrasings | {label} | {accuracy(settings, folder, held):.3f} |", flush=True)
        fit(settings, folder, ours, train + held + acts(settings))
        for language, lines in public(library).items():
            print(
                f"| public questions, {language} | ours, on everything | {accuracy(settings, folder, lines):.3f} |",
                flush=True,
            )


def fit(settings: Settings, folder: Path, pipeline: list[dict[str, Any]], examples: list[Asked]) -> None:
    """Trains `folder`/model.tar.gz."""
    write_nlu(folder / "train.yml", examples)
    config = {"recipe": "default.v1", "assistant_id": "kompas", "language": "nl", "pipeline": pipeline}
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    given = ("--config", str(folder / "config.yml"), "--nlu", str(folder / "train.yml"))
    run(settings, "train", "nlu", *given, "--out", str(folder), "--fixed-model-name", "model")


def accuracy(settings: Settings, folder: Path, asked: list[Asked]) -> float:
    """The share of messages whose intent is one of the right ones."""
    write_nlu(folder / "test.yml", asked)
    given = ("--model", str(folder / "model.tar.gz"), "--nlu", str(folder / "test.yml"), "--out", str(folder / "out"))
    run(settings, "test", "nlu", *given, "--no-plot")
    right = {line.text: line.intents for line in asked}
    errors = json.loads((folder / "out" / "intent_errors.json").read_text())
    wrong = [e for e in errors if e["intent_prediction"]["name"] not in right[e["text"]]]
    return 1 - len(wrong) / len(asked)


def run(settings: Settings, *arguments: str) -> None:
    command = [str(RASA_PYTHON), "-m", "rasa", *arguments]
    done = subprocess.run(command, check=False, cwd=ROOT, env=rasa_environment(settings), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])


if __name__ == "__main__":
    main()
