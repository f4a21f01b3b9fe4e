"""Writing an entry and reading it again gives the same entry; a save is whole or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.entry import LANGUAGES, Claim, Entry, Evidence, Text
from knowledge.library import read_entry
from knowledge.writing import as_yaml, write
from tests.conftest import REAL_KNOWLEDGE, TODAY, make_entry

# What people type, with everything YAML and spreadsheets could trip over, but no control characters.
LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"))
LINE = st.text(LETTERS, min_size=1, max_size=60).map(str.strip).filter(bool) | st.sampled_from(
    [
        "=1+1",
        "yes",
        "no",
        "null",
        "1e3",
        "2026-11-21",
        "0800-8020",
        "- item",
        "# no comment",
        "'quoted'",
        '"',
        "a: b",
        "{x}",
        "@x",
        "'",
    ]
)
QUESTION = LINE.map(lambda line: line[:72].strip()).filter(bool)
PARAGRAPH = st.lists(LINE, min_size=1, max_size=4).map("\n".join)
ANSWER = PARAGRAPH.map(lambda text: (text + "\n" + "words to make it long enough " * 15)[:900].strip())
PHRASINGS = st.lists(LINE, min_size=12, max_size=15, unique_by=str.casefold)
TEXT = st.builds(
    lambda question, answer, phrasings: Text(status="checked", question=question, answer=answer, phrasings=tuple(phrasings)),
    QUESTION, ANSWER, PHRASINGS,
)  # fmt: skip
EVIDENCE = st.builds(Evidence, source=LINE, at=LINE, print=st.none() | st.from_regex(r"[0-9a-f]{16}", fullmatch=True))
CLAIM = st.builds(
    lambda text, items: Claim(text=text, evidence=tuple(items)), LINE, st.lists(EVIDENCE, min_size=1, max_size=2)
)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry an editor could write."""
    text = draw(TEXT)
    return Entry(
        id=draw(st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)), topic=draw(LINE), scope="national",
        audience="everyone", letters=draw(st.sampled_from([(), ("cak",), ("cak", "cjib")])), see_also=draw(st.sampled_from([(), ("a-b",)])),
        risk=draw(st.none() | LINE), checked_on=TODAY, valid_until=TODAY,
        claims=tuple(draw(st.lists(CLAIM, min_size=1, max_size=2, unique_by=lambda claim: claim.text))),
        **dict.fromkeys(LANGUAGES, text) | {"ro": draw(TEXT)},
    )  # fmt: skip


@given(entries())
def test_an_entry_is_read_back_as_it_was_written(entry: Entry) -> None:
    """Quotes, colons, words that look like numbers or dates, every alphabet: nothing changes."""
    assert Entry.model_validate(yaml.safe_load(as_yaml(entry))) == entry


@given(entries(), st.none() | st.dates())
def test_the_mark_behind_is_written_only_where_it_stands(entry: Entry, behind: dt.date | None) -> None:
    """A language that is not behind says nothing about it, so no file changes that has none."""
    entry = entry.model_copy(update={"pl": entry.pl.model_copy(update={"behind": behind})})
    assert Entry.model_validate(yaml.safe_load(as_yaml(entry))) == entry
    assert as_yaml(entry).count("\n  behind: ") == (0 if behind is None else 1)


def test_every_committed_file_is_spelled_as_it_would_be_written() -> None:
    """Taking an entry over changes the words that changed, and no other line."""
    for path in (REAL_KNOWLEDGE / "entries").rglob("*.yml"):
        assert as_yaml(read_entry(path)) == path.read_text(encoding="utf-8")


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """The new text goes beside the old one and takes its place in one step."""
    path = tmp_path / "keys" / "keys-lost.yml"
    entry = Entry.model_validate(make_entry("keys-lost", "keys", "lost keys"))
    write(entry, path)
    before = path.read_text()
    (path.parent / "keys-lost.yml.new").mkdir()
    with contextlib.suppress(OSError):
        write(entry.model_copy(update={"risk": "x"}), path)
    assert path.read_text() == before
    assert read_entry(path) == entry
