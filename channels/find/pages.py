"""What the pages of the outreach desk show: the two languages, the results, and the words around them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.crisis.rules import Kind
from bot.messages import say, texts
from channels.find.shown import TEXTS, Selection, Shown, language_names, source_label, topic_label

TEMPLATES, STATIC = Path(__file__).parent / "templates", Path(__file__).parent / "static"
# What the scripts say.
SPOKEN = ("count", "nothing", "offline", "copied", "forgotten", "failed", "not_here", "gone")
# Up to how many characters a column of the card is set in which size; the rest in the smallest.
CARD_SIZES = ((800, "large"), (1000, "medium"), (1300, "small"), (1600, "smaller"))
SMALLEST = "smallest"


@dataclass(frozen=True)
class Pair:
    """The worker's language and the client's."""

    a: str
    b: str

    @property
    def both(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys((self.a, self.b)))


@dataclass(frozen=True)
class Results:
    """What was found, best first. `asked` says that it was for a text; `kind` is the crisis that the text speaks of."""

    found: tuple[Shown, ...] = ()
    asked: bool = False
    kind: Kind | None = None
    words_only: bool = False
    unsure: bool = False


@lru_cache
def environment() -> Environment:
    """The templates. Whatever is put into them is text, never markup."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(say=say, source_label=source_label, topic_label=topic_label, names=language_names())
    return made


def page_values(pair: Pair, selection: Selection) -> dict[str, Any]:
    """What every page shows."""
    said = texts(TEXTS, pair.a)
    spoken = json.dumps({key: said[key] for key in SPOKEN})
    return {"pair": pair, "selection": selection, "t": said, "theirs": texts(TEXTS, pair.b), "spoken": spoken}


def card_size(shown: Shown, pair: Pair) -> str:
    """The size in which the longer column of the card fits."""
    longest = max(
        (len(side.question) + len(side.answer) + len(side.sources) + len(side.status) for side in _sides(shown, pair)),
        default=0,
    )
    return next((size for most, size in CARD_SIZES if longest <= most), SMALLEST)


def _sides(shown: Shown, pair: Pair) -> list[Any]:
    return [shown.sides[language] for language in pair.both if language in shown.sides]
