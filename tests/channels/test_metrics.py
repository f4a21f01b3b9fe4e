"""What operators see: enough to run a service, too little to find a person."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.metrics import Metrics, parse
from channels.webchat import create_app
from kompas.stats import lines
from tests.channels.doors import Parrot, health, make_gateway


@given(st.integers(0, 60))
def test_a_cell_is_shown_in_tens_and_only_from_ten_on(turns: int) -> None:
    """Turns, and the steps they passed: a turn that ended early must not show either."""
    metrics = Metrics()
    for _ in range(turns):
        metrics.turns.labels("web", "controles", "ro", "answer").inc()
        metrics.steps.labels("answer_crisis").observe(0.003)
    shown = {name: value for name, _, value in parse(metrics.text().decode())}
    tens = turns // 10 * 10
    assert shown.get("kompas_turns_total", 0.0) == shown.get("kompas_step_seconds_count", 0.0) == tens


def test_the_table_shows_turns_times_and_alarms() -> None:
    """As `kompas stats` prints it."""
    metrics = Metrics()
    for _ in range(12):
        metrics.turns.labels("telegram", "", "pl", "unknown").inc()
        metrics.steps.labels("ask_rasa").observe(0.02)
    metrics.alarms.labels("whatsapp", "forged").inc()
    table = "\n".join(lines(metrics.text().decode()))
    assert "telegram   -                pl       unknown      10" in table
    assert "ask_rasa             24.0" in table and "whatsapp   forged           1" in table


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.5", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
    ],
)
async def test_metrics_are_for_this_machine_only(client: str, headers: dict[str, str], status: int) -> None:
    """What a reverse proxy brings is somebody else's question."""
    app = create_app(make_gateway(Parrot()), health)
    transport = httpx.ASGITransport(app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://kompas") as asking:
        assert (await asking.get("/metrics", headers=headers)).status_code == status
