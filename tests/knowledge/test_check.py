"""The rules of `kompas knowledge check`: each finds what it is for, and the committed knowledge passes them all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from knowledge.check import check
from knowledge.entry import LANGUAGES, Letter
from knowledge.library import load
from tests.conftest import REAL_KNOWLEDGE, TODAY, make_entry, write_entry

# How many entries the first batch needs in each topic (issue 1 of the plan).
SIX = ("controles", "aangifte", "medisch_dossier", "bankrekening")
TWO = (
    "thuiswerken",
    "vergunning",
    "handhaving",
    "opting_in",
    "geweld",
    "mensenhandel",
    "zorgverzekering",
    "kvk",
    "privacy",
    "hulp",
)


def test_the_committed_knowledge_has_no_problem() -> None:
    """What is in the repository may be served today."""
    assert check(REAL_KNOWLEDGE, dt.date.today()) == []


def test_the_first_batch_is_complete() -> None:
    """At least sixty entries over all topics, in the numbers the plan asks for."""
    library = load(REAL_KNOWLEDGE)
    counts = {topic: sum(entry.topic == topic for entry in library.entries.values()) for topic in library.topics}
    assert sum(counts.values()) >= 60
    assert len(counts) == 29
    assert all(counts[topic] >= (6 if topic in SIX else 2 if topic in TWO else 1) for topic in counts), counts


def test_a_good_folder_has_no_problem(folder: Path) -> None:
    """The rules do not complain about what is right."""
    assert check(folder, TODAY) == []


def change_answer(entry: dict[str, Any], text: str) -> dict[str, Any]:
    return entry | {"es": dict(entry["es"], answer=entry["es"]["answer"] + text)}


GOOD = make_entry("keys-lost", "keys", "lost keys", letters=list(get_args(Letter)))
LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " * 2
WRONG = {
    "stigmatising": change_answer(GOOD, "Una prostituta puede."),
    "promise": change_answer(GOOD, "Esto es 100% seguro, garantizado."),
    "exclamation": change_answer(GOOD, "Corre hoy!"),
    "phone number": change_answer(GOOD, "Llama al 0900-1234."),
    "unknown topic": make_entry("moon-keys", "moon", "keys on the moon"),
    "see_also": GOOD | {"see_also": ["nobody"]},
    "unknown source": GOOD | {"claims": [{"text": "x", "evidence": [{"source": "hearsay", "at": "p. 1"}]}]},
    "no fingerprint": GOOD
    | {"claims": [{"text": "x", "evidence": [{"source": "law", "at": "art. 1", "print": "0123456789abcdef"}]}]},
    "lies in the future": GOOD | {"checked_on": "2027-01-01"},
    "expired": GOOD | {"valid_until": "2026-11-20"},
    "not after checked_on": GOOD | {"valid_until": "2026-11-01"},
    "differs from id": make_entry("keys-elsewhere", "boats", "keys elsewhere"),
    "also stands in": GOOD
    | {"nl": dict(GOOD["nl"], phrasings=[*GOOD["nl"]["phrasings"][1:], "Mooring a boat phrasing one nl?"])},
    "still holds TO-WRITE": GOOD | {"risk": "TO-WRITE: the risk"},
    "says nearly the same as": make_entry("keys-twin", "keys", "lost keys"),
    "has a sentence of 34 words": change_answer(GOOD, LONG),
    "is hard to read": GOOD
    | {"es": dict(GOOD["es"], answer="Esto es extraordinariamente incomprensible internacionalmente. " * 8)},
    "belongs to no source": change_answer(GOOD, "Mira ejemplo.nl hoy."),
    "names the numbers ['6']": change_answer(GOOD, "Tienes 6 semanas."),
    "does not name 'sleutel'": GOOD
    | {
        "nl": dict(GOOD["nl"], answer=GOOD["nl"]["answer"] + "De sleutel."),
        "pl": dict(GOOD["pl"], answer="Zrob to przed ta data dzisiaj prosze. " * 12),
    },
    "does not name the risk": GOOD | {"risk": "The lock may break."},
    "the Dutch text cannot be behind itself": GOOD | {"nl": GOOD["nl"] | {"behind": "2026-03-02"}},
    "no entry explains a letter from cak": GOOD | {"letters": []},
    "names no date": GOOD | {"letters": ["cak"], "en": dict(GOOD["en"], answer="Words about a letter. " * 20)},
}


@pytest.mark.parametrize("says", WRONG)
def test_each_rule_finds_its_mistake(folder: Path, says: str) -> None:
    """The problem names the file and a remedy."""
    path = write_entry(folder, WRONG[says])
    if says == "differs from id":
        path = path.rename(path.with_name("misplaced.yml"))
    problems = [problem for problem in check(folder, TODAY) if says in problem.what]
    assert problems and all(problem.mend for problem in problems), check(folder, TODAY)
    assert says.startswith("no entry") or any(Path(problem.file).name == path.name for problem in problems)


def test_a_source_needs_an_https_address(folder: Path) -> None:
    """A source without a well-formed address cannot be followed by a reader."""
    source = yaml.safe_load((folder / "sources.yml").read_text())
    source["law"]["url"] = "www.law.example"
    (folder / "sources.yml").write_text(yaml.safe_dump(source))
    assert "url" in check(folder, TODAY)[0].what


def test_the_name_of_the_policy_site_is_no_stigma(folder: Path) -> None:
    """prostitutiegoedgeregeld.nl is an address people need."""
    sources = yaml.safe_load((folder / "sources.yml").read_text())
    sources["site"] = dict(sources["law"], kind="page", url="https://www.prostitutiegoedgeregeld.nl")
    (folder / "sources.yml").write_text(yaml.safe_dump(sources))
    write_entry(folder, change_answer(GOOD, "Mira prostitutiegoedgeregeld.nl/beleid."))
    assert check(folder, TODAY) == []


def test_people_may_use_any_word_for_themselves(folder: Path) -> None:
    """Phrasings are users' own words and are never corrected."""
    phrasings = [*GOOD["es"]["phrasings"], "soy puta y perdi mis llaves"]
    write_entry(folder, GOOD | {"es": dict(GOOD["es"], phrasings=phrasings)})
    assert check(folder, TODAY) == []


def test_all_languages_name_the_same_numbers() -> None:
    """A phone number that stands in one language of an answer stands in all five."""
    import re

    number = re.compile(r"\b(?:0\d{3}-[\d ]*\d{2}|033-448 11 86|112|113)\b")
    for entry in load(REAL_KNOWLEDGE).entries.values():
        found = {language: frozenset(number.findall(entry.text(language).answer)) for language in LANGUAGES}
        assert len(set(found.values())) == 1, (entry.id, found)
