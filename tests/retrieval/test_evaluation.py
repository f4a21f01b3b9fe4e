"""The public questions: what they are, that nobody trained on them, and that the committed result stands."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from bot.assistant import Assistant
from bot.crisis.detector import read_examples
from knowledge.entry import LANGUAGES
from knowledge.library import load
from knowledge.text import fold
from kompas.cli import COMMITTED_RESULT, QUESTIONS, regressions
from kompas.settings import ROOT
from kompas.wiring import build_assistant, intent_examples
from retrieval import evaluation
from retrieval.analysis import ngrams
from retrieval.evaluation import Question
from tests.conftest import REAL_KNOWLEDGE

COUNTS = {"answerable": 100, "unanswerable": 30, "crisis": 20, "lookalike": 20}
CRISES = {"violence_now", "captivity", "suicide", "sexual_violence_now"}
# Two sentences that share this much of their character n-grams are nearly the same sentence.
NEARLY_EQUAL = 0.8


@pytest.fixture(scope="session")
def questions() -> list[Question]:
    return evaluation.read_questions(QUESTIONS)


@pytest.fixture(scope="session")
def assistant() -> Assistant:
    """The assistant as `kompas ask` builds it, bundled encoder and all."""
    from kompas.settings import read_settings

    return build_assistant(read_settings(ROOT / "settings.toml")).assistant


def test_the_set_is_complete(questions: list[Question]) -> None:
    """Per language a hundred answerable in two styles, thirty unanswerable, twenty crises and twenty look-alikes."""
    for language in LANGUAGES:
        mine = [q for q in questions if q.language == language]
        assert Counter(q.kind for q in mine) == COUNTS
        assert Counter(q.style for q in mine if q.kind == "answerable") == {"plain": 50, "haste": 50}
    assert len({(q.language, fold(q.text)) for q in questions}) == len(questions)


def test_every_expected_answer_exists(questions: list[Question]) -> None:
    """An expected id is an entry, and an expected crisis a kind of crisis."""
    entries = load(REAL_KNOWLEDGE).entries
    for question in questions:
        if question.kind == "answerable":
            assert question.expected <= set(entries), question
        elif question.kind == "crisis":
            assert question.expected <= CRISES, question
        else:
            assert question.expected == {"-"}, question


def test_no_question_stands_in_the_training_data(questions: list[Question]) -> None:
    """No phrasing, intent example or crisis example is equal or nearly equal to a public question."""
    known = [text for _, _, text in load(REAL_KNOWLEDGE).phrasings()]
    known += [text for texts in intent_examples(ROOT / "intents").values() for text in texts]
    known += [example.text for example in read_examples()]
    grams = [frozenset(ngrams(text)) for text in known]
    near = [
        (question.text, text)
        for question in questions
        for mine in [frozenset(ngrams(question.text))]
        for text, theirs in zip(known, grams, strict=True)
        if len(mine & theirs) > NEARLY_EQUAL * len(mine | theirs)
    ]
    assert near == []


def test_a_line_without_five_columns_is_named(tmp_path: Path) -> None:
    """The error gives file and line."""
    path = tmp_path / "questions.tsv"
    path.write_text("kind\tlanguage\tstyle\texpected\ttext\ncrisis\tnl\tplain\thelp\n")
    with pytest.raises(ValueError, match=r"questions.tsv:2: 4 columns"):
        evaluation.read_questions(path)


def test_the_gates_hold_and_nothing_is_worse_than_committed(questions: list[Question], assistant: Assistant) -> None:
    """The plan's numbers in every language, and no regression against the committed result."""
    found = evaluation.as_json(evaluation.evaluate(questions, assistant.ask))
    for language, score in found.items():
        assert score["hit_at_1"] >= 0.85, (language, score)
        assert score["hit_at_3"] >= 0.95, (language, score)
        assert score["wrong"] <= 0.05, (language, score)
        assert score["crisis_recall"] >= 0.98, (language, score)
        assert score["false_alarms"] <= 0.02, (language, score)
    assert regressions(found, json.loads(COMMITTED_RESULT.read_text())) == []


def test_a_worse_result_is_called_a_regression() -> None:
    """The comparison itself sees what it must see, in both directions."""
    score = {
        "hit_at_1": 0.9,
        "hit_at_3": 1.0,
        "answered": 0.7,
        "refused": 0.0,
        "wrong": 0.0,
        "crisis_recall": 1.0,
        "false_alarms": 0.0,
    }
    score |= {"answerable": 60, "unanswerable": 30, "crisis": 20, "lookalike": 20}
    assert regressions({"nl": score}, {"nl": score}) == []
    assert regressions({"nl": score | {"hit_at_1": 0.8834, "wrong": 0.0333}}, {"nl": score}) == []
    assert len(regressions({"nl": score | {"crisis_recall": 0.99}}, {"nl": score})) == 1
    assert len(regressions({"nl": score | {"hit_at_1": 0.8}}, {"nl": score})) == 1
    assert len(regressions({"nl": score | {"wrong": 0.1}}, {"nl": score})) == 1


def test_the_language_of_the_public_questions_is_recognised(questions: list[Question], assistant: Assistant) -> None:
    """At least 98 in 100 in every language, though none of them was seen in training."""
    for language in LANGUAGES:
        mine = [q for q in questions if q.language == language]
        right = sum(assistant.guess_language(q.text).language == language for q in mine)
        assert right / len(mine) >= 0.98, (language, right)


def test_an_answer_is_the_entrys_own_text(assistant: Assistant) -> None:
    """What is sent is verbatim what a person wrote, with its sources."""
    line = assistant.ask("la policía quiere entrar en mi casa, ¿tengo que dejarlos pasar?")
    entry = assistant.library.entries["controles-woning-binnentreden"]
    assert (line["decision"], line["language"], line["entry"]) == ("answer", "es", entry.id)
    assert line["text"] == entry.es.answer
    assert line["sources"] and all(set(source) == {"title", "url", "checked_on"} for source in line["sources"])
    assert line["version"] == assistant.library.version


PAST_VIOLENCE = {
    "geweld-mishandeling": ["vorige week sloeg een klant me", "last week a client hit me", "la semana pasada me golpeó un cliente",
                            "w zeszłym tygodniu pobił mnie klient", "săptămâna trecută m-a bătut un client"],
    "geweld-verkrachting": ["vorige maand heeft een klant mij verkracht", "i was raped by a client last week", "la semana pasada un cliente me violó",
                            "w zeszłym miesiącu klient mnie zgwałcił", "luna trecută un client m-a violat"],
}  # fmt: skip


@pytest.mark.parametrize(("entry", "text"), [(entry, text) for entry, texts in PAST_VIOLENCE.items() for text in texts])
def test_violence_in_the_past_is_no_crisis_and_goes_to_its_entry(assistant: Assistant, entry: str, text: str) -> None:
    """ "Last week" is answered by `geweld`, first in the ranking, not by the emergency number."""
    line = assistant.ask(text)
    assert line["decision"] != "crisis"
    assert evaluation.ranked(line)[0] == entry
