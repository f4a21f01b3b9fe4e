"""What people asked and got nothing for, as counts in tens: nobody can be picked out, and nothing is kept over a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.feedback import TENS
from channels.metrics import Metrics


@dataclass(frozen=True)
class Unknown:
    """Questions without an answer: topic ("" where none was recognised), language, and how many, at least."""

    topic: str
    language: str
    count: int


@dataclass(frozen=True)
class Unhelpful:
    """Taps on "not helpful": topic, language, reason, and how many, at least."""

    topic: str
    language: str
    reason: str
    count: int


def unknown(metrics: Metrics) -> list[Unknown]:
    """Over all channels together, the commonest first; only ten and more, rounded down to tens."""
    counts: Counter[tuple[str, str]] = Counter()
    for metric in metrics.turns.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total") and sample.labels["decision"] == "unknown":
                counts[sample.labels["topic"], sample.labels["language"]] += int(sample.value)
    found = [Unknown(topic, language, count // TENS * TENS) for (topic, language), count in counts.items()]
    return sorted((one for one in found if one.count), key=lambda one: (-one.count, one.topic, one.language))


def unhelpful(rows: Iterable[Mapping[str, Any]]) -> list[Unhelpful]:
    """The action server's rows, checked once more; the commonest first."""
    found = [
        Unhelpful(str(row["topic"]), str(row["language"]), str(row["reason"]), int(row["count"]) // TENS * TENS)
        for row in rows
    ]
    return sorted((one for one in found if one.count), key=lambda one: (-one.count, one.topic, one.language, one.reason))
