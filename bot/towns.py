"""Which municipality somebody names: the official list, with misspellings and foreign names."""

from __future__ import annotations

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
    " zit hm cerca near langa okolo blisko bij a y si lucrez i live work city of municipality"
)


@lru_cache
def names() -> dict[str, str]:
    """Every spelling, folded, with the official name."""
    data = yaml.safe_load((Path(__file__).parent / "towns.yml").read_text(encoding="utf-8"))
    found = {fold(name): name for name in data["official"]}
    return found | {fold(other): name for name, others in data["others"].items() for other in others}


def town_named(text: str) -> str | None:
    """The official name of the municipality a short message names, or None."""
    folded = " ".join(fold(text).replace(",", " ").replace(".", " ").split())
    if folded in names():
        return names()[folded]
    rest = " ".join(word for word in folded.split() if word not in FILLER) or folded
    if rest in names():
        return names()[rest]
    if len(rest) < 4 or len(rest.split()) > 4:
        return None
    spellings = list(names())
    found = [process.extractOne(said, spellings, scorer=fuzz.ratio, score_cutoff=LIKENESS) for said in (folded, rest)]
    best = max(filter(None, found), key=lambda hit: hit[1], default=None)
    return names()[best[0]] if best else None
