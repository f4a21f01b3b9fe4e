"""Which of the five languages a message is in: character n-grams, learned from the knowledge base itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.entry import LANGUAGES
from knowledge.glossary import Glossary
from knowledge.library import Library
from knowledge.text import fold
from retrieval.kept import Arrays, kept, of_words, words

# The n-grams of a word overlap, so their evidence is counted several times; dividing it makes the belief mean what it says:
# of 1,490 messages cut to two words, 94 % get a belief of 0.8 or more, and 99 % of those are right.
TEMPERATURE = 4.0
# A word is shared when a third language uses it at least so often, as a part of how often the first does.
SHARED_BY, SHARED_PART = 3, 0.05
# Dutch terms of so many letters are used in every language, and a longer word that begins with a long one is a form of it.
TERM_LETTERS, STEM_LETTERS = 5, 8
# What everybody in the Netherlands says, whatever they speak.
SAID_BY_ALL = {"hallo", "halo", "hey", "heey", "help", "stop", "brief", "control", "menu"}
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True)
class Guess:
    """A language, the belief in it (0 to 1), and how many words of the message speak for any language at all."""

    language: str
    belief: float
    words: int = 0


class LanguageGuesser:
    """Naive Bayes over character n-grams, with and without accents. Trained in a second, and kept for the next start.

    Words that several languages share, Dutch terms above all ("dwangsom", "gemeente"), say nothing of who writes them.
    """

    def __init__(self, samples: Iterable[tuple[str, str]], terms: Iterable[str] = (), keep: Path | None = None) -> None:
        """`samples` are (language, text), `terms` the Dutch terms; `keep` is the file of what was learned."""
        from sklearn.feature_extraction.text import HashingVectorizer

        self._grams: Any = HashingVectorizer(
            analyzer="char_wb", ngram_range=(1, 5), n_features=2**18, alternate_sign=False, norm=None
        )
        known, long = list(samples), sorted({t for t in map(fold, terms) if " " not in t and len(t) >= TERM_LETTERS})
        said = (part for pair in known for part in pair)
        made_of: list[str | bytes] = [Path(__file__).read_bytes(), version("scikit-learn"), *long, *said]
        learned = kept(keep, made_of, lambda: self._learn(known))
        self._languages, self._weights = words(learned["languages"]), learned["weights"]
        self._shared = SAID_BY_ALL | set(long) | set(words(learned["shared"]))
        self._stems = tuple(term for term in long if len(term) >= STEM_LETTERS)

    def _learn(self, samples: list[tuple[str, str]]) -> Arrays:
        from sklearn.naive_bayes import MultinomialNB

        languages = [language for language, _ in samples for _ in range(2)]
        texts = [form for _, text in samples for form in (text.lower(), fold(text))]
        model: Any = MultinomialNB(alpha=0.01, fit_prior=False).fit(self._grams.transform(texts), languages)
        return {
            "languages": of_words(map(str, model.classes_)),
            # In the order in which memory is read: scikit-learn turns the whole matrix around for each message.
            "weights": np.ascontiguousarray(model.feature_log_prob_.T),
            "shared": of_words(_shared_words(zip(languages, texts, strict=True))),
        }

    def guess(self, text: str) -> Guess:
        """The most likely of the five languages; belief 0.2 says that nothing speaks for any."""
        telling = [word for word in _WORD.findall(text.lower()[:300]) if self._tells(fold(word))]
        if not any(c.isalpha() for word in telling for c in word):
            return Guess(self._likeliest(text)[0] if any(c.isalpha() for c in text) else "en", 1 / len(LANGUAGES))
        return Guess(*self._likeliest(" ".join(telling)), len(telling))

    def _tells(self, word: str) -> bool:
        return word not in self._shared and not word.startswith(self._stems)

    def _likeliest(self, text: str) -> tuple[str, float]:
        logs = (self._grams.transform([text.lower()[:300]]) @ self._weights)[0] / TEMPERATURE
        beliefs = np.exp(logs - logs.max())
        best = int(np.argmax(beliefs))
        return self._languages[best], float(beliefs[best] / beliefs.sum())


def _shared_words(samples: Iterable[tuple[str, str]]) -> Iterator[str]:
    used: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for language, text in samples:
        for word in set(_WORD.findall(text)):
            used[word][language] += 1
    for word, counts in used.items():
        often = [count for _, count in counts.most_common(SHARED_BY)]
        if len(often) == SHARED_BY and often[-1] >= SHARED_PART * often[0]:
            yield word


def dutch_terms(glossary: Glossary) -> list[str]:
    """What the glossary's notions are called in Dutch."""
    return [form for term in glossary.terms.values() for form in term.forms("nl")]


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
