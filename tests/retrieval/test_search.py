"""From question to decision, over a tiny knowledge base and a tiny real encoder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.entry import LANGUAGES
from knowledge.library import load
from retrieval import lexical, probe
from retrieval.encoder import EncoderError, SentenceEncoder
from retrieval.index import build
from retrieval.lexical import Terms
from retrieval.search import UNCALIBRATED, Belief, Searcher, Thresholds, Weights, read_calibration, write_calibration
from retrieval.vectors import VectorStore
from tests.conftest import TODAY, make_entry, write_entry

OUTSIDE = {language: [f"what is the weather {language}", f"a joke about football {language}"] for language in LANGUAGES}


@pytest.fixture
def searcher(folder: Path, tiny_model: Path) -> Searcher:
    encoder = SentenceEncoder(tiny_model)
    return Searcher(encoder, build(load(folder), VectorStore(encoder, None), OUTSIDE), UNCALIBRATED, lambda: TODAY)


@pytest.fixture
def change(searcher: Searcher, folder: Path) -> Callable[[], Searcher]:
    """Serves the folder as it is now."""

    def again() -> Searcher:
        return replace(searcher, index=build(load(folder), VectorStore(searcher.encoder, None), OUTSIDE))

    return again


def best(searcher: Searcher, question: str, language: str = "en", **prior: float) -> str:
    return searcher.rank(question, language, prior).entries[0][0]


def test_a_known_question_is_answered_by_its_entry(searcher: Searcher) -> None:
    """The first entry is the one whose phrasing was asked, and its belief is high."""
    decision = searcher.search("mooring a boat phrasing two en", "en")
    assert (decision.outcome, decision.entry) == ("answer", "boats-mooring")
    assert len(decision.choices) == 3
    assert 0.0 <= decision.score <= 1.0


def test_typos_and_missing_accents_still_find_the_entry(searcher: Searcher) -> None:
    """Character n-grams carry what the words lost."""
    assert best(searcher, "mooringg bot phrsing") == "boats-mooring"
    assert best(searcher, "MÓORING á bòat") == "boats-mooring"


def test_a_question_in_a_language_without_that_phrasing_finds_it_in_another(
    change: Callable[[], Searcher], folder: Path
) -> None:
    """Every phrasing of every language is searched, whatever language was detected."""
    entry = make_entry("boats-anchor", "boats", "anchors")
    entry["en"] = dict(entry["en"], phrasings=[*entry["en"]["phrasings"], "zeppelin hawser"])
    write_entry(folder, entry)
    assert best(change(), "zeppelin hawser", "pl") == "boats-anchor"


def test_a_question_from_outside_is_not_answered(searcher: Searcher) -> None:
    """What is like a question that Kompas must not answer gets no entry as answer."""
    assert searcher.search("a joke about football en", "en").entry is None


def test_the_topic_is_a_prior_and_never_a_filter(searcher: Searcher) -> None:
    """A wrong topic, however sure, does not hide the right entry and adds no certainty; between near equals it decides."""
    assert best(searcher, "mooring a boat phrasing two", keys=1.0) == "boats-mooring"
    plain = searcher.rank("phrasing one", "en")
    decided = replace(searcher, calibration=replace(UNCALIBRATED, weights=Weights(topic=1.0)))
    assert best(decided, "phrasing one", boats=1.0) == "boats-mooring"
    assert best(decided, "phrasing one", keys=1.0) in ("keys-lost", "keys-copy")
    assert dict(decided.rank("phrasing one", "en", {"boats": 1.0}).entries) == dict(plain.entries)


@pytest.mark.parametrize("hidden", [{"nl": "draft"}, {"valid_until": "2026-11-20"}])
def test_a_draft_or_an_expired_entry_never_comes_up(
    change: Callable[[], Searcher], folder: Path, hidden: dict[str, str]
) -> None:
    """What may not be sent is neither an answer nor a choice."""
    entry = make_entry("boats-mooring", "boats", "mooring a boat")
    entry |= {"nl": dict(entry["nl"], status="draft")} if "nl" in hidden else hidden
    write_entry(folder, entry)
    ranked = change().rank("mooring a boat phrasing two nl", "nl")
    assert "boats-mooring" not in dict(ranked.entries)


@pytest.mark.parametrize("question", ["", "   ", "?!…", "🙂🙂", "\u202e\u200b"])
def test_a_question_without_a_letter_is_unknown(searcher: Searcher, question: str) -> None:
    """Nothing to go by is said to be nothing."""
    decision = searcher.search(question, "en")
    assert (decision.outcome, decision.score, decision.choices) == ("unknown", 0.0, ())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=st.text(max_size=200), language=st.sampled_from(LANGUAGES))
def test_any_text_gets_a_decision(searcher: Searcher, question: str, language: str) -> None:
    """No text raises, and a decision keeps its promises."""
    decision = searcher.search(question, language)
    assert (decision.outcome == "answer") == (decision.entry is not None)
    assert len(decision.choices) <= 4
    assert decision.outcome != "choices" or len(decision.choices) >= 2
    assert [c.score for c in decision.choices] == sorted((c.score for c in decision.choices), reverse=True)


def test_thresholds_decide_between_answer_choices_and_unknown(searcher: Searcher) -> None:
    """The same belief is an answer, a choice or nothing, by the thresholds of its language alone."""
    question = "mooring a boat phrasing two en"
    for limits, outcome in (((0.0, 0.0), "answer"), ((1.1, 0.0), "choices"), ((1.1, 1.1), "unknown")):
        calibration = replace(UNCALIBRATED, thresholds={**UNCALIBRATED.thresholds, "en": Thresholds(*limits)})
        assert replace(searcher, calibration=calibration).search(question, "en").outcome == outcome


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_belief_is_a_probability_that_grows_with_the_lead(score: float, second: float, outside: float) -> None:
    """Between 0 and 1, and never higher for a nearer rival."""
    belief = Belief()
    assert 0.0 <= belief.of(score, second, outside) <= 1.0
    assert belief.of(score, second, outside) >= belief.of(score, min(second + 0.1, 1.1), outside)


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    """No number is lost on the way to the file and back."""
    write_calibration(UNCALIBRATED, tmp_path / "calibration.json")
    assert read_calibration(tmp_path / "calibration.json") == UNCALIBRATED


def test_the_probe_tells_classes_apart_and_counts_small_ones_fully() -> None:
    """Two examples of one class weigh as much as fifty of another."""
    rng = np.random.default_rng(0)
    many = rng.normal((3, 0), 0.3, (50, 2)).astype(np.float32)
    few = rng.normal((0, 3), 0.3, (2, 2)).astype(np.float32)
    weights = probe.fit(np.vstack([many, few]), np.array([0] * 50 + [-1] * 2), 2)
    assert probe.beliefs(weights, np.array([[0, 3]], np.float32)).argmax() == 1
    assert probe.beliefs(weights, np.array([[3, 0]], np.float32)).argmax() == 0


class CountingEncoder(SentenceEncoder):
    """Counts how many sentences were encoded."""

    encoded = 0

    def encode(self, sentences: list[str]) -> np.ndarray:
        self.encoded += len(sentences)
        return super().encode(sentences)


def test_vectors_are_kept_and_only_new_sentences_are_encoded(tiny_model: Path, tmp_path: Path) -> None:
    """A second start encodes nothing, an edit encodes one sentence, and a torn file is made again."""
    encoder = CountingEncoder(tiny_model)
    store = VectorStore(encoder, tmp_path)
    first = store.vectors(["lost keys", "a boat"])
    store.keep()
    assert encoder.encoded == 2
    again = VectorStore(encoder, tmp_path)
    assert np.array_equal(again.vectors(["lost keys", "a boat"]), first)
    assert encoder.encoded == 2
    again.vectors(["lost keys", "another boat"])
    assert encoder.encoded == 3
    (file,) = tmp_path.glob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    VectorStore(encoder, tmp_path).vectors(["lost keys"])
    assert encoder.encoded == 4


def test_vectors_have_length_one(tiny_model: Path) -> None:
    """Dot products are cosines."""
    vectors = SentenceEncoder(tiny_model).encode(["lost keys", "a boat", ""])
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors[:2], axis=1), 1.0, atol=1e-5)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    """The error says which folder and what it lacks."""
    with pytest.raises(EncoderError, match=r"modules\.json"):
        SentenceEncoder(tmp_path)


def test_today_is_asked_at_every_search(searcher: Searcher) -> None:
    """An entry that expires at midnight is gone in the morning, without a restart."""
    tomorrow = replace(searcher, today=lambda: dt.date(2027, 11, 2))
    assert tomorrow.rank("mooring a boat phrasing two", "en").entries == ()


def test_an_open_word_is_asked_back_with_its_labels(searcher: Searcher) -> None:
    """No ranking can know which key is meant; with one more word it can."""
    decision = searcher.search("the keys?", "pl")
    assert (decision.outcome, decision.question) == ("choices", "Which key, pl?")
    assert [(c.entry, c.title) for c in decision.choices] == [("keys-lost", "keys-lost pl"), ("keys-copy", "keys-copy pl")]
    assert searcher.search("lost keys phrasing two", "en").question is None


def test_an_open_word_never_offers_what_may_not_be_served(change: Callable[[], Searcher], folder: Path) -> None:
    """With one choice left there is nothing to ask: retrieval decides."""
    write_entry(folder, make_entry("keys-copy", "keys", "copied keys", valid_until="2026-11-20"))
    decision = change().search("key", "en")
    assert decision.question is None and all(choice.entry != "keys-copy" for choice in decision.choices)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), min_size=2, max_size=6).filter(any))
def test_bm25_is_what_the_library_computes(documents: list[list[str]]) -> None:
    """The same scores as bm25s with Lucene's formula, for every document and every term."""
    import bm25s

    known = Terms()
    index = lexical.build([[known.of((i, *words), words.copy)] for i, words in enumerate(documents)], known)
    reference = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    ids = [[index.vocabulary[word] for word in words] for words in documents]
    reference.index((ids, index.vocabulary), create_empty_token=False, show_progress=False)
    for term, number in index.vocabulary.items():
        expected = reference.get_scores_from_ids([number])
        assert np.allclose(index.scores([term]) * index.best[number], expected, rtol=1e-5)
