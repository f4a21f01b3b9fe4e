"""What operators see: counts and times, never a person. Turns are shown in tens, so that nobody can be picked out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.feedback import TENS

disable_created_metrics()  # type: ignore[no-untyped-call]  # when the first person asked something is nobody's business

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class InTens(Collector):
    """A counter or histogram whose counts are rounded down to tens. They still never fall, as Prometheus wants it."""

    def __init__(self, metric: Counter | Histogram) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        """The metric's cells of ten and more; times stay as they are."""
        for metric in self._metric.collect():
            told = [s if s.name.endswith("_sum") else s._replace(value=s.value // TENS * TENS) for s in metric.samples]
            metric.samples = [s for s in told if s.value]
            yield metric


@dataclass
class Metrics:
    """The counters of one gateway process."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        """Makes the counters. What counts people goes through InTens, steps too: where a turn ended shows in them."""
        labels = ("channel", "topic", "language", "decision")
        self.turns = Counter("kompas_turns", "Turns answered, in tens", labels, registry=None)
        self.steps = Histogram("kompas_step_seconds", "Time a step took", ("step",), buckets=SECONDS, registry=None)
        self.sent = Histogram("kompas_answer_seconds", "Receipt to sent", ("channel",), buckets=SECONDS, registry=None)
        self.alarms = Counter("kompas_alarms", "What an operator must look at", ("channel", "kind"), registry=self.registry)
        for metric in (self.turns, self.steps, self.sent):
            self.registry.register(InTens(metric))

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


def parse(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    """Name, labels and value of each sample of Prometheus' text format."""
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, sample.labels, sample.value
