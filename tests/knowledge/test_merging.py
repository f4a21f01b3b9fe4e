"""Merging two changes of one entry: nothing that only one side changed is lost, and only a person decides the rest."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from knowledge.entry import LANGUAGES
from knowledge.merging import (
    Content,
    Difference,
    changed_parts,
    differences,
    flatten,
    merge,
    part_of,
    pick,
    unflatten,
)  # fmt: skip

WORDS = st.text("abAB ", max_size=4)
VALUES = (
    st.none() | WORDS | st.integers(0, 3) | st.lists(WORDS, max_size=5) | st.lists(st.dictionaries(WORDS, WORDS), max_size=2)
)
TEXTS = st.dictionaries(
    st.sampled_from(["question", "answer", "phrasings", "a.b"]), st.lists(WORDS, max_size=6) | VALUES, max_size=3
)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={"nl": TEXTS | VALUES, "ro": TEXTS, "scope": VALUES, "see_also": st.lists(WORDS, max_size=5), "claims": VALUES},
)


@given(CONTENTS)
def test_fields_make_up_the_content_again(content: Content) -> None:
    """Taking an entry's data apart and putting it together loses nothing, broken data included."""
    assert unflatten(flatten(content)) == content


@given(CONTENTS, CONTENTS)
def test_a_change_of_one_side_alone_is_taken_as_it_is(base: Content, changed: Content) -> None:
    """When the other side changed nothing there is nothing to merge."""
    assert merge(base, changed, base).content == changed
    assert merge(base, base, changed).content == changed
    assert not merge(base, changed, base).conflicts and not merge(base, base, changed).conflicts


@given(CONTENTS, CONTENTS, CONTENTS)
def test_both_sides_see_the_same_conflicts(base: Content, one: Content, other: Content) -> None:
    """Who saved first makes no difference to what a person has to choose."""
    there, back = merge(base, one, other), merge(base, other, one)
    assert {c.field: (c.mine, c.theirs) for c in there.conflicts} == {c.field: (c.theirs, c.mine) for c in back.conflicts}


@given(CONTENTS, CONTENTS, CONTENTS)
def test_what_one_side_changed_is_never_lost(base: Content, mine: Content, theirs: Content) -> None:
    """A field that one side alone changed holds that change; one that both changed is a conflict or a merged list."""
    merged = merge(base, mine, theirs)
    flat = {name: flatten(side) for name, side in {"base": base, "mine": mine, "theirs": theirs}.items()}
    found, conflicts = flatten(merged.content), {conflict.field for conflict in merged.conflicts}
    missing: Any = object()
    for field in flat["base"].keys() | flat["mine"].keys() | flat["theirs"].keys():
        before, my, their = (flat[side].get(field, missing) for side in ("base", "mine", "theirs"))
        if field in LANGUAGES or ("nl" in found and field.startswith("nl.")):
            continue  # a side has an empty text there, or something that is none
        if my == before:
            assert found.get(field, missing) == their
        elif their in (before, my):
            assert found.get(field, missing) == my
        elif field not in conflicts:
            added = {item.casefold() for side in (my, their) for item in side if before is missing or item not in before}
            assert added <= {item.casefold() for item in found[field]}


def test_phrasings_of_both_are_kept_and_what_either_took_out_stays_out() -> None:
    """Two editors may add and remove ways to ask at the same time."""
    base = {"nl": {"phrasings": ["a", "b", "c"]}}
    mine, theirs = {"nl": {"phrasings": ["new", "a", "b"]}}, {"nl": {"phrasings": ["b", "c", "other", "NEW"]}}
    assert merge(base, mine, theirs).content == {"nl": {"phrasings": ["new", "b", "other"]}}


def test_a_conflict_shows_all_three_and_keeps_mine() -> None:
    """The page can show what stood there, what I wrote and what the other wrote."""
    merged = merge({"nl": {"answer": "old"}}, {"nl": {"answer": "mine"}}, {"nl": {"answer": "theirs"}})
    (conflict,) = merged.conflicts
    assert (conflict.field, conflict.base, conflict.mine, conflict.theirs) == ("nl.answer", "old", "mine", "theirs")
    assert merged.content == {"nl": {"answer": "mine"}}


def test_differences_belong_to_parts() -> None:
    """A language is a part, and everything else is the record."""
    before = {"scope": "national", "nl": {"answer": "a"}, "en": {"answer": "b"}}
    after = {"scope": "municipality", "nl": {"answer": "a"}, "en": {"question": "q"}}
    assert differences(before, after) == [
        Difference("scope", "national", "municipality"),
        Difference("en.question", None, "q"),
        Difference("en.answer", "b", None),
    ]
    assert changed_parts(before, after) == {"record", "en"}
    assert pick(after, ["en"]) == {"en": {"question": "q"}} and part_of("claims") == "record"
