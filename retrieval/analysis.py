"""From text to index terms: stems of the language, and character n-grams for typos and missing accents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from knowledge.glossary import Glossary
from knowledge.text import fold

# Snowball's name of each language.
SNOWBALL = {"nl": "dutch", "en": "english", "es": "spanish", "pl": "polish", "ro": "romanian"}

NGRAMS = (3, 4)
# spaCy's tokenizers in its place changed no single answer and held 75 MB (docs/decisions/0005-encoder.md).
WORD = re.compile(r"\w+")
_NO_LETTER = re.compile(r"[\W_]+")


def terms(text: str, language: str, glossary: Glossary) -> list[str]:
    """All index terms of a text: stems (marked `s:`), n-grams, and notions of the glossary in any language (marked `g:`)."""
    plain = fold(text)
    named = [f"g:{notion}" for notion in glossary.notions(plain)]
    return [f"s:{stem}" for stem in stems(plain, language)] + ngrams(plain) + named


def stems(text: str, language: str) -> list[str]:
    """Snowball stems of the words, accents folded."""
    found: list[str] = _stemmer(language).stemWords(WORD.findall(fold(text)))
    return found


def ngrams(text: str) -> list[str]:
    """Character n-grams within words, accents folded: the same in every language."""
    padded = (f" {_NO_LETTER.sub('', word)} " for word in fold(text).split())
    return [
        word[start : start + size]
        for word in padded
        for size in range(NGRAMS[0], NGRAMS[1] + 1)
        for start in range(max(len(word) - size + 1, 0))
    ]


@lru_cache
def _stemmer(language: str) -> Any:
    import Stemmer

    return Stemmer.Stemmer(SNOWBALL[language])
