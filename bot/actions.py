"""The actions Rasa calls. Each reads the turn, asks retrieval or the catalogue, and sends one reply as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot import rendering
from bot.assistant import Assistant
from bot.language_names import asked_for
from bot.messages import say
from bot.rendering import Reply
from knowledge.entry import LANGUAGES

# A dialogue act that looks this much like a known question is answered as one: a wrong intent must not hide an entry.
QUESTION_WORDS = 3
# These acts are never questions about the knowledge, however alike.
ALWAYS_DIALOGUE = {"change_language", "forget_me", "hide", "none_of_these"}


def language_of(tracker: Tracker) -> str:
    """The language the gateway wrote beside the message; English when there is none."""
    metadata = tracker.latest_message.get("metadata") or {}
    language = metadata.get("language")
    return language if language in LANGUAGES else "en"


def topic_prior(tracker: Tracker) -> dict[str, float]:
    """Rasa's belief in each topic, from its intent ranking."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    return {
        intent["name"].removeprefix("ask_"): float(intent["confidence"])
        for intent in ranking
        if str(intent.get("name", "")).startswith("ask_")
    }


def text_of(tracker: Tracker) -> str:
    """What was typed."""
    return str(tracker.latest_message.get("text") or "")


def intent_of(tracker: Tracker) -> str:
    """The intent Rasa saw."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def entity_of(tracker: Tracker, name: str) -> str | None:
    """The value of an entity that a button brought along."""
    values = (e.get("value") for e in tracker.latest_message.get("entities") or [] if e.get("entity") == name)
    return next((str(value) for value in values), None)


class KompasAction(Action):  # type: ignore[misc]  # rasa-sdk ships no types
    """An action that turns a tracker into one reply."""

    def __init__(self, name: str, reply: Callable[[Tracker], Reply]) -> None:
        self._name, self._reply = name, reply

    def name(self) -> str:
        """The name in bot/domain.yml."""
        return self._name

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Any) -> list[dict[str, Any]]:
        """Sends the reply. Anything that goes wrong becomes "one moment": an exception would reach Rasa's error log."""
        try:
            reply = self._reply(tracker)
        except Exception:  # noqa: BLE001 - the tracker, with its text, must not travel in a traceback
            reply = rendering.unavailable(language_of(tracker))
        dispatcher.utter_message(json_message=reply.as_json())
        return []


def actions(assistant: Assistant) -> list[KompasAction]:
    """All actions, bound to an assistant."""

    def answer(tracker: Tracker) -> Reply:
        language = language_of(tracker)
        if chosen := entity_of(tracker, "entry"):
            return assistant.entry_reply(chosen, language) or rendering.dialogue(language, "none_of_these_reply")
        decision = assistant.search(text_of(tracker), language, topic_prior(tracker))
        return rendering.decided(decision, assistant.library)

    def dialogue(tracker: Tracker) -> Reply:
        intent, language = intent_of(tracker), language_of(tracker)
        if intent not in ALWAYS_DIALOGUE and len(text_of(tracker).split()) >= QUESTION_WORDS:
            decision = assistant.search(text_of(tracker), language)
            if decision.entry:
                return rendering.decided(decision, assistant.library)
        return dialogue_reply(intent, language, text_of(tracker))

    return [KompasAction("action_answer", answer), KompasAction("action_dialogue", dialogue)]


def dialogue_reply(intent: str, language: str, text: str) -> Reply:
    """The catalogue's reply to a dialogue act; asking for a language answers in that language."""
    if intent == "change_language":
        wanted = asked_for(text)
        if wanted is None:
            return rendering.which_language(language)
        return Reply(say(wanted, "language_changed"), "dialogue", language=wanted)
    if intent == "forget_me":
        return Reply(say(language, "forget_me"), "dialogue", forget=True)
    key = "none_of_these_reply" if intent == "none_of_these" else intent
    return rendering.dialogue(language, key)
