"""Answering without Rasa: crisis rules, then retrieval. What `kompas ask` uses, and what the actions build on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot import rendering
from bot.crisis.rules import Kind
from bot.messages import say
from knowledge.entry import Entry
from knowledge.library import Library
from retrieval.decision import Decision
from retrieval.language import Guess
from retrieval.search import Searcher


@dataclass(frozen=True)
class Assistant:
    """Crisis rules and retrieval over one knowledge base."""

    searcher: Searcher
    guess_language: Callable[[str], Guess]
    crisis: Callable[[str], Kind | None]

    @property
    def library(self) -> Library:
        """The knowledge base being served now."""
        return self.searcher.index.library

    def search(self, text: str, language: str, topic_prior: Mapping[str, float] | None = None) -> Decision:
        """The decision of retrieval."""
        return self.searcher.search(text, language, topic_prior)

    def search_near(self, text: str, language: str, entry: Entry) -> Decision | None:
        """What retrieval says of a message that leans on an answer: its related entries first; None when it says nothing."""
        near = frozenset([entry.id, *self.related(entry.id, language)])
        decision = self.searcher.search(text, language, near=near)
        if decision.outcome == "unknown":
            return None
        # An entry from elsewhere may be meant, and may be a word that two subjects share: then the person chooses.
        stray = decision.entry is not None and decision.entry not in near and any(c.entry in near for c in decision.choices)
        return replace(decision, outcome="choices") if stray else decision

    def related(self, entry_id: str | None, language: str) -> list[str]:
        """Entries that may be served: those it points to, those that point to it, then its topic's."""
        entries, today = self.library.entries, self.searcher.today()
        entry = entries.get(entry_id or "")
        if entry is None:
            return []
        back = [other.id for other in entries.values() if entry.id in other.see_also]
        same = [other.id for other in entries.values() if other.topic == entry.topic]
        found = dict.fromkeys([*entry.see_also, *back, *same])
        return [e for e in found if e != entry.id and e in entries and entries[e].is_served(language, today)]

    def entry_reply(self, entry_id: str, language: str) -> rendering.Reply | None:
        """The reply with one entry, or None when it is unknown or may not be served today."""
        entry: Entry | None = self.library.entries.get(entry_id)
        if entry is None or not entry.is_served(language, self.searcher.today()):
            return None
        return rendering.answer(entry, language, self.library)

    def ask(self, text: str, language: str | None = None) -> dict[str, Any]:
        """One line of the `kompas ask --jsonl` contract (../design, "Contracts that must not drift")."""
        language = language or self.guess_language(text).language
        if kind := self.crisis(text):
            return self._line("crisis", language, text=say(language, f"crisis_{kind}"), score=1.0)
        decision = self.search(text, language)
        listed = [{"entry": c.entry, "topic": c.topic, "title": c.title} for c in decision.choices]
        if decision.entry is None:
            text = decision.question or say(language, decision.outcome)
            return self._line(decision.outcome, language, text, decision.score, choices=listed)
        entry = self.library.entries[decision.entry]
        return {
            **self._line("answer", language, entry.text(language).answer, decision.score, choices=listed),
            "topic": entry.topic,
            "entry": entry.id,
            "sources": self._sources(entry),
        }

    def _line(
        self, decision: str, language: str, text: str, score: float, choices: list[dict[str, str]] | None = None
    ) -> dict[str, Any]:
        return {
            "decision": decision,
            "language": language,
            "topic": None,
            "entry": None,
            "score": round(score, 4),
            "text": text,
            "choices": choices or [],
            "sources": [],
            "version": self.library.version,
        }

    def _sources(self, entry: Entry) -> list[dict[str, str | None]]:
        used = dict.fromkeys(evidence.source for claim in entry.claims for evidence in claim.evidence)
        return [
            {
                "title": self.library.sources[name].title,
                "url": self.library.sources[name].url,
                "checked_on": entry.checked_on.isoformat(),
            }
            for name in used
        ]
