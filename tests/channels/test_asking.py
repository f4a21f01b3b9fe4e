"""Who somebody is does not change what they are answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.asking import question_of
from channels.redaction import MARKERS, redact
from kompas.cli import QUESTIONS
from kompas.settings import read_settings, settings_path
from kompas.wiring import build_assistant
from retrieval.evaluation import read_questions

TOLD = {
    "nl": "ik heet Anna de Vries, {} bel 06-87654321",
    "en": "my name is Anna Smith, {} call me on +31 6 87654321",
    "es": "me llamo Ana Gómez, {} mi mail ana@example.com",
    "pl": "mam na imię Ania, {} mój numer 0687654321",
    "ro": "mă numesc Ana Pop, {} numărul meu 06 87654321",
}
LEFT = {
    "ik heet Anna": "ik heet [nme]",
    "mijn nummer is 06 87654321, mag de politie binnen?": "mag de politie binnen?",
    "me llamo Ana Gómez, puedo trabajar? mi DNI es 12345678Z": "puedo trabajar?",
    "06 87654321": "[phn]",
    "mag de politie binnen?": "mag de politie binnen?",
}


@pytest.mark.parametrize("text", LEFT)
def test_an_introduction_is_left_out_where_a_question_is_left(text: str) -> None:
    """With its marker; a message that is nothing else stays as it is."""
    assert question_of(redact(text)) == LEFT[text]


@pytest.mark.rasa
def test_every_public_question_is_decided_alike_with_and_without_an_introduction() -> None:
    """All that have an answer, in five languages, with a name before and a number or address behind."""
    assistant = build_assistant(read_settings(settings_path())).assistant
    for question in read_questions(QUESTIONS):
        if question.kind == "answerable":
            told = question_of(redact(TOLD[question.language].format(question.text)))
            plain, introduced = (assistant.search(text, question.language) for text in (question.text, told))
            assert (introduced.outcome, introduced.entry) == (plain.outcome, plain.entry), told


@given(
    st.lists(st.sampled_from([*MARKERS, "ik", "heet", "mi", "numer", "vraag", "İ", "ﬁ", ",", "?"]), max_size=12).map(
        " ".join
    )
)
def test_any_redacted_text_is_read_without_an_error(text: str) -> None:
    """And nothing is added to it."""
    assert set(question_of(text).split()) <= set(text.split()) | {word.strip(",") for word in text.split()}
