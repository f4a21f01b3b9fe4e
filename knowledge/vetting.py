"""What an entry becomes when somebody vets it: texts taken over, still correct, withdrawn. Plain data in, plain data out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from knowledge.entry import LANGUAGES, SERVED, Entry, Status
from knowledge.merging import Content
from knowledge.proposal import VETTED_TEXT

# How long a text is served after somebody looked at it, unless they set a later date.
VALID = dt.timedelta(days=365)


def dressed(content: Content, entry: Entry | None, today: dt.date) -> Content:
    """Content with the status, dates and marks that the served entry has; a new one is a draft of today."""
    told = dict(content) | {"checked_on": (entry.checked_on if entry else today).isoformat()}
    for language in LANGUAGES:
        if isinstance(told.get(language), dict):
            told[language] = told[language] | _state(entry, language)
    return told


def _state(entry: Entry | None, language: str) -> Content:
    if entry is None:
        return {"status": "draft"}
    text = entry.text(language)
    return {"status": text.status} | ({"behind": text.behind.isoformat()} if text.behind else {})


def taken_over(entry: Entry | None, content: Content, languages: Collection[str], status: Status, today: dt.date) -> Content:
    """The entry with these languages and the record of `content`; the other languages as they are served, or drafts."""
    now = entry.model_dump(mode="json") if entry else {}
    made = {key: value for key, value in content.items() if key not in LANGUAGES}
    for language in LANGUAGES:
        text = content.get(language)
        if language not in languages:
            made[language] = now[language] if entry else _as(text, "draft")
        else:
            kept = entry is not None and entry.text(language).status == "approved" and says(entry, language) == _said(text)
            made[language] = _as(text, "approved" if kept else status)
    if entry and "nl" in languages and _said(made["nl"])[:2] != says(entry, "nl")[:2]:
        for language in LANGUAGES[1:]:
            if language not in languages and entry.text(language).status in SERVED:
                made[language] = made[language] | {"behind": entry.checked(language).isoformat()}
    return made | _dates(entry, made, languages, today)


def _dates(entry: Entry | None, made: Content, languages: Collection[str], today: dt.date) -> Content:
    """When all was checked, and until when it is served: one date for five languages must not promise more than was done.

    A language that is served and that nobody looked at keeps the older date for all; one that is behind has its own.
    """
    untouched = [language for language in LANGUAGES if entry and language not in languages and _is_served(made, language)]
    same = [language for language in untouched if not made[language].get("behind")]
    until = made.get("valid_until")
    return {
        "checked_on": entry.checked_on.isoformat() if entry and same else today.isoformat(),
        "valid_until": until if untouched else _valid_until(until, today),
    }


def _is_served(made: Content, language: str) -> bool:
    return isinstance(made.get(language), dict) and made[language].get("status") in SERVED


def still_correct(entry: Entry, today: dt.date) -> Entry:
    """Somebody compared all of it again: dates and marks change, statuses stay."""
    texts = {language: entry.text(language).model_copy(update={"behind": None}) for language in LANGUAGES}
    return entry.model_copy(update={"checked_on": today, "valid_until": today + VALID, **texts})


def withdrawn(entry: Entry, languages: Collection[str]) -> Entry:
    """Drafts of these languages, so that nobody is sent them; the texts stay."""
    texts = {language: entry.text(language).model_copy(update={"status": "draft"}) for language in languages}
    return entry.model_copy(update=texts)


def says(entry: Entry, language: str) -> tuple[Any, ...]:
    """Question, answer and phrasings of one language, to compare with another text's."""
    return _said(entry.text(language).model_dump(mode="json"))


def _said(text: Any) -> tuple[Any, ...]:
    return tuple(text.get(key) for key in ("question", "answer", "phrasings")) if isinstance(text, dict) else (text,)


def _as(text: Any, status: str) -> Any:
    if not isinstance(text, dict):
        return text
    return {"status": status} | {key: value for key, value in text.items() if key not in VETTED_TEXT}


def _valid_until(written: Any, today: dt.date) -> Any:
    """A later date stays, a past one gets a year; what is no date stays, to be complained about."""
    try:
        later = written is not None and dt.date.fromisoformat(written) > today
    except (TypeError, ValueError):
        return written
    return written if later else (today + VALID).isoformat()
