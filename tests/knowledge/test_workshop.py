"""The workshop: drafts are never lost, what is served changes only by vetting, and nobody approves what they wrote."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge import sheets
from knowledge.check import check
from knowledge.entry import LANGUAGES
from knowledge.library import load, read_entry
from knowledge.problem import KnowledgeError
from knowledge.proposal import Proposal, path_of, write
from knowledge.refusal import REASONS
from knowledge.workshop import Collision, Opened, Refused, Workshop
from tests.conftest import TODAY, make_entry, write_entry
from tests.knowledge.test_history import git

LOST = Path("entries/keys/keys-lost.yml")
NEXT_YEAR = TODAY + dt.timedelta(days=365)


@pytest.fixture
def committed(folder: Path) -> Path:
    """The small knowledge folder as a repository with one commit."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "The beginning")
    return folder


@pytest.fixture
def workshop(committed: Path) -> Workshop:
    return Workshop(committed, lambda: TODAY)


def edited(opened: Opened, language: str = "nl", **changes: Any) -> dict[str, Any]:
    """The content with fields of one language changed."""
    return opened.content | {language: opened.content[language] | changes}


def saved(workshop: Workshop, author: str, language: str = "nl", entry_id: str = "keys-lost", **changes: Any) -> Opened:
    """A draft saved by somebody who had just opened it."""
    opened = workshop.open(entry_id)
    return workshop.save(entry_id, edited(opened, language, **changes), opened.version, author)


