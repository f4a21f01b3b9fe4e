"""Which municipality is meant: the official names, misspellings, foreign names, and nothing where nothing is meant."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.towns import names, only_town, town_in, town_named
from kompas.settings import ROOT

OFFICIAL = yaml.safe_load((ROOT / "bot" / "towns.yml").read_text(encoding="utf-8"))["official"]
NAMED = {
    "roterdam": "Rotterdam", "la haya": "Den Haag", "w Hadze": "Den Haag", "I live in The Hague": "Den Haag", "den bosch": "'s-Hertogenbosch",
    "eindhovn": "Eindhoven", "Utreht!": "Utrecht", "gemeente Best": "Best", "Sneek": "Súdwest-Fryslân", "sudwest fryslan": "Súdwest-Fryslân",
    "mag ik thuis werken": None, "nee": None, "paris": None, "hij slaat mij": None, "": None,
}  # fmt: skip


def test_there_are_as_many_as_there_are() -> None:
    """342 municipalities since 1 January 2023 (Centraal Bureau voor de Statistiek)."""
    assert len(OFFICIAL) == len(set(OFFICIAL)) == 342
    assert set(names().values()) == set(OFFICIAL)


@pytest.mark.parametrize("text", NAMED)
def test_a_town_is_heard_as_people_spell_it(text: str) -> None:
    """Also in a short sentence; what names none names none."""
    assert town_named(text) == NAMED[text]


@given(st.sampled_from(OFFICIAL), st.data())
def test_one_letter_left_out_of_a_long_name_is_forgiven(name: str, data: st.DataObject) -> None:
    """The name itself is always heard; a typing mistake in eight letters or more is too, unless it makes another name."""
    assert town_named(name) == name
    at = data.draw(st.integers(0, len(name) - 1))
    if len(name) >= 8 and name[at].isalpha():
        assert town_named(name[:at] + name[at + 1 :]) is not None


@given(st.text(max_size=80))
def test_any_text_names_a_municipality_or_none(text: str) -> None:
    """Never an error."""
    assert town_named(text) in (None, *OFFICIAL)


IN_A_QUESTION = {
    "mag ik thuis werken in almere": ("Almere", None), "¿puedo trabajar en casa en la haya?": ("Den Haag", None),
    "a w Amsterdamie?": ("Amsterdam", "Amsterdam"), "y en utrecht?": ("Utrecht", "Utrecht"), "en in Rotterdam dan?": ("Rotterdam", "Rotterdam"),
    "ik woon in huizen en werk thuis": (None, None), "is dat gratis": (None, None), "in almere of in lelystad": (None, None),
}  # fmt: skip


@pytest.mark.parametrize("text", IN_A_QUESTION)
def test_a_town_inside_a_question_is_heard_when_it_is_clear(text: str) -> None:
    """A word that is also a town is a word, and two towns are none; a follow-up may name a town and nothing else."""
    assert (town_in(text), only_town(text)) == IN_A_QUESTION[text]
