"""What an action reads of a turn: Rasa's tracker, taken apart."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Tracker

from knowledge.entry import LANGUAGES

# Rasa's belief (0 to 1) from which a topic is likelier than all else together.
LIKELY = 0.5


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


def likely_topic(tracker: Tracker) -> str | None:
    """The topic Rasa believes in more than in anything else together; None when it is not sure of any."""
    topic, belief = max(topic_prior(tracker).items(), key=lambda item: item[1], default=("", 0.0))
    return topic if belief > LIKELY else None


def text_of(tracker: Tracker) -> str:
    """What was typed."""
    return str(tracker.latest_message.get("text") or "")


def intent_of(tracker: Tracker) -> str:
    """The intent Rasa saw."""
    return str((tracker.latest_message.get("intent") or {}).get("name") or "")


def tapped(tracker: Tracker, intent: str) -> bool:
    """Whether a button of this intent was pressed: a command of the gateway, nothing that somebody typed."""
    return intent_of(tracker) == intent and text_of(tracker).startswith("/")


def form_of(tracker: Tracker) -> str | None:
    """The name of the form that is open, or None."""
    name = (tracker.active_loop or {}).get("name")
    return str(name) if name else None


def entity_of(tracker: Tracker, name: str) -> str | None:
    """The value of an entity that a button brought along."""
    values = (e.get("value") for e in tracker.latest_message.get("entities") or [] if e.get("entity") == name)
    return next((str(value) for value in values), None)


def slot_of(tracker: Tracker, name: str) -> Any:
    """A slot's value, None when it is not set."""
    return tracker.slots.get(name)
