"""Messages in a language that Kompas does not speak: which one it is, and the line to answer with."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from knowledge.entry import LANGUAGES

# Fewer words say too little, and people mix in names and loan words.
WORDS_AT_LEAST = 4
# py3langid's probability; at this, none of the public questions is taken for another language.
BELIEF_AT_LEAST = 0.999
# What a script says of the language, by the first word of its letters' Unicode names; Cyrillic goes to the identifier.
SCRIPTS = {"ARABIC": "ar", "GREEK": "el", "CJK": "zh", "THAI": "th"}
CYRILLIC = ("bg", "ru", "uk")


@lru_cache
def lines() -> dict[str, str]:
    """The kind line of each language, by its code."""
    path = Path(__file__).parent / "messages" / "other_languages.yml"
    found: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def other_language(text: str) -> str | None:
    """The code of the language (a key of `lines`) that a message is in, or None when it may be one of ours."""
    scripts = Counter(unicodedata.name(c, "?").split()[0].split("-")[0] for c in text if c.isalpha())
    if not scripts:
        return None
    script = scripts.most_common(1)[0][0]
    if script in SCRIPTS:
        return SCRIPTS[script]
    if script == "CYRILLIC":
        return max(_probabilities(text, CYRILLIC), key=lambda pair: pair[1])[0]
    if script != "LATIN" or len(text.split()) < WORDS_AT_LEAST:
        return None
    language, belief = max(_probabilities(text, (*LANGUAGES, *_latin())), key=lambda pair: pair[1])
    return language if language not in LANGUAGES and belief >= BELIEF_AT_LEAST else None


def _latin() -> tuple[str, ...]:
    return tuple(code for code in lines() if code not in (*SCRIPTS.values(), *CYRILLIC, *LANGUAGES))


def _probabilities(text: str, among: tuple[str, ...]) -> list[tuple[str, float]]:
    return [(code, float(belief)) for code, belief in _identifier(among).rank(text) if code in among]


@lru_cache
def _identifier(among: tuple[str, ...]) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(among))
    return identifier
