"""Until when one can react to a letter: a pure calculation from the letter's date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta


@dataclass(frozen=True)
class Term:
    """How long a law gives, counted from the day after the date of the letter."""

    weeks: int = 0
    months: int = 0


# By the names that bot/letters.yml uses. A letter that sets its own term is not in this table.
TERMS = {
    "objection": Term(weeks=6),  # Awb 6:7 and 6:8: bezwaar, and beroep likewise; AWR 22j for tax; Wahv 6 for traffic fines
    "penal_order": Term(weeks=2),  # Sv 257e: verzet against a strafbeschikking, counted from the letter to be safe
    "insurance_warning": Term(months=3),  # Zvw 9b: to take out health insurance after the CAK's warning
}


def public_holidays(year: int) -> frozenset[dt.date]:
    """Days that count as public holidays for terms: Algemene termijnenwet, article 3."""
    sunday = easter(year)
    kings_day = dt.date(year, 4, 27)
    if kings_day.weekday() == 6:  # on a Sunday it is kept the day before
        kings_day -= dt.timedelta(days=1)
    moving = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension Day, Whit Monday
    fixed = (dt.date(year, 1, 1), kings_day, dt.date(year, 5, 5), dt.date(year, 12, 25), dt.date(year, 12, 26))
    return frozenset([*fixed, *(sunday + dt.timedelta(days=days) for days in moving)])


def last_day(letter: dt.date, term: Term) -> dt.date:
    """The last day of a term; one that would end on a Saturday, Sunday or public holiday ends on the next other day.

    Algemene termijnenwet, article 1. The day of the letter itself does not count (Awb 6:8): six weeks end on its weekday.
    """
    day = letter + relativedelta(weeks=term.weeks, months=term.months)
    while day.weekday() >= 5 or day in public_holidays(day.year):
        day += dt.timedelta(days=1)
    return day


def days_left(last: dt.date, today: dt.date) -> int:
    """Days after today until the last day; 0 on the day itself, negative when it has passed."""
    return (last - today).days
