"""What `kompas knowledge check` would say about one entry, before it is an entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from knowledge import structure, wording
from knowledge.check import RULES
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import Library, explain
from knowledge.merging import Content

# Rules about other files, and about how a file is spelled: they say nothing about what an entry holds.
ELSEWHERE = (structure.sources, structure.spelling, structure.coverage, wording.meanings)

_ORDER = {name: place for place, name in enumerate(Entry.model_fields)}


@dataclass(frozen=True)
class Finding:
    """What is wrong in one field (`nl.answer`, `claims`), and how to mend it."""

    field: str
    what: str
    mend: str


def check_content(library: Library, content: Content, today: dt.date) -> list[Finding]:
    """What stands against an entry with this content, in the order of its fields. Nothing: it may be served."""
    try:
        entry = Entry.model_validate(content)
    except ValidationError as error:
        return _sorted(Finding(_field(detail["loc"]), *explain(detail, detail["loc"])) for detail in error.errors())
    tried = library.trying(entry)
    place = str(tried.paths[entry.id])
    found = (problem for rule in RULES if rule not in ELSEWHERE for problem in rule(tried, today))
    return _sorted(Finding(_field(one.keys), one.what, one.mend) for one in found if one.file == place)


def _field(keys: tuple[Any, ...]) -> str:
    return ".".join(map(str, keys[: 2 if keys and keys[0] in LANGUAGES else 1]))


def _sorted(findings: Iterator[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (_ORDER.get(one.field.partition(".")[0], len(_ORDER)), one.field, one.what))
