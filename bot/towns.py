"""Which municipality somebody names: the official list, with misspellings and foreign names."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml
from rapidfuzz import fuzz, process

from knowledge.open_words import word_set
from knowledge.text import fold

# How like a name must be, 0 to 100: one or two wrong letters in an ordinary name.
LIKENESS = 84.0
# What people write around it.
FILLER = word_set(
    "gemeente in de het van te ik woon werk we en estoy vivo trabajo la ciudad mieszkam pracuje w o sunt stau locuiesc"
    " zit hm cerca near langa okolo blisko bij a y si and dan then atunci lucrez i live work city of municipality"
)

# A name this short is too like too many words to be misspelt, and a message this long names no town and nothing else.
LETTERS, TOWN_WORDS = 4, 4
# Municipalities whose name is also an ordinary Dutch word (mountains, neighbours, houses, ...).
ALSO_WORDS = word_set("bergen buren duiven horst huizen kampen laren putten sluis weert")


@lru_cache
def names() -> dict[str, str]:
    """Every spelling, folded, with the official name."""
    data = yaml.safe_load((Path(__file__).parent / "towns.yml").read_text(encoding="utf-8"))
    found = {fold(name): name for name in data["official"]}
    return found | {fold(other): name for name, others in data["others"].items() for other in others}


def town_named(text: str) -> str | None:
    """The official name of the municipality a short message names, or None."""
    words = fold(text).replace(",", " ").replace(".", " ").replace("?", " ").split()
    rest = [word for word in words if word not in FILLER] or words
    for said in (" ".join(words), " ".join(rest)):
        if said in names():
            return names()[said]
    if len(rest) > TOWN_WORDS:
        return None
    # All of it first, then word for word: "zartuje, roterdam".
    return _alike([" ".join(words), " ".join(rest)]) or _alike([word for word in rest if len(word) > LETTERS])


def town_in(text: str) -> str | None:
    """The one municipality that a question names as it is written, or None. Names that are also words do not count."""
    words = " ".join(re.findall(r"[\w'-]+", fold(text)))
    found = {name for spelling, name in _telling().items() if f" {spelling} " in f" {words} "}
    return found.pop() if len(found) == 1 else None


def only_town(text: str) -> str | None:
    """The municipality that a message names beside "and in ...", or None when it says anything more."""
    words = " ".join(re.findall(r"[\w'-]+", fold(text)))
    named = max((spelling for spelling in _telling() if f" {spelling} " in f" {words} "), key=len, default="")
    rest = f" {words} ".replace(f" {named} ", " ").split() if named else words.split()
    return town_in(text) if named and not set(rest) - FILLER else None


def _alike(said: list[str]) -> str | None:
    spellings = list(names())
    found = [
        process.extractOne(text, spellings, scorer=fuzz.ratio, score_cutoff=LIKENESS)
        for text in said
        if len(text) >= LETTERS
    ]
    best = max(filter(None, found), key=lambda hit: hit[1], default=None)
    return names()[best[0]] if best else None


@lru_cache
def _telling() -> dict[str, str]:
    return {spelling: name for spelling, name in names().items() if len(spelling) > LETTERS and spelling not in ALSO_WORDS}
