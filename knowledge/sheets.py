"""The knowledge base as three tables of text, for translators who work in a spreadsheet, and back again without loss.

`entries` has a row for each entry, `claims` one for each piece of evidence, `texts` one for each entry and language.
A cell with several items (phrasings, see_also, letters) has one on each line. The column `was` remembers which text a
row was made from: when somebody changed that text meanwhile, the row is refused and nothing is lost.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from knowledge.entry import LANGUAGES, Entry
from knowledge.library import in_plain_words

COLUMNS: dict[str, tuple[str, ...]] = {
    "entries": ("id", "topic", "scope", "audience", "letters", "see_also", "risk", "checked_on", "valid_until"),
    "claims": ("id", "claim", "text", "source", "at", "print"),
    "texts": ("id", "language", "status", "question", "answer", "phrasings", "was"),
}
# Cells that hold a list, one item a line; and cells that are empty for null.
LISTS = {"letters", "see_also", "phrasings"}
OPTIONAL = {"risk", "print"}
# The columns that hold a text.
TEXT = ("status", "question", "answer", "phrasings")

Cells = dict[str, str]


@dataclass(frozen=True)
class Row:
    """One row: its number as the spreadsheet shows it (the heading is row 1) and its cells by column."""

    number: int
    cells: Cells


Tables = Mapping[str, list[Row]]


class SheetError(ValueError):
    """The tables cannot be taken over. `problems` says where (table, row, column) and what, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def to_tables(entries: Iterable[Entry], languages: Iterable[str] = LANGUAGES) -> dict[str, list[Row]]:
    """Entries as tables; with fewer `languages`, the texts of those alone."""
    rows: dict[str, list[Cells]] = {name: [] for name in COLUMNS}
    for entry in entries:
        content = entry.model_dump(mode="json")
        rows["entries"].append({column: _cell(content[column]) for column in COLUMNS["entries"]})
        for number, claim in enumerate(content["claims"], 1):
            head = {"id": entry.id, "claim": str(number), "text": claim["text"]}
            rows["claims"] += [head | {key: _cell(value) for key, value in item.items()} for item in claim["evidence"]]
        for language in languages:
            text = content[language]
            filled = {column: _cell(text[column]) for column in TEXT}
            rows["texts"].append({"id": entry.id, "language": language} | filled | {"was": _mark(filled)})
    return {name: [Row(number, cells) for number, cells in enumerate(table, 2)] for name, table in rows.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return "\n".join(value) if isinstance(value, list) else str(value)


def _mark(cells: Cells) -> str:
    return hashlib.sha256("\0".join(cells[column] for column in TEXT).encode()).hexdigest()[:12]


def merge(entries: Mapping[str, Entry], tables: Tables) -> list[Entry]:
    """The entries that differ from `entries` once the tables are laid over them, new ones included.

    A table, an entry or a language that is missing stays as it is; claims are replaced for each entry that has rows there.
    Raises SheetError with every problem: unknown or double rows, and whatever an entry may not hold.
    """
    problems = _unknown(entries, tables) + _doubles(tables)
    if problems:
        raise SheetError(problems)
    if problems := _changed_meanwhile(entries, tables):
        raise SheetError(problems)
    drafts: dict[str, dict[str, Any]] = {name: entry.model_dump(mode="json") for name, entry in entries.items()}
    places: dict[tuple[str, str], tuple[str, Row]] = {}
    for row in tables.get("entries", []):
        drafts.setdefault(row.cells["id"], {}).update({column: _value(column, cell) for column, cell in row.cells.items()})
        places[row.cells["id"], ""] = ("entries", row)
    for name, rows in _by_entry(tables.get("claims", [])).items():
        drafts[name]["claims"] = _claims(rows)
        places[name, "claims"] = ("claims", rows[0])
    for row in tables.get("texts", []):
        name, language = row.cells["id"], row.cells["language"]
        drafts[name][language] = {column: _value(column, row.cells[column]) for column in TEXT} | _behind(
            drafts[name].get(language), row
        )
        places[name, language] = ("texts", row)
    return _changed(entries, drafts, places)


def _behind(text: dict[str, Any] | None, row: Row) -> dict[str, Any]:
    """The mark stays until somebody changes the text."""
    same = text and all(text[column] == row.cells[column].strip() for column in ("question", "answer"))
    return {"behind": text["behind"]} if text and same else {}


def _value(column: str, cell: str) -> Any:
    if column in LISTS:
        return [line.strip() for line in cell.split("\n") if line.strip()]
    return None if column in OPTIONAL and not cell else cell


def _by_entry(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.cells["id"]].append(row)
    return found


def _claims(rows: list[Row]) -> list[dict[str, Any]]:
    claims: dict[str, dict[str, Any]] = {}
    for row in rows:
        claim = claims.setdefault(row.cells["claim"], {"text": row.cells["text"], "evidence": []})
        item = {"source": row.cells["source"], "at": row.cells["at"], "print": row.cells["print"] or None}
        claim["evidence"].append(item)
    return list(claims.values())


def _unknown(entries: Mapping[str, Entry], tables: Tables) -> list[str]:
    known = {*entries, *(row.cells["id"] for row in tables.get("entries", []))}
    problems = []
    for table, rows in tables.items():
        for row in rows:
            if row.cells["id"] not in known:
                problems.append(f"{table} row {row.number}, column id: no entry {row.cells['id']!r}; correct the id, "
                                "or add the entry to the table entries")  # fmt: skip
            if table == "texts" and row.cells["language"] not in LANGUAGES:
                problems.append(f"texts row {row.number}, column language: {row.cells['language']!r} is none of "
                                f"{', '.join(LANGUAGES)}")  # fmt: skip
    return problems


def _doubles(tables: Tables) -> list[str]:
    """Two rows for the same thing, and two texts for the same claim: which one is meant?"""
    first: dict[tuple[str, ...], Row] = {}
    problems = []
    for table, columns in (("entries", ("id",)), ("texts", ("id", "language"))):
        for row in tables.get(table, []):
            seen = first.setdefault((table, *(row.cells[column] for column in columns)), row)
            if seen is not row:
                problems.append(
                    f"{table} row {row.number}: the same {' and '.join(columns)} as row {seen.number}; remove one"
                )
    for row in tables.get("claims", []):
        seen = first.setdefault(("claims", row.cells["id"], row.cells["claim"]), row)
        if seen.cells["text"] != row.cells["text"]:
            problems.append(
                f"claims row {row.number}, column text: differs from row {seen.number}, the same claim; "
                "write the same text, or another number in column claim"
            )
    return problems


def _changed_meanwhile(entries: Mapping[str, Entry], tables: Tables) -> list[str]:
    """Rows that would overwrite a text which is not the one they were made from."""
    here = [entries[name] for name in dict.fromkeys(row.cells["id"] for row in tables.get("texts", [])) if name in entries]
    now = {(row.cells["id"], row.cells["language"]): row.cells["was"] for row in to_tables(here)["texts"]}
    return [
        f"texts row {row.number}, column was: {row.cells['id']} {row.cells['language']} changed after this row was made; "
        "export it again and put the change in there"
        for row in tables.get("texts", [])
        if now.get((row.cells["id"], row.cells["language"]), row.cells["was"]) not in (row.cells["was"], _mark(row.cells))
    ]


def _changed(
    entries: Mapping[str, Entry], drafts: dict[str, dict[str, Any]], places: dict[tuple[str, str], tuple[str, Row]]
) -> list[Entry]:
    changed: list[Entry] = []
    problems: list[str] = []
    for name, draft in drafts.items():
        try:
            entry = Entry.model_validate(draft)
        except ValidationError as error:
            problems += [_complaint(name, detail, places) for detail in error.errors()]
            continue
        if entries.get(name) != entry:
            changed.append(entry)
    if problems:
        raise SheetError(problems)
    return changed


def differences(before: Entry | None, after: Entry) -> list[str]:
    """Which fields of an entry changed, `ro.answer` and the like; "new" when there was none."""
    if before is None:
        return ["new"]
    old, found = before.model_dump(), []
    for field, value in after.model_dump().items():
        parts = [f"{field}.{key}" for key in value if value[key] != old[field][key]] if isinstance(value, dict) else [field]
        found += parts if value != old[field] else []
    return found


def _complaint(name: str, detail: Any, places: dict[tuple[str, str], tuple[str, Row]]) -> str:
    keys = [str(key) for key in detail["loc"]]
    part = keys[0] if (name, keys[0]) in places else ""
    if (name, part) not in places:
        return f"entry {name}: {'.'.join(keys)}: {in_plain_words(detail)}"
    table, row = places[name, part]
    column = next((key for key in reversed(keys) if key in COLUMNS[table]), keys[0])
    return f"{table} row {row.number}, column {column} ({name}): {in_plain_words(detail)}"
