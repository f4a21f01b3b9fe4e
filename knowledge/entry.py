"""What an entry is: one question and its answer in five languages, with the evidence for every claim."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

LANGUAGES = ("nl", "en", "es", "pl", "ro")
Status = Literal["draft", "checked", "approved"]
SERVED: tuple[Status, ...] = ("checked", "approved")

Audience = Literal["everyone", "home_worker", "escort", "window", "club", "non_eu", "parent", "outreach"]
Letter = Literal["cak", "cjib", "belastingdienst", "gemeente", "bank", "politie", "verhuurder", "ind"]

# WhatsApp Cloud API: a list row's description holds 72 characters, and a question is shown there.
QUESTION_LIMIT = 72
# An answer fits a WhatsApp interactive body (1024) together with its source line.
ANSWER_LIMITS = (350, 900)
PHRASINGS_MINIMUM = 12

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\r\n]+$")]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """A document, law or institution's page that an entry may cite."""

    kind: Literal["document", "law", "page", "own"]
    publisher: Line
    title: Line
    date: dt.date
    url: str | None
    file: str | None = None


class Evidence(_Strict):
    """Where in which source a claim stands. `print` is the passage's fingerprint, for kept documents only."""

    source: Line
    at: Line
    print: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None = None


class Claim(_Strict):
    """One fact that the answers state, in English, with its evidence."""

    text: Line
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]


class Text(_Strict):
    """One language of an entry. `behind`: the Dutch changed after this language was last checked, on this date."""

    status: Status
    behind: dt.date | None = None
    question: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_LIMIT)]
    answer: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=ANSWER_LIMITS[0], max_length=ANSWER_LIMITS[1]),
    ]
    phrasings: Annotated[tuple[Line, ...], Field(min_length=PHRASINGS_MINIMUM)]

    @field_validator("phrasings")
    @classmethod
    def _no_phrasing_twice(cls, phrasings: tuple[str, ...]) -> tuple[str, ...]:
        seen: set[str] = set()
        for phrasing in phrasings:
            if phrasing.casefold() in seen:
                raise ValueError(f"phrasing given twice: {phrasing!r}")
            seen.add(phrasing.casefold())
        return phrasings


class Entry(_Strict):
    """One question-and-answer pair in five languages (`knowledge/entries/<topic>/<id>.yml`)."""

    id: Id
    topic: Line
    scope: Literal["national", "municipality"]
    audience: Audience
    letters: tuple[Letter, ...]
    see_also: tuple[Id, ...]
    risk: Line | None
    checked_on: dt.date
    valid_until: dt.date
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]
    nl: Text
    en: Text
    es: Text
    pl: Text
    ro: Text

    def text(self, language: str) -> Text:
        """The entry in one language. Raises KeyError for a language that Kompas does not speak."""
        if language not in LANGUAGES:
            raise KeyError(language)
        return getattr(self, language)  # type: ignore[no-any-return]

    def checked(self, language: str) -> dt.date:
        """The day somebody last compared this language with the sources, or with the Dutch text."""
        return self.text(language).behind or self.checked_on

    def is_served(self, language: str, today: dt.date) -> bool:
        """Whether this language may be sent today: checked or approved, and not past its date."""
        return self.text(language).status in SERVED and today <= self.valid_until
