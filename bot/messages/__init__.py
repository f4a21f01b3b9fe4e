"""What Kompas says itself, in message catalogues: one file per language, the same keys in each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import Formatter

import yaml

from knowledge.entry import LANGUAGES

HERE = Path(__file__).parent


class MessageError(ValueError):
    """A catalogue lacks a key or a placeholder that another one has; the message names file and key."""


@lru_cache
def texts(folder: Path, language: str) -> dict[str, str]:
    """One language of a folder of catalogues. Raises KeyError for a language Kompas does not speak."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found: dict[str, str] = yaml.safe_load((folder / f"{language}.yml").read_text(encoding="utf-8"))
    return found


def catalogue(language: str) -> dict[str, str]:
    """All messages of one language. Raises KeyError for a language Kompas does not speak."""
    return texts(HERE, language)


def say(language: str, key: str, **values: str) -> str:
    """One message with its placeholders filled; `{contacts}` is always the help contacts."""
    messages = catalogue(language)
    if "{contacts}" in messages[key]:
        values["contacts"] = messages["contacts"]
    return messages[key].format(**values) if values else messages[key]


def check_texts(folder: Path) -> None:
    """Raises MessageError when a key or placeholder is not the same in all five languages of a folder."""
    reference = {key: placeholders(text) for key, text in texts(folder, "nl").items()}
    for language in LANGUAGES:
        found = {key: placeholders(text) for key, text in texts(folder, language).items()}
        for key in sorted(reference.keys() | found.keys()):
            if reference.get(key) != found.get(key):
                file = f"{folder.parent.name}/{folder.name}/{language}.yml"
                raise MessageError(f"{file}: {key} differs from nl.yml in presence or placeholders")


def check_catalogues() -> None:
    """`check_texts` of what Kompas says itself."""
    check_texts(HERE)


def placeholders(text: str) -> frozenset[str]:
    """The names in braces of one message."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
