"""The glossary: what the words on Dutch paper are called in each language (`knowledge/glossary.yml`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from knowledge.entry import LANGUAGES
from knowledge.text import fold

Form = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
Explanation = Annotated[str, StringConstraints(strip_whitespace=True, min_length=40, max_length=200)]
Forms = Annotated[tuple[Form, ...], Field(min_length=1)]

# A form this short is a whole word (`apv`, `bsn`, `iva`); a longer one may go on (`bezwaar`, `bezwaarschrift`).
WHOLE_WORD = 4
_WORD = re.compile(r"\w+")


class Term(BaseModel):
    """One notion: its name and other forms in each language, the name first. A form is the beginning of a word, or words.

    `fixed` says that an answer whose Dutch text uses the notion must name it with one of these forms in every language.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fixed: bool = False
    nl: Forms
    en: Forms
    es: Forms
    pl: Forms
    ro: Forms

    def forms(self, language: str) -> tuple[str, ...]:
        """The forms in one language, the name first."""
        return getattr(self, language)  # type: ignore[no-any-return]


class Meaning(BaseModel):
    """What a notion means for the person who reads it on paper, in five languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nl: Explanation
    en: Explanation
    es: Explanation
    pl: Explanation
    ro: Explanation

    def text(self, language: str) -> str:
        """The explanation in one language."""
        return getattr(self, language)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Glossary:
    """All terms by id, and the meaning of those that people meet on paper."""

    terms: Mapping[str, Term]
    meanings: Mapping[str, Meaning] = field(default_factory=dict)

    def notions(self, text: str, language: str | None = None) -> list[str]:
        """The ids of the terms that a text names, in the order of the text; the longest form wins where two begin together.

        Without `language`, forms of all five count: people mix them, and Dutch policy words stand in every one.
        """
        words = _WORD.findall(fold(text))
        found: list[str] = []
        at = 0
        while at < len(words):
            length, term = self._longest(words, at, language)
            if term:
                found.append(term)
            at += length
        return found

    def _longest(self, words: list[str], at: int, language: str | None) -> tuple[int, str | None]:
        for form, term, spoken in self._forms[words[at][: WHOLE_WORD - 1]]:
            if language in (None, spoken) and _begins(words[at : at + len(form)], form):
                return len(form), term
        return 1, None

    @cached_property
    def _forms(self) -> defaultdict[str, list[tuple[tuple[str, ...], str, str]]]:
        """(words, term id, language) by the first letters, which are a short form as a whole, longest first."""
        found: defaultdict[str, list[tuple[tuple[str, ...], str, str]]] = defaultdict(list)
        for term, language, form in self._all_forms():
            words = tuple(_WORD.findall(fold(form)))
            found[words[0][: WHOLE_WORD - 1]].append((words, term, language))
        for forms in found.values():
            forms.sort(key=lambda item: (-len(item[0]), -len(" ".join(item[0])), item[1]))
        return found

    def _all_forms(self) -> Iterator[tuple[str, str, str]]:
        for name, term in self.terms.items():
            for language in LANGUAGES:
                for form in term.forms(language):
                    yield name, language, form


def _begins(words: list[str], form: tuple[str, ...]) -> bool:
    """Whether the words are the form's; each may go on where the form's word is long enough."""
    if len(words) < len(form):
        return False
    for word, part in zip(words, form, strict=True):
        if word != part and (len(part) < WHOLE_WORD or not word.startswith(part)):
            return False
    return True
