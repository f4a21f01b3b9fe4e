"""Setup: what it needs is found or named in one sentence, and done work is not done again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kompas.settings import ROOT


@pytest.fixture(scope="module")
def setup() -> ModuleType:
    """tools/setup.py as a module: it is a script that stands alone."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("kompas_setup", ROOT / "tools" / "setup.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_second_setup_does_nothing_and_says_so() -> None:
    """Everything is up to date: no package is installed, and it takes a moment."""
    done = subprocess.run([sys.executable, "tools/setup.py"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.count("up to date") == 2 and "installed" not in done.stdout


def test_without_python_310_one_sentence_says_how_to_get_it(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither on PATH, nor under pyenv, nor named: the remedy is in the message. A shim that does not run is no Python."""
    shim = tmp_path / "python3.10"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PYENV_ROOT", "PYTHON310"):
        monkeypatch.delenv(name, raising=False)
    if Path("/usr/bin/python3.10").exists() or list(Path("/opt/pyenv").glob("versions/3.10*")):
        pytest.skip("a system-wide Python 3.10 is found whatever PATH says")
    with pytest.raises(setup.SetupError, match=r"PYTHON310=.*"):
        setup.find_python310()


def test_a_python_310_under_pyenv_is_found_though_it_is_not_on_path(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """pyenv keeps interpreters that no PATH names."""
    kept = tmp_path / "versions" / "3.10.99" / "bin" / "python3.10"
    kept.parent.mkdir(parents=True)
    kept.write_text("#!/bin/sh\necho True\n")
    kept.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PYTHON310", raising=False)
    assert setup.find_python310() == str(kept)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError(<pip._vendor...>: Failed to establish a new connection)", "network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "differs from its pinned hash"),
        ("something new", "read the log"),
    ],
)
def test_what_pip_says_becomes_one_sentence_with_a_remedy(setup: ModuleType, output: str, says: str) -> None:
    """Nobody has to read a traceback of pip."""
    sentence = setup.why(output, None)
    assert says in sentence and "\n" not in sentence


def test_a_missing_cpu_torch_is_explained_and_cuda_is_never_taken(setup: ModuleType) -> None:
    """The pinned version exists only as a CPU build, and the message says where that lies."""
    assert setup.TORCH.endswith("+cpu")
    assert "PIP_EXTRA_INDEX_URL" in setup.why("ERROR: No matching distribution found for torch", setup.TORCH_REMEDY)


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """How much is free and how much is needed."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "DISK_GB", 10**9)
    with pytest.raises(setup.SetupError, match="GB of disk are free"):
        setup.check_disk()


def test_an_environment_is_current_only_for_the_locks_it_was_made_from(setup: ModuleType, tmp_path: Path) -> None:
    """A changed lock makes it stale."""
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1\n")
    stamp = setup.Stamp(tmp_path, "3.11", [lock])
    assert not stamp.is_current()
    stamp.write()
    assert setup.Stamp(tmp_path, "3.11", [lock]).is_current()
    lock.write_text("a==2\n")
    assert not setup.Stamp(tmp_path, "3.11", [lock]).is_current()


def test_make_knows_the_two_commands() -> None:
    """`make -n run` and `make -n test` are what the README promises; the README names nothing else as a make target that is not there."""
    import re

    for target in re.findall(r"`?make (\w+)`?", (ROOT / "README.md").read_text()):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, (target, done.stderr)
