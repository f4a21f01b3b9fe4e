"""Which encoder an installation uses: the bundled one, a folder, or a model fetched from a hub by an explicit command."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from kompas.settings import ROOT, Settings, SettingsError
from retrieval import hub
from retrieval.encoder import BUNDLED, EncoderError, SentenceEncoder

MODEL_LINE = re.compile(r'(?m)^(model\s*=\s*)"[^"\n]*"')


def folder_of(name: str, cache: Path) -> Path:
    """The folder of `bundled`, a path, or owner/model@revision fetched before. Raises EncoderError; fetches nothing."""
    if name == "bundled":
        return BUNDLED
    path = ROOT / name
    if path.is_dir():
        return path
    wanted = hub.parse(name)
    if wanted is None:
        raise EncoderError(f"encoder {name!r}: neither 'bundled', nor a folder, nor owner/model@revision of a model hub")
    if wanted.revision is None or not wanted.folder(cache).is_dir():
        raise EncoderError(f"encoder {name!r} is not on this machine: `kompas encoder use {name}` fetches it")
    return wanted.folder(cache)


def load(settings: Settings) -> SentenceEncoder:
    """The encoder the settings name. Raises EncoderError."""
    return SentenceEncoder(folder_of(settings.encoder.model, settings.cache), settings.encoder.threads)


def fetch_if_needed(name: str, settings: Settings) -> str:
    """`name` itself when it is on this machine; else fetched, with the exact commit in the name. Raises EncoderError."""
    wanted = hub.parse(name)
    if name == "bundled" or (ROOT / name).is_dir() or wanted is None:
        return name
    if wanted.revision and (wanted.folder(settings.cache) / "modules.json").is_file():
        return name
    return str(hub.fetch(wanted, settings.cache))


def write_choice(name: str, settings_file: Path) -> None:
    """Puts `name` into the settings file and leaves the rest of it as it is. Raises SettingsError."""
    text = settings_file.read_text(encoding="utf-8")
    value = json.dumps(name, ensure_ascii=False)
    changed, count = MODEL_LINE.subn(lambda found: found[1] + value, text)
    if count != 1 or tomllib.loads(changed).get("encoder", {}).get("model") != name:
        raise SettingsError(
            f'{settings_file}: no single line `model = "..."` to change; write model = {value} under [encoder]'
        )
    draft = settings_file.with_suffix(".draft")
    draft.write_text(changed, encoding="utf-8")
    draft.replace(settings_file)
