"""Two people changed the same text: what only one of them changed is kept from both, the rest is for a person to choose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from knowledge.entry import LANGUAGES

Content = dict[str, Any]
# The part of an entry that is no language: scope, claims, dates and all other fields.
RECORD = "record"
PARTS = (*LANGUAGES, RECORD)

_ABSENT = object()


@dataclass(frozen=True)
class Conflict:
    """A field that both sides changed, each in its own way; None where it is missing."""

    field: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True)
class Merged:
    """Both sides in one. A field in conflict holds `mine`."""

    content: Content
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class Difference:
    """What one field held before and after; None where it was missing."""

    field: str
    before: Any
    after: Any


def flatten(content: Content) -> dict[str, Any]:
    """An entry's data by field: `nl.answer`, `nl.phrasings`, `scope`, `claims`. `unflatten` makes the same data of it."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if key in LANGUAGES and isinstance(value, dict) and value:
            flat.update({f"{key}.{name}": item for name, item in value.items()})
        else:
            flat[key] = value
    return flat


def unflatten(flat: dict[str, Any]) -> Content:
    """An entry's data from its fields."""
    content: Content = {}
    for field, value in flat.items():
        language, dot, name = field.partition(".")
        if not dot or language not in LANGUAGES:
            if not isinstance(content.get(field), dict):
                content[field] = value
            continue
        if not isinstance(content.get(language), dict):
            content[language] = {}
        content[language] = content[language] | {name: value}
    return content


def part_of(field: str) -> str:
    """The part a field belongs to: a language, or `record`."""
    language = field.partition(".")[0]
    return language if language in LANGUAGES else RECORD


def differences(before: Content, after: Content) -> list[Difference]:
    """The fields that differ, in the order of `after`, what is gone last."""
    old, new = flatten(before), flatten(after)
    fields = [*new, *(field for field in old if field not in new)]
    return [
        Difference(field, old.get(field), new.get(field))
        for field in fields
        if old.get(field, _ABSENT) != new.get(field, _ABSENT)
    ]


def changed_parts(before: Content, after: Content) -> set[str]:
    """The parts in which two contents differ."""
    return {part_of(difference.field) for difference in differences(before, after)}


def pick(content: Content, parts: Iterable[str]) -> Content:
    """The content of some parts only."""
    wanted = set(parts)
    return unflatten({field: value for field, value in flatten(content).items() if part_of(field) in wanted})


def merge(base: Content, mine: Content, theirs: Content) -> Merged:
    """What became of `base` after both changes. Lists of different texts are merged item by item."""
    sides = [flatten(side) for side in (base, mine, theirs)]
    flat: dict[str, Any] = {}
    conflicts: list[Conflict] = []
    for field in dict.fromkeys((*sides[1], *sides[2])):
        values = [side.get(field, _ABSENT) for side in sides]
        value = _merged(*values)
        if value is _CONFLICT:
            conflicts.append(Conflict(field, *(None if one is _ABSENT else one for one in values)))
            value = values[1] if values[1] is not _ABSENT else values[2]
        if value is not _ABSENT:
            flat[field] = value
    return Merged(unflatten(flat), tuple(conflicts))


_CONFLICT = object()


def _merged(base: Any, mine: Any, theirs: Any) -> Any:
    if theirs in (mine, base):
        return mine
    if mine == base:
        return theirs
    if _is_list(mine) and _is_list(theirs) and (base is _ABSENT or _is_list(base)):
        return _merged_lists([] if base is _ABSENT else base, mine, theirs)
    return _CONFLICT


def _is_list(value: Any) -> bool:
    """Whether these are different texts, so that an item is known by what it says."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return False
    return len({item.casefold() for item in value}) == len(value)


def _merged_lists(base: list[str], mine: list[str], theirs: list[str]) -> list[str]:
    """Mine in its order, without what they took out, with what they added at the end."""
    before, here = set(base), {item.casefold() for item in mine}
    kept = [item for item in mine if item in theirs or item not in before]
    return kept + [item for item in theirs if item not in before and item.casefold() not in here]
