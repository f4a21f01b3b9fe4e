"""Every limit of the gateway and the channels, as one table of values, each with what happens beyond it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """A limit: its value, its unit, and what happens to whoever goes beyond (its fail mode)."""

    value: float
    unit: str
    beyond: str


LIMITS: dict[str, Limit] = {
    # What comes in. Rasa has no limit of its own and slows down beyond.
    "text": Limit(2000, "characters", "a kind line asks to write shorter; crisis rules read its beginning and end"),
    "body": Limit(64 * 1024, "bytes", "413 before anything is parsed"),
    "webhook_body": Limit(4 * 1024 * 1024, "bytes", "403, as for all that is not signed; Meta speaks of up to 3 MB"),
    "session_id": Limit(128, "characters", "422"),
    # What is remembered, and how long.
    "idle": Limit(30 * 60, "seconds", "the conversation is forgotten"),
    "sessions": Limit(20_000, "conversations", "the longest silent one is forgotten"),
    "sweep": Limit(30, "seconds", "between two looks for silent conversations"),
    "dedupe": Limit(8 * 24 * 3600, "seconds", "the keyed hash of a message id is dropped; Meta retries for 7 days"),
    # What waits.
    "turns": Limit(16, "turns at once", "more wait"),
    "queue": Limit(20, "seconds", "one moment, and who can help"),
    # Twice what sixteen messages at once take just after a start: who gives up sooner asks again and makes it slower.
    "rasa": Limit(5, "seconds", "Rasa is taken to be down"),
    "notice": Limit(10, "seconds", "in a channel that can wait: who can help now, and that the answer follows"),
    "patience": Limit(45, "seconds", "in a channel that can wait for Rasa: that there is no answer, and who can help"),
    "send": Limit(60, "seconds", "the message counts as unanswered and the platform brings it again"),
    "held": Limit(1000, "people", "the oldest answer that waits for a WhatsApp window is dropped"),
    "held_for": Limit(24 * 3600, "seconds", "an answer that waits for a WhatsApp window is dropped"),
    # What goes out (core.telegram.org/bots/faq; developers.facebook.com, WhatsApp Cloud API, throughput and messages).
    "telegram_text": Limit(4096, "UTF-16 code units", "split at the end of a sentence"),
    "telegram_button": Limit(64, "bytes", "refused by a test: no button of ours is longer"),
    "whatsapp_text": Limit(4096, "characters", "split at the end of a sentence"),
    "whatsapp_interactive": Limit(1024, "characters", "the text goes before, the buttons under its last paragraph"),
    "whatsapp_buttons": Limit(3, "buttons", "a list instead"),
    "whatsapp_button": Limit(20, "characters", "a list instead"),
    "whatsapp_rows": Limit(10, "rows", "the last ones are left out"),
    "whatsapp_row": Limit(24, "characters", "cut at a word; the whole title stands in the description"),
    "whatsapp_description": Limit(72, "characters", "cut at a word"),
}

TEXT_CHARACTERS = int(LIMITS["text"].value)
BODY_BYTES = int(LIMITS["body"].value)
WEBHOOK_BYTES = int(LIMITS["webhook_body"].value)
SESSION_CHARACTERS = int(LIMITS["session_id"].value)
IDLE_SECONDS = int(LIMITS["idle"].value)
SESSIONS = int(LIMITS["sessions"].value)
SWEEP_SECONDS = int(LIMITS["sweep"].value)
DEDUPE_SECONDS = int(LIMITS["dedupe"].value)
TURNS_AT_ONCE = int(LIMITS["turns"].value)
QUEUE_SECONDS = LIMITS["queue"].value
RASA_SECONDS = LIMITS["rasa"].value
NOTICE_SECONDS = LIMITS["notice"].value
PATIENCE_SECONDS = LIMITS["patience"].value
SEND_SECONDS = LIMITS["send"].value


@dataclass(frozen=True)
class Rate:
    """A token bucket: `burst` messages at once, then `per_second` more each second."""

    burst: int
    per_second: float


# Messages of one person. An outreach worker looking up a whole list stays below this; only a program does not.
PER_SESSION = Rate(burst=300, per_second=5.0)
# Messages to all and to one chat. Burst and rate together stay, in any second, a little under Telegram's 30 in all and 1 a
# chat, and under Meta's 80 in all and 1 in 6 seconds
# to one person after a burst of 45.
TELEGRAM_ALL, TELEGRAM_CHAT = Rate(burst=2, per_second=27.0), Rate(burst=1, per_second=0.95)
WHATSAPP_ALL, WHATSAPP_CHAT = Rate(burst=4, per_second=72.0), Rate(burst=40, per_second=1 / 6.2)
