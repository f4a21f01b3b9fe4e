"""What an action reads of a turn."""

from __future__ import annotations

import pytest
from rasa_sdk import Tracker

from bot.tracker import likely_topic


def heard(**ranking: float) -> Tracker:
    """A tracker whose latest message got this intent ranking."""
    intents = [{"name": name, "confidence": confidence} for name, confidence in ranking.items()]
    return Tracker("p", {}, {"intent_ranking": intents}, [], False, None, {}, None)


@pytest.mark.parametrize(
    ("ranking", "topic"),
    [
        ({"ask_zorg": 0.9, "ask_kvk": 0.1}, "zorg"),
        ({"ask_zorg": 0.4, "ask_kvk": 0.3}, None),
        ({"greet": 0.9, "ask_zorg": 0.1}, None),
        ({}, None),
    ],
)
def test_an_unknown_question_has_a_topic_only_when_rasa_is_sure(ranking: dict[str, float], topic: str | None) -> None:
    """Sure is: likelier than everything else together. A dialogue act is no topic."""
    assert likely_topic(heard(**ranking)) == topic
