"""Writing entries: one spelling of YAML for every file, so that a change shows the words that changed and no more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from knowledge.entry import Entry, Evidence

# Fields that stand on one line, as `{...}` or `[...]`.
INLINE = ("letters", "see_also", "evidence")


class _Inline(list[Any]):
    """A list on one line."""


class _InlineMap(dict[str, Any]):
    """A mapping on one line."""


class _Dumper(yaml.SafeDumper):
    """Two spaces before each item of a list, as editors write it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never without indentation."""
        super().increase_indent(flow, False)


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
            value["phrasings"] = list(value["phrasings"])
    text: str = yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return text


def _evidence(item: Evidence) -> _InlineMap:
    return _InlineMap({key: value for key, value in item.model_dump().items() if value is not None})


def write(entry: Entry, path: Path) -> None:
    """Writes the entry's file as a whole: a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".yml.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(as_yaml(entry))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
