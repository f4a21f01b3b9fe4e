"""Why the workshop does not do what somebody asked (knowledge/workshop.py)."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.merging import Conflict, Content
from knowledge.trial import Finding

# Why an act is refused.
REASONS = {
    "taken": "there is an entry or a proposal of this name",
    "bad_id": "a name has small letters, digits and single hyphens, 60 at most",
    "unknown_topic": "there is no such topic",
    "changed": "somebody changed it meanwhile",
    "nothing": "there is nothing to do",
    "findings": "rules are broken",
    "own_text": "nobody approves what they wrote",
    "not_committed": "the file was changed outside the desk and not committed",
    "no_reason": "a withdrawal needs a reason",
    "not_valid": "what the file held then is no valid entry now",
    "pointed_at": "other entries point to this one",
    "in_work": "somebody is working on the same fields of these entries",
}


class Refused(ValueError):
    """An act that was not done: `reason` is a key of REASONS; `findings` and `names` (of entries) say more."""

    def __init__(self, reason: str, findings: Sequence[Finding] = (), names: Sequence[str] = ()) -> None:
        super().__init__(REASONS[reason])
        self.reason, self.findings, self.names = reason, tuple(findings), tuple(names)


class Collision(ValueError):
    """Two people changed the same fields. `merged` holds mine there; save what the person chose with `seen=version`."""

    def __init__(self, merged: Content, conflicts: tuple[Conflict, ...], version: str) -> None:
        super().__init__("two changes of the same field")
        self.merged, self.conflicts, self.version = merged, conflicts, version
