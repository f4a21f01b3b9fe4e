"""The two forms: a letter (who, which date, what about) and a municipality. Rasa keeps the place.

What was said is used and forgotten. No events at all tell Rasa that a message does not answer the form's question: then the
rules for interruptions take over.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from bot import rendering
from bot.assistant import Assistant
from bot.dates import read_date, says_no_date
from bot.letters import ANY_LETTER, NO_DATE, Kind, deadline_text, kind_named, sender_named, senders
from bot.messages import say
from bot.rendering import Button, Reply
from bot.said import Said
from bot.towns import town_named
from bot.tracker import entity_of, intent_of, language_of, slot_of, tapped, text_of
from knowledge.text import fold

LETTER_SLOTS = ("letter_sender", "letter_date", "letter_kind", "letter_problem", "letter_shown")
NO_TOWN = "none"
# Who cannot say who wrote it, or what about, still hears who reads it with them.
UNKNOWN_SENDER, UNKNOWN_KIND = "other", "unknown"
# A message of so many words, or with one of these intents, is something else than an answer to the form.
QUESTION_WORDS = {"letter_sender": 5, "letter_date": 4, "letter_kind": 5, "town": 4}
PART_OF_A_FORM = {
    "choose_sender",
    "choose_kind",
    "no_date",
    "skip_town",
    "affirm",
    "deny",
    "out_of_scope",
    "nlu_fallback",
    "feedback",
}
_DONT_KNOW = re.compile(
    r"\b(?:weet (?:ik|het|t)?\s*(?:nog )?(?:echt )?niet|geen idee|(?:don'?t|do not|dunno) know|dunno|no idea|not sure"
    r"|no (?:lo )?se\b(?! trata)|ni idea|nie wiem|nie mam pojecia|nu (?:stiu|am idee)|habar n-?am)\b"
)

Events = list[dict[str, Any]]


def is_something_else(tracker: Tracker, slot: str) -> bool:
    """Whether a message that answers nothing is a new question or a dialogue act."""
    intent = intent_of(tracker)
    if intent in PART_OF_A_FORM:
        return False
    return not intent.startswith("ask_") or len(text_of(tracker).split()) >= QUESTION_WORDS[slot]


def does_not_know(tracker: Tracker) -> bool:
    """Whether somebody says that they cannot answer the form's question."""
    return bool(_DONT_KNOW.search(fold(text_of(tracker))))


def chosen_kind(tracker: Tracker) -> Kind | None:
    """The kind of letter that the slots name."""
    sender, kind = slot_of(tracker, "letter_sender"), slot_of(tracker, "letter_kind")
    return senders()[sender].kinds.get(kind) if sender in senders() and kind else None


