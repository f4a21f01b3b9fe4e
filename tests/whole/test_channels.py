"""Telegram and WhatsApp with the whole Kompas behind them, and what it gives away: nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.messages import say
from kompas.settings import ROOT, read_settings
from tests.conftest import start_kompas, stop_kompas
from tests.peers.serving import serving
from tests.peers.telegram_api import TelegramApi
from tests.whole.connected import Connected, connect, connected, crash, elsewhere, wait_until_ok

pytestmark = pytest.mark.rasa

# Unlike anything in the repository: whoever writes one of these down is found.
CANARIES = ("Zwxyvana", "Qorteluk", "687651234", "kwartelnoot", "7700990011", "31687651239")


@pytest.fixture(scope="module")
def both(settings_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """Both channels, everything logging all it would ever log."""
    loud = {"KOMPAS_LOG_LEVEL": "DEBUG", "LOG_LEVEL": "DEBUG", "LOG_LEVEL_LIBRARIES": "DEBUG", "PYTHONASYNCIODEBUG": "1"}
    with connected(settings_file, tmp_path_factory.mktemp("channels"), loud) as standing:
        yield standing


def test_a_letter_is_explained_in_telegram(both: Connected) -> None:
    """With taps, a deadline and who helps."""
    assert both.telegram_says(7, "/start") == [say("es", "greet")]
    assert both.telegram_says(7, "tengo una carta de la gemeente") == [say("es", "ask_letter_date")]
    assert both.telegram_says(7, "ayer") == [say("es", "ask_letter_kind")]
    deadline, entry = both.telegram_says(7, "kind:dwangsom")
    assert "bezwaar" in deadline and "0800-8020" in deadline and "Algemene wet bestuursrecht" in entry


def test_a_question_is_answered_in_whatsapp_with_its_source(both: Connected) -> None:
    """The text, and under it the source line with three buttons."""
    text, source = both.whatsapp_says("31612340001", "mag de politie zomaar mijn huis in voor een controle")
    assert text and "Bron" in source
    last = [call.params for call in both.whatsapp.sent if call.method == "message"][-1]
    assert [b["reply"]["title"] for b in last["interactive"]["action"]["buttons"]][1:] == ["Niet geholpen", "Andere taal"]
    assert both.whatsapp.refused == []


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("mag de politie zomaar mijn huis in voor een controle", "ik heet Anna en mijn nummer is 06-87654321, {}"),
        ("¿puede la policía entrar en mi casa para un control?", "me llamo Ana Gómez, {} mi DNI es 12345678Z"),
        ("czy policja może wejść do mojego domu na kontrolę?", "mam na imię Ania, {} mój mail ania@example.com"),
    ],
)
def test_what_is_redacted_does_not_change_the_answer(both: Connected, question: str, told: str) -> None:
    """Names and numbers around a question."""
    plain = both.whatsapp_says("31612340002", question)
    assert len(plain) == 2 and both.whatsapp_says("31612340003", told.format(question)) == plain


def test_a_crisis_comes_first_in_both(both: Connected) -> None:
    """In the middle of a form."""
    both.telegram_says(8, "tengo una carta")
    assert "112" in both.telegram_says(8, "me quiero matar ahora mismo")[0]
    assert "112" in both.whatsapp_says("31612340004", "he is hitting me right now help")[0]


def test_nothing_that_was_said_is_written_down(both: Connected, settings_file: Path) -> None:
    """A canary through every channel, with errors on the way and a crash of each process: no log, file or metric has it."""
    began = time.time() - 1
    name, surname, number, word, chat, phone = CANARIES
    sentence = f"ik heet {name} {surname}, bel +31{number} over mijn {word} brief van de gemeente"
    for kind in ("500", "truncated", "429"):
        both.telegram.misbehave(kind)
        both.whatsapp.misbehave(kind)
    for round_of in range(2):
        both.telegram_says(int(chat), f"{sentence} {round_of}", wait=40)
        both.whatsapp_says(phone, f"{sentence} {round_of}")
        both.kompas.ask(f"{sentence} {round_of}", session=f"{name}-{surname}")
        if round_of == 0:
            crash(both.kompas, both.settings_file, "rasa_side.serve")
            both.whatsapp_says(phone, sentence)
            crash(both.kompas, both.settings_file, "serve actions")
            wait_until_ok(both.kompas)
    httpx.post(f"{both.kompas.settings.web_url}/api/chat", content=f"{{{sentence}".encode(), trust_env=False)
    httpx.post(f"{both.kompas.settings.web_url}/whatsapp", content=sentence.encode(), trust_env=False)
    metrics = httpx.get(f"{both.kompas.settings.web_url}/metrics", trust_env=False).content
    crash(both.kompas, both.settings_file, "serve web")
    wait_until_ok(both.kompas)
    folders = (both.kompas.settings.cache, both.settings_file.parent)
    files = [p for folder in folders for p in folder.rglob("*") if p.is_file() and p.stat().st_mtime >= began]
    assert any(p.name == "web.log" for p in files) and any(p.name.startswith("ledger.sqlite") for p in files)
    secrets = [*CANARIES, both.telegram.token]
    for path in files:
        assert not [c for c in secrets if c.encode() in path.read_bytes() and path.parent.name != "secrets"], path
    assert not [c for c in secrets if c.encode() in metrics]


@pytest.mark.parametrize("name", ["telegram_token", "whatsapp_app_secret"])
@pytest.mark.parametrize("value", [None, "short"])
def test_without_its_secret_a_channel_does_not_start(
    settings_file: Path, tmp_path: Path, name: str, value: str | None
) -> None:
    """One sentence says which, and where it belongs."""
    path = connect(settings_file, tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1")
    secret = tmp_path / "secrets" / name
    secret.write_text(value) if value else secret.unlink()
    found = subprocess.run(
        [sys.executable, "-m", "kompas.cli", "--settings", str(path), "run"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.returncode == 1 and len(found.stderr.strip().splitlines()) == 1 and f"the secret {name} is" in found.stderr
    assert not value or value not in found.stderr.replace("should", "")


def test_the_doctor_says_what_is_wrong(both: Connected) -> None:
    """All right with the doubles; the token refused when they know another."""
    command = [sys.executable, "-m", "kompas.cli", "--settings", str(both.settings_file), "doctor", "--online"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0 and "WRONG" not in found.stdout, found.stdout
    both.telegram.token, kept = "other", both.telegram.token
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    both.telegram.token = kept
    assert found.returncode == 1 and re.search("WRONG +telegram .*token is refused", found.stdout)
    assert kept not in found.stdout + found.stderr


_ADDRESS = re.compile(r'sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


def connections(trace: Path) -> set[str]:
    return {four or six for four, six in _ADDRESS.findall(trace.read_text(errors="replace"))}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
@pytest.mark.parametrize("channel", [False, True])
def test_no_connection_goes_out_but_to_the_channels_that_are_on(settings_file: Path, tmp_path: Path, channel: bool) -> None:
    """Every connect() of every process, from the start to an answer: loopback, and the one address of Telegram's double."""
    trace, api = tmp_path / "trace", TelegramApi()
    # -D: Kompas, not the tracer, is our child, and gets our signals.
    strace = ["strace", "-D", "-f", "--seccomp-bpf", "-e", "trace=connect,sendto", "-e", "signal=none", "-o", str(trace)]
    with serving(api, host="127.0.0.9") as url:  # loopback too, but told apart in the trace
        path = connect(settings_file, tmp_path, url, "http://127.0.0.1:1")
        switched = path.read_text().replace("[whatsapp]\nenabled = true", "[whatsapp]\nenabled = false")
        path.write_text(switched if channel else elsewhere(settings_file))
        kompas = start_kompas(path, tmp_path / "output.txt", before=strace)
        try:
            kompas.ask("mag de politie mijn huis in")
            if channel:
                api.say(7, "vraag over mijn rechten bij de bank")
                assert api.wait_for(1, seconds=30)
        finally:
            stop_kompas(kompas)
    found = connections(trace)
    assert found - {"127.0.0.1", "::1"} == ({"127.0.0.9"} if channel else set()), found
    assert "127.0.0.1" in found and read_settings(path).web.host == "127.0.0.1"
