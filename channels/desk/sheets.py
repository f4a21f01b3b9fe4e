"""The knowledge base as a spreadsheet, and back: an upload is looked at first, and becomes proposals only then."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from channels.desk import words
from channels.desk.desk import Desk, form_of
from channels.desk.editing import work
from channels.desk.forms import as_typed
from channels.desk.pages import RefusedError, need, see
from channels.desk.signing import Person
from knowledge import sheets, spreadsheet
from knowledge.entry import LANGUAGES, Entry
from knowledge.merging import differences
from knowledge.proposal import of_entry
from knowledge.sheets import SheetError, Tables
from knowledge.workshop import Refused

READ, WRITE = Depends(need("read")), Depends(need("write"))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Of an upload: as it comes, unpacked, and how far a cell may lie from the first (a table is filled up to it).
MOST_BYTES, MOST_UNPACKED = 5 * 1024 * 1024, 60 * 1024 * 1024
MOST_ROWS, MOST_LETTERS = 50_000, 2
KEPT_SECONDS, KEPT_UPLOADS = 600.0, 20
PROBLEMS = "sheets_problems"
_PLACE = re.compile(rb'\br="([A-Z]{0,4})(\d{1,9})"')


@dataclass(frozen=True)
class Upload:
    """What somebody uploaded: whose it is and until when it is kept."""

    person: str
    tables: Tables
    until: float


class Uploads:
    """Uploads that wait for a yes, in memory, for ten minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, Upload] = {}

    def keep(self, person: str, tables: Tables) -> str:
        """A key for a form; the oldest upload goes when there are too many."""
        self._drop()
        while len(self._kept) >= KEPT_UPLOADS:
            del self._kept[next(iter(self._kept))]
        key = secrets.token_urlsafe(16)
        self._kept[key] = Upload(person, tables, self._clock() + KEPT_SECONDS)
        return key

    def take(self, person: str, key: str) -> Tables | None:
        """The tables under a key, once; None for somebody else's, and after ten minutes."""
        self._drop()
        found = self._kept.get(key)
        if found is None or found.person != person:
            return None
        del self._kept[key]
        return found.tables

    def _drop(self) -> None:
        now = self._clock()
        self._kept = {key: one for key, one in self._kept.items() if one.until > now}


def router(desk: Desk, uploads: Uploads | None = None) -> APIRouter:
    """The routes."""
    made, kept = APIRouter(prefix="/desk/sheets"), uploads or Uploads()

    @made.get("")
    async def form(request: Request, person: Person = READ) -> Response:
        return _page(desk, request, person)

    @made.get("/download")
    async def download(request: Request, _: Person = READ) -> Response:
        topics, languages = request.query_params.getlist("topic"), request.query_params.getlist("language")
        body = await work(_workbook, desk.shelf.library.entries.values(), topics, languages)
        headers = {"Content-Disposition": 'attachment; filename="kompas.xlsx"'}
        return Response(body, media_type=XLSX, headers=headers)

    @made.post("")
    async def upload(request: Request, person: Person = WRITE) -> Response:
        file = (await request.form()).get("file")
        body = await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) else b""
        try:
            tables = await work(read_workbook, body)
            changed = await work(sheets.merge, desk.shelf.library.entries, tables)
        except SheetError as error:
            return _page(desk, request, person, error.problems, PROBLEMS)
        shown = [(entry, _changes(desk.shelf.library.entries.get(entry.id), entry)) for entry in changed]
        key = kept.keep(person.name, tables) if changed else ""
        return desk.frame.page(request, person, "sheets_preview.html", shown=shown, key=key)

    @made.post("/confirm")
    async def confirm(request: Request, person: Person = WRITE) -> Response:
        tables = kept.take(person.name, form_of(await request.form()).get("key", ""))
        if tables is None:
            raise RefusedError(410, "refused_upload")
        try:
            # Once more: somebody may have changed one of the texts since the preview.
            changed = await work(sheets.merge, desk.shelf.library.entries, tables)
            await work(desk.workshop.propose_all, changed, person.name)
        except SheetError as error:
            return _page(desk, request, person, error.problems, PROBLEMS)
        except Refused as refused:
            return _page(desk, request, person, refused.names, f"trouble_{refused.reason}")
        return see("/desk?proposal=1")

    return made


def _page(desk: Desk, request: Request, person: Person, problems: Iterable[str] = (), trouble: str = "") -> Response:
    """The forms, and why an upload was refused: `trouble` is the key of the sentence above the problems."""
    values = {"problems": list(problems), "trouble": trouble, "topics": desk.shelf.library.topics, "languages": LANGUAGES}
    return desk.frame.page(request, person, "sheets.html", 422 if trouble else 200, **values)


def _workbook(entries: Iterable[Entry], topics: list[str], languages: list[str]) -> bytes:
    """The workbook of some topics and languages; none chosen is all."""
    wanted = [entry for entry in entries if not topics or entry.topic in topics]
    tables = sheets.to_tables(wanted, [code for code in LANGUAGES if not languages or code in languages])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kompas.xlsx"
        spreadsheet.write(tables, path)
        return path.read_bytes()


def read_workbook(body: bytes) -> Tables:
    """The tables of an upload. Raises SheetError, also for what is too large once unpacked."""
    if not body:
        raise SheetError(["no file was chosen; choose an .xlsx file"])
    if len(body) > MOST_BYTES:
        raise SheetError([f"the file is larger than {MOST_BYTES // 1024 // 1024} MB; export fewer topics"])
    _check_size(body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.xlsx"
        path.write_bytes(body)
        return spreadsheet.read(path)


def _check_size(body: bytes) -> None:
    """A small file may unpack to a huge one, and one far cell makes a table of thousands of millions."""
    too_large = SheetError(["the workbook is too large once unpacked; export fewer topics"])
    try:
        with ZipFile(BytesIO(body)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise too_large
            for part in packed.infolist():
                if part.filename.startswith("xl/worksheets/") and _is_far(packed.read(part)):
                    raise too_large
    except (BadZipFile, zlib.error, OSError, RuntimeError, EOFError, ValueError) as error:
        if error is too_large:
            raise
        raise SheetError(["the file is no XLSX workbook; save it as .xlsx"]) from None


def _is_far(sheet: bytes) -> bool:
    return any(len(match[1]) > MOST_LETTERS or int(match[2]) > MOST_ROWS for match in _PLACE.finditer(sheet))


def _changes(before: Entry | None, after: Entry) -> list[tuple[str, list[words.Piece]]]:
    """Which fields change, word by word; of a new entry all of them."""
    return [
        (one.field, words.compare(_flat(one.field, one.before), _flat(one.field, one.after)))
        for one in differences(of_entry(before) if before else {}, of_entry(after))
        if one.after not in (None, [], "") or one.before
    ]


def _flat(field: str, value: Any) -> str:
    return as_typed(field.rpartition(".")[2], value)
