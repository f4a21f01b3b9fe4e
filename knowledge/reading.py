"""How hard a text is to read: sentence length and long words, the same measure in all five languages."""

from __future__ import annotations

import re

# What a reader of B1 can follow in one go; the sources ask for plain words (wodc-2018, p. 72). The limits are ours: a little
# above the longest of the answers that a second reader had found plain.
AVERAGE_WORDS = 13.0
LONGEST_WORDS = 26
# LIX (Björnsson, 1968): words per sentence plus the share of words over six letters in percent; below 40 is easy. Words are
# longer in some languages: the same 93 answers had a median of nl 28, en 24, es 33, pl 39, ro 34.
LIX_LIMITS = {"nl": 38.0, "en": 36.0, "es": 42.0, "pl": 50.0, "ro": 43.0}
LONG_WORD = 6

_BRACKETS = re.compile(r"\([^)]*\)")
_SENTENCE_END = re.compile(r"(?<=[.?…:])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ADDRESS = re.compile(r"\S+@\S+|\b[\w-]+\.(?:nl|nu|info|com|org)\S*")


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence, without what nobody reads word by word: Dutch terms in brackets, addresses, numbers."""
    plain = _ADDRESS.sub("", _BRACKETS.sub("", text))
    return [words for part in _SENTENCE_END.split(plain) if (words := _WORD.findall(part))]


def average_words(text: str) -> float:
    """Words per sentence; 0 for a text without words."""
    found = sentences(text)
    return sum(map(len, found)) / len(found) if found else 0.0


def longest(text: str) -> list[str]:
    """The longest sentence, as words."""
    return max(sentences(text), key=len, default=[])


def lix(text: str) -> float:
    """LIX of a text: about 25 (a children's book) to 60 (a law)."""
    words = [word for sentence in sentences(text) for word in sentence]
    if not words:
        return 0.0
    return average_words(text) + 100 * sum(len(word) > LONG_WORD for word in words) / len(words)
