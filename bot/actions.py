"""The actions Rasa calls. Each reads the turn, asks retrieval or the catalogue, and sends replies as JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot import rendering
from bot.assistant import Assistant
from bot.feedback import Feedback
from bot.following import asked_word, continues, points_back
from bot.forms import letter_actions, town_actions
from bot.language_names import asked_for
from bot.letters import ANY_LETTER, LETTER_WORDS, is_bare, known_from, sender_named
from bot.messages import say
from bot.rendering import Reply
from bot.said import Said
from bot.towns import only_town, town_in
from bot.tracker import entity_of, form_of, intent_of, language_of, likely_topic, slot_of, text_of, topic_prior
from knowledge.entry import Entry
from knowledge.open_words import word_set
from retrieval.decision import Decision

# A dialogue act that looks this much like a known question is answered as one: a wrong intent must not hide an entry.
QUESTION_WORDS = 3
# These acts are never questions about the knowledge, however alike.
ALWAYS_DIALOGUE = {"change_language", "forget_me", "hide", "none_of_these", "stop"}
# These may stand before a question: "hello, i got a fine from the gemeente".
POLITE, POLITE_WORDS = {"greet", "thanks", "affirm", "deny"}, 5
MORE = 6

Act = Callable[[Tracker], Said]


class KompasAction(Action):  # type: ignore[misc]  # rasa-sdk ships no types
    """An action that turns a tracker into replies and events."""

    def __init__(self, name: str, act: Act) -> None:
        self._name, self._act = name, act

    def name(self) -> str:
        """The name in bot/domain.yml."""
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        """Sends the replies. Anything that goes wrong becomes "one moment": an exception would reach Rasa's error log."""
        try:
            said = self._act(tracker)
        except Exception:  # noqa: BLE001 - the tracker, with its text, must not travel in a traceback
            said = Said.one(rendering.unavailable(language_of(tracker)))
        for reply in said.replies:
            dispatcher.utter_message(json_message=reply.as_json())
        return said.events


def actions(
    assistant: Assistant, feedback: Feedback | None = None, today: Callable[[], dt.date] = dt.date.today
) -> list[KompasAction]:
    """All actions, bound to an assistant."""
    answering = Answering(assistant)
    table: Mapping[str, Act] = {
        "action_answer": answering.answer,
        "action_dialogue": answering.dialogue,
        "action_show_again": answering.show_again,
        **after_answer_actions(assistant, feedback or Feedback()),
        **letter_actions(assistant, today),
        **town_actions(),
    }
    return [KompasAction(name, act) for name, act in table.items()]


