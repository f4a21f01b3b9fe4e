"""A tracker store that forgets: memory only, what was said goes when it is answered, and the rest after 30 idle minutes."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Dict, Optional, Text

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

IDLE_SECONDS = 30 * 60
# Far above what one machine serves in half an hour; beyond it the oldest conversation goes first.
CONVERSATIONS = 20_000

# The intent after which nothing of a conversation stays.
FORGET = "forget_me"


class ForgetfulTrackerStore(InMemoryTrackerStore):
    """Keeps the dialogue state under a pseudonym, ordered by last use, and drops what is idle."""

    def __init__(
        self,
        domain: Domain,
        event_broker: Optional[EventBroker] = None,
        idle_seconds: float = IDLE_SECONDS,
        **kwargs: Any,
    ) -> None:
        """`idle_seconds`: how long a silent conversation is remembered."""
        self._idle_seconds = idle_seconds
        self._used: Dict[Text, float] = {}
        self._timer: Optional[asyncio.TimerHandle] = None
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps the state, drops what is idle, and sees to it that this goes too when nobody writes any more."""
        self._used.pop(tracker.sender_id, None)
        self._used[tracker.sender_id] = time.monotonic()
        self._drop_idle()
        await super().save(without_history(tracker, self.domain))
        if tracker.latest_message and tracker.latest_message.intent.get("name") == FORGET:
            self._drop(tracker.sender_id)
        self._watch()

    async def _retrieve(self, sender_id: Text, fetch_all_sessions: bool) -> Optional[DialogueStateTracker]:
        self._drop_idle()
        return await super()._retrieve(sender_id, fetch_all_sessions)

    def _drop_idle(self) -> None:
        oldest_kept = time.monotonic() - self._idle_seconds
        while self._used:
            sender_id, used = next(iter(self._used.items()))
            if used >= oldest_kept and len(self._used) <= CONVERSATIONS:
                return
            self._drop(sender_id)

    def _watch(self) -> None:
        """Wakes up when the oldest conversation has been silent long enough."""
        if self._used and self._timer is None:
            due = next(iter(self._used.values())) + self._idle_seconds - time.monotonic()
            self._timer = asyncio.get_running_loop().call_later(max(due, 0.0), self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._drop_idle()
        self._watch()

    def _drop(self, sender_id: Text) -> None:
        self._used.pop(sender_id, None)
        self.store.pop(sender_id, None)


def without_history(tracker: DialogueStateTracker, domain: Domain) -> DialogueStateTracker:
    """The same state without what led to it: slots stay, messages and answers do not. In an open form all of it stays.

    No rule of ours looks further back than the last message. It also keeps a long conversation as quick as a short one:
    Rasa reads all events at each message and sends them with each action.
    """
    if tracker.active_loop_name or tracker.latest_action_name != ACTION_LISTEN_NAME:
        return tracker
    short = DialogueStateTracker(tracker.sender_id, domain.slots)
    slots = [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value is not None]
    for event in (ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted(), *slots, ActionExecuted(ACTION_LISTEN_NAME)):
        short.update(event, domain)
    return short
