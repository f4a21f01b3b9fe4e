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
from knowledge.open_words import CHOICES_LIMITS
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

    def search_near(self, text: str, language: str, last: Entry, pointing: bool) -> Decision:
        """What retrieval says of a message that leans on an answer; `pointing` says that it cannot stand alone.

        An entry near the last one is answered where the message alone and the message after its question both find it, and
        one from elsewhere where the last answer makes no difference. Otherwise the person chooses.
        """
        near = frozenset([last.id, *self.related(last.id, language)])
        alone = self.search(text, language)
        if alone.question or alone.entry in near:
            return alone
        moved = self.searcher.search(text, language, near=near)
        after = self.search(f"{last.text(language).question} {text}", language)
        likely = [choice for choice in moved.choices if choice.entry in near and choice in alone.choices]
        sure = moved.entry in {c.entry for c in alone.choices[:2]} & {c.entry for c in after.choices}
        if moved.entry and sure and self.library.entries[moved.entry].topic == last.topic:
            return moved
        if moved.entry and moved.entry == alone.entry and not pointing:
            return alone
        found = {c.entry: c for c in [*likely[:1], *after.choices[:2], *alone.choices[:2]]}
        return replace(alone, outcome="choices", choices=tuple(found.values())[: CHOICES_LIMITS[1]])

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
            "sources": self._sources(entry, language),
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

    def _sources(self, entry: Entry, language: str) -> list[dict[str, str | None]]:
        used = dict.fromkeys(evidence.source for claim in entry.claims for evidence in claim.evidence)
        return [
            {
                "title": self.library.sources[name].title,
                "url": self.library.sources[name].url,
                "checked_on": entry.checked(language).isoformat(),
            }
            for name in used
        ]
