"""Reading the knowledge base from its folder, all or nothing, with a version made of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
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

# What editors are working on (knowledge/proposal.py); nothing reads it to answer anybody.
PROPOSALS = "proposals"

# The commonest complaints in plain words, by pydantic's error type and with its values.
PLAIN = {
    "missing": "is missing",
    "string_too_long": "has more than {max_length} characters",
    "string_too_short": "has fewer than {min_length} characters",
    "too_short": "has {actual_length} of at least {min_length} items",
    "string_type": "is no text",
}
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
    """All entries, sources and topics of one moment. Never changed; an edit makes a new one.

    With `only`, rules look at that entry alone and compare it with all others.
    """

    entries: dict[str, Entry]
    sources: dict[str, Source]
    topics: dict[str, str]
    version: str
    paths: dict[str, Path] = field(default_factory=dict, compare=False)
    glossary: Glossary = field(default=Glossary({}), compare=False)
    open_words: OpenWords = field(default=OpenWords(), compare=False)
    folder: Path = field(default=Path("knowledge"), compare=False)
    only: str | None = field(default=None, compare=False)

    def trying(self, entry: Entry) -> Library:
        """This library as it would be with `entry`, new or changed, and rules looking at that entry only.

        It comes last: where two entries say the same, the later one is told.
        """
        entries = {name: other for name, other in self.entries.items() if name != entry.id} | {entry.id: entry}
        path = self.folder / "entries" / entry.topic / f"{entry.id}.yml"
        return replace(self, entries=entries, paths=self.paths | {entry.id: path}, only=entry.id)

    def checked(self) -> list[Entry]:
        """The entries that rules look at."""
        return list(self.entries.values()) if self.only is None else [self.entries[self.only]]

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
        line = 1 if self.only else line_of(path, keys)  # what is only being tried has no line
        return Problem(str(path), line, what, mend, keys)


def content_version(folder: Path) -> str:
    """The first 12 hex digits of SHA-256 over every YAML file's name and bytes, proposals left out."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yml")):
        name = path.relative_to(folder)
        if name.parts[0] == PROPOSALS:
            continue
        digest.update(name.as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def load(folder: Path) -> Library:
    """Reads a knowledge folder. Raises KnowledgeError naming every file and line that cannot be read."""
    version = content_version(folder)
    topics: dict[str, str] = read_yaml(folder / "topics.yml")
    sources = _table(folder / "sources.yml", Source)
    glossary = Glossary(_table(folder / "glossary.yml", Term), _table(folder / "meanings.yml", Meaning))
    open_words = read_record(folder / "open_words.yml", OpenWords)
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
    try:
        return _entry(path.read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        return read_record(path, Entry)  # which says what is wrong, and where


@lru_cache(maxsize=4096)
def _entry(content: bytes) -> Entry:
    """Kept, so that after an edit only the edited file is parsed again."""
    return Entry.model_validate(parse_yaml(content.decode()))


def read_record(path: Path, kind: type[Model]) -> Model:
    """Reads a YAML file that is one record. Raises KnowledgeError with file, line and remedy."""
    content = read_yaml(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise KnowledgeError([_problem(path, detail) for detail in error.errors()]) from None


def parse_yaml(text: str) -> Any:
    """What a YAML text holds. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - CSafeLoader is safe


def read_yaml(path: Path) -> Any:
    """Reads one YAML file. Raises KnowledgeError when it is missing or no YAML."""
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
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
    return Problem(str(path), line_of(path, keys), *explain(detail, keys), keys)


def explain(detail: Any, keys: tuple[Any, ...]) -> tuple[str, str]:
    """What pydantic complains about at `keys`, and how to mend it."""
    mend = MENDS.get(detail["type"], "see knowledge/README.md for the format")
    return f"{'.'.join(map(str, keys))}: {in_plain_words(detail)}", mend


def in_plain_words(detail: Any) -> str:
    """What pydantic complains about, without where."""
    plain = PLAIN.get(detail["type"])
    return plain.format(**detail.get("ctx", {})) if plain else str(detail["msg"])
