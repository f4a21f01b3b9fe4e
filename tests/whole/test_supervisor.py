"""Starting, falling and stopping: a child that dies comes back, people hear "one moment", and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from kompas.settings import ROOT, read_settings
from kompas.supervisor import StartError, check_ports
from tests.conftest import Running, free_port, start_kompas, stop_kompas

pytestmark = pytest.mark.rasa


def own_settings(settings_file: Path, tmp_path: Path) -> Path:
    """The same installation on other ports."""
    settings = read_settings(settings_file)
    text = settings_file.read_text()
    for port in (settings.web.port, settings.rasa.port, settings.actions.port):
        text = text.replace(f"port = {port}", f"port = {free_port()}")
    path = tmp_path / "settings.toml"
    path.write_text(text)
    return path


def children_of(kompas: Running) -> dict[str, psutil.Process]:
    """The supervisor's children by what they run."""
    found = {}
    for process in psutil.Process(kompas.process.pid).children():
        line = " ".join(process.cmdline())
        name = "rasa" if "rasa_side.serve" in line else "actions" if line.endswith("actions") else "web"
        found[name] = process
    return found


def test_a_dead_rasa_is_noticed_within_three_seconds_and_comes_back(settings_file: Path, tmp_path: Path) -> None:
    """Killed with SIGKILL: a degraded answer with contacts at once, health says so, a crisis is still answered, Rasa returns; then SIGTERM leaves nothing."""
    kompas = start_kompas(own_settings(settings_file, tmp_path), tmp_path / "output.txt")
    family = psutil.Process(kompas.process.pid).children(recursive=True)
    try:
        assert set(children_of(kompas)) == {"rasa", "actions", "web"}
        children_of(kompas)["rasa"].kill()
        began = time.monotonic()
        message = kompas.ask("mag de politie mijn huis in?", session="down")["messages"][0]
        assert time.monotonic() - began < 3
        assert message["decision"] == "unavailable" and "112" in message["text"]
        assert kompas.health()["status"] == "degraded"
        assert kompas.ask("ik wil dood", session="down")["messages"][0]["decision"] == "crisis"
        assert answered_again(kompas, 90)
        family += psutil.Process(kompas.process.pid).children(recursive=True)
        assert "rasa stopped (exit -9); starting it again" in (tmp_path / "output.txt").read_text()
    finally:
        code = stop_kompas(kompas)
    assert code == 0
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def answered_again(kompas: Running, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if (
            kompas.ask("mag de politie mijn huis in?", session=f"again-{time.monotonic()}")["messages"][0]["decision"]
            == "answer"
        ):
            return True
        time.sleep(0.5)
    return False


def test_ctrl_c_during_the_start_leaves_nothing(settings_file: Path, tmp_path: Path) -> None:
    """SIGINT before it is ready ends all children too."""
    output = tmp_path / "output.txt"
    with output.open("w") as log:
        command = [sys.executable, "-m", "kompas.cli", "--settings", str(own_settings(settings_file, tmp_path)), "run"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    until = time.monotonic() + 200
    while "Starting Rasa" not in output.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(2)
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    os.kill(process.pid, signal.SIGINT)
    process.wait(timeout=40)
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert "Traceback" not in output.read_text()


def test_a_port_in_use_is_named(settings_file: Path, tmp_path: Path) -> None:
    """Which port, and where to change it."""
    settings = read_settings(own_settings(settings_file, tmp_path))
    check_ports(settings)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.rasa.port))
        taken.listen()
        with pytest.raises(StartError, match=rf"port {settings.rasa.port} .*\[rasa\] port"):
            check_ports(settings)


def test_everything_but_the_page_listens_on_loopback_only(kompas: Running) -> None:
    """No child of Kompas accepts connections from outside, with the default host."""
    for child in psutil.Process(kompas.process.pid).children(recursive=True):
        for connection in child.net_connections():
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip == "127.0.0.1", child.cmdline()


def test_no_connection_leaves_the_machine(kompas: Running) -> None:
    """After answering, every connection of every child is with this machine."""
    kompas.ask("mag de politie mijn huis in?", session="out")
    for child in psutil.Process(kompas.process.pid).children(recursive=True):
        for connection in child.net_connections():
            assert not connection.raddr or connection.raddr.ip == "127.0.0.1"
