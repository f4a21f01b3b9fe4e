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

# The last day of that name, Monday first, as people write them without accents.
_WEEKDAYS = [
    re.compile(rf"\b(?:{names})\b")
    for names in (
        "maandag|monday|mon|lunes|poniedzialek|luni|lunea",
        "dinsdag|tuesday|tue|tues|martes|wtorek|marti|martea",
        "woensdag|wednesday|wed|miercoles|sroda|srode|miercuri|miercurea",
        "donderdag|thursday|thu|thurs|jueves|czwartek|joi|joia",
        "vrijdag|friday|fri|viernes|piatek|vineri|vinerea",
        "zaterdag|saturday|sat|sabado|sobota|sobote|sambata|simbata",
        "zondag|sunday|sun|domingo|niedziela|niedziele|duminica",
    )
]
# Words for a day that dateparser does not know, in days before today.
_DAYS_BACK = {"gister": 1, "alaltaieri": 2, "antier": 2, "antes de ayer": 2, "the day before yesterday": 2, "aseara": 1}
# What names a week, a month or a year and no day: too little for a deadline.
_PERIOD = re.compile(
    r"\b(?:week|weken|weeks|maand|maanden|months?|jaar|years?|semanas?|mes|meses|ano|anos|tydzien|tygodni\w*|miesi\w*|rok|roku|lat"
    r"|saptaman\w*|luna|luni in urma|an|ani|begin|eind|early|late|mid|principios|finales|poczat\w*|koniec|inceput\w*"
    r"|sfarsit\w*)\b"
)
_YEAR = re.compile(r"\b\d{4}\b|\b\d{1,2}-\d{1,2}-\d{2}\b")
_IN_MONTH = re.compile(r"\b(?:in|en|w|we) [a-z]{3,12}$")

# A longer message is a sentence, and no `gisteren` or `el 3`.
SPOKEN_WORDS = 3

Problem = Literal["unreadable", "vague", "future", "old"]


@dataclass(frozen=True)
class LetterDate:
    """A date, or what is wrong with what was typed."""

    date: dt.date | None = None
    problem: Problem | None = None


def read_date(text: str, today: dt.date) -> LetterDate:
    """The one date a message names. A date without a year is the latest that has been."""
    folded = fold(text)
    written = next((date for candidate in _written(folded) if (date := _parse(candidate, today))), None)
    found = written or _spoken(folded, today)
    if found is None:
        return LetterDate(problem="vague" if _PERIOD.search(folded) or _IN_MONTH.search(folded) else "unreadable")
    if found > today:
        return LetterDate(problem="future")
    return LetterDate(problem="old") if found < today - OLDEST else LetterDate(found)


def says_no_date(text: str) -> bool:
    """Whether somebody says that there is no date on the letter."""
    return bool(_NO_DATE.search(fold(text)))


def _written(text: str) -> list[str]:
    """What may be a written date, most telling first."""
    named = [" ".join(filter(None, match.groups())) for match in _DAY_MONTH.finditer(text)]
    turned = [" ".join(filter(None, (match[2], match[1], match[3]))) for match in _MONTH_DAY.finditer(text)]
    numbers = [re.sub(r"\s?[-./ ]\s?", "-", match[0]) for match in _NUMBERS.finditer(text)]
    # Beside "last year" or "two weeks ago" only a date with its year is a date.
    return [date for date in named + turned + numbers if not _PERIOD.search(text) or _YEAR.search(date)]


def _spoken(text: str, today: dt.date) -> dt.date | None:
    """A day named from today: `gisteren`, `last Tuesday`. Never a week or a month."""
    if back := next((days for word, days in _DAYS_BACK.items() if re.search(rf"\b{word}\b", text)), None):
        return today - dt.timedelta(days=back)
    named = [day for day, pattern in enumerate(_WEEKDAYS) if pattern.search(text)]
    if _PERIOD.search(text) or len(named) > 1:
        return None
    if named:
        return today - dt.timedelta(days=(today.weekday() - named[0] - 1) % 7 + 1)
    return _parse(text, today) if len(text.split()) <= SPOKEN_WORDS else None


def _parse(candidate: str, today: dt.date) -> dt.date | None:
    import dateparser

    settings = SETTINGS | {"RELATIVE_BASE": dt.datetime.combine(today, dt.time(12))}
    found = dateparser.parse(candidate, languages=list(LANGUAGES), settings=settings)
    return found.date() if found else None
