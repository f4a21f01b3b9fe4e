"""Which of the five languages a message is in: character n-grams, learned from the knowledge base itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from knowledge.entry import LANGUAGES
from knowledge.library import Library
from knowledge.text import fold


@dataclass(frozen=True)
class Guess:
    """A language and the belief in it, 0 to 1."""

    language: str
    belief: float


class LanguageGuesser:
    """Naive Bayes over character n-grams, with and without accents. Trained in a second, at start."""

    def __init__(self, samples: Iterable[tuple[str, str]]) -> None:
        """`samples` are (language, text)."""
        from sklearn.feature_extraction.text import HashingVectorizer
        from sklearn.naive_bayes import MultinomialNB

        languages, texts = [], []
        for language, text in samples:
            languages += [language, language]
            texts += [text.lower(), fold(text)]
        self._grams: Any = HashingVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), n_features=2**18, alternate_sign=False, norm=None
        )
        self._model: Any = MultinomialNB(alpha=0.01, fit_prior=False)
        self._model.fit(self._grams.transform(texts), languages)

    def guess(self, text: str) -> Guess:
        """The most likely of the five languages; belief 0.2 says that nothing speaks for any."""
        if not any(c.isalpha() for c in text):
            return Guess("en", 1 / len(LANGUAGES))
        logs = self._model.predict_log_proba(self._grams.transform([text.lower()[:300]]))[0]
        best = int(np.argmax(logs))
        return Guess(str(self._model.classes_[best]), float(np.exp(logs[best])))


def samples_of(library: Library, others: dict[str, list[str]]) -> Iterable[tuple[str, str]]:
    """Everything written in the knowledge base, and other known sentences by language."""
    for _, language, text in library.phrasings():
        yield language, text
    for entry in library.entries.values():
        for language in LANGUAGES:
            yield language, entry.text(language).answer
    for language, texts in others.items():
        for text in texts:
            yield language, text
