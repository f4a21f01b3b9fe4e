"""How an answer will look: the real reply, cut and buttoned by the real rules of Telegram and WhatsApp, and its sizes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from bot.messages import say
from bot.rendering import answer
from channels import telegram, whatsapp
from channels.desk.forms import as_typed, loose_entry, value_at
from channels.gateway import Outbound
from channels.limits import LIMITS
from channels.splitting import utf16_units
from knowledge.entry import ANSWER_LIMITS, PHRASINGS_MINIMUM, QUESTION_LIMIT
from knowledge.library import Library
from knowledge.merging import Content


@dataclass(frozen=True)
class Bubble:
    """One message: its text, the titles of its buttons, and for a list the button that opens it (else "")."""

    text: str
    buttons: tuple[str, ...] = ()
    opens: str = ""


@dataclass(frozen=True)
class Size:
    """How long something is, against its limits; `least` 0 where there is no minimum."""

    name: str
    length: int
    least: int
    most: int

    @property
    def fits(self) -> bool:
        """Whether it is within its limits."""
        return self.least <= self.length <= self.most


@dataclass(frozen=True)
class Preview:
    """One language of an entry on both platforms, and the sizes of its fields and of the whole message."""

    language: str
    telegram: tuple[Bubble, ...]
    whatsapp: tuple[Bubble, ...]
    sizes: dict[str, Size]
    whole: tuple[Size, Size]


# No more ways to ask than this fit on a screen; none is refused.
MOST_PHRASINGS = 10_000


def preview(content: Content, language: str, library: Library, today: dt.date) -> Preview:
    """What would be sent for this content, whatever rules it breaks."""
    reply = answer(loose_entry(content, library, today), language, library)
    outbound = Outbound(language, (reply,))
    return Preview(
        language,
        tuple(Bubble(text, tuple(b.title for b in buttons)) for text, buttons in telegram.render(outbound)),
        tuple(_whatsapp(message) for message in whatsapp.render(outbound)),
        sizes(content, language),
        (
            Size("telegram", utf16_units(reply.text), 0, int(LIMITS["telegram_text"].value)),
            Size("whatsapp", len(reply.text), 0, int(LIMITS["whatsapp_interactive"].value)),
        ),
    )


def sizes(content: Content, language: str) -> dict[str, Size]:
    """Lengths in characters of question and answer, and how many ways to ask there are."""
    question, reply, phrasings = (
        as_typed(name, value_at(content, f"{language}.{name}")).strip() for name in ("question", "answer", "phrasings")
    )
    ways = len([line for line in phrasings.split("\n") if line.strip()])
    return {
        "question": Size("question", len(question), 1, QUESTION_LIMIT),
        "answer": Size("answer", len(reply), *ANSWER_LIMITS),
        "phrasings": Size("phrasings", ways, PHRASINGS_MINIMUM, MOST_PHRASINGS),
    }


def _whatsapp(message: dict[str, Any]) -> Bubble:
    if message["type"] == "text":
        return Bubble(message["text"]["body"])
    interactive = message["interactive"]
    text, action = interactive["body"]["text"], interactive["action"]
    if interactive["type"] == "button":
        return Bubble(text, tuple(button["reply"]["title"] for button in action["buttons"]))
    rows = tuple(row["title"] for section in action["sections"] for row in section["rows"])
    return Bubble(text, rows, opens=action["button"])


def language_name(language: str) -> str:
    """A language in its own words."""
    return say(language, "language_name")
