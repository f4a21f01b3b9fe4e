"""Until when one can react: the law's terms, weekends, public holidays and leap years, and the dates people type."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dates import read_date
from bot.deadlines import TERMS, Term, days_left, last_day, public_holidays
from bot.letters import NO_DATE, deadline_text, is_bare, known_from, sender_named, senders, written
from knowledge.entry import LANGUAGES
from knowledge.library import load
from tests.conftest import REAL_KNOWLEDGE

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2099, 10, 1))
TODAY = dt.date(2026, 11, 21)

# Worked out by hand with a calendar.
LAST_DAYS = {
    ("2026-11-03", "objection"): "2026-12-15",
    ("2026-11-14", "objection"): "2026-12-28",  # 26 December is Boxing Day and a Saturday, the 27th a Sunday
    ("2024-01-18", "objection"): "2024-02-29",  # a leap day is a day
    ("2025-03-17", "objection"): "2025-04-28",
    ("2027-03-25", "objection"): "2027-05-07",  # Ascension Day on 6 May 2027
    ("2025-11-20", "objection"): "2026-01-02",  # New Year's Day
    ("2022-03-16", "objection"): "2022-04-28",  # King's Day on 27 April
    ("2025-03-15", "objection"): "2025-04-28",  # Saturday 26 April 2025, kept as King's Day, then Sunday
    ("2026-03-23", "objection"): "2026-05-04",
    ("2026-03-24", "objection"): "2026-05-06",  # 5 May
    ("2026-11-21", "penal_order"): "2026-12-07",
    ("2026-11-30", "insurance_warning"): "2027-03-01",  # 28 February 2027 is a Sunday
}


@pytest.mark.parametrize(("letter", "term"), LAST_DAYS)
def test_the_last_day_is_the_laws(letter: str, term: str) -> None:
    """Six weeks end on the same weekday, unless that is a Saturday, Sunday or public holiday."""
    assert last_day(dt.date.fromisoformat(letter), TERMS[term]).isoformat() == LAST_DAYS[(letter, term)]


@given(DAYS, st.sampled_from(list(TERMS.values())))
def test_a_last_day_is_a_working_day_and_never_early(letter: dt.date, term: Term) -> None:
    """A term is never cut short, and never stretched by more than the longest row of free days."""
    last = last_day(letter, term)
    assert last.weekday() < 5 and last not in public_holidays(last.year)
    shortest = term.weeks * 7 + term.months * 28
    assert shortest <= (last - letter).days <= shortest + (12 if term.months else 6)


@given(DAYS, DAYS)
def test_a_later_letter_never_has_an_earlier_last_day(one: dt.date, other: dt.date) -> None:
    """Order is kept, across months, years and leap days."""
    assert (one <= other) <= (last_day(one, TERMS["objection"]) <= last_day(other, TERMS["objection"]))


@given(st.integers(1990, 2099))
def test_holidays_are_the_laws(year: int) -> None:
    """Algemene termijnenwet, article 3: nine days (fewer where two fall together), Easter Monday among them."""
    found = public_holidays(year)
    assert 8 <= len(found) <= 9
    assert {dt.date(year, 1, 1), dt.date(year, 5, 5), dt.date(year, 12, 25), dt.date(year, 12, 26)} <= found
    kings = dt.date(year, 4, 27)
    assert (kings in found) != (kings.weekday() == 6)


def test_days_left_counts_from_today() -> None:
    """None on the last day itself, negative afterwards."""
    assert [days_left(TODAY + dt.timedelta(days=n), TODAY) for n in (24, 0, -3)] == [24, 0, -3]


READ = {
    "12 november 2026": "2026-11-12", "de brief is van 3 november": "2026-11-03", "3-11-2026": "2026-11-03", "03/11/26": "2026-11-03",
    "2026-11-03": "2026-11-03", "I got it on the 5th of October": "2026-10-05", "Oct 5, 2026": "2026-10-05", "ayer": "2026-11-20",
    "carta del 3 de octubre de 2026": "2026-10-03", "pismo z dnia 3 pazdziernika": "2026-10-03", "5 września 26": "2026-09-05",
    "scrisoarea din 3 octombrie": "2026-10-03", "12 noiembrie": "2026-11-12", "1 maja": "2026-05-01",
    "24 december": "2025-12-24", "gister": "2026-11-20", "last Tuesday": "2026-11-17", "w zeszły wtorek": "2026-11-17",
    "zaterdag": "2026-11-14", "alaltăieri": "2026-11-19", "el martes 3 de noviembre": "2026-11-03",
    "3 weken geleden": "vague", "la semana pasada": "vague", "w zeszłym tygodniu": "vague", "acum 2 săptămâni": "vague",
    "3 maart vorig jaar": "vague", "in october": "vague",
    "31 februari 2026": "unreadable", "30/02/2026": "unreadable", "29-02-2026": "unreadable", "november": "unreadable",
    "de gemeente": "unreadable", "10 euro": "unreadable", "art 12 van de wet": "unreadable", "": "unreadable",
    "12 december 2026": "future", "morgen": "future", "3 mei 1990": "old",
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_date_is_read_as_people_write_it(text: str) -> None:
    """Five languages, with and without accents, and what is no date gets its reason."""
    read = read_date(text, TODAY)
    assert (read.date.isoformat() if read.date else read.problem) == READ[text]


@given(st.dates(TODAY - dt.timedelta(days=1000), TODAY), st.sampled_from(LANGUAGES))
def test_what_kompas_writes_it_can_read(date: dt.date, language: str) -> None:
    """A date written in any of the five languages comes back as the same date."""
    assert read_date(written(date, language), TODAY).date == date


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_a_reason(text: str) -> None:
    """Never an error, and never a date that is still to come."""
    read = read_date(text, TODAY)
    assert (read.date is None) != (read.problem is None)
    assert read.date is None or read.date <= TODAY


def test_every_letter_points_to_entries_that_are_there() -> None:
    """Each kind has an entry, and each deadline a text in time and too late in every language."""
    library = load(REAL_KNOWLEDGE)
    for sender in senders().values():
        for kind in sender.kinds.values():
            assert kind.entry in library.entries
            for language in LANGUAGES:
                in_time = deadline_text(kind, "2026-11-03", language, dt.date(2026, 11, 21))
                late = deadline_text(kind, "2026-01-03", language, dt.date(2026, 11, 21))
                assert (in_time == late) == (kind.term is None)
                assert deadline_text(kind, NO_DATE, language, TODAY)


NAMED = {
    "brief van de gemeente": "gemeente", "letter from the tax office": "belastingdienst", "dostałam pismo z CAK": "cak",
    "carta del banco": "bank", "scrisoare de la proprietar": "verhuurder", "list od policji": "politie", "CJIB": "cjib",
    "am primit ceva de la IND": "ind", "brief": None,
}  # fmt: skip


@pytest.mark.parametrize("text", NAMED)
def test_the_sender_is_heard_in_any_language(text: str) -> None:
    """By the glossary's notions and by plain names."""
    assert sender_named(text, load(REAL_KNOWLEDGE).glossary) == NAMED[text]


def test_what_is_known_of_a_letter_is_not_asked_again() -> None:
    """An entry that explains one kind only says the kind; one that explains several says the sender at most."""
    assert known_from("handhaving-dwangsom", "gemeente") == ("gemeente", "dwangsom")
    assert known_from("zv-cak-brief", None) == ("cak", None)
    assert known_from("politie-brief", None) == (None, None)
    assert known_from(None, "ind") == ("ind", "any")


def test_a_bare_letter_says_nothing_of_what_it_is_about() -> None:
    """Then Kompas asks; otherwise it answers first."""
    library = load(REAL_KNOWLEDGE)
    given_words = (library.glossary, library.open_words.filler)
    assert is_bare("ik heb een brief gekregen", None, *given_words)
    assert is_bare("dostałam pismo z CAK", "cak", *given_words)
    assert not is_bare("tengo carta de la gemeente, dwangsom??", "gemeente", *given_words)