class LetterForm:
    """The letter form: who sent it, which date it has, what it is about; then the deadline."""

    def __init__(self, assistant: Assistant, today: Callable[[], dt.date]) -> None:
        self._assistant, self._today = assistant, today

    def validate(self, tracker: Tracker) -> Said:
        """Fills the slot that was asked for; no event when the message is something else."""
        requested = slot_of(tracker, "requested_slot")
        reader = {"letter_sender": self._sender, "letter_date": self._date, "letter_kind": self._kind}.get(requested)
        return Said(events=reader(tracker) if reader else [])

    def _sender(self, tracker: Tracker) -> Events:
        named = entity_of(tracker, "sender") or sender_named(text_of(tracker), self._assistant.library.glossary)
        if named and named in senders():
            return _with_only_kind(named)
        if does_not_know(tracker):
            return _with_only_kind(UNKNOWN_SENDER)
        return [] if is_something_else(tracker, "letter_sender") else [SlotSet("letter_sender", None)]

    def _date(self, tracker: Tracker) -> Events:
        read = read_date(text_of(tracker), self._today())
        if read.date:
            return [SlotSet("letter_date", read.date.isoformat())]
        if tapped(tracker, "no_date") or says_no_date(text_of(tracker)) or does_not_know(tracker):
            return [SlotSet("letter_date", NO_DATE)]
        if read.problem == "unreadable" and is_something_else(tracker, "letter_date"):
            return []
        return [SlotSet("letter_date", None), SlotSet("letter_problem", read.problem)]

    def _kind(self, tracker: Tracker) -> Events:
        kinds = senders()[slot_of(tracker, "letter_sender")].kinds
        chosen = entity_of(tracker, "kind") or kind_named(text_of(tracker), slot_of(tracker, "letter_sender"))
        if chosen is None and does_not_know(tracker):
            return [SlotSet("letter_kind", UNKNOWN_KIND)]
        if chosen is None:
            entry = self._assistant.search(text_of(tracker), language_of(tracker)).entry
            chosen = next((name for name, k in kinds.items() if k.entry == entry), None)
        if chosen in kinds:
            return [SlotSet("letter_kind", chosen)]
        return [] if is_something_else(tracker, "letter_kind") else [SlotSet("letter_kind", None)]

    def ask_sender(self, tracker: Tracker) -> Said:
        """Who sent it, as buttons."""
        language = language_of(tracker)
        buttons = [Button(getattr(s.label, language), f"from:{name}") for name, s in senders().items()]
        return Said.one(Reply(say(language, "ask_letter_sender"), "dialogue", None, tuple(buttons)))

    def ask_date(self, tracker: Tracker) -> Said:
        """Which date it has, or what was wrong with the one typed."""
        language, problem = language_of(tracker), slot_of(tracker, "letter_problem")
        text = say(language, f"date_{problem}" if problem else "ask_letter_date")
        return Said.one(Reply(text, "dialogue", None, (Button(say(language, "no_date"), "date:none"),)))

    def ask_kind(self, tracker: Tracker) -> Said:
        """What it is about, as buttons."""
        language = language_of(tracker)
        kinds = senders()[slot_of(tracker, "letter_sender")].kinds
        buttons = [Button(getattr(k.label, language), f"kind:{name}") for name, k in kinds.items()]
        return Said.one(Reply(say(language, "ask_letter_kind"), "dialogue", None, tuple(buttons)))

    def deadline(self, tracker: Tracker) -> Said:
        """The deadline and who helps, and the entry unless it was shown; what was said is forgotten."""
        language, chosen = language_of(tracker), chosen_kind(tracker)
        forgotten = [SlotSet(name, None) for name in LETTER_SLOTS]
        if chosen:
            forgotten.append(SlotSet("last_entry", chosen.entry))
        if chosen is None:
            entry = self._assistant.entry_reply(ANY_LETTER, language)
            return Said((rendering.dialogue(language, "letter_help"), *filter(None, [entry])), forgotten)
        date = slot_of(tracker, "letter_date") or NO_DATE
        text = deadline_text(chosen, date, language, self._today()) + "\n\n" + say(language, "letter_help")
        replies = [Reply(text, "dialogue")]
        shown = slot_of(tracker, "letter_shown") == chosen.entry
        entry = None if shown else self._assistant.entry_reply(chosen.entry, language)
        return Said((*replies, entry) if entry else tuple(replies), forgotten)


def letter_actions(assistant: Assistant, today: Callable[[], dt.date]) -> dict[str, Callable[[Tracker], Said]]:
    """The actions of the letter form by name."""
    form = LetterForm(assistant, today)
    return {
        "validate_letter_form": form.validate,
        "action_ask_letter_form_letter_sender": form.ask_sender,
        "action_ask_letter_form_letter_date": form.ask_date,
        "action_ask_letter_form_letter_kind": form.ask_kind,
        "action_letter_deadline": form.deadline,
    }


def _with_only_kind(sender: str) -> Events:
    kinds = senders()[sender].kinds
    return [SlotSet("letter_sender", sender), *([SlotSet("letter_kind", next(iter(kinds)))] if len(kinds) == 1 else [])]


def town_actions() -> dict[str, Callable[[Tracker], Said]]:
    """The actions of the municipality form by name."""

    def validate(tracker: Tracker) -> Said:
        if slot_of(tracker, "requested_slot") != "town":
            return Said()
        if tapped(tracker, "skip_town") or intent_of(tracker) == "deny" or does_not_know(tracker):
            return Said(events=[SlotSet("town", NO_TOWN)])
        if found := town_named(text_of(tracker)):
            return Said(events=[SlotSet("town", found)])
        if is_something_else(tracker, "town"):
            return Said()
        # Asked twice is enough.
        again = slot_of(tracker, "town_problem")
        return Said(events=[SlotSet("town", NO_TOWN if again else None), SlotSet("town_problem", True)])

    def ask(tracker: Tracker) -> Said:
        language = language_of(tracker)
        text = say(language, "town_unknown" if slot_of(tracker, "town_problem") else "ask_town")
        return Said.one(Reply(text, "dialogue", None, (Button(say(language, "skip"), "town:skip"),)))

    def answer(tracker: Tracker) -> Said:
        language, town = language_of(tracker), slot_of(tracker, "town")
        text = say(language, "town_skipped") if town in (None, NO_TOWN) else say(language, "town_found", town=town)
        return Said((Reply(text, "dialogue"),), [SlotSet("town", None), SlotSet("town_problem", None)])

    return {"validate_town_form": validate, "action_ask_town_form_town": ask, "action_town": answer}
