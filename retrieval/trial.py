"""What a change to one entry would do to questions, tried on an index of its own: nothing that is served changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from knowledge.entry import LANGUAGES, Entry, Text
from knowledge.library import Library
from retrieval.index import Index
from retrieval.search import Searcher
from retrieval.vectors import Borrowed, Store, VectorStore

# So many entries are shown for a question.
SHOWN = 10
# So many questions, those most like the changed entry's own, are asked before and after: a few seconds on two cores.
ASKED = 60
Question = tuple[str, str]


@dataclass(frozen=True)
class Ranked:
    """What would be done with a question: the decision, the belief (0 to 1), and (entry, topic, title, score) best first."""

    decision: str
    belief: float
    found: tuple[tuple[str, str, str, float], ...]


@dataclass(frozen=True)
class Moved:
    """A question that leads to another entry after a change; an empty name is no entry."""

    language: str
    question: str
    before: str
    after: str


def ranked(searcher: Searcher, question: str, language: str) -> Ranked:
    """What Kompas does with a question now."""
    decision, ranking = searcher.look(question, language, SHOWN)
    entries = searcher.index.library.entries
    rows = tuple((e, entries[e].topic, entries[e].text(language).question, round(score, 4)) for e, score in ranking.entries)
    return Ranked(decision.outcome, round(decision.score, 4), rows)


def lenient(content: Mapping[str, Any]) -> Entry:
    """An entry of content that may be half written, as if it were checked: what counts here is how people ask."""
    texts: dict[str, Any] = {language: _text(content.get(language) or {}) for language in LANGUAGES}
    record: dict[str, Any] = {key: str(content.get(key) or "") for key in ("id", "topic")}
    return Entry.model_construct(valid_until=dt.date.max, **(record | texts))


def _text(content: Mapping[str, Any]) -> Text:
    phrasings = tuple(line for line in map(str, content.get("phrasings") or ()) if line.strip())
    question = str(content.get("question") or "").strip()
    return Text.model_construct(
        status="checked", question=question or " ".join(phrasings[:1]), answer="", phrasings=phrasings
    )


class Trials:
    """Tries changes. Keeps the index of the latest one while its editor goes on asking, at the cost of a second index."""

    def __init__(self, searcher: Searcher, build: Callable[[Library, Store], Index], store: VectorStore) -> None:
        """`build` makes an index of a library with the vectors of a store."""
        self._searcher, self._build = searcher, build
        self._lent, self._store = store, Borrowed(store, searcher.encoder)
        self._latest: tuple[tuple[str, Entry], Searcher] | None = None

    def ranked(self, question: str, language: str, content: Mapping[str, Any]) -> tuple[Ranked, Ranked]:
        """What is done with a question now, and what would be."""
        return ranked(self._searcher, question, language), ranked(self._trying(lenient(content)), question, language)

    def moved(self, content: Mapping[str, Any], public: Sequence[Question]) -> list[Moved]:
        """Questions that would come to this entry only after the change, or no longer would, likeliest first.

        Asked are those of `public` (language, text) and of the other entries that are most like the entry's own.
        """
        entry = lenient(content)
        now, then = replace(self._searcher), self._trying(entry)
        others = [(language, text) for name, language, text in now.index.library.phrasings() if name != entry.id]
        found = []
        for language, question in self._likest(entry, [*public, *others]):
            before, after = (_first(searcher, question, language) for searcher in (now, then))
            if before != after and entry.id in (before, after):
                found.append(Moved(language, question, before, after))
        return found

    def forget(self) -> None:
        """Gives the second index back, and the vectors of what was only tried."""
        self._latest, self._store = None, Borrowed(self._lent, self._searcher.encoder)

    def _trying(self, entry: Entry) -> Searcher:
        """A searcher over the same knowledge with this entry in place of the one of the same id, or besides all others."""
        library = self._searcher.index.library
        key = (library.version, entry)
        if self._latest is None or self._latest[0] != key:
            changed = replace(library, entries={**library.entries, entry.id: entry})
            self._latest = None  # before the next is built: never three at once
            self._latest = (key, replace(self._searcher, index=self._build(changed, self._store)))
        return self._latest[1]

    def _likest(self, entry: Entry, questions: Sequence[Question]) -> list[Question]:
        """The ASKED questions nearest to any way to ask for the entry."""
        own = [text for language in LANGUAGES for text in (entry.text(language).question, *entry.text(language).phrasings)]
        if not any(own):
            return []
        likeness = self._store.vectors([text for _, text in questions]) @ self._store.vectors([t for t in own if t]).T
        order = np.argsort(-likeness.max(axis=1), kind="stable")
        return [questions[place] for place in order[:ASKED]]


def _first(searcher: Searcher, question: str, language: str) -> str:
    entries = searcher.rank(question, language, limit=1).entries
    return entries[0][0] if entries else ""
