"""Fitting the belief and the thresholds to the public questions: how sure is sure enough to answer, or to offer choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from knowledge.entry import LANGUAGES
from retrieval.evaluation import Question
from retrieval.search import Belief, Calibration, Searcher, Thresholds

# Of the questions outside the knowledge, at most this share is answered; of the answers given, at least this share is right.
WRONG_AT_MOST = 0.015
RIGHT_AT_LEAST = 0.93
# Refusing a question costs somebody an answer: at most this share of the questions whose entry was found is refused.
LOST_AT_MOST = 0.005
FOLDS = 5


@dataclass(frozen=True)
class Sample:
    """What retrieval saw of one question, and whether its first entry, or one of its first three, was right."""

    language: str
    features: tuple[float, float, float]
    inside: bool
    first_right: bool
    third_right: bool


def samples(searcher: Searcher, questions: Sequence[Question]) -> list[Sample]:
    """Runs the answerable and unanswerable questions."""
    return [_sample(searcher, question) for question in questions if question.kind in ("answerable", "unanswerable")]


def _sample(searcher: Searcher, question: Question) -> Sample:
    ranking = searcher.rank(question.text, question.language)
    found = [entry for entry, _ in ranking.entries]
    return Sample(
        language=question.language,
        features=ranking.features,
        inside=question.kind == "answerable",
        first_right=bool(found) and found[0] in question.expected,
        third_right=bool(question.expected & set(found[:3])),
    )


def fit(seen: Sequence[Sample]) -> Belief:
    """The logistic of `Belief`, with an L2 penalty; unanswerable questions are samples of "the first entry is wrong"."""
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(np.array([_row(sample) for sample in seen]), [sample.first_right for sample in seen])
    score, lead, lead_outside = (round(float(c), 3) for c in model.coef_[0])
    return Belief(round(float(model.intercept_[0]), 3), score, lead, lead_outside)


def _row(sample: Sample) -> list[float]:
    score, second, outside = sample.features
    return [score, score - second, score - outside]


def thresholds(belief: Belief, seen: Sequence[Sample], language: str) -> Thresholds:
    """The lowest answer threshold that keeps WRONG_AT_MOST and RIGHT_AT_LEAST, the highest for choices under LOST_AT_MOST.

    The other languages' samples count a fifth each, so that thirty questions of one language do not decide alone.
    """
    beliefs = np.array([belief.of(*sample.features) for sample in seen])
    weight = np.array([1.0 if sample.language == language else 0.2 for sample in seen])
    inside = np.array([sample.inside for sample in seen])
    right = np.array([sample.first_right for sample in seen])
    near = np.array([sample.third_right for sample in seen])

    def good(threshold: float) -> bool:
        said = beliefs >= threshold
        wrong = weight[said & ~inside].sum() / weight[~inside].sum()
        answers = weight[said & inside].sum()
        return bool(wrong <= WRONG_AT_MOST and (not answers or weight[said & right].sum() / answers >= RIGHT_AT_LEAST))

    answer = next((t for t in np.arange(0.05, 0.96, 0.01) if good(t)), 0.96)
    kept, cost = beliefs[near], weight[near]
    order = np.argsort(kept)
    lost = np.searchsorted(np.cumsum(cost[order]) / cost.sum(), LOST_AT_MOST, side="right")
    choices = min(float(kept[order][lost]), float(answer))
    return Thresholds(round(float(answer), 2), round(choices - 0.005, 2))


def calibrate(searcher: Searcher, questions: Sequence[Question]) -> Calibration:
    """A calibration fitted to all questions."""
    seen = samples(searcher, questions)
    belief = fit(seen)
    found = {language: thresholds(belief, seen, language) for language in LANGUAGES}
    return replace(searcher.calibration, belief=belief, thresholds=found)


def held_out(searcher: Searcher, questions: Sequence[Question]) -> dict[str, float]:
    """What the thresholds do to questions they were not fitted to: FOLDS-fold, every FOLDS-th question held out in turn."""
    seen = samples(searcher, questions)
    outcomes: list[tuple[Sample, bool, bool]] = []
    for fold in range(FOLDS):
        rest = [sample for i, sample in enumerate(seen) if i % FOLDS != fold]
        belief = fit(rest)
        limits = {language: thresholds(belief, rest, language) for language in LANGUAGES}
        for sample in seen[fold::FOLDS]:
            value = belief.of(*sample.features)
            outcomes.append((sample, value >= limits[sample.language].answer, value < limits[sample.language].choices))
    inside = [o for o in outcomes if o[0].inside]
    outside = [o for o in outcomes if not o[0].inside]
    return {
        "answered right": np.mean([said and sample.first_right for sample, said, _ in inside]).item(),
        "answered with another entry": np.mean([said and not sample.first_right for sample, said, _ in inside]).item(),
        "refused": np.mean([refused for _, _, refused in inside]).item(),
        "outside, answered": np.mean([said for _, said, _ in outside]).item(),
        "outside, refused": np.mean([refused for _, _, refused in outside]).item(),
    }