def refusal(act: Callable[..., Any], *arguments: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        act(*arguments)
    assert str(caught.value) == REASONS[caught.value.reason]
    return caught.value


def answer(about: str) -> str:
    return f"A new answer about {about}. " + f"Do this about {about} by that date. " * 12


def log(workshop: Workshop) -> list[str]:
    return git(workshop.folder, "log", "--format=%an|%s").splitlines()


def clean(workshop: Workshop) -> bool:
    return git(workshop.folder, "status", "--porcelain") == ""


def test_a_draft_is_saved_committed_and_serves_nothing(workshop: Workshop) -> None:
    """However broken: it is there again when opened, under its author's name, and the entry stays as it was."""
    before = (workshop.folder / LOST).read_bytes()
    opened = saved(workshop, "anna", answer="half a sen")
    assert opened.is_proposal and opened.content["nl"]["answer"] == "half a sen"
    assert opened.authors == {"nl": ("anna",)} and opened.entry == read_entry(workshop.folder / LOST)
    assert workshop.open("keys-lost") == opened == Workshop(workshop.folder, lambda: TODAY).open("keys-lost")
    assert log(workshop)[0] == "anna|keys-lost: draft saved" and clean(workshop)
    assert (workshop.folder / LOST).read_bytes() == before
    assert {name: p.version for name, p in workshop.proposals().items()} == {"keys-lost": opened.version}


def test_content_of_a_served_entry_may_be_checked_as_it_is(workshop: Workshop) -> None:
    """What `open` gives is a whole entry's data, with the status that is served."""
    entry = load(workshop.folder).entries["keys-copy"]
    opened = workshop.open("keys-copy")
    assert type(entry).model_validate(opened.content) == entry and not opened.is_proposal
    for name in ("nobody", "../x", "--help", ""):
        with pytest.raises(KeyError):
            workshop.open(name)


def test_saving_what_is_there_is_no_change(workshop: Workshop) -> None:
    """No file, no commit; and a draft that was taken back to what is served is no draft any more."""
    opened = workshop.open("keys-lost")
    assert workshop.save("keys-lost", opened.content, opened.version, "anna") == opened
    assert len(log(workshop)) == 1
    old = opened.content["nl"]["question"]
    saved(workshop, "anna", question="Other?")
    assert not saved(workshop, "bert", question=old).is_proposal
    assert workshop.proposals() == {} and clean(workshop)


def test_different_fields_of_two_editors_are_merged(workshop: Workshop) -> None:
    """Both opened the same version; both changes are there, each under its author's name."""
    opened = workshop.open("keys-lost")
    workshop.save("keys-lost", edited(opened, "nl", question="Nieuw?"), opened.version, "anna")
    both = workshop.save("keys-lost", edited(opened, "es", question="Nuevo?"), opened.version, "bert")
    assert (both.content["nl"]["question"], both.content["es"]["question"]) == ("Nieuw?", "Nuevo?")
    assert both.authors == {"nl": ("anna",), "es": ("bert",)}


def test_the_same_field_of_two_editors_collides(workshop: Workshop) -> None:
    """Nothing is saved until the person has chosen; what both wrote is shown; then the choice is saved."""
    opened = workshop.open("keys-lost")
    first = workshop.save("keys-lost", edited(opened, question="Anna's?"), opened.version, "anna")
    with pytest.raises(Collision) as caught:
        workshop.save("keys-lost", edited(opened, question="Bert's?"), opened.version, "bert")
    (conflict,) = caught.value.conflicts
    assert (conflict.field, conflict.base, conflict.mine, conflict.theirs) == (
        "nl.question", opened.content["nl"]["question"], "Bert's?", "Anna's?",
    )  # fmt: skip
    assert workshop.open("keys-lost") == first and caught.value.version == first.version
    chosen = workshop.save("keys-lost", caught.value.merged, caught.value.version, "bert")
    assert chosen.content["nl"]["question"] == "Bert's?" and chosen.authors == {"nl": ("anna", "bert")}


def test_an_old_page_after_a_take_over_is_merged(workshop: Workshop) -> None:
    """The proposal that somebody began from is served by now: their change becomes a new proposal on top of it."""
    seen = saved(workshop, "anna", question="Nieuw?")
    workshop.take_over("keys-lost", LANGUAGES, "checked", "anna", seen.version)
    later = workshop.save("keys-lost", edited(seen, "ro", question="Nou?"), seen.version, "bert")
    assert later.content["nl"]["question"] == "Nieuw?" and later.authors == {"ro": ("bert",)}


def test_a_hand_edit_of_the_entry_is_merged_into_the_draft(workshop: Workshop) -> None:
    """Somebody pulled a new entry file: the draft is shown on top of it, and an old page does not bring old text back."""
    seen = saved(workshop, "anna", question="Nieuw?")
    entry = make_entry("keys-lost", "keys", "lost keys", letters=workshop.open("keys-lost").content["letters"])
    write_entry(workshop.folder, entry | {"pl": entry["pl"] | {"question": "By hand?"}})
    assert workshop.open("keys-lost").content["pl"]["question"] == "By hand?"
    later = workshop.save("keys-lost", edited(seen, "es", question="Nuevo?"), seen.version, "bert")
    found = {language: later.content[language]["question"] for language in ("nl", "es", "pl")}
    assert found == {"nl": "Nieuw?", "es": "Nuevo?", "pl": "By hand?"} and set(later.authors) == {"nl", "es"}


def test_a_new_entry_begins_empty_and_ends_served(workshop: Workshop) -> None:
    """Every language must be valid before the entry is written; languages not taken over are drafts."""
    opened = workshop.new("boats", "boats-sale", "anna")
    assert opened.entry is None and opened.content["nl"] == {
        "status": "draft",
        "question": "",
        "answer": "",
        "phrasings": [],
    }
    refused = refusal(workshop.take_over, "boats-sale", ["nl"], "checked", "anna", opened.version)
    assert refused.reason == "findings" and "en.answer" in {finding.field for finding in refused.findings}
    opened = workshop.save("boats-sale", make_entry("x", "boats", "selling boats"), opened.version, "anna")
    entry = workshop.take_over("boats-sale", ["nl", "en"], "checked", "anna", opened.version)
    assert [entry.text(language).status for language in LANGUAGES] == ["checked", "checked", "draft", "draft", "draft"]
    assert (entry.checked_on, entry.valid_until) == (TODAY, dt.date(2027, 11, 1))
    assert check(workshop.folder, TODAY) == [] and workshop.proposals() == {} and clean(workshop)
    again = workshop.open("boats-sale")
    workshop.take_over("boats-sale", ["es"], "checked", "anna", again.version)
    assert (
        refusal(workshop.take_over, "boats-sale", ["pl"], "approved", "anna", workshop.open("boats-sale").version).reason
        == "own_text"
    )
    assert (
        workshop.take_over("boats-sale", ["pl"], "approved", "bert", workshop.open("boats-sale").version).pl.status
        == "approved"
    )


@pytest.mark.parametrize(("topic", "name", "reason"), [
    ("boats", "keys-lost", "taken"), ("boats", "Boats", "bad_id"), ("boats", "../x", "bad_id"), ("boats", "a" * 61, "bad_id"),
    ("boats", "-x", "bad_id"), ("moon", "moon-trip", "unknown_topic"), ("boats", "begun", "taken"),
])  # fmt: skip
def test_a_name_that_cannot_be_given_is_refused(workshop: Workshop, topic: str, name: str, reason: str) -> None:
    """Names in use, names that are no names, topics that are none."""
    workshop.new("boats", "begun", "anna")
    assert refusal(workshop.new, topic, name, "anna").reason == reason


def test_taking_over_one_language_leaves_the_rest_of_the_draft(workshop: Workshop) -> None:
    """What is taken over is served with today's date; the other language's draft stays with its author."""
    saved(workshop, "anna", answer=answer("keys"))
    opened = saved(workshop, "bert", "es", question="half")
    entry = workshop.take_over("keys-lost", ["nl"], "checked", "carla", opened.version)
    assert entry == read_entry(workshop.folder / LOST) and entry.nl.answer == answer("keys").strip()
    assert (entry.nl.status, entry.checked_on, entry.es.question) == ("checked", TODAY, "lost keys es question?")
    rest = workshop.open("keys-lost")
    assert rest.is_proposal and rest.content["es"]["question"] == "half" and rest.authors == {"es": ("bert",)}
    assert log(workshop)[0] == "carla|keys-lost: nl checked" and clean(workshop)


def test_a_translation_is_behind_when_the_dutch_changed(workshop: Workshop) -> None:
    """It keeps the date of its own last check, also after a second change, until it is taken over or found still correct."""
    first = workshop.take_over(
        "keys-lost", ["nl"], "checked", "anna", saved(workshop, "anna", answer=answer("keys")).version
    )
    assert {code: first.text(code).behind for code in LANGUAGES} == {
        "nl": None, **dict.fromkeys(LANGUAGES[1:], dt.date(2026, 11, 1)),
    }  # fmt: skip
    assert (first.checked("nl"), first.checked("ro")) == (TODAY, dt.date(2026, 11, 1))
    seen = saved(workshop, "anna", question="En nu?")
    workshop.today = lambda: TODAY + dt.timedelta(days=3)
    second = workshop.take_over("keys-lost", ["nl", "en"], "checked", "anna", seen.version)
    assert second.en.behind is None and second.ro.behind == dt.date(2026, 11, 1)
    assert check(workshop.folder, workshop.today()) == []
    last = workshop.still_correct("keys-lost", "bert")
    assert all(last.text(code).behind is None for code in LANGUAGES) and last == read_entry(workshop.folder / LOST)


def test_more_ways_to_ask_leave_no_translation_behind(workshop: Workshop) -> None:
    """Only a changed question or answer has to be translated."""
    phrasings = [*workshop.open("keys-lost").content["nl"]["phrasings"], "ben mijn bos kwijt"]
    entry = workshop.take_over("keys-lost", ["nl"], "checked", "anna", saved(workshop, "anna", phrasings=phrasings).version)
    assert entry.nl.phrasings[-1] == "ben mijn bos kwijt" and all(entry.text(code).behind is None for code in LANGUAGES)


def test_findings_in_what_is_taken_over_refuse_it(workshop: Workshop) -> None:
    """A broken language is named with its findings; it does not hold up another one."""
    opened = saved(workshop, "anna", "es", answer="corto")
    refused = refusal(workshop.take_over, "keys-lost", ["nl", "es"], "checked", "anna", opened.version)
    assert refused.reason == "findings" and {finding.field for finding in refused.findings} == {"es.answer"}
    opened = saved(workshop, "anna", "nl", question="Hooker?")
    assert refusal(workshop.take_over, "keys-lost", ["nl"], "checked", "anna", opened.version).reason == "findings"
    opened = saved(workshop, "anna", "nl", question="Nieuw?")
    assert workshop.take_over("keys-lost", ["nl"], "checked", "anna", opened.version).nl.question == "Nieuw?"
    opened = workshop.open("keys-lost")
    opened = workshop.save("keys-lost", opened.content | {"see_also": ["nobody"]}, opened.version, "anna")
    assert (
        refusal(workshop.take_over, "keys-lost", ["nl"], "checked", "anna", opened.version).findings[0].field == "see_also"
    )


def test_what_nobody_has_seen_is_not_taken_over(workshop: Workshop) -> None:
    """A save of somebody else in between, or nothing to take over at all, is refused; so is a language that is none."""
    seen = saved(workshop, "anna", question="Nieuw?")
    saved(workshop, "bert", question="Nieuwer?")
    assert refusal(workshop.take_over, "keys-lost", ["nl"], "checked", "carla", seen.version).reason == "changed"
    version = workshop.open("keys-copy").version
    for languages, status in ((["nl"], "checked"), ([], "checked"), (["fr"], "checked"), (["nl"], "draft")):
        assert refusal(workshop.take_over, "keys-copy", languages, status, "carla", version).reason == "nothing"


def test_nobody_approves_their_own_text(workshop: Workshop) -> None:
    """Not as one of several authors, not after somebody else checked it, and not when they changed the record."""
    saved(workshop, "anna", question="Nieuw?")
    opened = saved(workshop, "bert", answer=answer("keys"))
    for name in ("anna", "bert"):
        assert refusal(workshop.take_over, "keys-lost", ["nl"], "approved", name, opened.version).reason == "own_text"
    workshop.take_over("keys-lost", ["nl"], "checked", "carla", opened.version)
    version = workshop.open("keys-lost").version
    for name in ("anna", "bert"):
        assert refusal(workshop.take_over, "keys-lost", ["nl"], "approved", name, version).reason == "own_text"
    assert workshop.take_over("keys-lost", ["nl"], "approved", "carla", version).nl.status == "approved"
    assert workshop.history("keys-lost")[0].trailers == {"Reviewed-by": "carla"}
    opened = workshop.open("keys-lost")
    opened = workshop.save("keys-lost", opened.content | {"scope": "municipality"}, opened.version, "carla")
    assert refusal(workshop.take_over, "keys-lost", ["en"], "approved", "carla", opened.version).reason == "own_text"
    assert workshop.take_over("keys-lost", ["en"], "approved", "dora", opened.version).scope == "municipality"


def test_a_served_text_is_approved_without_a_draft(workshop: Workshop) -> None:
    """A second person signs what is there; who committed it by hand counts as its author."""
    version = workshop.open("keys-lost").version
    assert refusal(workshop.take_over, "keys-lost", ["ro"], "approved", "Maker", version).reason == "own_text"
    entry = workshop.take_over("keys-lost", ["ro", "pl"], "approved", "anna", version)
    assert [entry.text(code).status for code in LANGUAGES] == ["checked", "checked", "checked", "approved", "approved"]
    assert log(workshop)[0] == "anna|keys-lost: pl, ro approved"
    again = workshop.open("keys-lost").version
    assert refusal(workshop.take_over, "keys-lost", ["ro"], "approved", "bert", again).reason == "nothing"


def test_bringing_an_old_text_back_does_not_make_it_somebody_elses(workshop: Workshop) -> None:
    """Whoever once wrote these words may not approve them, however they came back."""
    workshop.take_over("keys-lost", ["nl"], "checked", "anna", saved(workshop, "anna", question="Van Anna?").version)
    workshop.take_over("keys-lost", ["nl"], "checked", "bert", saved(workshop, "bert", question="Van Bert?").version)
    workshop.undo("keys-lost", workshop.history("keys-lost")[0].commit, "carla")
    opened = workshop.open("keys-lost")
    assert opened.content["nl"]["question"] == "Van Anna?"
    assert refusal(workshop.take_over, "keys-lost", ["nl"], "approved", "anna", opened.version).reason == "own_text"
    assert workshop.take_over("keys-lost", ["nl"], "approved", "bert", opened.version).nl.status == "approved"


def test_a_file_changed_by_hand_is_committed_before_it_is_approved(workshop: Workshop) -> None:
    """Otherwise nobody can tell who wrote it."""
    entry = make_entry("keys-lost", "keys", "lost keys", letters=workshop.open("keys-lost").content["letters"])
    write_entry(workshop.folder, entry | {"pl": entry["pl"] | {"question": "By hand?"}})
    version = workshop.open("keys-lost").version
    assert refusal(workshop.take_over, "keys-lost", ["pl"], "approved", "anna", version).reason == "not_committed"
    assert workshop.take_over("keys-lost", ["ro"], "approved", "anna", version).ro.status == "approved"


def test_a_checked_again_approved_text_stays_approved(workshop: Workshop) -> None:
    """Taking it over as checked, with a changed record, does not take the second signature away."""
    workshop.take_over("keys-copy", ["en"], "approved", "anna", workshop.open("keys-copy").version)
    opened = workshop.open("keys-copy")
    opened = workshop.save("keys-copy", opened.content | {"audience": "escort"}, opened.version, "bert")
    entry = workshop.take_over("keys-copy", ["en", "nl"], "checked", "bert", opened.version)
    assert (entry.en.status, entry.nl.status, entry.audience) == ("approved", "checked", "escort")


def test_dates_of_a_check(workshop: Workshop) -> None:
    """A later date stays, a past one gets a year, and what is no date is complained about."""
    for written, served in (("2026-11-20", NEXT_YEAR), ("2028-01-01", dt.date(2028, 1, 1))):
        opened = workshop.open("keys-lost")
        opened = workshop.save(
            "keys-lost", edited(opened, question=f"{written}?") | {"valid_until": written}, opened.version, "anna"
        )
        assert workshop.take_over("keys-lost", LANGUAGES, "checked", "anna", opened.version).valid_until == served
        assert not workshop.open("keys-lost").is_proposal
    opened = workshop.open("keys-lost")
    opened = workshop.save("keys-lost", opened.content | {"valid_until": "soon"}, opened.version, "anna")
    assert (
        refusal(workshop.take_over, "keys-lost", ["nl"], "checked", "anna", opened.version).findings[0].field
        == "valid_until"
    )


def test_an_entry_moves_with_its_topic(workshop: Workshop) -> None:
    """Its file goes to the other folder in the same commit, and its history goes along."""
    opened = workshop.open("keys-copy")
    opened = workshop.save("keys-copy", opened.content | {"topic": "boats"}, opened.version, "anna")
    workshop.take_over("keys-copy", ["nl"], "checked", "anna", opened.version)
    assert not (workshop.folder / "entries/keys/keys-copy.yml").exists() and check(workshop.folder, TODAY) == []
    assert clean(workshop) and [change.author for change in workshop.history("keys-copy")] == ["anna", "anna", "Maker"]
    workshop.undo("keys-copy", workshop.history("keys-copy")[0].commit, "bert")
    assert load(workshop.folder).entries["keys-copy"].topic == "keys" and clean(workshop)


def test_a_withdrawn_text_is_not_served(workshop: Workshop) -> None:
    """Draft at once, with the reason in the history; the text stays, and a reason is needed."""
    draft = saved(workshop, "anna", "nl", question="Nieuw?")
    entry = workshop.withdraw("keys-lost", ["es", "ro"], "wrong\nnumber", "bert")
    assert [entry.is_served(code, TODAY) for code in LANGUAGES] == [True, True, False, True, False]
    assert entry == read_entry(workshop.folder / LOST) and entry.es.question == "lost keys es question?"
    change = workshop.history("keys-lost")[0]
    assert (change.author, change.title, change.trailers) == (
        "bert",
        "keys-lost: es, ro withdrawn",
        {"Reason": "wrong number"},
    )
    kept = workshop.open("keys-lost")
    assert (
        kept.content["nl"]["question"] == "Nieuw?"
        and kept.content["es"]["status"] == "draft"
        and kept.authors == draft.authors
    )
    assert refusal(workshop.withdraw, "keys-lost", ["nl"], " ", "bert").reason == "no_reason"
    assert refusal(workshop.withdraw, "keys-lost", ["es"], "again", "bert").reason == "nothing"
    assert workshop.take_over("keys-lost", ["es"], "checked", "bert", kept.version).es.status == "checked"


def test_still_correct_sets_the_dates_alone(workshop: Workshop) -> None:
    """Checked today, valid for a year, every status as it was."""
    before = workshop.open("keys-lost").entry
    entry = workshop.still_correct("keys-lost", "anna")
    assert before and entry == before.model_copy(update={"checked_on": TODAY, "valid_until": NEXT_YEAR})
    assert log(workshop)[0] == "anna|keys-lost: still correct"
    workshop.still_correct("keys-lost", "anna")
    assert len(log(workshop)) == 2
    workshop.new("boats", "begun", "anna")
    assert refusal(workshop.still_correct, "begun", "anna").reason == "nothing"


def test_undo_puts_back_what_was_there(workshop: Workshop) -> None:
    """As a new commit, with status and dates; and the undoing can be undone."""
    before = (workshop.folder / LOST).read_bytes()
    workshop.take_over("keys-lost", ["nl"], "checked", "anna", saved(workshop, "anna", question="Nieuw?").version)
    after = (workshop.folder / LOST).read_bytes()
    taken = workshop.history("keys-lost")[0].commit
    draft = saved(workshop, "bert", "es", question="Nuevo?")
    workshop.undo("keys-lost", taken, "carla")
    assert (workshop.folder / LOST).read_bytes() == before and clean(workshop)
    assert workshop.open("keys-lost").content["es"]["question"] == draft.content["es"]["question"] == "Nuevo?"
    assert workshop.open("keys-lost").authors == {"es": ("bert",)}
    change = workshop.history("keys-lost")[0]
    assert (change.author, change.title, change.trailers) == ("carla", f"keys-lost: {taken[:10]} undone", {"Undoes": taken})
    workshop.undo("keys-lost", change.commit, "carla")
    assert (workshop.folder / LOST).read_bytes() == after


def test_undo_of_a_new_entry_removes_it(workshop: Workshop) -> None:
    """And the undoing of that brings it back; an entry that others point to stays."""
    opened = workshop.new("boats", "boats-sale", "anna")
    opened = workshop.save("boats-sale", make_entry("x", "boats", "selling boats"), opened.version, "anna")
    workshop.take_over("boats-sale", LANGUAGES, "checked", "anna", opened.version)
    (taken, saved_draft, *_) = [change.commit for change in workshop.history("boats-sale")]
    assert refusal(workshop.undo, "boats-sale", saved_draft, "bert").reason == "nothing"
    workshop.undo("boats-sale", taken, "bert")
    with pytest.raises(KeyError):
        workshop.open("boats-sale")
    workshop.undo("boats-sale", workshop.history("boats-sale")[0].commit, "bert")
    assert workshop.open("boats-sale").entry
    copy = workshop.open("keys-copy")
    copy = workshop.save("keys-copy", copy.content | {"see_also": ["boats-sale"]}, copy.version, "anna")
    workshop.take_over("keys-copy", ["nl"], "checked", "anna", copy.version)
    refused = refusal(workshop.undo, "boats-sale", taken, "bert")
    assert (refused.reason, refused.names) == ("pointed_at", ("keys-copy",))


def test_an_old_file_that_is_no_entry_now_is_not_put_back(workshop: Workshop) -> None:
    """Rules may have changed since: the reason and the findings are told."""
    path = workshop.folder / LOST
    good = path.read_text()
    for broken, field in (
        (good.replace("scope: national", "scope: everywhere"), "scope"),
        (good.replace("source: law", "source: hearsay"), "claims"),
    ):
        path.write_text(broken)
        git(workshop.folder, "commit", "-qam", "broken by hand")
        path.write_text(good)
        git(workshop.folder, "commit", "-qam", "mended")
        refused = refusal(workshop.undo, "keys-lost", workshop.history("keys-lost")[0].commit, "anna")
        assert refused.reason == "not_valid" and {finding.field for finding in refused.findings} == {field}
    with pytest.raises(KeyError):
        workshop.undo("keys-lost", "0" * 40, "anna")


def test_a_draft_is_discarded(workshop: Workshop) -> None:
    """The file goes, the history keeps it; a broken one can be discarded too."""
    saved(workshop, "anna", question="Nieuw?")
    workshop.discard("keys-lost", "bert")
    assert not workshop.open("keys-lost").is_proposal and log(workshop)[0] == "bert|keys-lost: draft discarded"
    workshop.discard("keys-lost", "bert")
    assert len(log(workshop)) == 3
    path_of(workshop.folder, "keys-copy").write_text("id: [")
    assert workshop.proposals() == {} and workshop.broken()[0].file == str(path_of(workshop.folder, "keys-copy"))
    with pytest.raises(KnowledgeError, match=r"keys-copy\.yml:"):
        workshop.open("keys-copy")
    workshop.discard("keys-copy", "anna")
    assert not workshop.open("keys-copy").is_proposal
    with pytest.raises(KeyError):
        workshop.discard("nobody", "anna")


def test_what_a_commit_changed_is_told_field_by_field(workshop: Workshop) -> None:
    """A draft, a take-over, a discarded draft: before and after."""
    saved(workshop, "anna", question="Nieuw?")
    opened = saved(workshop, "bert", "es", question="Nuevo?")
    workshop.take_over("keys-lost", ["nl"], "checked", "carla", opened.version)
    workshop.discard("keys-lost", "anna")
    told = [
        [(one.field, one.before, one.after) for one in workshop.diff("keys-lost", change.commit)]
        for change in workshop.history("keys-lost")[:4]
    ]
    nl, es = ("nl.question", "lost keys nl question?", "Nieuw?"), ("es.question", "lost keys es question?", "Nuevo?")
    assert told[3] == [nl] and told[2] == [es] and told[0] == [(es[0], es[2], es[1])]
    assert set(told[1]) >= {nl, ("checked_on", "2026-11-01", TODAY.isoformat()), ("ro.behind", None, "2026-11-01")}
    for name, commit in (("keys-lost", "0" * 40), ("nobody", "x"), ("../x", "x")):
        with pytest.raises(KeyError):
            workshop.diff(name, commit)
    assert workshop.history("../x") == workshop.history("nobody") == []


def test_a_spreadsheet_becomes_drafts_in_one_commit(workshop: Workshop) -> None:
    """What a translator changed is added to what somebody is working on; where both changed a field nothing is taken."""
    library = load(workshop.folder)
    saved(workshop, "anna", question="Nieuw?")
    tables = sheets.to_tables(library.entries.values(), ["ro"])
    for row in tables["texts"]:
        row.cells["question"] += " Da?"
    changed = sheets.merge(library.entries, tables)
    assert workshop.propose_all(changed, "bert") == [entry.id for entry in changed] and len(changed) == 3
    opened = workshop.open("keys-lost")
    assert (opened.content["nl"]["question"], opened.content["ro"]["question"]) == ("Nieuw?", "lost keys ro question? Da?")
    assert opened.authors == {"nl": ("anna",), "ro": ("bert",)} and load(workshop.folder).version == library.version
    assert log(workshop)[0] == "bert|import: 3 drafts" and clean(workshop)
    assert workshop.propose_all(changed, "bert") == []
    saved(workshop, "anna", "ro", question="Anna's?")
    refused = refusal(workshop.propose_all, changed, "bert")
    assert (refused.reason, refused.names) == ("in_work", ("keys-lost",))
    assert workshop.open("keys-lost").content["ro"]["question"] == "Anna's?"


KILLED = """
import os, signal, sys
from pathlib import Path
from knowledge.history import History
from knowledge.workshop import Workshop
workshop = Workshop(Path(sys.argv[1]))
opened = workshop.open("keys-lost")
History.commit = lambda *told: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "save":
    workshop.save("keys-lost", opened.content | {"scope": "municipality"}, opened.version, "bert")
workshop.take_over("keys-lost", ["nl"], "checked", "bert", opened.version)
"""


@pytest.mark.parametrize("act", ["save", "take_over"])
def test_an_act_killed_before_its_commit_is_ended_at_the_next_start(workshop: Workshop, act: str) -> None:
    """What was written is committed under its author's name, all of it."""
    saved(workshop, "anna", question="Nieuw?")
    told = subprocess.run([sys.executable, "-c", KILLED, str(workshop.folder), act], capture_output=True, text=True)
    assert told.returncode == -signal.SIGKILL, told.stderr
    assert not clean(workshop)
    again = Workshop(workshop.folder, lambda: TODAY)
    assert (
        clean(again)
        and log(again)[0] == {"save": "bert|keys-lost: draft saved", "take_over": "bert|keys-lost: nl checked"}[act]
    )
    opened = again.open("keys-lost")
    assert opened.is_proposal == (act == "save") and opened.content["nl"]["question"] == "Nieuw?"


def test_the_next_act_ends_the_one_before(workshop: Workshop) -> None:
    """A second Kompas that goes on running commits what the first one could not."""
    told = subprocess.run([sys.executable, "-c", KILLED, str(workshop.folder), "save"], capture_output=True, text=True)
    assert told.returncode == -signal.SIGKILL, told.stderr
    saved(workshop, "anna", entry_id="keys-copy", question="Nieuw?")
    assert log(workshop)[:2] == ["anna|keys-copy: draft saved", "bert|keys-lost: draft saved"] and clean(workshop)


def test_a_proposal_written_and_never_committed_is_committed_at_the_start(workshop: Workshop) -> None:
    """Under the author it names; half a file beside it is cleared away, a broken one is left for a person."""
    write(Proposal("boats-sale", "boats", None, {"nl": "half"}, {"nl": ("anna",)}), workshop.folder)
    (workshop.folder / "proposals" / "boats-sale.yml.new").write_text("id: boa")
    path_of(workshop.folder, "keys-copy").write_text("id: [")
    assert len(workshop.recover()) == 1 and log(workshop)[0] == "anna|boats-sale: saved earlier"
    assert git(workshop.folder, "status", "--porcelain") == "?? proposals/keys-copy.yml\n"
    assert workshop.recover() == []


SAVER = """
import sys
from pathlib import Path
from knowledge.workshop import Workshop
workshop, name = Workshop(Path(sys.argv[1])), sys.argv[2]
for number in range(20):
    opened = workshop.open("keys-lost")
    text = opened.content[sys.argv[3]]
    content = opened.content | {sys.argv[3]: text | {"phrasings": [*text["phrasings"], f"{name} asks {number}"]}}
    workshop.save("keys-lost", content, opened.version, name)
"""


def test_two_processes_lose_nothing(workshop: Workshop) -> None:
    """Two editors saving the same field twenty times each at the same time: all forty are there, one commit each."""
    names = ("anna", "bert")
    running = [subprocess.Popen([sys.executable, "-c", SAVER, str(workshop.folder), name, "pl"]) for name in names]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    opened = workshop.open("keys-lost")
    assert {f"{name} asks {number}" for name in names for number in range(20)} <= set(opened.content["pl"]["phrasings"])
    assert set(opened.authors["pl"]) == set(names)
    assert sorted(line for line in log(workshop)[:-1]) == sorted(
        f"{name}|keys-lost: draft saved" for name in names for _ in range(20)
    )
    assert clean(workshop)


def test_one_date_promises_no_more_than_was_done(workshop: Workshop) -> None:
    """One language alone renews neither date of the others, not even when they are expired; all five renew both."""
    opened = saved(workshop, "anna", "pl", question="Nowe?")
    entry = workshop.take_over("keys-lost", ["pl"], "checked", "anna", opened.version)
    assert (entry.checked_on, entry.valid_until) == (dt.date(2026, 11, 1), dt.date(2027, 11, 1))
    opened = workshop.open("keys-lost")
    entry = workshop.take_over("keys-lost", LANGUAGES, "approved", "rob", opened.version)
    assert entry.checked_on == TODAY
    later = Workshop(workshop.folder, lambda: dt.date(2028, 1, 1))
    opened = later.save(
        "keys-lost", edited(later.open("keys-lost"), "pl", question="Inne?"), later.open("keys-lost").version, "anna"
    )
    assert "valid_until" in {
        finding.field
        for finding in refusal(later.take_over, "keys-lost", ["pl"], "checked", "anna", opened.version).findings
    }
