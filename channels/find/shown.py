"""What the outreach desk may show on one day: the served texts of one library, under names that say nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bot.messages import catalogue, say, texts
from bot.rendering import answer, source_titles
from channels.find.words import WordIndex
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import Library
from knowledge.shelf import Shelf

TEXTS = Path(__file__).parent / "texts"
CODE_DIGITS = 8
# As many as a phone shows without much scrolling.
RELATED = 6


class CodeClash(ValueError):
    """Two entries would have the same address; the message names both."""


class Link(NamedTuple):
    """A source as people read it, and where it is on the web, if it is."""

    title: str
    url: str | None


@dataclass(frozen=True)
class Side:
    """One language of an entry: its words as they are, and the lines that go under every answer."""

    language: str
    question: str
    answer: str
    sources: str
    status: str
    phrasings: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """One entry in the languages that are served; `code` stands for it in addresses, `until` is its last day."""

    code: str
    entry: str
    topic: str
    letters: tuple[str, ...]
    links: tuple[Link, ...]
    related: tuple[str, ...]
    until: dt.date
    sides: dict[str, Side]


@dataclass(frozen=True)
class Selection:
    """All that may be shown on one day. What is a draft or past its date is not in here."""

    version: str
    day: dt.date
    by_code: dict[str, Shown]
    topics: tuple[str, ...]
    codes: dict[str, str] = field(default_factory=dict)

    def of_entry(self, entry: str) -> Shown | None:
        """The entry with this id, if it may be shown."""
        return self.by_code.get(self.codes.get(entry, ""))

    def in_topic(self, topic: str) -> list[Shown]:
        """The entries of one topic, as they stand in the library."""
        return [shown for shown in self.by_code.values() if shown.topic == topic]

    def with_letter(self, letter: str) -> list[Shown]:
        """The entries that explain one kind of letter."""
        return [shown for shown in self.by_code.values() if letter in shown.letters]

    @property
    def letters(self) -> list[str]:
        """The kinds of letters that some entry explains, by name."""
        return sorted({letter for shown in self.by_code.values() for letter in shown.letters})

    @cached_property
    def words(self) -> WordIndex:
        """Every word of every way to ask, for when nothing better answers."""
        return WordIndex(
            (shown.entry, line)
            for shown in self.by_code.values()
            for side in shown.sides.values()
            for line in (side.question, *side.phrasings)
        )


@dataclass
class Showcase:
    """The selection of today, made anew when the shelf or the day changes."""

    shelf: Shelf
    today: Callable[[], dt.date]
    _kept: Selection | None = None

    def now(self) -> Selection:
        """What may be shown at this moment. Raises CodeClash."""
        library, day = self.shelf.library, self.today()
        if self._kept is None or (self._kept.version, self._kept.day) != (library.version, day):
            self._kept = selection(library, day)
        return self._kept


def code_of(entry: str) -> str:
    """The first hex digits of SHA-256 of an entry's id."""
    return hashlib.sha256(entry.encode()).hexdigest()[:CODE_DIGITS]


def codes_of(entries: Iterable[str]) -> dict[str, str]:
    """The code of every entry. Raises CodeClash when two are the same."""
    owners: dict[str, str] = {}
    for entry in entries:
        other = owners.setdefault(code_of(entry), entry)
        if other != entry:
            raise CodeClash(f"{entry} and {other} would have the same address; give one of them another id")
    return {entry: code for code, entry in owners.items()}


def selection(library: Library, day: dt.date) -> Selection:
    """The served texts of a library on a day. Raises CodeClash."""
    codes = codes_of(library.entries)
    served = {entry.id: sides for entry in library.entries.values() if (sides := _sides(entry, library, day))}
    by_code = {codes[entry]: _shown(library.entries[entry], sides, served, library) for entry, sides in served.items()}
    used = {shown.topic for shown in by_code.values()}
    return Selection(library.version, day, by_code, tuple(topic for topic in library.topics if topic in used), codes)


def source_label(language: str) -> str:
    """What stands before the sources."""
    return say(language, "source", sources="").strip()


def topic_label(topic: str, language: str) -> str:
    """What a topic is called; its id when nobody has named it yet."""
    return texts(TEXTS, language).get(f"topic_{topic}", topic)


def language_names() -> dict[str, str]:
    """Every language in its own name."""
    return {language: catalogue(language)["language_name"] for language in LANGUAGES}


def _sides(entry: Entry, library: Library, day: dt.date) -> dict[str, Side]:
    return {language: _side(entry, language, library) for language in LANGUAGES if entry.is_served(language, day)}


def _side(entry: Entry, language: str, library: Library) -> Side:
    # The lines under an answer are the ones that people get in chat.
    body, footer = answer(entry, language, library).text.rsplit("\n\n", 1)
    sources, status = footer.split("\n", 1)
    text = entry.text(language)
    return Side(language, text.question, body, sources, status, text.phrasings)


def _shown(entry: Entry, sides: dict[str, Side], served: Iterable[str], library: Library) -> Shown:
    names = dict.fromkeys(evidence.source for claim in entry.claims for evidence in claim.evidence)
    titles = source_titles(entry, library)
    links = tuple(Link(title, library.sources[name].url) for title, name in zip(titles, names, strict=True))
    related = tuple(code_of(other) for other in _related(entry, library) if other in served)[:RELATED]
    return Shown(code_of(entry.id), entry.id, entry.topic, entry.letters, links, related, entry.valid_until, sides)


def _related(entry: Entry, library: Library) -> list[str]:
    """What it points to, what points to it, then its topic."""
    others = library.entries.values()
    back = [other.id for other in others if entry.id in other.see_also]
    same = [other.id for other in others if other.topic == entry.topic]
    return [other for other in dict.fromkeys([*entry.see_also, *back, *same]) if other != entry.id]
