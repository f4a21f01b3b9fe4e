"""Recognising a crisis by rules: patterns per language, minus figures of speech, negations and what is long past.

The rules are data (`<language>.yml` beside this file); this module only applies them. All five languages are tried on
every message, because a person in danger writes in whatever language comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml

from knowledge.entry import LANGUAGES
from knowledge.text import fold as text_fold

Kind = Literal["violence_now", "sexual_violence_now", "captivity", "suicide"]
# The order decides when several match: who is in danger of being killed now comes first.
KINDS: tuple[Kind, ...] = ("violence_now", "captivity", "sexual_violence_now", "suicide")

# Clauses end at punctuation and at the language's own "but" (rules file, `but`).
_PUNCTUATION = r"[.!?;,:()\n…¿¡]+"
# Characters that could hide a word: zero width, direction marks, soft hyphen.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# A cue of negation counts when it stands this near before the match, in characters.
NEGATION_REACH = 22


@dataclass(frozen=True)
class Rules:
    """The rules of one language, compiled. `sure` patterns carry their own negation ("no me dejan salir")."""

    patterns: dict[Kind, re.Pattern[str]]
    sure: dict[Kind, re.Pattern[str]]
    never: re.Pattern[str]
    past: re.Pattern[str]
    now: re.Pattern[str]
    negation: re.Pattern[str]
    clause_end: re.Pattern[str]


def fold(text: str) -> str:
    """Lower case, no accents, no invisible characters, letters repeated three times or more written twice, single spaces."""
    plain = text_fold(_INVISIBLE.sub("", text))
    return " ".join(re.sub(r"([a-z])\1{2,}", r"\1\1", plain).split())


def by_rules(text: str) -> Kind | None:
    """The kind of crisis the rules see in a message, or None. Never raises for any text."""
    folded = fold(text)
    found = {kind for language in LANGUAGES for kind in _kinds(folded, rules(language))}
    return next((kind for kind in KINDS if kind in found), None)


def _kinds(folded: str, rules: Rules) -> set[Kind]:
    told = rules.never.sub(" , ", folded)
    clauses = [clause.strip() for clause in rules.clause_end.split(told) if clause.strip()]
    found = {kind for kind in KINDS if any(_matches(clause, kind, rules) for clause in clauses)}
    # Who wants to die since last year wants to die now.
    return found & {"suicide"} if _is_past(told, rules) else found


def is_past(text: str) -> bool:
    """Whether a message speaks of something over: a time word speaks for the whole message unless another says "now"."""
    folded = fold(text)
    return any(_is_past(folded, rules(language)) for language in LANGUAGES)


def _is_past(folded: str, rules: Rules) -> bool:
    return bool(rules.past.search(folded)) and not rules.now.search(folded)


def _matches(clause: str, kind: Kind, rules: Rules) -> bool:
    if rules.sure[kind].search(clause):
        return True
    return any(
        not rules.negation.search(clause[max(0, match.start() - NEGATION_REACH) : match.start()])
        for match in rules.patterns[kind].finditer(clause)
    )


@lru_cache
def rules(language: str) -> Rules:
    """The compiled rules of one language. Raises ValueError naming the pattern that is no regular expression."""
    path = Path(__file__).parent / f"{language}.yml"
    data: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    words: dict[str, str] = data["words"]

    def compiled(patterns: list[str]) -> re.Pattern[str]:
        return _compile(patterns, words, path.name)

    return Rules(
        patterns={kind: compiled(data["patterns"].get(kind, [])) for kind in KINDS},
        sure={kind: compiled(data["sure"].get(kind, [])) for kind in KINDS},
        never=compiled(data["never"]),
        past=compiled(data["past"]),
        now=compiled(data["now"]),
        negation=compiled(data["negation"]),
        clause_end=re.compile("|".join([_PUNCTUATION, *(rf"\b(?:{word})\b" for word in data["but"])])),
    )


def _compile(patterns: list[str], words: dict[str, str], where: str) -> re.Pattern[str]:
    if not patterns:
        return re.compile(r"(?!)")  # matches nothing
    parts = []
    for pattern in patterns:
        filled = re.sub(r"<(\w+)>", lambda m: f"(?:{words[m[1]]})", pattern)
        try:
            re.compile(filled)
        except re.error as error:
            raise ValueError(f"{where}: {pattern!r} is no regular expression ({error})") from None
        parts.append(rf"\b(?:{filled})\b")
    return re.compile("|".join(parts))
