"""Which language somebody asks for: what the five are called in the five, and in a few neighbours' words."""

from __future__ import annotations

import re

from bot.crisis.rules import fold

NAMES = {
    "nl": r"nederlands|hollands|dutch|holandes|neerlandes|holendersk\w*|niderlandzk\w*|olandez\w*|neerlandez\w*|nl",
    "en": r"engels|english|ingles|angielsk\w*|englez\w*|eng",
    "es": r"spaans|spanish|espanol\w*|castellano|hiszpansk\w*|spaniol\w*",
    "pl": r"pools|polish|polaco|polsk\w*|polonez\w*|poleaca",
    "ro": r"roemeens|romanian|rumano|rumunsk\w*|roman[aei]\w*|romaneste",
}
_PATTERNS = {language: re.compile(rf"\b(?:{names})\b") for language, names in NAMES.items()}


def asked_for(text: str) -> str | None:
    """The one language named in a message, or None when none or several are."""
    folded = fold(text)
    named = [language for language, pattern in _PATTERNS.items() if pattern.search(folded)]
    return named[0] if len(named) == 1 else None