class Answering:
    """Answers typed questions, and starts a form where an answer needs one thing more."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def answer(self, tracker: Tracker) -> Said:
        """An entry that was chosen, or what retrieval says of a typed message."""
        language = language_of(tracker)
        if chosen := entity_of(tracker, "entry"):
            reply = self._assistant.entry_reply(chosen, language)
            if reply is None:
                return Said.one(rendering.dialogue(language, "none_of_these_reply"))
            return self._answered(tracker, reply, self._assistant.library.entries[chosen], typed=False)
        return self._typed(tracker, self._assistant.search(text_of(tracker), language, topic_prior(tracker)))

    def dialogue(self, tracker: Tracker) -> Said:
        """A dialogue act, unless the message looks very much like a question."""
        intent, language = intent_of(tracker), language_of(tracker)
        if intent not in ALWAYS_DIALOGUE and len(text_of(tracker).split()) >= QUESTION_WORDS:
            decision = self._assistant.search(text_of(tracker), language)
            if intent == "help" and decision.entry and self._assistant.library.entries[decision.entry].topic == "bot":
                return Said.one(rendering.menu(language))
            asks = decision.outcome == "choices" and intent in POLITE and len(text_of(tracker).split()) >= POLITE_WORDS
            if decision.entry or asks or self._has_letter(text_of(tracker)):
                return self._typed(tracker, decision)
        if intent == "none_of_these" and not slot_of(tracker, "rephrased"):
            return Said.one(rendering.dialogue(language, "rephrase"), SlotSet("rephrased", True))
        return Said.one(dialogue_reply(intent, language, text_of(tracker)))

    def show_again(self, tracker: Tracker) -> Said:
        """The last answer in the language that was chosen, or how to begin. An open form asks again by itself."""
        language = language_of(tracker)
        if reply := self._assistant.entry_reply(slot_of(tracker, "last_entry") or "", language):
            return Said.one(reply)
        return Said() if form_of(tracker) else Said.one(rendering.dialogue(language, "greet"))

    def _typed(self, tracker: Tracker, decision: Decision) -> Said:
        text, language, library = text_of(tracker), decision.language, self._assistant.library
        last = slot_of(tracker, "last_entry")
        notion = asked_word(text, library.glossary)
        form = form_of(tracker)
        if notion and (last or form or decision.entry is None):
            again = [FollowupAction(form)] if form else []
            return Said((self._meaning(notion, decision),), again)
        if last in library.entries and library.entries[last].scope == "municipality" and (town := only_town(text)):
            return Said.one(rendering.dialogue(language, "town_found", town=town))
        if last in library.entries and (points_back(text) or continues(text)):
            decision = self._assistant.search_near(text, language, library.entries[last], points_back(text))
        letter, sender = bool(word_set(text) & LETTER_WORDS), sender_named(text, library.glossary)
        if self._has_letter(text):
            return Said(events=self._letter(sender, None))
        if decision.entry:
            entry = library.entries[decision.entry]
            return self._answered(tracker, rendering.decided(decision, library), entry, typed=True)
        if letter and (sender or decision.outcome == "unknown"):
            return Said(events=self._letter(sender, None))
        reply = rendering.decided(decision, library)
        # For counting what is missing: an unknown question may still have a topic.
        return Said.one(replace(reply, topic=likely_topic(tracker)) if reply.decision == "unknown" else reply)

    def _has_letter(self, text: str) -> bool:
        """Whether a message says that there is a letter and nothing of what it is about."""
        library = self._assistant.library
        sender = sender_named(text, library.glossary)
        return bool(word_set(text) & LETTER_WORDS) and is_bare(text, sender, library.glossary, library.open_words.filler)

    def _answered(self, tracker: Tracker, reply: Reply, entry: Entry, typed: bool) -> Said:
        remembered = [SlotSet("last_entry", entry.id), SlotSet("rephrased", None)]
        about_letter = typed and word_set(text_of(tracker)) & LETTER_WORDS
        if about_letter and (entry.letters or entry.id == ANY_LETTER):
            named = sender_named(text_of(tracker), self._assistant.library.glossary)
            return Said((reply,), remembered + self._letter(named, entry.id))
        if entry.scope != "municipality":
            return Said((reply,), remembered)
        remembered.append(SlotSet("asked_town", True))
        if typed and (town := town_in(text_of(tracker))):
            return Said((reply, rendering.dialogue(language_of(tracker), "town_found", town=town)), remembered)
        if slot_of(tracker, "asked_town"):
            return Said((reply,), remembered)
        return Said((reply,), [*remembered, FollowupAction("town_form")])

    def _letter(self, sender: str | None, shown: str | None) -> list[dict[str, Any]]:
        """Starts the letter form with what is known already."""
        explained = shown if shown != ANY_LETTER else None
        who, kind = known_from(explained, sender) if explained or sender else (None, None)
        if sender and who is None:
            who, kind = known_from(None, sender)
        slots = {
            "letter_sender": who,
            "letter_kind": kind,
            "letter_shown": shown,
            "letter_date": None,
            "letter_problem": None,
        }
        return [*(SlotSet(name, value) for name, value in slots.items()), FollowupAction("letter_form")]

    def _meaning(self, notion: str, decision: Decision) -> Reply:
        text = self._assistant.library.glossary.meanings[notion].text(decision.language)
        buttons = [rendering.Button(c.title, rendering.entry_value(c.entry)) for c in decision.choices[:1]]
        return Reply(text, "dialogue", None, tuple(buttons))


def after_answer_actions(assistant: Assistant, feedback: Feedback) -> dict[str, Act]:
    """What the buttons under an answer, and the menu, do."""

    def more(tracker: Tracker) -> Said:
        language, entry = language_of(tracker), entity_of(tracker, "entry") or slot_of(tracker, "last_entry")
        return Said.one(
            rendering.entries(assistant.related(entry, language)[:MORE], language, "more_choices", assistant.library)
        )

    def not_helpful(tracker: Tracker) -> Said:
        return Said.one(rendering.why(language_of(tracker)))

    def why(tracker: Tracker) -> Said:
        language, last = language_of(tracker), slot_of(tracker, "last_entry")
        entry = assistant.library.entries.get(last or "")
        feedback.count(entry.topic if entry else "unknown", language, entity_of(tracker, "reason") or "")
        return Said.one(rendering.dialogue(language, "why_thanks"))

    def menu(tracker: Tracker) -> Said:
        return Said.one(rendering.menu_group(entity_of(tracker, "group") or "", language_of(tracker), assistant.library))

    return {"action_more": more, "action_not_helpful": not_helpful, "action_why": why, "action_menu": menu}


def dialogue_reply(intent: str, language: str, text: str) -> Reply:
    """The catalogue's reply to a dialogue act; asking for a language answers in that language."""
    if intent == "change_language":
        wanted = asked_for(text)
        if wanted is None:
            return rendering.which_language(language)
        return Reply(say(wanted, "language_changed"), "dialogue", language=wanted)
    if intent == "forget_me":
        return Reply(say(language, "forget_me"), "dialogue", forget=True)
    if intent == "help":
        return rendering.menu(language)
    key = "none_of_these_reply" if intent == "none_of_these" else intent
    return rendering.dialogue(language, key)
