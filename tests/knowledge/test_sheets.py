"""Spreadsheets: out and in without loss, all or nothing, and every mistake named with table, row and column."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from knowledge import sheets, spreadsheet
from knowledge.entry import Entry
from knowledge.library import load
from knowledge.sheets import Row, SheetError
from tests.conftest import REAL_KNOWLEDGE, TODAY
from tests.knowledge.test_writing import entries

FORMS = ["book.xlsx", "folder"]


@pytest.mark.parametrize("name", FORMS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(entries(), min_size=1, max_size=2, unique_by=lambda entry: entry.id))
def test_any_entry_survives_the_round_trip(name: str, given_entries: list[Entry]) -> None:
    """Workbook and CSV folder give back equal entries, formulas, dates and all."""
    tables = sheets.to_tables(given_entries)
    with tempfile.TemporaryDirectory() as folder:
        spreadsheet.write(tables, Path(folder) / name)
        found = spreadsheet.read(Path(folder) / name)
    assert found == tables
    assert sheets.merge({}, found) == given_entries


@pytest.mark.parametrize("name", FORMS)
def test_the_committed_knowledge_survives_the_round_trip(tmp_path: Path, name: str) -> None:
    """All entries come back equal, and laid over themselves change nothing."""
    library = load(REAL_KNOWLEDGE)
    spreadsheet.write(sheets.to_tables(library.entries.values()), tmp_path / name)
    found = spreadsheet.read(tmp_path / name)
    assert {entry.id: entry for entry in sheets.merge({}, found)} == library.entries
    assert sheets.merge(library.entries, found) == []


def test_a_cell_is_text_for_a_spreadsheet_program(folder: Path, tmp_path: Path) -> None:
    """A phrasing that begins with = is no formula: a translator's program must not run it."""
    entry = load(folder).entries["keys-lost"]
    entry = entry.model_copy(update={"ro": entry.ro.model_copy(update={"question": "=HYPERLINK(1)"})})
    spreadsheet.write(sheets.to_tables([entry]), tmp_path / "book.xlsx")
    types = {
        cell.data_type for row in load_workbook(tmp_path / "book.xlsx")["texts"].iter_rows() for cell in row if cell.value
    }
    assert types == {"s"}


def test_one_language_alone_changes_that_language_alone(folder: Path) -> None:
    """A translator's file with Romanian only leaves the rest of the entry as it is."""
    library = load(folder)
    tables = sheets.to_tables(library.entries.values(), ["ro"])
    (row,) = [row for row in tables["texts"] if row.cells["id"] == "keys-lost"]
    row.cells["question"] = "Ce fac cu cheile?"
    (changed,) = sheets.merge(library.entries, {"texts": tables["texts"]})
    assert sheets.differences(library.entries["keys-lost"], changed) == ["ro.question"]
    assert sheets.differences(None, changed) == ["new"]


def test_the_mark_behind_stays_until_the_text_changes(folder: Path) -> None:
    """A translator who adds ways to ask has not brought the translation up to date; one who changes the answer has."""
    library = load(folder)
    entry = library.entries["keys-lost"]
    behind = entry.model_copy(update={"ro": entry.ro.model_copy(update={"behind": TODAY})})
    tables = sheets.to_tables([behind])
    assert sheets.merge({"keys-lost": behind}, tables) == []
    row = tables["texts"][-1]
    row.cells["phrasings"] += "\nunde sunt cheile mele"
    (more,) = sheets.merge({"keys-lost": behind}, tables)
    assert more.ro.behind == TODAY and more.ro.phrasings[-1] == "unde sunt cheile mele"
    row.cells["question"] = "Ce fac cu cheile?"
    (newer,) = sheets.merge({"keys-lost": behind}, tables)
    assert newer.ro.behind is None


def test_what_an_editor_changed_meanwhile_is_not_overwritten(folder: Path) -> None:
    """A row made from an older text is refused; the same text again is no conflict."""
    library = load(folder)
    tables = sheets.to_tables([library.entries["keys-lost"]])
    newer = sheets.to_tables([library.entries["keys-lost"]])
    newer["texts"][0].cells["question"] = "A newer question?"
    (current,) = sheets.merge(library.entries, newer)
    with pytest.raises(SheetError, match=r"texts row 2, column was: keys-lost nl changed"):
        sheets.merge(library.entries | {"keys-lost": current}, tables)
    assert sheets.merge(library.entries | {"keys-lost": current}, newer) == []


