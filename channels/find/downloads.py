"""What can be taken along: the data for a phone without connection, and one file that opens without anything else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment

from bot.messages import texts
from channels.find.shown import TEXTS, Selection, Shown, Side, language_names, source_label, topic_label
from channels.find.words import words_of
from knowledge.entry import LANGUAGES


def data(selection: Selection) -> bytes:
    """All that may be shown, as gzipped JSON: {"version", "date", "sources", "topics", "entries"}."""
    content = {
        "version": selection.version,
        "date": selection.day.isoformat(),
        "sources": {language: source_label(language) for language in LANGUAGES},
        "topics": {topic: {language: topic_label(topic, language) for language in LANGUAGES} for topic in selection.topics},
        "entries": [_entry(shown) for shown in selection.by_code.values()],
    }
    return gzip.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), mtime=0)


def _entry(shown: Shown) -> dict[str, Any]:
    return {
        "code": shown.code,
        "topic": shown.topic,
        "letters": shown.letters,
        "until": shown.until.isoformat(),
        "links": shown.links,
        "related": shown.related,
        "texts": {language: _text(side) for language, side in shown.sides.items()},
    }


def _text(side: Side) -> dict[str, Any]:
    return {
        "question": side.question,
        "answer": side.answer,
        "status": side.status,
        "phrasings": side.phrasings,
    }


def one_file(selection: Selection, languages: Sequence[str], templates: Environment) -> bytes:
    """One HTML file with all answers in these languages, its style and its script inside; asks nothing of the network."""
    parts = [
        {"language": language, "t": texts(TEXTS, language), "topics": _topics(selection, language)} for language in languages
    ]
    page = templates.get_template("all.html")
    told = page.render(selection=selection, parts=parts, names=language_names(), t=texts(TEXTS, languages[0]))
    return told.encode()


def _topics(selection: Selection, language: str) -> list[tuple[str, list[tuple[Side, str]]]]:
    """(label, [(text, its words)]) for every topic that has a text in this language."""
    found = [
        (
            topic_label(topic, language),
            [(shown.sides[language], _words(shown.sides[language])) for shown in shown_here(selection, topic, language)],
        )
        for topic in selection.topics
    ]
    return [(label, sides) for label, sides in found if sides]


def shown_here(selection: Selection, topic: str, language: str) -> list[Shown]:
    """The entries of a topic that may be shown in a language."""
    return [shown for shown in selection.in_topic(topic) if language in shown.sides]


def _words(side: Side) -> str:
    return " ".join(dict.fromkeys(words_of(" ".join((side.question, *side.phrasings, side.answer)))))
