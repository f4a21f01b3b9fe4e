"""Catalogues of what the desks say: a folder with one YAML file per language, the same keys and placeholders in each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import yaml

from bot.messages import MessageError, placeholders
from knowledge.entry import LANGUAGES


@lru_cache
def texts(folder: Path, language: str) -> dict[str, str]:
    """All texts of one language. Raises KeyError for a language Kompas does not speak."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found: dict[str, str] = yaml.safe_load((folder / f"{language}.yml").read_text(encoding="utf-8"))
    return found


def check_texts(folder: Path) -> None:
    """Raises MessageError when a key or placeholder is not the same in all five languages."""
    reference = {key: placeholders(text) for key, text in texts(folder, "nl").items()}
    for language in LANGUAGES:
        found = {key: placeholders(text) for key, text in texts(folder, language).items()}
        for key in sorted(reference.keys() | found.keys()):
            if reference.get(key) != found.get(key):
                raise MessageError(f"{folder.name}/{language}.yml: {key} differs from nl.yml in presence or placeholders")
