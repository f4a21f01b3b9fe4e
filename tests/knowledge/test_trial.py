"""The quick check of one entry says what the whole check would say, and names the field."""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.check import check
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.merging import flatten, unflatten
from knowledge.trial import Finding, check_content
from knowledge.writing import dump
from tests.conftest import REAL_KNOWLEDGE, TODAY, make_entry
from tests.knowledge.test_check import GOOD, WRONG

# Problems of other files than the entry's own.
NOT_HERE = ("no entry explains a letter from cak",)
LONG = "Una frase sin fin que sigue y sigue " * 9
ANSWERS = st.sampled_from([
    "", "short", None, 7, "Call 0900-1234! " * 30, "You have 6 weeks. " * 30, "Mira ejemplo.nl hoy. " * 30,
    "Todo garantizado, prostituta. " * 20, LONG * 2, make_entry("x", "keys", "mooring a boat")["nl"]["answer"],
    "De sleutel is weg. Doe dit op die dag. " * 12, "Extraordinariamente incomprensible. " * 15, "a" * 901,
])  # fmt: skip
PHRASINGS = st.lists(
    st.sampled_from([*GOOD["nl"]["phrasings"], "KEY!", "key", "", "mooring a boat phrasing one nl", "TO-WRITE"])
)
VALUES = {
    "answer": ANSWERS,
    "question": st.sampled_from(["", "Wat nu!", "x" * 73, "Putas?", None]),
    "phrasings": PHRASINGS | PHRASINGS.map(lambda more: [*GOOD["nl"]["phrasings"], *more]) | st.none(),
    "status": st.sampled_from(["draft", "fine", None]),
    "behind": st.sampled_from(["2026-01-01", "yesterday"]),
}
DATES = st.sampled_from(["2026-11-20", "2026-11-22", "2030-01-01", "never", None])
RECORD = {
    "scope": st.sampled_from(["local", None]),
    "letters": st.sampled_from([[], ["love"], ["cak"], "cak"]),
    "see_also": st.sampled_from([["nobody"], ["keys-lost"], ["keys-copy"], ["NO"]]),
    "risk": st.sampled_from(["The lock may break.", "", "TO-WRITE"]),
    "checked_on": DATES,
    "valid_until": DATES,
    "claims": st.sampled_from([
        [], [{"text": "x", "evidence": []}], [{"text": "x", "evidence": [{"source": "hearsay", "at": "p. 1"}]}],
        [{"text": "x", "evidence": [{"source": "law", "at": "art. 1", "print": "0123456789abcdef"}]}], None,
    ]),
    "extra": st.just("x"),
}  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> dict[str, Any]:
    """An entry with some fields edited, and perhaps one missing."""
    flat = flatten(GOOD)
    for field in draw(st.lists(st.sampled_from([*RECORD, *(f"{a}.{b}" for a in LANGUAGES for b in VALUES)]), max_size=4)):
        flat[field] = draw((RECORD | VALUES)[field.rpartition(".")[2]])
    for field in draw(st.lists(st.sampled_from([*flat]), max_size=1)) if draw(st.integers(0, 4)) == 0 else ():
        if field not in ("id", "topic"):
            del flat[field]
    return unflatten(flat)


def whole_check(folder: Path, content: dict[str, Any]) -> set[tuple[str, str]]:
    """What the check of a copy of the folder says about this entry's file."""
    with tempfile.TemporaryDirectory() as other:
        copy = Path(other) / "knowledge"
        shutil.copytree(folder, copy)
        path = copy / "entries" / content["topic"] / f"{content['id']}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(content))
        problems = check(copy, TODAY)
    return {(p.what, p.mend) for p in problems if p.file == str(path) and "tidy" not in p.mend}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(broken())
def test_it_says_what_the_whole_check_says(folder: Path, content: dict[str, Any]) -> None:
    """For any broken entry: the same complaints with the same remedies, no more and no fewer."""
    findings = check_content(load(folder), content, TODAY)
    assert {(finding.what, finding.mend) for finding in findings} == whole_check(folder, content)


@pytest.mark.parametrize("says", [says for says in WRONG if says not in NOT_HERE and says != "differs from id"])
def test_each_mistake_is_found(folder: Path, says: str) -> None:
    """Whatever a rule finds in a file, it finds before there is a file."""
    findings = check_content(load(folder), WRONG[says], TODAY)
    assert any(says in finding.what for finding in findings), findings
    assert {(finding.what, finding.mend) for finding in findings} == whole_check(folder, WRONG[says])


FIELDS = {
    "nl.answer": {"nl.answer": "short"},
    "es.phrasings": {"es.phrasings": ["one"]},
    "claims": {"claims": [{"text": "x", "evidence": [{"source": "hearsay", "at": "p. 1"}]}]},
    "ro.question": {"ro.question": "Hooker?"},
    "see_also": {"see_also": ["nobody"]},
    "valid_until": {"valid_until": "2026-11-20"},
    "pl": {"pl": "not a text"},
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_finding_names_its_field(folder: Path, field: str) -> None:
    """The editor shows it beside the right box."""
    content = unflatten(
        {key: value for key, value in flatten(GOOD).items() if key.partition(".")[0] != field} | FIELDS[field]
    )
    assert field in {finding.field for finding in check_content(load(folder), content, TODAY)}


def test_a_good_entry_has_no_finding(folder: Path) -> None:
    """New or changed, what is right is not complained about."""
    library = load(folder)
    assert check_content(library, GOOD, TODAY) == []
    assert check_content(library, make_entry("boats-sale", "boats", "selling boats"), TODAY) == []


def test_a_clash_with_an_entry_further_down_is_found(folder: Path) -> None:
    """Whichever of two entries comes first in the folder, the one being edited is told."""
    content = make_entry("boats-mooring", "boats", "mooring a boat")
    content["pl"]["phrasings"][0] = "Lost keys phrasing one pl?"
    content["pl"]["answer"] = make_entry("keys-lost", "keys", "lost keys")["pl"]["answer"]
    findings = check_content(load(folder), content, TODAY)
    assert [finding.field for finding in findings] == ["pl.answer", "pl.phrasings"]
    assert findings[0] == Finding(
        "pl.answer", "says nearly the same as keys-lost", "make one entry of the two, or say here only what is different"
    )
    assert "also stands in keys-lost" in findings[1].what


def test_every_committed_entry_passes() -> None:
    """What is served has no findings, looked at one by one."""
    library, today = load(REAL_KNOWLEDGE), dt.date.today()
    for entry in list(library.entries.values())[::8]:
        assert check_content(library, entry.model_dump(mode="json"), today) == []
