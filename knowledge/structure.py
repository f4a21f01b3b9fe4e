"""Rules about an entry as a record: its place, evidence and dates, and that no two entries say the same."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import takewhile
from typing import get_args

from knowledge.entry import LANGUAGES, Letter
from knowledge.evidence import line_range
from knowledge.library import Library
from knowledge.problem import Problem, line_of
from knowledge.skeleton import TO_WRITE
from knowledge.text import fold
from knowledge.writing import as_yaml

# Five words in a row are a turn of phrase; two answers that share this many of them say the same (0 to 1, of the shorter).
SHINGLE = 5
SAME_ANSWER = 0.5
_URL = re.compile(r"^https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?$")
_WORD = re.compile(r"\w+")


def names_and_places(library: Library, today: dt.date) -> Iterator[Problem]:
    """An entry lies at entries/<topic>/<id>.yml, and everything it points to exists."""
    for entry in library.checked():
        path = library.paths[entry.id]
        if entry.topic not in library.topics:
            yield library.problem(entry, ("topic",), f"unknown topic {entry.topic!r}", "use an id from topics.yml")
        if (path.parent.name, path.stem) != (entry.topic, entry.id):
            yield library.problem(entry, ("id",), "file name or folder differs from id and topic",
                      f"move it to {entry.topic}/{entry.id}.yml")  # fmt: skip
        for index, other in enumerate(entry.see_also):
            if other not in library.entries or other == entry.id:
                yield library.problem(entry, ("see_also", index), f"see_also {other!r} is no other entry",
                          "name the id of another entry")  # fmt: skip


def evidence(library: Library, today: dt.date) -> Iterator[Problem]:
    """Every piece of evidence names a known source; in a kept document it has lines and a fingerprint."""
    for entry in library.checked():
        for i, claim in enumerate(entry.claims):
            for j, item in enumerate(claim.evidence):
                keys = ("claims", i, "evidence", j)
                source = library.sources.get(item.source)
                if source is None:
                    yield library.problem(entry, keys, f"unknown source {item.source!r}", "add it to sources.yml")
                elif source.kind == "document" and (line_range(item.at) is None or item.print is None):
                    yield library.problem(entry, keys, f"evidence in {item.source} has no line numbers or fingerprint",
                              "write at: L12-L15 and run `kompas knowledge verify --write`")  # fmt: skip
                elif source.kind != "document" and item.print is not None:
                    yield library.problem(entry, keys, f"{item.source} is not kept, so it has no fingerprint",
                              "remove print")  # fmt: skip


def sources(library: Library, today: dt.date) -> Iterator[Problem]:
    """A source has a well-formed https address unless it is ours, and a date that has come."""
    for name, source in library.sources.items():
        url_ok = source.url is None if source.kind == "own" else bool(source.url and _URL.match(source.url))
        if not url_ok:
            yield Problem("knowledge/sources.yml", 1, f"{name}: url is missing or not https", "write the full https address")
        if source.date > today:
            yield Problem("knowledge/sources.yml", 1, f"{name}: date lies in the future", "write the source's own date")


def dates(library: Library, today: dt.date) -> Iterator[Problem]:
    """An entry was checked in the past, is valid after that, and has not expired; only a translation is ever behind."""
    for entry in library.checked():
        if entry.checked_on > today:
            yield library.problem(entry, ("checked_on",), "checked_on lies in the future", "write the day it was checked")
        if entry.valid_until <= entry.checked_on:
            yield library.problem(entry, ("valid_until",), "valid_until is not after checked_on", "give a later date")
        if entry.nl.behind is not None:
            yield library.problem(entry, ("nl", "behind"), "the Dutch text cannot be behind itself", "remove behind")
        if entry.valid_until < today:
            yield library.problem(
                entry, ("valid_until",), "expired: it is no longer served", "check it again and set a new date"
            )


def spelling(library: Library, today: dt.date) -> Iterator[Problem]:
    """A file is spelled as Kompas writes it, so that a change from a spreadsheet shows the changed words only."""
    for entry in library.checked():
        if library.paths[entry.id].read_text(encoding="utf-8") != as_yaml(entry):
            yield Problem(str(library.paths[entry.id]), 1, "quotes or line breaks differ from how Kompas writes them",
                          "run `kompas knowledge tidy`: it changes no word")  # fmt: skip


def coverage(library: Library, today: dt.date) -> Iterator[Problem]:
    """Every topic has an entry, and every kind of letter an entry that explains it."""
    topics = {entry.topic for entry in library.entries.values()}
    letters = {letter for entry in library.entries.values() for letter in entry.letters}
    for topic in library.topics:
        if topic not in topics:
            yield Problem("knowledge/topics.yml", 1, f"no entry about {topic}", "write one with `kompas knowledge new`")
    for letter in get_args(Letter):
        if letter not in letters:
            yield Problem("knowledge/entries", 1, f"no entry explains a letter from {letter}", f"add letters: [{letter}]")


def finished(library: Library, today: dt.date) -> Iterator[Problem]:
    """Nothing of the skeleton is left."""
    for entry in library.checked():
        for key, value in entry.model_dump(mode="json").items():
            if TO_WRITE in str(value):
                yield library.problem(entry, (key,), f"still holds {TO_WRITE}", "write it, or delete the entry")


def phrasings_apart(library: Library, today: dt.date) -> Iterator[Problem]:
    """The same words never lead to two entries in one language."""
    owner: dict[tuple[str, str], str] = {}
    for entry_id, language, phrasing in library.phrasings():
        first = owner.setdefault((language, _as_asked(phrasing)), entry_id)
        if first != entry_id:
            entry = library.entries[entry_id]
            yield library.problem(entry, (language, "phrasings"), f"{phrasing!r} also stands in {first}",
                      "keep it in the entry that answers it")  # fmt: skip


@lru_cache(maxsize=100_000)
def _as_asked(phrasing: str) -> str:
    return " ".join(fold(phrasing).split()).strip(" ?.,¿")


def answers_apart(library: Library, today: dt.date) -> Iterator[Problem]:
    """No two answers say the same thing in the same words."""
    for language in LANGUAGES:
        turns = {entry.id: _turns_of_phrase(entry.text(language).answer) for entry in library.entries.values()}
        for entry in library.checked():
            own = turns[entry.id]
            for one in takewhile(entry.id.__ne__, turns):
                shared = len(turns[one] & own)
                if shared > SAME_ANSWER * min(len(turns[one]), len(own)):
                    yield library.problem(entry, (language, "answer"), f"says nearly the same as {one}",
                                          "make one entry of the two, or say here only what is different")  # fmt: skip


@lru_cache(maxsize=20_000)
def _turns_of_phrase(answer: str) -> frozenset[int]:
    """Hashes of all five words in a row: what is kept for every answer takes little room."""
    words = _WORD.findall(fold(answer))
    return frozenset(hash(tuple(words[start : start + SHINGLE])) for start in range(len(words) - SHINGLE + 1))


def open_words(library: Library, today: dt.date) -> Iterator[Problem]:
    """An open word offers entries that exist, and no phrasing is so open that Kompas would ask back instead of answering."""
    path = library.folder / "open_words.yml"
    for name, word in library.open_words.words.items():
        for entry_id in word.choices:
            if entry_id not in library.entries:
                line = line_of(path, ("words", name, "choices", entry_id))
                yield Problem(str(path), line, f"unknown entry {entry_id!r}", "name the id of an entry")
    for entry in library.checked():
        for language in LANGUAGES:
            for index, phrasing in enumerate(entry.text(language).phrasings):
                if library.open_words.find(phrasing):
                    yield library.problem(entry, (language, "phrasings", index), f"{phrasing!r} leaves open what is meant",
                                          "say more, or change open_words.yml: Kompas asks which one is meant")  # fmt: skip
