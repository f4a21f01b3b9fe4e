"""Which entries the list shows: words searched in all languages, and filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from channels.desk.forms import as_typed, value_at
from knowledge.coverage import OLD
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import Library
from knowledge.merging import Content
from knowledge.text import fold

# An entry that is not served for long any more: days until its date.
SOON = 60
# States of a text, the best first; "missing" is an entry that exists only as a proposal.
STATES = ("approved", "checked", "draft", "expired", "missing")


@dataclass(frozen=True)
class Query:
    """What is asked of the list. "" and False: everything."""

    words: str = ""
    topic: str = ""
    language: str = ""
    status: str = ""
    weak: str = ""
    soon: bool = False
    old: bool = False
    behind: bool = False
    proposal: bool = False


@dataclass(frozen=True)
class Item:
    """An entry as the list shows it: the state of each language, and what should be looked at."""

    id: str
    topic: str
    question: str
    states: dict[str, str]
    behind: frozenset[str]
    weak: frozenset[str]
    soon: bool
    old: bool
    proposal: bool
    valid_until: dt.date | None


@dataclass(frozen=True)
class Cell:
    """One topic in one language: how many texts are served, of how many. `level` is all, some, none or empty."""

    served: int
    entries: int

    @property
    def level(self) -> str:
        """How full it is."""
        if not self.entries:
            return "empty"
        return "all" if self.served == self.entries else "some" if self.served else "none"


class Haystack:
    """The words of all entries, folded; made anew when the library changed."""

    def __init__(self) -> None:
        self._version, self._words = "", dict[str, str]()

    def of(self, library: Library) -> Mapping[str, str]:
        """By entry id: its id, questions and answers in all languages."""
        if library.version != self._version:
            self._words = {name: _words(name, entry.model_dump()) for name, entry in library.entries.items()}
            self._version = library.version
        return self._words


def _words(name: str, content: Content) -> str:
    fields = [f"{language}.{part}" for language in LANGUAGES for part in ("question", "answer")]
    return fold(" ".join([name, *(as_typed(field, value_at(content, field)) for field in fields)]))


def items(
    library: Library,
    proposals: Mapping[str, Content],
    weak: Collection[tuple[str, str]],
    language: str,
    today: dt.date,
) -> list[Item]:
    """All entries and all proposals of new ones, by topic and id; questions in `language`."""
    found = [_item(entry, name in proposals, weak, language, today) for name, entry in library.entries.items()]
    found += [_new(name, content, language) for name, content in proposals.items() if name not in library.entries]
    order = {topic: number for number, topic in enumerate(library.topics)}
    return sorted(found, key=lambda item: (order.get(item.topic, len(order)), item.id))


def _item(entry: Entry, proposal: bool, weak: Collection[tuple[str, str]], language: str, today: dt.date) -> Item:
    return Item(
        entry.id,
        entry.topic,
        entry.text(language).question,
        {code: state(entry, code, today) for code in LANGUAGES},
        frozenset(code for code in LANGUAGES if entry.text(code).behind),
        frozenset(code for code in LANGUAGES if (entry.id, code) in weak),
        entry.valid_until <= today + dt.timedelta(days=SOON),
        (today - entry.checked_on).days > OLD,
        proposal,
        entry.valid_until,
    )


def _new(name: str, content: Content, language: str) -> Item:
    question = as_typed("question", value_at(content, f"{language}.question"))
    states = dict.fromkeys(LANGUAGES, "missing")
    nothing: frozenset[str] = frozenset()
    return Item(name, str(content.get("topic") or ""), question, states, nothing, nothing, False, False, True, None)


def state(entry: Entry, language: str, today: dt.date) -> str:
    """One of STATES."""
    text = entry.text(language)
    served_once = text.status != "draft"
    return "expired" if served_once and not entry.is_served(language, today) else text.status


def select(found: list[Item], query: Query, haystack: Mapping[str, str]) -> list[Item]:
    """The items that a query asks for, in their order."""
    words = fold(query.words).split()
    return [
        item
        for item in found
        if all(test(item, query) for test in TESTS) and _speaks_of(item, words, haystack.get(item.id, ""))
    ]


def _speaks_of(item: Item, words: list[str], told: str) -> bool:
    told = told or fold(f"{item.id} {item.question}")
    return all(word in told for word in words)


def _has_status(item: Item, query: Query) -> bool:
    states = [item.states[query.language]] if query.language in item.states else item.states.values()
    return not query.status or query.status in states


def _is_behind(item: Item, query: Query) -> bool:
    return not query.behind or (query.language in item.behind if query.language else bool(item.behind))


# A language alone hides nothing: it says in which language status and "source changed" are meant.
TESTS: tuple[Callable[[Item, Query], bool], ...] = (
    lambda item, query: query.topic in ("", item.topic),
    _has_status,
    _is_behind,
    lambda item, query: not query.weak or query.weak in item.weak,
    lambda item, query: not query.soon or item.soon,
    lambda item, query: not query.old or item.old,
    lambda item, query: not query.proposal or item.proposal,
)


def matrix(library: Library, today: dt.date) -> dict[str, dict[str, Cell]]:
    """By topic and language, how much is served."""
    by_topic: dict[str, list[Entry]] = {topic: [] for topic in library.topics}
    for entry in library.entries.values():
        by_topic.setdefault(entry.topic, []).append(entry)
    return {
        topic: {
            language: Cell(sum(entry.is_served(language, today) for entry in entries), len(entries))
            for language in LANGUAGES
        }
        for topic, entries in by_topic.items()
    }


def query_of(params: Mapping[str, Any]) -> Query:
    """What a form asks; values nobody can choose mean everything."""
    told = {name: str(params.get(name, "")).strip() for name in ("q", "topic", "language", "status", "weak")}
    marks = {name: bool(params.get(name)) for name in ("soon", "old", "behind", "proposal")}
    return Query(
        words=told["q"],
        topic=told["topic"],
        language=told["language"] if told["language"] in LANGUAGES else "",
        status=told["status"] if told["status"] in STATES else "",
        weak=told["weak"] if told["weak"] in LANGUAGES else "",
        **marks,
    )
