"""Proposals: any content survives being written and read, and a broken file is named."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge import proposal
from knowledge.library import content_version, load
from knowledge.problem import KnowledgeError
from knowledge.proposal import Proposal, plain
from tests.conftest import REAL_KNOWLEDGE, make_entry

WORDS = st.text(max_size=30) | st.sampled_from(
    ["yes", "2026-11-21", "1e3", "a: b\n c", "- x", "", " x\r\ny ", "#", "|", "\ufeff"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
CONTENTS = st.dictionaries(st.sampled_from(["nl", "ro", "scope", "claims", "checked_on", "x"]) | WORDS, VALUES, max_size=5)


def a_proposal(content: dict[str, Any], entry_id: str = "keys-lost") -> Proposal:
    return Proposal(entry_id, "keys", None, plain(content), {"nl": ("anna", "bert"), "record": ("anna",)})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(CONTENTS)
def test_any_content_is_read_back_as_it_was_written(tmp_path: Path, content: dict[str, Any]) -> None:
    """Half a text, a wrong type, signs no keyboard has: what was saved is what is opened."""
    written = proposal.write(a_proposal(content), tmp_path)
    assert proposal.read(proposal.path_of(tmp_path, "keys-lost")) == written
    assert plain(written.content) == written.content


def test_the_state_of_vetting_is_no_content(folder: Path) -> None:
    """Status, date checked and the mark "behind" are decided when a text is taken over; a proposal cannot bring them."""
    content = make_entry("keys-lost", "keys", "lost keys")
    content["nl"] = content["nl"] | {"status": "approved", "behind": "2026-01-01"}
    kept = plain(content)
    assert "checked_on" not in kept and kept["nl"].keys() == {"question", "answer", "phrasings"}
    assert kept["valid_until"] == content["valid_until"]


def test_an_entry_and_its_file_have_one_content() -> None:
    """What a form shows for a served entry, saved unchanged, is no change, for every entry there is."""
    for entry in load(REAL_KNOWLEDGE).entries.values():
        content = proposal.of_entry(entry)
        assert plain(content) == content == plain(entry.model_dump())


def test_proposals_change_nothing_that_is_served(folder: Path) -> None:
    """The version of the knowledge stays the same, whoever works on whatever."""
    before, library = content_version(folder), load(folder)
    proposal.write(a_proposal({"nl": "half"}), folder)
    assert content_version(folder) == before and load(folder) == library


BROKEN = {
    "torn": ("id: keys-lost\ntopic: keys\nbase: null\nauth", r"keys-lost\.yml:[45]"),
    "another id": ("id: other\ntopic: keys\nbase: null\nauthors: {}\ncontent: {}\n", r"keys-lost\.yml:1: id 'other'"),
    "unknown part": (
        "id: keys-lost\ntopic: keys\nbase: null\nauthors:\n  fr: [x]\ncontent: {}\n",
        r"keys-lost\.yml:\d: authors",
    ),
    "no content": ("id: keys-lost\ntopic: keys\nbase: null\nauthors: {}\n", r"keys-lost\.yml:1: content"),
    "a list": ("- x\n", r"keys-lost\.yml:1"),
    "tabs": ("id:\tkeys-lost\n\tx: [", r"keys-lost\.yml:\d"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, how: str) -> None:
    """Whoever broke it by hand finds the place."""
    path = proposal.path_of(tmp_path, "keys-lost")
    path.parent.mkdir()
    path.write_text(BROKEN[how][0])
    with pytest.raises(KnowledgeError, match=BROKEN[how][1]):
        proposal.read(path)


WRITER = """
import sys
from pathlib import Path
from knowledge import proposal
number = 0
while True:
    number += 1
    text = {"nl": {"answer": f"{number} " * 20_000}}
    proposal.write(proposal.Proposal("keys-lost", "keys", None, text, {}), Path(sys.argv[1]))
    print(number, flush=True)
"""


def test_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    """A process killed while it writes leaves the last save or the one before it, never half of one."""
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        done = [process.stdout.readline() for _ in range(3)]
        os.kill(process.pid, signal.SIGKILL)
        done += process.stdout.readlines()
        process.wait()
        process.stdout.close()
        words = proposal.read(proposal.path_of(tmp_path, "keys-lost")).content["nl"]["answer"].split()
        assert len(words) == 20_000 and len(set(words)) == 1 and int(words[0]) >= int(done[-1])
