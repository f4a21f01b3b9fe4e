"""Does the encoder's sentence vector help Rasa tell topics apart? Trains Rasa with and without it, split by phrasing.

Of every entry and language two phrasings are held out; no held-out phrasing, nor one nearly like it, is in training. The public questions
are asked too. Use: `python benchmarks/intents.py` (about six minutes).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import yaml

from knowledge.entry import LANGUAGES
from knowledge.library import load
from kompas.cli import QUESTIONS
from kompas.settings import ROOT, Settings, read_settings, settings_path
from kompas.training import RASA_PYTHON, rasa_environment
from retrieval.evaluation import read_questions

HELD_OUT = 2
FEATURIZER = "bot.rasa_side.featurizer.StaticEncoderFeaturizer"


def write_nlu(path: Path, examples: list[tuple[str, str]]) -> None:
    by_intent: dict[str, list[str]] = defaultdict(list)
    for intent, text in examples:
        by_intent[intent].append(text)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in by_intent.items()
    ]
    path.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")


def data(settings: Settings) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str]]]]:
    """Training examples, and the tests by name."""
    library = load(settings.knowledge)
    train, held, asked = [], [], defaultdict(list)
    for entry in library.entries.values():
        for language in LANGUAGES:
            text = entry.text(language)
            intent = f"ask_{entry.topic}"
            held += [(intent, line) for line in text.phrasings[:HELD_OUT]]
            train += [(intent, line) for line in (text.question, *text.phrasings[HELD_OUT:])]
    for path in sorted(settings.intents.glob("*.yml")):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            train += [(block["intent"], line.removeprefix("- ")) for line in block["examples"].splitlines()]
    for question in read_questions(QUESTIONS):
        if question.kind == "answerable":
            topic = library.entries[sorted(question.expected)[0]].topic
            asked[f"public questions, {question.language}"].append((f"ask_{topic}", question.text))
    return train, {"held-out phrasings": held, **asked}


def main() -> None:
    settings = read_settings(settings_path())
    train, tests = data(settings)
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]
    pipelines = {"with": pipeline, "without": [part for part in pipeline if part["name"] != FEATURIZER]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_nlu(folder / "train.yml", train)
        for label, parts in pipelines.items():
            config = {"recipe": "default.v1", "assistant_id": "kompas", "language": "nl", "pipeline": parts}
            (folder / f"{label}.yml").write_text(yaml.safe_dump(config))
            examples = ("--nlu", str(folder / "train.yml"), "--out", str(folder), "--fixed-model-name", label)
            run(settings, "train", "nlu", "--config", str(folder / f"{label}.yml"), *examples)
            for test, lines in tests.items():
                print(f"| {test} | {label} the vector | {accuracy(settings, folder, label, lines):.3f} |", flush=True)


def accuracy(settings: Settings, folder: Path, label: str, lines: list[tuple[str, str]]) -> float:
    write_nlu(folder / "test.yml", lines)
    asked = ("--model", str(folder / f"{label}.tar.gz"), "--nlu", str(folder / "test.yml"), "--out", str(folder / "out"))
    run(settings, "test", "nlu", *asked, "--no-plot")
    return float(json.loads((folder / "out" / "intent_report.json").read_text())["accuracy"])


def run(settings: Settings, *arguments: str) -> None:
    command = [str(RASA_PYTHON), "-m", "rasa", *arguments]
    subprocess.run(command, cwd=ROOT, env=rasa_environment(settings), check=True, capture_output=True)


if __name__ == "__main__":
    main()
