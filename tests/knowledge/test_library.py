"""Reading the knowledge base: all or nothing, and every error says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.entry import LANGUAGES
from knowledge.library import content_version, load
from knowledge.problem import KnowledgeError
from tests.conftest import TODAY, make_entry, write_entry


def test_a_good_folder_loads(folder: Path) -> None:
    """Three entries, each with one question and twelve phrasings in five languages."""
    library = load(folder)
    assert sorted(library.entries) == ["boats-mooring", "keys-copy", "keys-lost"]
    assert len(list(library.phrasings())) == 3 * 5 * 13


def test_the_version_follows_the_content(folder: Path) -> None:
    """Any edit gives another version, and undoing it gives the first one back."""
    path = folder / "entries" / "keys" / "keys-lost.yml"
    before, text = content_version(folder), path.read_text()
    path.write_text(text.replace("plain words", "clear words"))
    assert content_version(folder) != before
    path.write_text(text)
    assert content_version(folder) == before


@pytest.mark.parametrize(
    ("change", "line_holds", "says"),
    [
        ({"scope": "world"}, "scope: world", "scope"),
        ({"id": "Keys Lost"}, "id: Keys Lost", "pattern"),
        ({"claims": []}, "claims: []", "claims"),
        ({"surprise": 1}, "surprise: 1", "Extra inputs"),
    ],
)
def test_a_wrong_value_is_named_with_file_line_and_remedy(
    folder: Path, change: dict[str, object], line_holds: str, says: str
) -> None:
    """`file:line: what; remedy`, and the line is the one that holds the mistake."""
    entry = make_entry("keys-lost", "keys", "lost keys") | change
    path = write_entry(folder, {**entry, "id": "keys-lost"} if "id" not in change else entry)
    with pytest.raises(KnowledgeError) as caught:
        load(folder)
    problem = caught.value.problems[0]
    assert Path(problem.file) == path
    assert path.read_text().splitlines()[problem.line - 1].strip() == line_holds
    assert says in problem.what
    assert str(problem).startswith(f"{path}:{problem.line}: ")
    assert problem.mend


@pytest.mark.parametrize("broken", ["id: [unclosed", "id: a\n  b: c\n d: e", "\tid: x"])
def test_broken_yaml_is_named_with_its_line(folder: Path, broken: str) -> None:
    """A file that is no YAML does not hide behind a traceback."""
    path = folder / "entries" / "keys" / "keys-lost.yml"
    path.write_text(broken)
    with pytest.raises(KnowledgeError, match=r"keys-lost\.yml:"):
        load(folder)


def test_a_file_that_is_not_utf8_is_named(folder: Path) -> None:
    """Latin-1 from an old editor gives a sentence, not an exception of the codec."""
    (folder / "entries" / "keys" / "keys-lost.yml").write_bytes(b"id: caf\xe9")
    with pytest.raises(KnowledgeError, match="UTF-8"):
        load(folder)


def test_an_edited_file_is_read_again(folder: Path) -> None:
    """Entries that were read before are kept by what they hold, not by their name."""
    path = folder / "entries" / "keys" / "keys-lost.yml"
    before, text = load(folder), path.read_text()
    path.write_text(text.replace("scope: national", "scope: municipality"))
    assert load(folder).entries["keys-lost"].scope == "municipality"
    path.write_text(text)
    assert load(folder) == before


def test_one_id_belongs_to_one_file(folder: Path) -> None:
    """A copied file that kept its id is refused."""
    path = folder / "entries" / "keys" / "keys-lost.yml"
    (folder / "entries" / "boats" / "other.yml").write_text(path.read_text())
    with pytest.raises(KnowledgeError, match="is taken by"):
        load(folder)


def test_only_checked_text_within_its_date_is_served(folder: Path) -> None:
    """Drafts and expired entries are read, and never served."""
    entry = make_entry("keys-lost", "keys", "lost keys")
    entry["nl"] = dict(entry["nl"], status="draft")
    write_entry(folder, entry)
    write_entry(folder, make_entry("keys-copy", "keys", "copied keys", valid_until="2026-11-20"))
    entries = load(folder).entries
    assert not entries["keys-lost"].is_served("nl", TODAY)
    assert entries["keys-lost"].is_served("en", TODAY)
    assert not any(entries["keys-copy"].is_served(language, TODAY) for language in LANGUAGES)
    assert all(entries["boats-mooring"].is_served(language, TODAY) for language in LANGUAGES)