Change = Callable[[dict[str, list[Row]]], object]
MISTAKES: dict[str, Change] = {
    "texts row 3, column answer (boats-mooring): has fewer than 350": lambda t: t["texts"][1].cells.update(answer="short"),
    "texts row 2, column status (boats-mooring): Input should be": lambda t: t["texts"][0].cells.update(status="fine"),
    "texts row 2, column language: 'fr' is none of nl, en": lambda t: t["texts"][0].cells.update(language="fr"),
    "texts row 4, column id: no entry 'nobody'": lambda t: t["texts"][2].cells.update(id="nobody"),
    "texts row 3: the same id and language as row 2": lambda t: t["texts"][1].cells.update(language="nl"),
    "texts row 2, column phrasings (boats-mooring): has 1 of at least 12": lambda t: t["texts"][0].cells.update(phrasings="one"),
    "entries row 2, column checked_on (boats-mooring): Input should be a valid date": lambda t: t["entries"][0].cells.update(checked_on="21 nov"),
    "entries row 2, column letters (boats-mooring): Input should be": lambda t: t["entries"][0].cells.update(letters="love"),
    "claims row 2, column print (boats-mooring): String should match": lambda t: t["claims"][0].cells.update(print="xyz"),
}  # fmt: skip


@pytest.mark.parametrize("says", MISTAKES)
def test_a_mistake_is_named_with_table_row_and_column(folder: Path, says: str) -> None:
    """Whoever sees the message can go to the cell."""
    entries_here = load(folder).entries
    tables = sheets.to_tables(sorted(entries_here.values(), key=lambda entry: entry.id))
    MISTAKES[says](tables)
    with pytest.raises(SheetError) as caught:
        sheets.merge(entries_here, tables)
    assert any(says in problem for problem in caught.value.problems), caught.value.problems


def test_two_texts_for_one_claim_are_named(folder: Path) -> None:
    """Which of the two is meant, only a person can say."""
    tables = sheets.to_tables([load(folder).entries["keys-lost"]])
    tables["claims"].append(Row(3, dict(tables["claims"][0].cells, text="Another claim.")))
    with pytest.raises(SheetError, match=r"claims row 3, column text: differs from row 2"):
        sheets.merge(load(folder).entries, tables)


HEADINGS = {
    "texts row 1: column 'answer' is missing": lambda heading: [c for c in heading if c != "answer"],
    "texts row 1: unknown column 'remarks'; remove it": lambda heading: [*heading, "remarks"],
    "texts row 1: column 'id' stands there twice": lambda heading: [*heading, "id"],
}


@pytest.mark.parametrize("says", HEADINGS)
def test_a_wrong_heading_is_named(tmp_path: Path, says: str) -> None:
    """No column is guessed and none is dropped silently."""
    with (tmp_path / "texts.csv").open("w", newline="") as file:
        csv.writer(file).writerow(HEADINGS[says](list(sheets.COLUMNS["texts"])))
    with pytest.raises(SheetError) as caught:
        spreadsheet.read(tmp_path)
    assert says in caught.value.problems


def test_what_is_no_spreadsheet_is_said(tmp_path: Path) -> None:
    """An unknown table, a short row, a file in another encoding, a workbook that is none, an empty folder."""
    heading = ",".join(sheets.COLUMNS["texts"])
    for name, content, says in (
        ("notes.csv", b"a,b", "notes: no such table"),
        ("texts.csv", f"{heading}\na,b".encode(), "texts row 2: has 2 cells instead of 7"),
        ("texts.csv", heading.encode("utf-16"), "is not UTF-8"),
        ("book.xlsx", b"no workbook", "is no XLSX workbook"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SheetError, match=says):
            spreadsheet.read(path if name.endswith("xlsx") else tmp_path)
        path.unlink()
    with pytest.raises(SheetError, match="holds none of the tables"):
        spreadsheet.read(tmp_path)
    with pytest.raises(FileNotFoundError):
        spreadsheet.read(tmp_path / "nowhere")
