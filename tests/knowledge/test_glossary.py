"""The glossary: what the words on Dutch paper are called, found in any language and mixture."""

from __future__ import annotations

import pytest

from knowledge.entry import LANGUAGES
from knowledge.glossary import Glossary, Term
from knowledge.library import load
from tests.conftest import REAL_KNOWLEDGE

NOTIONS = {
    "tengo carta de la gemeente, dwangsom??": ["gemeente", "dwangsom"],
    "Primăria mi-a trimis o amendă": ["gemeente", "boete"],
    "primaria mi-a trimis o amenda": ["gemeente", "boete"],
    "kiedy mija termin na bezwaarschrift": ["bezwaar"],
    "ik wil mijn verblijfsvergunning verlengen": ["verblijfsvergunning"],
    "permiso de residencia y permiso": ["verblijfsvergunning", "vergunning"],
    "what is the weather": [],
    "": [],
}


@pytest.fixture(scope="module")
def glossary() -> Glossary:
    return load(REAL_KNOWLEDGE).glossary


@pytest.mark.parametrize("text", NOTIONS)
def test_notions_are_found_in_any_mixture(glossary: Glossary, text: str) -> None:
    """Dutch policy words in a Spanish sentence, without accents, inside longer words; the longest form wins."""
    assert glossary.notions(text) == NOTIONS[text]


def test_every_form_is_found_in_its_own_language(glossary: Glossary) -> None:
    """A form that another term's form hides could never be found: it must be the same notion or a longer one."""
    for name, term in glossary.terms.items():
        for language in LANGUAGES:
            assert name in glossary.notions(term.forms(language)[0], language), (name, language)


def test_the_glossary_is_as_large_as_the_source_list(glossary: Glossary) -> None:
    """About ninety terms, each in five languages."""
    assert len(glossary.terms) >= 90


def test_a_short_form_is_a_whole_word() -> None:
    """`bsn` is not found in `bsnx`, `brief` is found in `brieven` only as far as its letters go."""
    glossary = Glossary({"bsn": Term(nl=("bsn",), en=("bsn",), es=("bsn",), pl=("bsn",), ro=("bsn",))})
    assert glossary.notions("mijn bsn, BSN!") == ["bsn", "bsn"]
    assert glossary.notions("bsnx") == []
