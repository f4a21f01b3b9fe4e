"""Who sends letters and what they ask (`letters.yml`), and what Kompas says of their deadline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.deadlines import TERMS, days_left, last_day
from bot.messages import catalogue, say
from knowledge.entry import LANGUAGES
from knowledge.glossary import Glossary
from knowledge.open_words import Labels, word_set

# A message with one of these words speaks of a letter that somebody has.
LETTER_WORDS = word_set(
    "brief brieven briefje letter letters carta cartas notificacion list listu pismo pisma scrisoare scrisoarea scrisori"
)
# What people write around it, beside the filler of open words.
LETTER_FILLER = word_set(
    " n nog wat nu vandaag gekomen binnen thuis post snap snappen begrijp er niks nix niets nieuwe rare raar moeilijke"
    " doe doen ermee dus today came mail now understand dont don t any it no nothing at all here don't idea weird new"
    " from me nos llego ha han he mandaron mandado enviaron recibido hoy q k que hago ahora entiendo nada rara nueva"
    " hecho tengo a mi casa jakis jakies jakas przyszedl przyszlo przyszla do mnie dzis dzisiaj rozumiem nic nie mam"
    " tu robic po holendersku dziwny nowy poczta venit o am azi acasa inteleg nimic ciudata noua ce fac acum olandeza"
    " in e si primit received receive just krijg kreeg gekregen ontvangen net dostalem dostalam"
    " otrzymalam otrzymalem"
)
# A shorter word ("de", "van") tells nothing of what a letter is about.
TELLING_LETTERS = 4
# The kind that gathers what is left: an entry about it does not say which letter it is.
OTHER = "other"
# The entry for a letter of which nothing is known.
ANY_LETTER = "hulp-brief"
# What stands for "no date on it" in the form's slot.
NO_DATE = "none"


def _known_term(name: str | None) -> str | None:
    if name is not None and name not in TERMS:
        raise ValueError(f"unknown term {name!r}: use one of {', '.join(TERMS)}")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(_Strict):
    """One kind of letter: the entry that explains it, and its term by name (None where the letter sets its own)."""

    entry: str
    term: Annotated[str | None, BeforeValidator(_known_term)]
    label: Labels


class Sender(_Strict):
    """Somebody who writes letters, the words that name them, and the kinds they send."""

    label: Labels
    notions: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    kinds: dict[str, Kind]


@lru_cache
def senders() -> Mapping[str, Sender]:
    """All senders, the commonest first. Raises pydantic's ValidationError for a table that is not in order."""
    data = yaml.safe_load((Path(__file__).parent / "letters.yml").read_text(encoding="utf-8"))
    return {name: Sender.model_validate(value) for name, value in data.items()}


def sender_named(text: str, glossary: Glossary) -> str | None:
    """The sender that a message names, or None."""
    notions, words = set(glossary.notions(text)), word_set(text)
    named = (name for name, sender in senders().items() if words & sender.words or notions & set(sender.notions))
    return next(named, None)


def known_from(entry: str | None, sender: str | None) -> tuple[str | None, str | None]:
    """Sender and kind as far as the entry that explains a letter, and the sender that was named, leave no doubt."""
    fits = [
        (name, kind)
        for name, found in senders().items()
        for kind, k in found.kinds.items()
        if sender in (None, name) and entry in (None, k.entry)
    ]
    if len(fits) == 1 and fits[0][1] != OTHER:
        return fits[0]
    names = {name for name, _ in fits}
    return (names.pop() if len(names) == 1 else sender), None


def kind_named(text: str, sender: str) -> str | None:
    """The kind whose label shares most words with a message, or None when none shares any."""
    said = {word for word in word_set(text) if len(word) >= TELLING_LETTERS}
    shared = {
        name: max(len(said & word_set(getattr(kind.label, language))) for language in LANGUAGES)
        for name, kind in senders()[sender].kinds.items()
    }
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] else None


def is_bare(text: str, sender: str | None, glossary: Glossary, filler: frozenset[str]) -> bool:
    """Whether a message says that there is a letter, perhaps from whom, and nothing of what it is about."""
    rest = word_set(text) - LETTER_WORDS - LETTER_FILLER - filler
    own = set(senders()[sender].notions[:1]) if sender else set()
    return len(rest) <= (2 if sender else 0) and set(glossary.notions(text)) <= own


def deadline_text(kind: Kind, date: str, language: str, today: dt.date) -> str:
    """What to say of the deadline of a letter of `date` (ISO, or NO_DATE)."""
    if kind.term is None:
        return say(language, "deadline_in_letter")
    if date == NO_DATE:
        return say(language, "deadline_no_date")
    letter = dt.date.fromisoformat(date)
    last = last_day(letter, TERMS[kind.term])
    left = days_left(last, today)
    key = f"deadline_{kind.term}" if left >= 0 else f"late_{kind.term}"
    values = {"date": written(letter, language), "last": written(last, language)}
    return say(language, key, **values, **({"days": str(left)} if left >= 0 else {}))


def written(date: dt.date, language: str) -> str:
    """A date as one writes it in a language."""
    texts = catalogue(language)
    month = texts["months"].split()[date.month - 1]
    return texts["date_written"].format(day=date.day, month=month, year=date.year)
