"""From a decision to what is sent: the entry's own text, verbatim, with source, date, scope and buttons."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.crisis.rules import Kind
from bot.feedback import REASONS
from bot.menu import groups
from bot.messages import catalogue, say
from bot.other_languages import lines
from knowledge.entry import LANGUAGES, Entry
from knowledge.library import Library
from retrieval.decision import Decision

# An article's number in a locator: 2, 5:31d, 7:455, 126nba. Locators are written for editors; people get the numbers.
_ARTICLE = re.compile(r"\b\d+[a-z]{0,3}(?::\d+[a-z]{0,2})?\b")


@dataclass(frozen=True)
class Button:
    """A button; pressing it sends `value` as text."""

    title: str
    value: str


@dataclass(frozen=True)
class Reply:
    """One message to send. `decision` is answer, choices, unknown, crisis, dialogue or unavailable."""

    text: str
    decision: str
    entry: str | None = None
    buttons: tuple[Button, ...] = ()
    topic: str | None = None  # of the entry, for counting
    language: str | None = None  # set when the person asked for another language
    forget: bool = False  # set when the person asked to be forgotten

    def as_json(self) -> dict[str, Any]:
        """A plain dictionary, for Rasa's `custom` payload."""
        return asdict(self)


def entry_value(entry: str) -> str:
    """The button value that asks for one entry."""
    return f"entry:{entry}"


def language_value(language: str) -> str:
    """The button value that asks for one language."""
    return f"lang:{language}"


NONE_VALUE = "none:"
OTHER_LANGUAGE_VALUE = "lang:other"


def source_titles(entry: Entry, library: Library) -> list[str]:
    """The titles of an entry's sources, each once, in the order of its claims; a law with its articles."""
    articles: dict[str, list[str]] = {}
    for claim in entry.claims:
        for evidence in claim.evidence:
            found = articles.setdefault(evidence.source, [])
            found += [article for article in _ARTICLE.findall(evidence.at) if article not in found]
    return [
        f"{source.title}, art. {', '.join(found)}" if source.kind == "law" and found else source.title
        for source, found in ((library.sources[name], found) for name, found in articles.items())
    ]


def answer(entry: Entry, language: str, library: Library) -> Reply:
    """An entry in one language with its source line, and three buttons (the most WhatsApp shows under a message)."""
    text = entry.text(language)
    status = "approved" if text.status == "approved" else "checked"
    footer = [
        say(language, "source", sources="; ".join(source_titles(entry, library))),
        say(language, status, date=entry.checked(language).isoformat()),
        say(language, f"scope_{entry.scope}"),
    ]
    buttons = (
        Button(say(language, "more"), f"more:{entry.id}"),
        Button(say(language, "not_helpful"), "bad:"),
        Button(say(language, "other_language"), OTHER_LANGUAGE_VALUE),
    )
    return Reply(
        "\n\n".join([text.answer, footer[0] + "\n" + " ".join(footer[1:])]), "answer", entry.id, buttons, entry.topic
    )


def choices(decision: Decision) -> Reply:
    """Two to four titles and "none of these"."""
    language = decision.language
    buttons = [Button(choice.title, entry_value(choice.entry)) for choice in decision.choices]
    buttons.append(Button(say(language, "none_of_these"), NONE_VALUE))
    return Reply(decision.question or say(language, "choices"), "choices", None, tuple(buttons))


def decided(decision: Decision, library: Library) -> Reply:
    """The reply to any decision of retrieval."""
    if decision.entry:
        return answer(library.entries[decision.entry], decision.language, library)
    if decision.outcome == "choices":
        return choices(decision)
    return Reply(say(decision.language, "unknown"), "unknown")


def crisis(kind: Kind, language: str) -> Reply:
    """The right Dutch numbers, at once."""
    return Reply(say(language, f"crisis_{kind}"), "crisis")


def unavailable(language: str) -> Reply:
    """When Rasa or retrieval gives no answer: one moment, and who can help."""
    return Reply(say(language, "unavailable"), "unavailable")


def dialogue(language: str, key: str, **values: str) -> Reply:
    """A short reply from the catalogue, its `values` filled in."""
    return Reply(say(language, key, **values), "dialogue")


def entries(found: Sequence[str], language: str, key: str, library: Library) -> Reply:
    """Questions to choose from, under one line of the catalogue; none of them is the people who can help."""
    if not found:
        return dialogue(language, "none_of_these_reply")
    buttons = tuple(Button(library.entries[e].text(language).question, entry_value(e)) for e in found)
    return Reply(say(language, key), "choices", None, buttons)


def why(language: str) -> Reply:
    """Three reasons why an answer did not help."""
    buttons = tuple(Button(say(language, f"why_{reason}"), f"why:{reason}") for reason in REASONS)
    return Reply(say(language, "why"), "dialogue", None, buttons)


def menu(language: str) -> Reply:
    """What Kompas can answer, and the groups to choose from."""
    buttons = tuple(Button(getattr(group.label, language), f"menu:{name}") for name, group in groups().items())
    return Reply(say(language, "help"), "dialogue", None, buttons)


def menu_group(name: str, language: str, library: Library) -> Reply:
    """The questions of one group of the menu; an unknown group shows the menu again."""
    if name not in groups():
        return menu(language)
    known = [entry for entry in groups()[name].entries if entry in library.entries]
    return entries(known, language, "menu_entries", library)


def which_language(language: str) -> Reply:
    """The five languages to choose from, each in its own name."""
    return Reply(say(language, "which_language"), "dialogue", None, _languages())


def ask_language() -> Reply:
    """Asks for the language in all five at once, for who has not said enough to tell."""
    lines = [say(language, "which_language") for language in LANGUAGES]
    return Reply("\n".join(lines), "dialogue", None, _languages())


def five_languages(code: str) -> Reply:
    """For who writes in another language (a key of `other_languages.lines`): which five Kompas speaks, and in English."""
    return Reply(f"{lines()[code]}\n\n{lines()['en']}", "dialogue", None, _languages())


def _languages() -> tuple[Button, ...]:
    return tuple(Button(catalogue(other)["language_name"], language_value(other)) for other in LANGUAGES)
