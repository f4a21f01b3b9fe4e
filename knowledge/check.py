"""The rules a knowledge base must pass. Each rule is a plain function from a library to problems; RULES lists them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from knowledge import structure, wording
from knowledge.library import Library, load
from knowledge.problem import KnowledgeError, Problem

Rule = Callable[[Library, dt.date], Iterator[Problem]]

RULES: tuple[Rule, ...] = (
    structure.names_and_places,
    structure.evidence,
    structure.sources,
    structure.dates,
    structure.spelling,
    structure.coverage,
    structure.finished,
    structure.phrasings_apart,
    structure.answers_apart,
    structure.open_words,
    wording.words,
    wording.deadline_in_letters,
    wording.reading_level,
    wording.links,
    wording.numbers_agree,
    wording.terms_agree,
    wording.meanings,
    wording.risk_named,
)


def check(folder: Path, today: dt.date) -> list[Problem]:
    """Every problem of a knowledge folder, sorted by file and line. An empty list means it may be served."""
    try:
        library = load(folder)
    except KnowledgeError as error:
        return sorted(error.problems)
    return sorted(problem for rule in RULES for problem in rule(library, today))
