"""Tables on disk: an XLSX workbook with a sheet each, or a folder with a CSV file each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from knowledge.sheets import COLUMNS, Cells, Row, SheetError, Tables

# Widths in the workbook, in characters; other columns keep Excel's own.
WIDTHS = {"question": 40, "answer": 80, "phrasings": 60, "text": 60, "risk": 40, "id": 28}


def write(tables: Tables, path: Path) -> None:
    """Writes a workbook when the name ends in `.xlsx`, else a folder of CSV files. What is there is replaced."""
    if path.suffix == ".xlsx":
        _write_workbook(tables, path)
        return
    path.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row.cells for row in rows)


def _write_workbook(tables: Tables, path: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in tables.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "C2"
        for number, column in enumerate(COLUMNS[name], 1):
            heading = sheet.cell(1, number, column)
            heading.font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(number)].width = WIDTHS.get(column, 14)
            for row in rows:
                cell = sheet.cell(row.number, number)
                cell.value = row.cells[column]
                # Always text: a phrasing that begins with = must not become a formula, nor a date another date.
                cell.data_type = "s"
                cell.number_format = "@"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    book.save(path)


def read(path: Path) -> Tables:
    """Reads what `write` wrote, or part of it. Raises SheetError naming table, row and column; FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(path)
    grids = _csv_grids(path) if path.is_dir() else _workbook_grids(path)
    problems: list[str] = []
    tables: dict[str, list[Row]] = {}
    for name, grid in grids:
        if name not in COLUMNS:
            problems.append(f"{name}: no such table; the tables are {', '.join(COLUMNS)}")
            continue
        try:
            tables[name] = list(_rows(name, grid))
        except SheetError as error:
            problems += error.problems
    if not tables and not problems:
        problems.append(f"{path}: holds none of the tables {', '.join(COLUMNS)}")
    if problems:
        raise SheetError(problems)
    return tables


def _csv_grids(folder: Path) -> Iterator[tuple[str, list[list[str]]]]:
    for path in sorted(folder.glob("*.csv")):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise SheetError([f"{path.name}: is not UTF-8; save it as CSV UTF-8"]) from None
        try:
            yield path.stem, list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise SheetError([f"{path.name}: {error}; save it again as CSV with quotes around cells"]) from None


def _workbook_grids(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path)
    except (InvalidFileException, BadZipFile, KeyError):
        raise SheetError([f"{path.name}: is no XLSX workbook; save it as .xlsx, or give a folder of CSV files"]) from None
    for sheet in book.worksheets:
        yield sheet.title, [[_as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]


def _as_text(value: Any) -> str:
    """A cell as text. Spreadsheet programs turn what looks like a date or number into one."""
    if value is None:
        return ""
    if hasattr(value, "date"):
        return str(value.date())
    return str(value).replace("\r\n", "\n")


def _rows(name: str, grid: Iterable[list[str]]) -> Iterator[Row]:
    lines = iter(grid)
    heading = [cell.strip() for cell in next(lines, [])]
    while heading and not heading[-1]:
        heading.pop()
    wanted = COLUMNS[name]
    problems = [f"{name} row 1: column {column!r} is missing" for column in wanted if column not in heading]
    problems += [f"{name} row 1: unknown column {column!r}; remove it" for column in heading if column not in wanted]
    twice = {column for column in heading if heading.count(column) > 1}
    problems += [f"{name} row 1: column {column!r} stands there twice" for column in twice]
    if problems:
        raise SheetError(sorted(problems))
    for number, line in enumerate(lines, 2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) < len(heading) or any(cell.strip() for cell in line[len(heading) :]):
            raise SheetError([f"{name} row {number}: has {len(line)} cells instead of {len(heading)}"])
        cells: Cells = dict(zip(heading, line, strict=False))
        yield Row(number, cells)
