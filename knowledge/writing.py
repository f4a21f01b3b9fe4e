"""Writing entries: one spelling of YAML for every file, so that a change shows the words that changed and no more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from knowledge.entry import Entry, Evidence

# Fields that stand on one line, as `{...}` or `[...]`.
INLINE = ("letters", "see_also", "evidence")
# A file is written beside its place under its name with this added, and then takes its place.
ASIDE = ".new"


class _Inline(list[Any]):
    """A list on one line."""


class _InlineMap(dict[str, Any]):
    """A mapping on one line."""


class _Dumper(yaml.SafeDumper):
    """Two spaces before each item of a list, as editors write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never without indentation."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Always: a list that two languages share is written twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Inline, lambda d, v: d.represent_sequence("tag:yaml.org,2002:seq", v, flow_style=True))
_Dumper.add_representer(_InlineMap, lambda d, v: d.represent_mapping("tag:yaml.org,2002:map", v, flow_style=True))


def as_yaml(entry: Entry) -> str:
    """The entry as its file holds it. Reading that text again gives an equal entry."""
    content = entry.model_dump()
    content["letters"], content["see_also"] = _Inline(entry.letters), _Inline(entry.see_also)
    content["claims"] = [
        {"text": claim.text, "evidence": [_evidence(item) for item in claim.evidence]} for claim in entry.claims
    ]
    for value in content.values():
        if isinstance(value, dict):
            value["answer"] += "\n"
            if value["behind"] is None:
                del value["behind"]
            value["phrasings"] = list(value["phrasings"])
    return dump(content)


def dump(content: dict[str, Any]) -> str:
    """Plain data as YAML, in the spelling of all files here."""
    text: str = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return text


def _evidence(item: Evidence) -> _InlineMap:
    return _InlineMap({key: value for key, value in item.model_dump().items() if value is not None})


def write(entry: Entry, path: Path) -> None:
    """Writes the entry's file as a whole: a crash leaves the old file or the new one, never half of one."""
    put(path, as_yaml(entry))


def put(path: Path, text: str) -> None:
    """Writes a file as a whole. When this returns, the text is on the disk and survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f"{path.suffix}{ASIDE}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    settle(path.parent)


def settle(folder: Path) -> None:
    """Brings to the disk which files a folder has, after one came or went."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
