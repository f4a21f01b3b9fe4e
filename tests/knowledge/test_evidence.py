"""Fingerprints: the same words give the same print, and a passage is found again, moved or gone."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.evidence import fingerprint, line_range, summary, verify, write_prints
from knowledge.library import load
from tests.conftest import make_entry, write_entry

LINES = ["The first line.", "An officer needs consent", "or a written authorisation.", "The last line."]


def with_document(folder: Path, lines: list[str]) -> Path:
    source = yaml.safe_load((folder / "sources.yml").read_text())
    source["report"] = dict(source["law"], kind="document", file="report.txt")
    (folder / "sources.yml").write_text(yaml.safe_dump(source))
    write_report(folder, lines)
    claims = "claims:\n- text: A claim.\n  evidence:\n  - {source: report, at: L2-L3}\n"
    path = write_entry(folder, make_entry("keys-lost", "keys", "lost keys"))
    head, _, tail = path.read_text().partition("claims:")
    path.write_text(head + claims + tail[tail.index("nl:") :])
    return path


def write_report(folder: Path, lines: list[str]) -> None:
    (folder / "report.txt").write_text("\n".join(lines))


def test_a_print_is_written_and_holds(folder: Path) -> None:
    """`verify --write` fills in what is missing, and then the evidence holds."""
    path = with_document(folder, LINES)
    assert write_prints(load(folder), folder) == 1
    assert f"print: {fingerprint('An officer needs consent or a written authorisation')}" in path.read_text().replace(
        "'", ""
    )
    assert summary(verify(load(folder), folder))["holds"] == 1


def test_a_passage_that_moved_is_found_and_one_that_changed_is_missed(folder: Path) -> None:
    """Lines pushed down are found at their new place; rewritten lines are reported as vanished."""
    with_document(folder, LINES)
    write_prints(load(folder), folder)
    write_report(folder, ["A new line.", *LINES])
    (moved,) = [f for f in verify(load(folder), folder) if f.outcome == "moved"]
    assert moved.found_at == "L3-L4"
    write_report(folder, ["An officer needs nothing", *LINES[2:]])
    assert summary(verify(load(folder), folder))["vanished"] == 1


@given(st.text(), st.sampled_from([" ", "\n", "  \t", "-", "…"]))
def test_spaces_case_and_punctuation_do_not_change_a_print(text: str, between: str) -> None:
    """Only letters and digits count, in any form of the same letter."""
    assert fingerprint(text) == fingerprint(f"{between}{text}{between}")


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_line_range_is_read_back(first: int, last: int) -> None:
    """`L3-L5` means lines 3 to 5, and a range that runs backwards means nothing."""
    assert line_range(f"L{first}-L{last}") == ((first, last) if first <= last else None)
    assert line_range(f"L{first}") == (first, first)


@given(st.text(max_size=12))
def test_anything_else_is_no_line_range(text: str) -> None:
    """Articles and page names are not mistaken for lines."""
    assert text.startswith("L") or line_range(text) is None
