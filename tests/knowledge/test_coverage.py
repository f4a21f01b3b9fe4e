"""Coverage: the figures are those of the files, in the terminal and on the page."""

from __future__ import annotations

from pathlib import Path

from knowledge import coverage
from knowledge.library import load
from tests.conftest import TODAY, make_entry, write_entry


def test_drafts_and_expired_entries_are_not_counted_as_served(folder: Path) -> None:
    """What may not be sent today is not covered."""
    entry = make_entry("keys-copy", "keys", "copied keys")
    write_entry(folder, entry | {"ro": dict(entry["ro"], status="draft")})
    write_entry(folder, make_entry("boats-mooring", "boats", "mooring a boat", valid_until="2026-11-20"))
    found = coverage.measure(load(folder), TODAY)
    keys, boats = found.rows
    assert (keys.cells["nl"].served, keys.cells["ro"].served, keys.cells["ro"].entries) == (2, 1, 2)
    assert (boats.cells["en"].served, boats.entries) == (0, 1)
    assert found.total.cells["nl"].phrasings == 36
    assert found.statuses == {"draft": 1, "checked": 14, "approved": 0}
    assert found.letters["cak"] == 1
    assert keys.oldest == 20


def test_the_terminal_and_the_page_show_the_same_figures(folder: Path) -> None:
    """A line a topic; on the page a red cell where nothing can be answered."""
    write_entry(folder, make_entry("boats-mooring", "boats", "mooring a boat", valid_until="2026-11-20"))
    found = coverage.measure(load(folder), TODAY)
    lines = "\n".join(coverage.table(found))
    page = coverage.page(found)
    assert "2/2 24" in lines and "0/1 12" in lines
    assert '<td class="whole">2 of 2 <small>24</small></td>' in page
    assert '<td class="none">0 of 1 <small>12</small></td>' in page
    assert "http" not in page.replace('lang="en"', "")


def test_a_topic_without_entries_is_shown(folder: Path) -> None:
    """A hole must be seen."""
    (folder / "topics.yml").write_text("keys: keys\nboats: boats\nmoon: nothing yet\n")
    found = coverage.measure(load(folder), TODAY)
    assert found.rows[2].entries == 0 and found.rows[2].expires is None
    assert "moon" in "\n".join(coverage.table(found))
