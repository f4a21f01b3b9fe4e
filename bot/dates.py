"""The date on a letter, as people type it in five languages."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Literal

from knowledge.entry import LANGUAGES
from knowledge.text import fold

# A letter older than this is more likely a typing mistake than a letter somebody asks about now.
OLDEST = dt.timedelta(days=3 * 365)
# dateparser reads the parts; day and month must be there, and a date without a year is the last one that has been.
SETTINGS: dict[str, Any] = {"DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month"], "PREFER_DATES_FROM": "past"}

_NUMBERS = re.compile(r"\b\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}\b|\b\d{1,2}\s?[-./ ]\s?\d{1,2}(?:\s?[-./ ]\s?(?:\d{4}|\d{2}))?\b")
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:e|de|ste|st|nd|rd|th|\.|-?o|a)?\s*(?:of|de|van|din)?\s+([a-z]{3,12})\.?(?:\s+(?:de|del|of)?\s*(\d{4}|\d{2})\b)?"
)
_MONTH_DAY = re.compile(r"\b([a-z]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?\b")

_NO_DATE = re.compile(
    r"\b(?:(?:geen|zonder) datum|staat (?:er )?(?:geen|niet)|niet op|(?:no|without a?) ?date|not on it"
    r"|(?:sin|ninguna|no (?:tiene|lleva|hay|pone)) fecha|no (?:tiene|lleva)|(?:brak|bez|nie (?:ma|mam)(?: tam)?) daty"
    r"|(?:fara|nicio|n-?am|nu are(?: nici o)?) data)\b"
)

Problem = Literal["unreadable", "future", "old"]


@dataclass(frozen=True)
class LetterDate:
    """A date, or what is wrong with what was typed."""

    date: dt.date | None = None
    problem: Problem | None = None


def read_date(text: str, today: dt.date) -> LetterDate:
    """The one date a message names. A date without a year is the latest that has been."""
    found = next((date for candidate in _candidates(fold(text)) if (date := _parse(candidate, today))), None)
    if found is None:
        return LetterDate(problem="unreadable")
    if found > today:
        return LetterDate(problem="future")
    return LetterDate(problem="old") if found < today - OLDEST else LetterDate(found)


def says_no_date(text: str) -> bool:
    """Whether somebody says that there is no date on the letter."""
    return bool(_NO_DATE.search(fold(text)))


def _candidates(text: str) -> list[str]:
    """What may be a date, most telling first; a short message as a whole may be `gisteren` or `3 weeks ago`."""
    written = [" ".join(filter(None, match.groups())) for match in _DAY_MONTH.finditer(text)]
    turned = [" ".join(filter(None, (match[2], match[1], match[3]))) for match in _MONTH_DAY.finditer(text)]
    numbers = [re.sub(r"\s?[-./ ]\s?", "-", match[0]) for match in _NUMBERS.finditer(text)]
    return written + turned + numbers + ([text] if len(text.split()) <= 3 else [])


def _parse(candidate: str, today: dt.date) -> dt.date | None:
    import dateparser

    settings = SETTINGS | {"RELATIVE_BASE": dt.datetime.combine(today, dt.time(12))}
    found = dateparser.parse(candidate, languages=list(LANGUAGES), settings=settings)
    return found.date() if found else None
