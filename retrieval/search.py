"""From a question to a decision: four kinds of evidence fused, one belief calibrated, thresholds per language."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.entry import LANGUAGES
from knowledge.open_words import CHOICES_LIMITS
from retrieval import probe
from retrieval.analysis import terms
from retrieval.decision import RANKED, Choice, Decision, Outcome
from retrieval.encoder import Encoder, Vectors
from retrieval.index import ALL, Index

Beliefs = NDArray[np.float32]

# How many neighbours the dense index returns: enough for four entries when each has twenty phrasings near.
NEIGHBOURS = 120
# Longer questions are cut: nobody's question needs more, and the encoder reads 512 tokens at most.
QUESTION_LIMIT = 2000


@dataclass(frozen=True)
class Weights:
    """How much each kind of evidence counts (docs/decisions/0002-retrieval.md)."""

    own_language: float = 1.0
    all_languages: float = 1.0
    probe: float = 1.0
    nearest: float = 1.0
    topic: float = 0.03  # moves the order only
    near: float = 0.12  # so do entries related to the last answer


@dataclass(frozen=True)
class Belief:
    """A logistic: how sure the first entry is right, from its score, its lead over the second and over outside questions."""

    constant: float = -4.0
    score: float = 8.0
    lead: float = 10.0
    lead_outside: float = 10.0

    def of(self, score: float, second: float, outside: float) -> float:
        """A probability, 0 to 1."""
        power = self.constant + self.score * score + self.lead * (score - second) + self.lead_outside * (score - outside)
        return float(1.0 / (1.0 + np.exp(-power)))


@dataclass(frozen=True)
class Thresholds:
    """Beliefs, 0 to 1, at which Kompas answers, or offers choices; calibrated per language, never guessed."""

    answer: float = 0.5
    choices: float = 0.1


@dataclass(frozen=True)
class Calibration:
    """What `kompas calibrate` wrote: the belief's numbers and the thresholds."""

    weights: Weights
    belief: Belief
    thresholds: Mapping[str, Thresholds]


UNCALIBRATED = Calibration(Weights(), Belief(), {language: Thresholds() for language in LANGUAGES})


def read_calibration(path: Path) -> Calibration:
    """Reads calibration.json. Raises OSError, or KeyError or TypeError for a missing or unknown number."""
    data = json.loads(path.read_text(encoding="utf-8"))
    thresholds = {language: Thresholds(**data["thresholds"][language]) for language in LANGUAGES}
    return Calibration(Weights(**data["weights"]), Belief(**data["belief"]), thresholds)


