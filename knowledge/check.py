"""The rules a knowledge base must pass. Each rule is a plain function from a library to problems; RULES lists them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from knowledge.entry import LANGUAGES, Entry
from knowledge.evidence import line_range
from knowledge.library import Library, load
from knowledge.problem import KnowledgeError, Problem, line_of
from knowledge.text import fold

Rule = Callable[[Library, dt.date], Iterator[Problem]]

# Words that carry stigma. Never in our own text; always understood in the user's (so phrasings may hold them).
# `prostitutiegoedgeregeld.nl` is the name of a site and stays.
STIGMA = re.compile(
    r"\bprostitu(?!tiegoedgeregeld)\w*|\bprostytut\w*|\bhooker\w*|\bwhore\w*|\bhoer(en|tje)?\b|\bputas?\b|\bkurw\w*|\bcurv[ae]\b"
)

# What nobody can promise, in any language, folded to lower case without accents.
PROMISES = re.compile(
    r"\b(100 ?%|gegarandeerd|garandeer|guaranteed|garantizado|garantizamos|gwarantuj\w*|garantat|garantam"
    r"|never be deported|nooit uitgezet|nunca te deportar\w*|nigdy cie nie deportuj\w*|niciodata deportat\w*)\b"
)

# Numbers Kompas may name. A new one is added here together with its source.
PHONE_NUMBERS = {
    "112", "113", "116 111", "0900-8844", "0800-0113", "0800-0188", "0800-2000", "0800-8020", "033-448 11 86",
    "0900-0101", "0800-7000", "0800-0543", "0800-33 55 555",
}  # fmt: skip
_PHONE = re.compile(r"\b0\d{2,3}[- ]\d[\d ]{2,}\d\b")
_URL = re.compile(r"^https://[a-z0-9.-]+\.[a-z]{2,}(/\S*)?$")


def check(folder: Path, today: dt.date) -> list[Problem]:
    """Every problem of a knowledge folder, sorted by file and line. An empty list means it may be served."""
    try:
        library = load(folder)
    except KnowledgeError as error:
        return sorted(error.problems)
    return sorted(problem for rule in RULES for problem in rule(library, today))


def _at(library: Library, entry: Entry, keys: tuple[Any, ...], what: str, mend: str) -> Problem:
    path = library.paths[entry.id]
    return Problem(str(path), line_of(path, keys), what, mend)


def names_and_places(library: Library, today: dt.date) -> Iterator[Problem]:
    """An entry lies at entries/<topic>/<id>.yml, and everything it points to exists."""
    for entry in library.entries.values():
        path = library.paths[entry.id]
        if entry.topic not in library.topics:
            yield _at(library, entry, ("topic",), f"unknown topic {entry.topic!r}", "use an id from topics.yml")
        if (path.parent.name, path.stem) != (entry.topic, entry.id):
            yield _at(library, entry, ("id",), "file name or folder differs from id and topic",
                      f"move it to {entry.topic}/{entry.id}.yml")  # fmt: skip
        for index, other in enumerate(entry.see_also):
            if other not in library.entries or other == entry.id:
                yield _at(library, entry, ("see_also", index), f"see_also {other!r} is no other entry",
                          "name the id of another entry")  # fmt: skip


def evidence(library: Library, today: dt.date) -> Iterator[Problem]:
    """Every piece of evidence names a known source; in a kept document it has lines and a fingerprint."""
    for entry in library.entries.values():
        for i, claim in enumerate(entry.claims):
            for j, item in enumerate(claim.evidence):
                keys = ("claims", i, "evidence", j)
                source = library.sources.get(item.source)
                if source is None:
                    yield _at(library, entry, keys, f"unknown source {item.source!r}", "add it to sources.yml")
                elif source.kind == "document" and (line_range(item.at) is None or item.print is None):
                    yield _at(library, entry, keys, f"evidence in {item.source} has no line numbers or fingerprint",
                              "write at: L12-L15 and run `kompas knowledge verify --write`")  # fmt: skip
                elif source.kind != "document" and item.print is not None:
                    yield _at(library, entry, keys, f"{item.source} is not kept, so it has no fingerprint",
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
    """An entry was checked in the past, is valid after that, and has not expired."""
    for entry in library.entries.values():
        if entry.checked_on > today:
            yield _at(library, entry, ("checked_on",), "checked_on lies in the future", "write the day it was checked")
        if entry.valid_until <= entry.checked_on:
            yield _at(library, entry, ("valid_until",), "valid_until is not after checked_on", "give a later date")
        if entry.valid_until < today:
            yield _at(
                library, entry, ("valid_until",), "expired: it is no longer served", "check it again and set a new date"
            )


def words(library: Library, today: dt.date) -> Iterator[Problem]:
    """No stigma, no promise nobody can keep, no exclamation mark, no unknown phone number in what we say."""
    for entry in library.entries.values():
        for language in LANGUAGES:
            text = entry.text(language)
            for key, said in (("question", text.question), ("answer", text.answer)):
                yield from _words(library, entry, (language, key), said)


def _words(library: Library, entry: Entry, keys: tuple[Any, ...], said: str) -> Iterator[Problem]:
    folded = fold(said)
    if match := STIGMA.search(folded):
        yield _at(library, entry, keys, f"stigmatising word {match[0]!r}", "write sex worker in that language")
    if match := PROMISES.search(folded):
        yield _at(library, entry, keys, f"promise nobody can keep: {match[0]!r}", "say what usually happens and who decides")
    if "!" in said or "¡" in said:
        yield _at(library, entry, keys, "exclamation mark", "end the sentence with a full stop")
    for match in _PHONE.finditer(said):
        if match[0] not in PHONE_NUMBERS:
            yield _at(library, entry, keys, f"phone number {match[0]!r} is not on the list",
                      "use a number from PHONE_NUMBERS in knowledge/check.py")  # fmt: skip


def phrasings_apart(library: Library, today: dt.date) -> Iterator[Problem]:
    """The same words never lead to two entries in one language."""
    owner: dict[tuple[str, str], str] = {}
    for entry_id, language, phrasing in library.phrasings():
        key = (language, " ".join(fold(phrasing).split()).strip(" ?.,¿"))
        first = owner.setdefault(key, entry_id)
        if first != entry_id:
            entry = library.entries[entry_id]
            yield _at(library, entry, (language, "phrasings"), f"{phrasing!r} also stands in {first}",
                      "keep it in the entry that answers it")  # fmt: skip


def deadline_in_letters(library: Library, today: dt.date) -> Iterator[Problem]:
    """An entry that explains a letter speaks of a date, term or week in every language."""
    wanted = re.compile(
        r"\b(dat|term|wek|wee|day|dag|deadline|fech|plaz|seman|dia|tydz|tygod|dni|dzie|zi\b|zil|saptam|kiedy)"
    )
    for entry in library.entries.values():
        for language in LANGUAGES if entry.letters else ():
            if not wanted.search(fold(entry.text(language).answer)):
                yield _at(library, entry, (language, "answer"), "explains a letter but names no date or term",
                          "say first where the date stands and how long one has")  # fmt: skip


RULES: tuple[Rule, ...] = (
    names_and_places, evidence, sources, dates, words, phrasings_apart, deadline_in_letters,
)  # fmt: skip
