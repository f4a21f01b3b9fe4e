"""The Rasa model: trained when, and only when, what it is made of changed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from knowledge.library import load
from kompas.settings import ROOT, Settings
from retrieval.encoder import MODELS, verify
from retrieval.encoder import digest as checksum

RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
# What Rasa's featurizer reads of the bundled models.
BUNDLED_FILES = [MODELS / "minilm" / "tokenizer.json", MODELS / "static" / "model.safetensors"]
# Models of earlier contents that are kept, for switching back and forth between branches.
KEPT = 3


class TrainingError(RuntimeError):
    """Rasa could not be trained; the message names the log."""


def rasa_environment(settings: Settings) -> dict[str, str]:
    """The environment of every Rasa process: no telemetry, no hub, one thread, loopback."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONWARNINGS": "ignore",
        "SANIC_HOST": "127.0.0.1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MPLCONFIGDIR": str(settings.cache / "matplotlib"),
        "COMPRESS_ACTION_SERVER_REQUEST": "false",  # it is on the same machine
        "KOMPAS_ACTIONS_URL": f"{settings.actions_url}/webhook",
    }


def model_hash(settings: Settings) -> str:
    """The first 16 hex digits of SHA-256 over all that shapes the model: phrasings count, answers do not."""
    digest = hashlib.sha256()
    files = [
        ROOT / "config.yml",
        ROOT / "bot" / "domain.yml",
        ROOT / "bot" / "rules.yml",
        ROOT / "bot" / "buttons.yml",
        ROOT / "locks" / "rasa.txt",
    ]
    files += sorted(settings.intents.glob("*.yml")) + sorted((ROOT / "bot" / "rasa_side").glob("*.py"))
    files += BUNDLED_FILES
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    library = load(settings.knowledge)
    asked = [(library.entries[entry].topic, language, text) for entry, language, text in library.phrasings()]
    statuses = [library.entries[e].text(language).status == "draft" for e, language, _ in library.phrasings()]
    digest.update(json.dumps([sorted(library.topics), asked, statuses]).encode())
    return digest.hexdigest()[:16]


def model_path(settings: Settings) -> Path:
    """Where the model of the present contents is, or will be."""
    return settings.cache / "models" / f"kompas-{model_hash(settings)}.tar.gz"


def train_if_needed(settings: Settings, announce: Callable[[], None] | None = None) -> tuple[Path, bool]:
    """The model's path, and whether it had to be trained; `announce` is called before a training, which takes minutes.

    Raises TrainingError when Rasa fails, EncoderError when the bundled table differs from its checksum.
    """
    verify("static", checksum(MODELS / "static"))  # the encoder's own is verified where it is loaded
    model = model_path(settings)
    if model.is_file():
        return model, False
    if announce:
        announce()
    model.parent.mkdir(parents=True, exist_ok=True)
    log = settings.cache / "logs" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [
        str(RASA_PYTHON), "-m", "rasa", "train",
        "--config", "config.yml", "--domain", "bot/domain.yml",
        "--data", str(settings.intents), "bot/rules.yml", "bot/buttons.yml",
        "--out", str(model.parent), "--fixed-model-name", model.name.removesuffix(".tar.gz"), "--force",
    ]  # fmt: skip
    with log.open("w", encoding="utf-8") as output:
        environment = rasa_environment(settings)
        # fixed arguments, no shell
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=False)  # noqa: S603
    if done.returncode or not model.is_file():
        raise TrainingError(f"Rasa could not be trained; {log} says why")
    for old in sorted(model.parent.glob("kompas-*.tar.gz"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()
    return model, True
