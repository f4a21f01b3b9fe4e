"""`kompas stats`: the counts of a running Kompas, as a table. Fewer than ten in a cell are not shown."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from channels.metrics import parse
from kompas.settings import Settings
from kompas.supervisor import StartError


def stats(settings: Settings) -> str:
    """Turns, times and alarms. Raises StartError when nobody answers."""
    try:
        found = httpx.get(f"{settings.web_url}/metrics", timeout=5.0, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        raise StartError(f"nobody answers at {settings.web_url}: start Kompas with `make run`") from None
    return "\n".join(lines(found.text))


def lines(text: str) -> Iterator[str]:
    """The lines of the table, from Prometheus' text format."""
    samples = list(parse(text))
    yield f"{'channel':<10} {'topic':<16} {'language':<8} {'decision':<12} turns (in tens)"
    for name, labels, value in samples:
        if name == "kompas_turns_total":
            channel, topic, language, decision = (labels[k] or "-" for k in ("channel", "topic", "language", "decision"))
            yield f"{channel:<10} {topic:<16} {language:<8} {decision:<12} {value:.0f}"
    yield ""
    yield f"{'step':<20} mean ms, about: counts are in tens"
    sums = {labels["step"]: value for name, labels, value in samples if name == "kompas_step_seconds_sum"}
    counts = {labels["step"]: value for name, labels, value in samples if name == "kompas_step_seconds_count"}
    for step, seconds in sums.items():
        yield f"{step:<20} {1000 * seconds / counts[step]:.1f}" if step in counts else f"{step:<20} -"
    yield ""
    yield f"{'channel':<10} {'alarm':<16} times"
    for name, labels, value in samples:
        if name == "kompas_alarms_total":
            yield f"{labels['channel']:<10} {labels['kind']:<16} {value:.0f}"
