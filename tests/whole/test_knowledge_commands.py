"""What an editor types: `kompas knowledge new`, `tidy`, `stats`, `export`, `import`, `sample`, on a knowledge base of their own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from knowledge import spreadsheet
from kompas.settings import ROOT
from tests.whole.test_terminal import kompas_command


@pytest.fixture
def desk(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A settings file whose knowledge is the small folder; the folder lies beside it."""
    settings = tmp_path_factory.mktemp("desk") / "settings.toml"
    text = (ROOT / "settings.toml").read_text()
    settings.write_text(re.sub(r'^knowledge = ".*"$', f'knowledge = "{folder}"', text, flags=re.M))
    return settings


def knowledge(desk: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return kompas_command("knowledge", *arguments, settings=desk)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_new_entry_is_a_draft_that_the_check_asks_to_finish(desk: Path, folder: Path) -> None:
    """The skeleton lies where it belongs, and what is left to write is named by file and line."""
    done = knowledge(desk, "new", "boats", "boats-sink")
    path = folder / "entries" / "boats" / "boats-sink.yml"
    assert done.returncode == 0 and str(path) in done.stdout and path.is_file()
    checked = knowledge(desk, "check")
    assert checked.returncode == 1 and re.search(r"boats-sink\.yml:\d+: still holds TO-WRITE", checked.stdout)


@pytest.mark.parametrize(
    ("topic", "entry_id", "says"),
    [
        ("moon", "moon-x", "keys, boats"),
        ("boats", "boats-mooring", "there already"),
        ("boats", "No Id!", "lower case letters"),
        ("boats", "../../out", "lower case letters"),
    ],
)
def test_a_new_entry_that_cannot_be_is_refused(desk: Path, folder: Path, topic: str, entry_id: str, says: str) -> None:
    """Unknown topic, taken id, or a name that is no id: one sentence, and no file."""
    before = snapshot(folder)
    done = knowledge(desk, "new", topic, entry_id)
    assert done.returncode == 1 and says in done.stderr and snapshot(folder) == before


def test_tidy_changes_the_spelling_and_no_word(desk: Path, folder: Path) -> None:
    """After it the file is as Kompas writes it, and the check is content."""
    path = folder / "entries" / "boats" / "boats-mooring.yml"
    good = path.read_text()
    path.write_text(good.replace("scope: national", "scope:   'national'"))
    assert "knowledge tidy" in knowledge(desk, "check").stdout
    assert "1 of 3 files rewritten" in knowledge(desk, "tidy").stdout
    assert path.read_text() == good


def test_stats_draws_topics_by_language_in_terminal_and_page(desk: Path, tmp_path: Path) -> None:
    """Every topic has a row with its count in each language."""
    table = knowledge(desk, "stats").stdout
    assert "keys" in table and "boats" in table
    page = tmp_path / "stats.html"
    assert knowledge(desk, "stats", "--html", str(page)).returncode == 0
    assert "<table" in page.read_text() and "boats" in page.read_text()


def edit_sheet(path: Path, entry_id: str, language: str, **cells: str) -> None:
    """What a translator does in a spreadsheet program: other words in some cells of one row."""
    tables = spreadsheet.read(path)
    (row,) = [row for row in tables["texts"] if (row.cells["id"], row.cells["language"]) == (entry_id, language)]
    row.cells.update(cells)
    spreadsheet.write(tables, path)


@pytest.mark.parametrize("name", ["all.xlsx", "csv"])
def test_a_translators_change_comes_back_only_when_asked_to(desk: Path, folder: Path, tmp_path: Path, name: str) -> None:
    """Unchanged is no change; the first import shows, `--write` writes, and only the changed entry's file differs."""
    sheet = tmp_path / name
    assert "3 entries" in knowledge(desk, "export", str(sheet)).stdout
    assert knowledge(desk, "import", str(sheet)).stdout.startswith("0 entries")
    before = snapshot(folder / "entries")
    edit_sheet(sheet, "boats-mooring", "es", question="¿Dónde amarro el barco?")
    done = knowledge(desk, "import", str(sheet))
    assert "boats-mooring: es" in done.stdout and "would change" in done.stdout and snapshot(folder / "entries") == before
    assert "1 entries changed" in knowledge(desk, "import", str(sheet), "--write").stdout
    after = snapshot(folder / "entries")
    assert [path for path in after if after[path] != before[path]] == [str(folder / "entries/boats/boats-mooring.yml")]


def test_an_import_that_breaks_a_rule_changes_nothing(desk: Path, folder: Path, tmp_path: Path) -> None:
    """All or nothing: one word that may not be said keeps the other entry's good change out as well."""
    sheet = tmp_path / "all.xlsx"
    knowledge(desk, "export", str(sheet))
    before = snapshot(folder / "entries")
    edit_sheet(sheet, "keys-lost", "es", question="¿Dónde están?")
    edit_sheet(sheet, "boats-mooring", "pl", question="A whore and a boat?")
    done = knowledge(desk, "import", str(sheet), "--write")
    assert done.returncode == 1 and "nothing was changed" in done.stderr and "stigmatising word" in done.stdout
    assert snapshot(folder / "entries") == before


def test_a_spreadsheet_that_is_not_there_or_is_none_is_named(desk: Path, tmp_path: Path) -> None:
    """One line that says what is wrong, and no traceback."""
    wrong = tmp_path / "broken.xlsx"
    wrong.write_bytes(b"no workbook")
    for path in (tmp_path / "gone.xlsx", wrong):
        done = knowledge(desk, "import", str(path))
        assert done.returncode == 1 and path.name in done.stderr and "Traceback" not in done.stderr


def test_the_same_seed_draws_the_same_entries(desk: Path) -> None:
    """A sample that anybody can draw again, with every claim and where it stands."""
    drawn = [knowledge(desk, "sample", "--count", "2", "--seed", "7").stdout for _ in range(2)]
    assert drawn[0] == drawn[1] and drawn[0].count("- A claim.") == 2 and "law art. 1" in drawn[0]
