"""The menu (`menu.yml`): groups of topics, each with the questions asked most."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from knowledge.open_words import Labels


class Group(BaseModel):
    """One group: its label in five languages, and entry ids."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Labels
    entries: tuple[str, ...]


@lru_cache
def groups() -> Mapping[str, Group]:
    """All groups in order. Raises pydantic's ValidationError for a table that is not in order."""
    data = yaml.safe_load((Path(__file__).parent / "menu.yml").read_text(encoding="utf-8"))
    return {name: Group.model_validate(value) for name, value in data.items()}
