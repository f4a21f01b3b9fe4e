"""Trying a change to one entry: what it would do to questions, with nothing that is served changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from knowledge.library import Library, load
from retrieval.encoder import SentenceEncoder
from retrieval.index import Index, build, with_library
from retrieval.lexical import Terms
from retrieval.search import UNCALIBRATED, Searcher
from retrieval.trial import Trials, lenient
from retrieval.vectors import Store, VectorStore
from tests.conftest import TODAY, make_entry, write_entry


@pytest.fixture
def searcher(folder: Path, tiny_model: Path) -> Searcher:
    encoder = SentenceEncoder(tiny_model)
    return Searcher(encoder, build(load(folder), VectorStore(encoder, None)), UNCALIBRATED, lambda: TODAY)


@pytest.fixture
def trials(searcher: Searcher) -> Trials:
    def beside(library: Library, store: Store) -> Index:
        return build(library, store)

    return Trials(searcher, beside, VectorStore(searcher.encoder, None))


def changed(**phrasings: list[str]) -> dict[str, Any]:
    entry = make_entry("boats-mooring", "boats", "mooring a boat")
    for language, lines in phrasings.items():
        entry[language]["phrasings"] += lines
    return entry


def test_a_new_phrasing_moves_its_question(trials: Trials, searcher: Searcher) -> None:
    """Before, another entry comes first; with the phrasing, this one; what is served stays as it was."""
    served = searcher.index
    before, after = trials.ranked("spare keys for the harbour", "en", changed(en=["spare keys for the harbour"]))
    assert before.found[0][0] != "boats-mooring" and after.found[0][0] == "boats-mooring"
    assert searcher.index is served


def test_an_unchanged_entry_changes_nothing(trials: Trials) -> None:
    """The ranking before and after is the same, and no question moves."""
    before, after = trials.ranked("lost keys phrasing two en", "en", changed())
    assert before == after
    assert trials.moved(changed(), []) == []


def test_a_phrasing_taken_from_another_entry_is_told(trials: Trials) -> None:
    """The question that would come to the wrong answer, from where, and to where."""
    greedy = changed(en=[f"lost keys phrasing {word} en please" for word in ("one", "two", "three", "four")] * 1)
    greedy["en"]["question"] = "lost keys phrasing five en"
    found = trials.moved(greedy, [("en", "lost keys phrasing please en one")])
    assert [(one.before, one.after) for one in found][:1] == [("keys-lost", "boats-mooring")]


@pytest.mark.parametrize("content", [{}, {"id": "new", "topic": "boats"}, {"id": "new", "en": {"phrasings": ["", " "]}}])
def test_half_written_content_can_be_tried(trials: Trials, content: dict[str, Any]) -> None:
    """Nothing to index is no error."""
    before, after = trials.ranked("lost keys", "en", content)
    assert before.found and after.found[0] == before.found[0]
    assert trials.moved(content, []) == []


def test_content_is_tried_as_if_it_were_checked() -> None:
    """Whatever status and date it carries."""
    assert lenient(changed() | {"valid_until": "2001-01-01"}).is_served("nl", dt.date.max)


def test_a_withdrawal_needs_no_new_index(folder: Path, searcher: Searcher) -> None:
    """The same index around the new library no longer finds what became a draft; a new way to ask needs a build."""
    entry = make_entry("keys-lost", "keys", "lost keys", letters=list(load(folder).entries["keys-lost"].letters))
    entry["en"]["status"] = "draft"
    write_entry(folder, entry)
    fresh = with_library(searcher.index, load(folder))
    assert fresh and fresh.dense is searcher.index.dense
    searcher.index = fresh
    assert "keys-lost" not in [name for name, _ in searcher.rank("lost keys phrasing one en", "en").entries]
    entry["en"]["phrasings"].append("where is my key")
    write_entry(folder, entry)
    assert with_library(fresh, load(folder)) is None


def test_remembered_terms_give_the_same_index(folder: Path, tiny_model: Path) -> None:
    """A build with what the last one knew ranks as a fresh one does, also when an entry changed between."""
    encoder, known = SentenceEncoder(tiny_model), Terms()
    store = VectorStore(encoder, None)
    build(load(folder), store, None, known)
    entry = make_entry("boats-mooring", "boats", "anchoring a boat")
    write_entry(folder, entry)
    questions = ["anchoring a boat phrasing two", "lost keys", "copied boat"]
    rankings = [
        [Searcher(encoder, index, UNCALIBRATED, lambda: TODAY).rank(question, "en") for question in questions]
        for index in (build(load(folder), store, None, known), build(load(folder), store))
    ]
    assert rankings[0] == rankings[1]