def write_calibration(calibration: Calibration, path: Path) -> None:
    """Writes calibration.json, rounded to what the data can tell."""
    path.write_text(json.dumps(asdict(calibration), indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Ranking:
    """Served entries with fused scores (0 to 1), most believed first, and the score of the nearest outside question."""

    entries: tuple[tuple[str, float], ...]
    outside: float

    @property
    def features(self) -> tuple[float, float, float]:
        """The first entry's score, its best rival's, and the outside score; 0 where there is none."""
        scores = [score for _, score in self.entries] + [0.0, 0.0]
        return scores[0], max(scores[1:]), self.outside


@dataclass
class Searcher:
    """Finds entries. `index` is replaced as a whole when the knowledge changes; a search keeps the one it began with."""

    encoder: Encoder
    index: Index
    calibration: Calibration
    today: Callable[[], dt.date] = field(default=dt.date.today)

    def search(
        self,
        question: str,
        language: str,
        topic_prior: Mapping[str, float] | None = None,
        near: Collection[str] = (),
    ) -> Decision:
        """The decision for a question asked in `language`. `topic_prior` maps topics to probabilities (0 to 1).

        `near` are entries that come first where the question does not say otherwise.
        """
        index = self.index
        if asked_back := self._open(question, language, index):
            return asked_back
        return self._decided(self.rank(question, language, topic_prior, index, near), language, index)

    def look(self, question: str, language: str, limit: int) -> tuple[Decision, Ranking]:
        """The decision for a question, and the first `limit` entries (CHOICES_LIMITS[1] or more) it was taken from."""
        index = self.index
        ranking = self.rank(question, language, index=index, limit=limit)
        return self._open(question, language, index) or self._decided(ranking, language, index), ranking

    def _decided(self, ranking: Ranking, language: str, index: Index) -> Decision:
        belief = self.calibration.belief.of(*ranking.features) if ranking.entries else 0.0
        outcome = _outcome(belief, len(ranking.entries), self.calibration.thresholds[language])
        kept = {"answer": RANKED, "choices": CHOICES_LIMITS[1], "unknown": 0}[outcome]
        choices = tuple(_choice(index, entry, score, language) for entry, score in ranking.entries[:kept])
        return Decision(outcome, language, belief, choices, index.library.version)

    def _open(self, question: str, language: str, index: Index) -> Decision | None:
        """A word that may mean several entries, and nothing else: no ranking can know which."""
        word = index.library.open_words.find(question)
        if word is None:
            return None
        entries, today = index.library.entries, self.today()
        labels = {e: label for e, label in word.labels(language).items() if entries[e].is_served(language, today)}
        if len(labels) < CHOICES_LIMITS[0]:
            return None
        share = round(1 / len(labels), 4)
        choices = tuple(Choice(entry, entries[entry].topic, label, share) for entry, label in labels.items())
        return Decision("choices", language, share, choices, index.library.version, word.question(language))

    def rank(
        self,
        question: str,
        language: str,
        topic_prior: Mapping[str, float] | None = None,
        index: Index | None = None,
        near: Collection[str] = (),
        *,
        limit: int = CHOICES_LIMITS[1],
    ) -> Ranking:
        """The first `limit` entries that may be served today, by fused score.

        The topic prior moves their order and never their scores: how sure Kompas is must come from the question, since the
        thresholds were calibrated without Rasa.
        """
        index = index or self.index
        text = question[:QUESTION_LIMIT]
        if not any(c.isalnum() for c in text):
            return Ranking((), 0.0)
        weights = self.calibration.weights
        fused = fuse(index, text, self.encoder.encode([text]), language, weights)
        today = self.today()
        ordered = np.argsort(
            -(fused[:-1] + weights.topic * _prior(index, topic_prior or {}) + weights.near * _near(index, near)),
            kind="stable",
        )
        order = (index.ids[i] for i in ordered)
        served = (entry for entry in order if index.library.entries[entry].is_served(language, today))
        scores = dict(zip(index.ids, fused[:-1].tolist(), strict=True))
        top = tuple((entry, scores[entry]) for entry, _ in zip(served, range(limit), strict=False))
        return Ranking(top, float(fused[-1]))


def fuse(index: Index, text: str, vector: Vectors, language: str, weights: Weights) -> Beliefs:
    """The weighted mean of all evidence, shape (entries + 1,); the last place is for outside questions."""
    found = terms(text, language, index.library.glossary)
    fused = (
        weights.own_language * index.lexical[language].scores(found)
        + weights.all_languages * index.lexical[ALL].scores(found)
        + weights.probe * probe.beliefs(index.probe, vector)
        + weights.nearest * _nearest(index, vector)
    )
    total = weights.own_language + weights.all_languages + weights.probe + weights.nearest
    return np.asarray(fused / total, dtype=np.float32)


def _nearest(index: Index, vector: Vectors) -> Beliefs:
    """The likeness of each entry's nearest phrasing in any language."""
    likeness, found = index.dense.search(vector, min(NEIGHBOURS, len(index.owners)))
    near = likeness[0].clip(0.0, 1.0)
    # What is out of reach is at most as like as the last neighbour.
    beliefs = np.full(len(index.ids) + 1, near[-1], dtype=np.float32)
    np.maximum.at(beliefs, index.owners[found[0]], near)
    return beliefs


def _prior(index: Index, topic_prior: Mapping[str, float]) -> Beliefs:
    topics = (index.library.entries[entry].topic for entry in index.ids)
    return np.array([topic_prior.get(topic, 0.0) for topic in topics], dtype=np.float32)


def _near(index: Index, near: Collection[str]) -> Beliefs:
    return np.array([entry in near for entry in index.ids], dtype=np.float32)


def _outcome(belief: float, entries: int, thresholds: Thresholds) -> Outcome:
    if entries and belief >= thresholds.answer:
        return "answer"
    return "choices" if entries >= CHOICES_LIMITS[0] and belief >= thresholds.choices else "unknown"


def _choice(index: Index, entry: str, score: float, language: str) -> Choice:
    found = index.library.entries[entry]
    return Choice(entry, found.topic, found.text(language).question, round(score, 4))
