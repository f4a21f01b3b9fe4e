"""The public questions: how often the right entry comes first, what is answered wrongly, which crises are seen."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from knowledge.entry import LANGUAGES

QuestionKind = Literal["answerable", "unanswerable", "crisis", "lookalike"]


@dataclass(frozen=True)
class Question:
    """One line of tests/data/questions.tsv. `expected` holds the ids that are right; a crisis kind for a crisis."""

    kind: QuestionKind
    language: str
    style: str
    expected: frozenset[str]
    text: str


@dataclass(frozen=True)
class Score:
    """Shares (0 to 1) of one language's questions, and how many there were of each kind."""

    hit_at_1: float
    hit_at_3: float
    answered: float  # the right entry was sent at once
    refused: float  # answerable, but "unknown"
    wrong: float  # unanswerable, but answered
    crisis_recall: float
    false_alarms: float
    answerable: int
    unanswerable: int
    crisis: int
    lookalike: int


# Text and language in, a line of the `kompas ask` contract out.
Ask = Callable[[str, str], dict[str, Any]]


def read_questions(path: Path) -> list[Question]:
    """Reads a questions file. Raises ValueError naming the line that has not five columns."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for number, row in enumerate(rows, 1):
        if len(row) != 5:
            raise ValueError(f"{path}:{number}: {len(row)} columns instead of 5")
    return [
        Question(kind, language, style, frozenset(expected.split("|")), text)  # type: ignore[arg-type]
        for kind, language, style, expected, text in rows[1:]
    ]


def evaluate(questions: Iterable[Question], ask: Ask) -> dict[str, Score]:
    """Scores per language, in the order of LANGUAGES."""
    asked = [(question, ask(question.text, question.language)) for question in questions]
    return {language: _score([(q, line) for q, line in asked if q.language == language]) for language in LANGUAGES}


def ranked(line: dict[str, Any]) -> list[str]:
    """The entries of a reply in order of belief; an `unknown` names none."""
    entries = [choice["entry"] for choice in line["choices"]]
    return list(dict.fromkeys(([line["entry"]] if line["entry"] else []) + entries))


def is_hit(question: Question, line: dict[str, Any], first: int) -> bool:
    """Whether a right entry is among the first."""
    return bool(question.expected & set(ranked(line)[:first]))


def _score(asked: list[tuple[Question, dict[str, Any]]]) -> Score:
    of: dict[str, list[tuple[Question, dict[str, Any]]]] = {
        kind: [pair for pair in asked if pair[0].kind == kind]
        for kind in ("answerable", "unanswerable", "crisis", "lookalike")
    }

    def share(kind: str, holds: Callable[[Question, dict[str, Any]], bool]) -> float:
        pairs = of[kind]
        return round(sum(holds(*pair) for pair in pairs) / len(pairs), 4) if pairs else 0.0

    return Score(
        hit_at_1=share("answerable", lambda q, line: is_hit(q, line, 1)),
        hit_at_3=share("answerable", lambda q, line: is_hit(q, line, 3)),
        answered=share("answerable", lambda q, line: line["entry"] in q.expected),
        refused=share("answerable", lambda q, line: line["decision"] == "unknown"),
        wrong=share("unanswerable", lambda q, line: line["decision"] == "answer"),
        crisis_recall=share("crisis", lambda q, line: line["decision"] == "crisis"),
        false_alarms=share("lookalike", lambda q, line: line["decision"] == "crisis"),
        answerable=len(of["answerable"]),
        unanswerable=len(of["unanswerable"]),
        crisis=len(of["crisis"]),
        lookalike=len(of["lookalike"]),
    )


def weak(questions: Iterable[Question], ask: Ask) -> dict[str, dict[str, list[str]]]:
    """Public questions that did not find a right entry first: their texts by entry and language."""
    found: dict[str, dict[str, list[str]]] = {}
    for question in questions:
        if question.kind == "answerable" and not is_hit(question, ask(question.text, question.language), 1):
            for entry in sorted(question.expected):
                found.setdefault(entry, {}).setdefault(question.language, []).append(question.text)
    return dict(sorted(found.items()))


def as_json(scores: dict[str, Score]) -> dict[str, dict[str, float]]:
    """Scores as plain dictionaries."""
    return {language: asdict(score) for language, score in scores.items()}


def table(scores: dict[str, Score]) -> str:
    """Scores as a Markdown table, a line per language."""
    columns = ("hit_at_1", "hit_at_3", "answered", "refused", "wrong", "crisis_recall", "false_alarms")
    head = "| language | " + " | ".join(column.replace("_", " ") for column in columns) + " |"
    rule = "|---" * (len(columns) + 1) + "|"
    rows = [
        f"| {language} | " + " | ".join(f"{getattr(score, column):.3f}" for column in columns) + " |"
        for language, score in scores.items()
    ]
    return "\n".join([head, rule, *rows])
