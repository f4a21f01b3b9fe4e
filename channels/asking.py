"""What is asked, without how somebody introduced themselves: an answer must not depend on a name or a number beside it."""

from __future__ import annotations

import re

from channels.redaction import MARKERS, SAYS_A_NAME
from knowledge.text import fold

# What people write before a number or an address of theirs, without accents.
SAYS_A_NUMBER = (
    r"(?:(?:bel|app|mail) )?(?:me |mij )?(?:maar )?(?:op|naar)", r"bel(?: me| mij)?", r"(?:mijn|mn|m'n) \w+(?: is)?",
    r"(?:call|text|mail|reach) me(?: on| at)?", r"my \w+(?: \w+)?(?: is)?",
    r"llama(?:me|dme)(?: al| a)?", r"mi \w+(?: es)?",
    r"zadzwon(?: na| do mnie)?", r"moj[ae]? \w+(?: to)?",
    r"suna(?:-ma| ma)?(?: la)?", r"\w+ul meu(?: e| este)?",
)  # fmt: skip
_MARKER = "|".join(re.escape(fold(marker)) for marker in MARKERS)
_NAME = "|".join(re.escape(fold(phrase)) for phrase in SAYS_A_NAME)
_INTRODUCED = re.compile(rf"(?:\b(?:en|and|y|i|si) )?(?:\b(?:{_NAME}|{'|'.join(SAYS_A_NUMBER)})[ :]+)?(?:{_MARKER})[,.;:!]?")
# With fewer words left a message was about the introduction itself.
WORDS_LEFT = 2


def question_of(text: str) -> str:
    """A redacted text without its markers and the words that lead to them; the text itself when little is left."""
    if "[" not in text:
        return text
    plain = fold(text)
    if len(plain) != len(text):
        return text  # a letter that folds into two: the places would not be the same
    kept, at = [], 0
    for found in _INTRODUCED.finditer(plain):
        kept.append(text[at : found.start()])
        at = found.end()
    left = " ".join("".join([*kept, text[at:]]).split()).lstrip(",;. ")
    return left if len(left.split()) >= WORDS_LEFT else text
