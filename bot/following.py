"""What a message means after an answer: a word asked about, or one more question on the same subject."""

from __future__ import annotations

import re

from knowledge.glossary import Glossary
from knowledge.open_words import word_set
from knowledge.text import fold

# How people ask what a word means, folded, in the five languages.
_MEANS = re.compile(
    r"^(?:(?:en|and|y|a|i|si|but|maar|pero|ale|dar) )?"
    r"(?:wat (?:is|zijn|betekent|houdt)|what (?:is|are|does|s)|whats|(?:que|q|k|ke) (?:es|son|significa|quiere decir)"
    r"|co (?:to(?: jest)?|oznacza|znaczy)|ce (?:e|este|inseamna|sunt))\b"
    r"|\b(?:wat (?:is|betekent) (?:dat|het)|what is (?:that|it)|(?:que|q) (?:es|significa)(?: eso)?"
    r"|co to(?: jest| znaczy)?|ce (?:e|este|inseamna)(?: asta)?)$"
    r"|\b(?:betekent dat|betekenis|meaning|mean|significado|znaczenie|inseamna)\b"
)
_AROUND = word_set(
    "wat is zijn betekent betekenis houdt in dat het een de precies eigenlijk"
    " what is are does s mean meaning of the a an whats exactly"
    " que q k ke es son significa significado quiere decir un una el la lo eso esto exactamente"
    " co to jest oznacza znaczy znaczenie dokladnie ce e este inseamna sunt asta exact en and y i si"
)
# How a second question on the same subject begins ...
_AND = re.compile(
    r"^(?:en |maar |and |but |what if|what about|y |pero |a (?:co|jesli|jak|bez|czy|gdzie|moj|w) |ale |i co|si |dar |daca )"
)
# ... or what it points back with. A longer message speaks for itself.
_BACK = re.compile(r"\b(?:dat|daarvoor|daarbij|it|that|this|they|eso|esto|ello|to|tego|tym|asta|aceasta)\b")
AND_WORDS, BACK_WORDS = 8, 5


def asked_word(text: str, glossary: Glossary) -> str | None:
    """The notion whose meaning a message asks for and nothing else, or None."""
    folded = fold(text).strip(" ?!.¿")
    if not _MEANS.search(folded):
        return None
    notions = list(dict.fromkeys(glossary.notions(folded)))
    if len(notions) != 1 or notions[0] not in glossary.meanings:
        return None
    named = max((form for form in _forms(glossary, notions[0]) if form in folded), key=len, default="")
    rest = word_set(folded.replace(named, " ", 1)) - _AROUND
    # The end of a longer word ("-schrift") may be left over, no word of its own.
    return notions[0] if len(rest) <= 1 and all(len(word) <= 8 for word in rest) else None


def _forms(glossary: Glossary, notion: str) -> list[str]:
    term = glossary.terms[notion]
    return [fold(form) for language in ("nl", "en", "es", "pl", "ro") for form in term.forms(language)]


def continues(text: str) -> bool:
    """Whether a short message goes on from what was said before: "and without papers?"."""
    folded = fold(text).strip(" ?!.¿")
    return len(folded.split()) <= AND_WORDS and bool(_AND.search(folded))


def points_back(text: str) -> bool:
    """Whether a short message says "that" and means what was said before: "is that free?"."""
    folded = fold(text).strip(" ?!.¿")
    return len(folded.split()) <= BACK_WORDS and bool(_BACK.search(folded))
