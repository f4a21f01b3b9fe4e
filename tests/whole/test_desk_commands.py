"""What whoever runs Kompas types to give people an account of the desk: `kompas desk ...`."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from channels.desk.signing import DESK_FILE, open_signing
from kompas.cli import main
from kompas.settings import ROOT
from tests.channels.test_accounts import PASSWORD, code_of


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file whose state lies beside it."""
    path = tmp_path / "settings.toml"
    text = (ROOT / "settings.toml").read_text()
    path.write_text(re.sub(r'^state = ".*"$', f'state = "{tmp_path / "state"}"', text, flags=re.M))
    return path


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Desk = Callable[..., Done]


@pytest.fixture
def desk(settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The command, in this process: starting one takes seconds on a busy machine."""

    def run(*arguments: str, typed: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main(["--settings", str(settings), "desk", *arguments])
        return Done(code, *capsys.readouterr())

    return run


def test_an_account_is_made_and_signs_in(desk: Desk, settings: Path) -> None:
    """The secret, its address and a QR code are shown; with them somebody signs in; the password is shown nowhere."""
    done = desk("add", "ada", "--role", "editor", typed=f"{PASSWORD}\n")
    assert done.returncode == 0 and done.stderr == ""
    found = re.search(r"^secret: ([A-Z2-7]{32})$", done.stdout, re.M)
    assert found and f"otpauth://totp/Kompas:ada?secret={found[1]}&issuer=Kompas" in done.stdout
    assert "▀" in done.stdout and PASSWORD not in done.stdout
    signing = open_signing(settings.parent / "state")
    token = signing.sign_in("ada", PASSWORD, code_of(found[1], time.time()), "198.51.100.7")
    assert isinstance(token, str)
    assert re.search(r"^ada +editor +1 sessions$", desk("list").stdout, re.M)
    changes = [("role", "ada", "reviewer"), ("sign-out", "ada"), ("off", "ada")]
    for change in changes:
        assert desk(*change).returncode == 0
        assert signing.sessions.find(token) is None
    assert re.search(r"^ada +reviewer +closed$", desk("list").stdout, re.M)
    signing.close()


def test_another_password_and_another_second_factor(desk: Desk, settings: Path) -> None:
    """Both replace the old ones."""
    desk("add", "ada", "--role", "admin", typed=f"{PASSWORD}\n")
    assert desk("password", "ada", typed="heel andere losse woorden\n").returncode == 0
    shown = desk("totp", "ada").stdout
    found = re.search(r"^secret: (\w+)$", shown, re.M)
    assert found and "▀" in shown
    signing = open_signing(settings.parent / "state")
    code = code_of(found[1], time.time())
    assert signing.sign_in("ada", PASSWORD, code, "a") is None
    assert isinstance(signing.sign_in("ada", "heel andere losse woorden", code, "a"), str)
    signing.close()


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("add", "Ada", "--role", "editor"), PASSWORD, "small letters"),
        (("add", "bob", "--role", "owner"), PASSWORD, "editor, reviewer, admin"),
        (("add", "bob", "--role", "editor"), "letmein", "too short"),
        (("add", "bob", "--role", "editor"), "i am bob the great", "contains the name"),
        (("role", "nobody", "editor"), "", "no open account"),
        (("password", "nobody"), PASSWORD, "no open account"),
        (("totp", "nobody"), "", "no open account"),
        (("off", "nobody"), "", "no open account"),
        (("sign-out", "nobody"), "", "no open account"),
    ],
)
def test_a_slip_is_answered_with_one_sentence(
    desk: Desk, settings: Path, arguments: tuple[str, ...], typed: str, said: str
) -> None:
    """On stderr, without the password, and nothing is changed."""
    done = desk(*arguments, typed=f"{typed}\n")
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1
    assert not typed or typed not in done.stderr
    assert (settings.parent / "state" / DESK_FILE).exists() and desk("list").stdout == ""


@pytest.mark.parametrize(("second", "code"), [(PASSWORD, 0), ("another password", 1)])
def test_in_a_terminal_the_password_is_asked_twice_and_not_shown(settings: Path, second: str, code: int) -> None:
    """Two that differ make no account."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kompas.cli", "--settings", str(settings), "desk", "add", "ada", "--role", "editor"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = ""
    for prompt, typed in (("or more): ", PASSWORD), ("once more: ", second)):
        while prompt not in shown:
            shown += os.read(ours, 1024).decode()
        os.write(ours, f"{typed}\n".encode())
    try:
        while piece := os.read(ours, 65536):
            shown += piece.decode(errors="replace")
    except OSError:  # the terminal is closed when the command ends
        pass
    os.close(ours)
    assert process.wait(timeout=20) == code
    assert PASSWORD not in shown and second not in shown
    assert ("secret: " in shown) is (code == 0)
