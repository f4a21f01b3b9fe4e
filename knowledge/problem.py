"""What is wrong, where, and how to mend it: the one shape in which this package complains."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in one line of one file; `keys` lead to the value in that file."""

    file: str
    line: int
    what: str
    mend: str
    keys: tuple[Any, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.mend}"


class KnowledgeError(ValueError):
    """The knowledge base cannot be used. `problems` says what is wrong, a line each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def line_of(path: Path, keys: tuple[Any, ...]) -> int:
    """The line (from 1) on which the value at `keys` begins in a YAML file; its nearest parent's if it is missing."""
    node: Any = yaml.compose(path.read_text(encoding="utf-8"))
    line = 1
    for key in keys:
        child = _child(node, key)
        if child is None:
            return line
        line, node = child
    return line


def _child(node: Any, key: Any) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return name.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        value = node.value[key]
        return value.start_mark.line + 1, value
    return None
