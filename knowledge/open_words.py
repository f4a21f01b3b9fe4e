"""Words that leave open what is meant, and what Kompas asks then (`knowledge/open_words.yml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from knowledge.text import fold

# WhatsApp Cloud API: the title of a list row.
LABEL_LIMIT = 24
# "Did you mean" offers two to four.
CHOICES_LIMITS = (2, 4)
# A longer message says more than one word does.
WORDS_LIMIT = 8
_WORD = re.compile(r"\w+")

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LABEL_LIMIT)]


def word_set(text: str) -> frozenset[str]:
    """The different words of a text, in lower case without accents."""
    return frozenset(_WORD.findall(fold(text)))


Words = Annotated[frozenset[str], BeforeValidator(word_set)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(_Strict):
    """The question, in five languages."""

    nl: Question
    en: Question
    es: Question
    pl: Question
    ro: Question


class Labels(_Strict):
    """What one choice is called on its button, in five languages."""

    nl: Label
    en: Label
    es: Label
    pl: Label
    ro: Label


class OpenWord(_Strict):
    """A word that may mean several entries: its forms in all languages, and the labels of the entries by id."""

    forms: Words
    beside: Words = frozenset()
    ask: Asked
    choices: Annotated[dict[str, Labels], Field(min_length=CHOICES_LIMITS[0], max_length=CHOICES_LIMITS[1])]

    def question(self, language: str) -> str:
        """What to ask in one language."""
        return getattr(self.ask, language)  # type: ignore[no-any-return]

    def labels(self, language: str) -> dict[str, str]:
        """The entry ids with their labels in one language, the likeliest first."""
        return {entry: getattr(labels, language) for entry, labels in self.choices.items()}


class OpenWords(_Strict):
    """All open words, and the filler that people put around them."""

    filler: Words = frozenset()
    words: Mapping[str, OpenWord] = {}

    def find(self, text: str) -> OpenWord | None:
        """The word that a message consists of, apart from filler; the first where two fit."""
        said = word_set(text)
        if len(said) > WORDS_LIMIT:
            return None
        rest = said - self.filler
        return next((word for word in self.words.values() if rest & word.forms and rest <= word.forms | word.beside), None)
