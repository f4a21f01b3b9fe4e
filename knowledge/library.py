"""Reading the knowledge base from its folder, all or nothing, with a version made of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from knowledge.entry import LANGUAGES, Entry, Source
from knowledge.glossary import Glossary, Meaning, Term
from knowledge.open_words import OpenWords
from knowledge.problem import KnowledgeError, Problem, line_of

Model = TypeVar("Model", bound=BaseModel)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# How to mend what pydantic complains about, by its error type; anything else gets the last one.
MENDS = {
    "missing": "add this key",
    "extra_forbidden": "remove this key or correct its name",
    "string_too_long": "shorten it",
    "string_too_short": "write more",
    "too_short": "add more items",
    "literal_error": "use one of the values named",
    "string_pattern_mismatch": "use lower case letters, digits and single hyphens (a fingerprint: 16 hex digits)",
    "string_type": "write text; put quotes around it if it looks like a number, date or yes/no",
}


@dataclass(frozen=True)
class Library:
    """All entries, sources and topics of one moment. Never changed; an edit makes a new one."""

    entries: dict[str, Entry]
    sources: dict[str, Source]
    topics: dict[str, str]
    version: str
    paths: dict[str, Path] = field(default_factory=dict, compare=False)
    glossary: Glossary = field(default=Glossary({}), compare=False)
    open_words: OpenWords = field(default=OpenWords(), compare=False)
    folder: Path = field(default=Path("knowledge"), compare=False)

    def phrasings(self) -> Iterator[tuple[str, str, str]]:
        """Every way to ask that is on file: (entry id, language, text), the question itself first."""
        for entry in self.entries.values():
            for language in LANGUAGES:
                text = entry.text(language)
                yield entry.id, language, text.question
                for phrasing in text.phrasings:
                    yield entry.id, language, phrasing

    def problem(self, entry: Entry, keys: tuple[Any, ...], what: str, mend: str) -> Problem:
        """What is wrong at one place of an entry's file."""
        path = self.paths[entry.id]
        return Problem(str(path), line_of(path, keys), what, mend)


def content_version(folder: Path) -> str:
    """The first 12 hex digits of SHA-256 over every YAML file's name and bytes."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yml")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def load(folder: Path) -> Library:
    """Reads a knowledge folder. Raises KnowledgeError naming every file and line that cannot be read."""
    version = content_version(folder)
    topics: dict[str, str] = read_yaml(folder / "topics.yml")
    sources = _table(folder / "sources.yml", Source)
    glossary = Glossary(_table(folder / "glossary.yml", Term), _table(folder / "meanings.yml", Meaning))
    open_words = _record(folder / "open_words.yml", OpenWords)
    problems: list[Problem] = []
    entries: dict[str, Entry] = {}
    paths: dict[str, Path] = {}
    for path in sorted((folder / "entries").rglob("*.yml")):
        try:
            entry = read_entry(path)
        except KnowledgeError as error:
            problems += error.problems
            continue
        if entry.id in entries:
            problems.append(Problem(str(path), 1, f"id {entry.id!r} is taken by {paths[entry.id]}", "choose another id"))
            continue
        entries[entry.id], paths[entry.id] = entry, path
    if problems:
        raise KnowledgeError(problems)
    return Library(entries, sources, topics, version, paths, glossary, open_words, folder)


def read_entry(path: Path) -> Entry:
    """Reads one entry file. Raises KnowledgeError with file, line and remedy."""
    return _record(path, Entry)


def _record(path: Path, kind: type[Model]) -> Model:
    """A YAML file that is one record."""
    content = read_yaml(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise KnowledgeError([_problem(path, detail) for detail in error.errors()]) from None


def read_yaml(path: Path) -> Any:
    """Reads one YAML file. Raises KnowledgeError when it is missing or no YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - CSafeLoader is safe
    except OSError as error:
        raise KnowledgeError([Problem(str(path), 1, f"cannot be read ({error.strerror})", "restore the file")]) from None
    except UnicodeDecodeError:
        raise KnowledgeError([Problem(str(path), 1, "is not UTF-8 text", "save it as UTF-8")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        what = getattr(error, "problem", None) or "is no valid YAML"
        raise KnowledgeError([Problem(str(path), line, what, "check indentation, colons and quotes")]) from None


def _table(path: Path, kind: type[Model]) -> dict[str, Model]:
    """A YAML mapping from names to records of one kind."""
    problems: list[Problem] = []
    found: dict[str, Model] = {}
    for name, value in read_yaml(path).items():
        try:
            found[str(name)] = kind.model_validate(value)
        except ValidationError as error:
            problems += [_problem(path, detail, (name,)) for detail in error.errors()]
    if problems:
        raise KnowledgeError(problems)
    return found


def _problem(path: Path, detail: Any, prefix: tuple[Any, ...] = ()) -> Problem:
    keys = (*prefix, *detail["loc"])
    where = ".".join(map(str, keys))
    mend = MENDS.get(detail["type"], "see knowledge/README.md for the format")
    return Problem(str(path), line_of(path, keys), f"{where}: {detail['msg']}", mend)
