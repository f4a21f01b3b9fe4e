"""A crisis: said by the rules, or so like what people in a crisis wrote that ordinary questions are far away.

Rules alone are sure of what they were written for and miss indirect words; examples alone miss plain ones.
Together they see nearly all (docs/decisions/0004-crisis.md). Both are fixed data: the same message always gets
the same result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bot.crisis.rules import KINDS, Kind, by_rules, fold, is_past, rules
from bot.crisis.rules import __file__ as rules_file
from knowledge.entry import LANGUAGES
from knowledge.text import __file__ as text_file
from retrieval.kept import Arrays, kept, of_words, words

# Messages in plain words, and messages that say it indirectly beside others that only sound like it.
EXAMPLES, INDIRECT = (Path(__file__).parent / name for name in ("examples", "indirect"))
NONE = "none"

# What the linear model sees of a message.
SHARED: dict[str, Any] = {"sublinear_tf": True, "preprocessor": fold}
SEEN: dict[str, dict[str, Any]] = {
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
    "words": {"analyzer": "word", "ngram_range": (1, 3), "token_pattern": r"\w+"},
}

# How much a rule weighs against the examples, in log odds (a word like "last year" weighs as much the other way), and the
# log odds from which a message is a crisis. Chosen by cross-validation over the examples, checked on the public questions.
RULE_WEIGHT = 4.0
THRESHOLD = 0.1
# Questions of the knowledge base are less telling than messages written to be confused with a crisis, and all of them
# together weigh no more however many there are: the alarm must not grow deaf as the knowledge grows.
ORDINARY_WEIGHT, ORDINARY_TOTAL = 0.5, 8000.0
# So short a message says little: without a rule it must be this much surer ("nu stiu", "dzisiaj").
SHORT_WORDS, SHORT_EXTRA = 2, 2.5
# A long message is read in windows of so many words, so that one sentence in it is not drowned; where a rule saw
# something, in narrow ones.
WINDOW, NARROW = 40, 6


@dataclass(frozen=True)
class Example:
    """A message and the crisis it speaks of, or NONE."""

    kind: str
    text: str


def read_examples(*folders: Path) -> list[Example]:
    """The examples of `folders`, or all there are. Raises ValueError naming a line whose kind is unknown."""
    examples = []
    for path in (folder / f"{language}.tsv" for folder in folders or (EXAMPLES, INDIRECT) for language in LANGUAGES):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            kind, _, text = line.partition("\t")
            if kind not in (*KINDS, NONE) or not text:
                raise ValueError(f"{path.name}:{number}: needs a kind ({', '.join(KINDS)} or {NONE}), a tab and a text")
            examples.append(Example(kind, text))
    return examples


class CrisisDetector:
    """Rules plus a linear model over words and character n-grams, fitted to the examples and kept for the next start."""

    def __init__(self, examples: Iterable[Example], ordinary: Iterable[str] = (), keep: Path | None = None) -> None:
        """`ordinary` are questions known to be no crisis; `keep` is the file of what was learned."""
        for language in LANGUAGES:
            rules(language)  # compiled now, not in front of the first person who writes
        seen, calm = list(examples), list(ordinary)
        said = (part for example in seen for part in (example.kind, example.text))
        made_of: list[str | bytes] = [*_code(), version("scikit-learn"), str(len(seen)), *said, *calm]
        learned = kept(keep, made_of, lambda: _learn(seen, calm))
        self._vectorizers = [_vectorizer(name, learned) for name in SEEN]
        self._classes: list[Any] = words(learned["classes"])
        self._weights, self._bias = learned["weights"], learned["bias"]

    def detect(self, text: str) -> Kind | None:
        """The kind of crisis a message speaks of, or None."""
        if not any(c.isalpha() for c in text):
            return None
        ruled = by_rules(text)
        odds, likely = self.odds(windows(text, NARROW if ruled else WINDOW))
        if ruled:
            odds += RULE_WEIGHT
        elif likely != "suicide" and is_past(text):
            odds -= RULE_WEIGHT
        if not ruled and len(text.split()) <= SHORT_WORDS:
            odds -= SHORT_EXTRA
        return (ruled or likely) if odds >= THRESHOLD else None

    def odds(self, parts: list[str]) -> tuple[float, Kind]:
        """The log odds that the examples give a crisis, in the part where they are highest, and its kind."""
        from scipy.sparse import hstack

        features = hstack([vectorizer.transform(parts) for vectorizer in self._vectorizers], format="csr")
        scores = features @ self._weights + self._bias
        logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        none = self._classes.index(NONE)
        crisis = np.delete(logs, none, axis=1)
        odds = np.logaddexp.reduce(crisis, axis=1) - logs[:, none]
        best = int(odds.argmax())
        kinds = [kind for kind in self._classes if kind != NONE]
        return float(odds[best]), kinds[int(crisis[best].argmax())]


def _learn(seen: list[Example], calm: list[str]) -> Arrays:
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [example.text for example in seen] + calm
    vectorizers: dict[str, Any] = {name: TfidfVectorizer(min_df=2, **SHARED, **options) for name, options in SEEN.items()}
    features = hstack([vectorizer.fit_transform(texts) for vectorizer in vectorizers.values()], format="csr")
    kinds = [example.kind for example in seen] + [NONE] * len(calm)
    weights = [1.0] * len(seen) + [min(ORDINARY_WEIGHT, ORDINARY_TOTAL / max(len(calm), 1))] * len(calm)
    model: Any = LogisticRegression(C=30.0, max_iter=200).fit(features, kinds, sample_weight=weights)
    learned = {
        "classes": of_words(map(str, model.classes_)),
        # In the order in which memory is read: scikit-learn turns the whole matrix around for each message.
        "weights": np.ascontiguousarray(model.coef_.T),
        "bias": model.intercept_,
    }
    for name, vectorizer in vectorizers.items():
        learned |= {f"{name}_terms": of_words(vectorizer.get_feature_names_out()), f"{name}_idf": vectorizer.idf_}
    return learned


def _vectorizer(name: str, learned: Arrays) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    terms = {term: place for place, term in enumerate(words(learned[f"{name}_terms"]))}
    vectorizer = TfidfVectorizer(vocabulary=terms, **SHARED, **SEEN[name])
    vectorizer.idf_ = learned[f"{name}_idf"]
    return vectorizer


def _code() -> list[bytes]:
    """What the fitted numbers also depend on: how a text is read."""
    return [Path(file).read_bytes() for file in (__file__, rules_file, text_file)]


def windows(text: str, width: int = WINDOW) -> list[str]:
    """The text itself, or, when it has more than WINDOW words, half-overlapping windows of `width` words."""
    words = text.split()
    if len(words) <= WINDOW:
        return [text]
    step = width // 2
    return [" ".join(words[start : start + width]) for start in range(0, len(words) - step, step)]
