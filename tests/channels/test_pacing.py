"""Nobody is sent more than a platform allows, and nobody waits for somebody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.limits import Rate
from channels.pacing import Bucket


@given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 20), st.floats(0.1, 50))
def test_no_window_holds_more_than_the_rate(gaps: list[float], burst: int, per_second: float) -> None:
    """However messages come: in any stretch of time at most the burst and what the rate adds are sent."""
    bucket, now, sent = Bucket(Rate(burst, per_second), burst, 0.0), 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + bucket.take(now))
    assert sent == sorted(sent)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - sent[first]) * per_second + 1e-6 * len(sent) + 1e-9


def test_who_is_slow_waits_for_nothing() -> None:
    """One message a second through a bucket of one a second."""
    bucket = Bucket(Rate(1, 1.0), 1, 0.0)
    assert [bucket.take(float(second)) for second in range(5)] == [0.0] * 5
    assert bucket.take(4.5) == 0.5
