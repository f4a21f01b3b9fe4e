"""From text to index terms: stems of the language, and character n-grams for typos and missing accents."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from knowledge.text import fold

# Snowball's name of each language; spaCy's tokenizer has the same two letters.
SNOWBALL = {"nl": "dutch", "en": "english", "es": "spanish", "pl": "polish", "ro": "romanian"}

NGRAMS = (3, 4)


def terms(text: str, language: str) -> list[str]:
    """All index terms of a text: stems (marked `s:`) and n-grams."""
    return [f"s:{stem}" for stem in stems(text, language)] + ngrams(text)


def stems(text: str, language: str) -> list[str]:
    """Snowball stems of the words, accents folded."""
    tokenizer, stemmer = _tools(language)
    words = [fold(token.text) for token in tokenizer(text)]
    found: list[str] = stemmer.stemWords([word for word in words if any(c.isalnum() for c in word)])
    return found


def ngrams(text: str) -> list[str]:
    """Character n-grams within words, accents folded: the same in every language."""
    padded = (f" {''.join(c for c in word if c.isalnum())} " for word in fold(text).split())
    return [
        word[start : start + size]
        for word in padded
        for size in range(NGRAMS[0], NGRAMS[1] + 1)
        for start in range(max(len(word) - size + 1, 0))
    ]


@lru_cache
def _tools(language: str) -> tuple[Any, Any]:
    import spacy
    import Stemmer

    return spacy.blank(language).tokenizer, Stemmer.Stemmer(SNOWBALL[language])
