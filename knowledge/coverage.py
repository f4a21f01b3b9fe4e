"""What the knowledge base covers: entries by topic and language, their status, age and next date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from knowledge.entry import LANGUAGES, Entry, Letter, Status
from knowledge.library import Library

TEMPLATE = Path(__file__).parent / "coverage.html"
# An entry that nobody compared with its sources for this long is shown as old, in days.
OLD = 270


@dataclass(frozen=True)
class Cell:
    """One topic in one language: how many texts may be sent today, of how many, and ways to ask."""

    served: int
    entries: int
    phrasings: int


@dataclass(frozen=True)
class Row:
    """One topic: its cells by language, days since its oldest check against the sources, first expiry."""

    topic: str
    entries: int
    cells: dict[str, Cell]
    oldest: int | None
    expires: dt.date | None


@dataclass(frozen=True)
class Coverage:
    """The whole: a row for each topic, a total, texts by status, and entries by the letter they explain."""

    version: str
    today: dt.date
    rows: tuple[Row, ...]
    total: Row
    statuses: dict[str, int]
    letters: dict[str, int]


def measure(library: Library, today: dt.date) -> Coverage:
    """Counts everything once."""
    entries = list(library.entries.values())
    rows = tuple(_row(topic, [e for e in entries if e.topic == topic], today) for topic in library.topics)
    statuses = [entry.text(language).status for entry in entries for language in LANGUAGES]
    return Coverage(
        version=library.version,
        today=today,
        rows=rows,
        total=_row("total", entries, today),
        statuses={status: statuses.count(status) for status in get_args(Status)},
        letters={letter: sum(letter in entry.letters for entry in entries) for letter in get_args(Letter)},
    )


def _row(topic: str, entries: list[Entry], today: dt.date) -> Row:
    cells = {language: _cell(entries, language, today) for language in LANGUAGES}
    oldest = max(((today - entry.checked_on).days for entry in entries), default=None)
    return Row(topic, len(entries), cells, oldest, min((entry.valid_until for entry in entries), default=None))


def _cell(entries: list[Entry], language: str, today: dt.date) -> Cell:
    served = sum(entry.is_served(language, today) for entry in entries)
    return Cell(served, len(entries), sum(len(entry.text(language).phrasings) for entry in entries))


def table(coverage: Coverage) -> Iterable[str]:
    """The coverage as aligned lines for a terminal."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=f"{coverage.today}, version {coverage.version}: texts that may be sent / texts, ways to ask")
    drawn.add_column("topic")
    for heading in ("entries", *LANGUAGES, "checked", "first expiry"):
        drawn.add_column(heading, justify="right")
    for row in (*coverage.rows, coverage.total):
        drawn.add_row(*_line(row), style="bold" if row is coverage.total else None, end_section=row is coverage.rows[-1])
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(drawn)
    yield from capture.get().rstrip().splitlines()
    yield "status: " + ", ".join(f"{count} {status}" for status, count in coverage.statuses.items())
    yield "letters explained: " + ", ".join(f"{letter} {count}" for letter, count in coverage.letters.items())


def _line(row: Row) -> Iterator[str]:
    yield row.topic
    yield str(row.entries)
    for cell in row.cells.values():
        yield f"{cell.served}/{cell.entries} {cell.phrasings}"
    yield "" if row.oldest is None else f"{row.oldest} d ago"
    yield str(row.expires or "")


def page(coverage: Coverage) -> str:
    """The coverage as an HTML page that needs nothing else."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(coverage=coverage, languages=LANGUAGES, old=OLD)
