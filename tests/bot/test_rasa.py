"""The real Rasa: its training data is clean, conversations go as written, and its log holds nothing that was said."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import httpx
import pytest

from kompas.settings import ROOT, Settings, read_settings
from kompas.training import RASA_PYTHON, model_hash, rasa_environment, train_if_needed
from tests.conftest import free_port

pytestmark = pytest.mark.rasa


@pytest.fixture(scope="session")
def real_settings(settings_file: Path) -> Settings:
    return read_settings(settings_file)


@pytest.fixture(scope="session")
def model(real_settings: Settings) -> Path:
    """The trained model; trained now if its inputs changed."""
    return train_if_needed(real_settings)[0]


def rasa(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(RASA_PYTHON), "-m", "rasa", *arguments]
    return subprocess.run(command, cwd=ROOT, env=rasa_environment(settings), capture_output=True, text=True)


def test_the_training_data_is_clean(real_settings: Settings) -> None:
    """`rasa data validate` finds no warning."""
    data = ("--data", "intents", "bot/rules.yml", "bot/buttons.yml")
    done = rasa(
        real_settings,
        "data",
        "validate",
        "--config",
        "config.yml",
        "--domain",
        "bot/domain.yml",
        *data,
        "--fail-on-warnings",
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_conversations_in_five_languages_go_as_written(real_settings: Settings, model: Path, tmp_path: Path) -> None:
    """`rasa test` predicts every intent and action of the stories in tests/bot/conversations/."""
    done = rasa(
        real_settings, "test", "core", "--model", str(model), "--stories", "tests/bot/conversations",
        "--out", str(tmp_path), "--fail-on-prediction-errors", "--no-plot",
    )  # fmt: skip
    failed = tmp_path / "failed_test_stories.yml"
    assert done.returncode == 0, failed.read_text() if failed.exists() else done.stderr[-3000:]


def test_a_second_training_does_nothing(real_settings: Settings, model: Path) -> None:
    """The same contents have the same hash, and the model is there already."""
    assert train_if_needed(real_settings) == (model, False)


def test_the_hash_follows_questions_and_not_answers(real_settings: Settings) -> None:
    """A new phrasing makes another model, a better answer does not."""
    path = real_settings.knowledge / "entries" / "stigma" / "stigma-discriminatie.yml"
    text, before = path.read_text(), model_hash(real_settings)
    try:
        path.write_text(text.replace("  answer: |\n    ", "  answer: |\n    Kort. ", 1))
        assert model_hash(real_settings) == before
        path.write_text(text.replace("  phrasings:\n", "  phrasings:\n    - a question nobody asked before\n", 1))
        assert model_hash(real_settings) != before
    finally:
        path.write_text(text)


def test_at_debug_nothing_that_was_said_is_logged(real_settings: Settings, model: Path, tmp_path: Path) -> None:
    """With --debug, and with an action server that is down, neither text nor sender is in Rasa's output."""
    port, canary, log = free_port(), "kanarievogel", tmp_path / "rasa.log"
    arguments = [
        "run",
        "--model",
        str(model),
        "-i",
        "127.0.0.1",
        "--port",
        str(port),
        "--endpoints",
        "bot/endpoints.yml",
    ]
    with log.open("w") as output:
        command = [
            str(RASA_PYTHON),
            "-m",
            "bot.rasa_side.serve",
            *arguments,
            "--credentials",
            "bot/credentials.yml",
            "--debug",
        ]
        process = subprocess.Popen(command, cwd=ROOT, env=rasa_environment(real_settings), stdout=output, stderr=output)
    try:
        asked = {
            "sender": f"sender-{canary}",
            "message": f"mag de politie mijn {canary} in",
            "metadata": {"language": "nl"},
        }
        for text in (asked["message"], f"{canary} {{broken", f'/{canary}{{"x": [}}', canary * 200):
            send_when_up(port, {**asked, "message": text})
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert canary not in log.read_text()
    assert "silenced" in log.read_text()


def send_when_up(port: int, message: dict[str, object]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx.post(f"http://127.0.0.1:{port}/webhooks/rest/webhook", json=message, timeout=20.0, trust_env=False)
            return
        except httpx.ConnectError:
            assert time.monotonic() < until, "Rasa did not start"
            time.sleep(0.5)


FORGETS = """
import asyncio
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from bot.rasa_side.tracker_store import ForgetfulTrackerStore

async def main():
    domain = Domain.load("bot/domain.yml")
    store = ForgetfulTrackerStore(domain, idle_seconds=1.0)
    for name in ("first", "second"):
        tracker = await store.get_or_create_tracker(name)
        tracker.update(UserUttered("said", {"name": "greet"}), domain)
        await store.save(tracker)
        await asyncio.sleep(0.1)
    print("kept", len(store.store))
    for _ in range(100):
        await asyncio.sleep(0.1 if store.store else 0)
    print("kept", len(store.store))
    tracker = await store.get_or_create_tracker("third")
    tracker.update(UserUttered("said", {"name": "forget_me"}), domain)
    await store.save(tracker)
    print("kept", len(store.store))

asyncio.run(main())
"""


def test_a_silent_conversation_goes_by_itself_and_a_forgotten_one_at_once(real_settings: Settings) -> None:
    """Nobody has to write again before what was said goes: the store has a clock of its own."""
    done = subprocess.run(
        [str(RASA_PYTHON), "-c", FORGETS], cwd=ROOT, env=rasa_environment(real_settings), capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["kept 2", "kept 0", "kept 0"], done.stderr[-2000:]


REMEMBERS = """
import asyncio
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet, UserUttered
from bot.rasa_side.tracker_store import ForgetfulTrackerStore

async def main():
    domain = Domain.load("bot/domain.yml")
    store = ForgetfulTrackerStore(domain)
    for form in (None, "letter_form"):
        tracker = await store.get_or_create_tracker(str(form))
        said = [UserUttered("canary", {"name": "greet"}), ActionExecuted("action_answer"), SlotSet("last_entry", "bank-klacht")]
        for event in [*said, *([ActiveLoop(form)] if form else []), ActionExecuted("action_listen")]:
            tracker.update(event, domain)
        await store.save(tracker)
        kept = await store.retrieve(str(form))
        print(kept.get_slot("last_entry"), kept.latest_action_name, kept.active_loop_name, "canary" in store.store[str(form)])

asyncio.run(main())
"""


def test_what_was_said_goes_when_it_is_answered(real_settings: Settings) -> None:
    """Slots stay, and so does everything while a form is open; the text of an answered message does not."""
    done = subprocess.run(
        [str(RASA_PYTHON), "-c", REMEMBERS], cwd=ROOT, env=rasa_environment(real_settings), capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "bank-klacht action_listen None False",
        "bank-klacht action_listen letter_form True",
    ], done.stderr[-2000:]
