"""Comparing what somebody sent with what only we and the platform know."""

from __future__ import annotations

import hmac
from collections.abc import Iterable


def is_one_of(given: str | None, known: Iterable[str]) -> bool:
    """Whether `given` is one of the secrets, in the time it takes to compare all. Nothing given: no."""
    said = (given or "").encode("utf-8", "replace")
    matches = [hmac.compare_digest(said, secret.encode()) for secret in known]
    return bool(said) and any(matches)
