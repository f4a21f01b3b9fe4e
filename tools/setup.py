"""Sets up both environments from the pinned locks. Standard library only: it runs before anything is installed.

`python3 tools/setup.py` for running Kompas, `--tests` also for its tests. Does only what is not done yet.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "locks"
TEST_LOCKS = [LOCKS / "dev.txt", LOCKS / "encoder.txt"]
LOGS = ROOT / ".cache" / "logs"
# Both environments take 3 GB; pip needs room to unpack.
DISK_GB = 5
# A local version label that no public registry carries: without PyTorch's CPU builds this fails at once
# instead of fetching several GB of CUDA.
TORCH = "torch==2.13.0+cpu"
PIP = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-input", "--disable-pip-version-check", "--compile"]


class SetupError(Exception):
    """One sentence: what is missing and how to get it."""


def say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tests", action="store_true", help="also what the tests need")
    tests = options.parse_args().tests
    began = time.monotonic()
    try:
        check_disk()
        both(lambda: app_environment(tests), rasa_environment)
        if tests:
            step("Chromium for the browser tests", find_chromium)
    except SetupError as error:
        say(f"Setup stopped: {error}")
        return 1
    say(f"Setup is complete ({time.monotonic() - began:.0f} s).")
    return 0


def app_environment(tests: bool) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs on whatever `python3` is
        raise SetupError(
            f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: run make with PYTHON=python3.11"
        )
    # The tests train a tiny encoder too, so they need what `make encoder` needs.
    locks = [LOCKS / "app.txt"] + (TEST_LOCKS if tests else [])
    home = ROOT / ".venv"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = Stamp(home, version, locks)
    # An environment that also has the test tools serves for running.
    if stamp.is_current() or (not tests and Stamp(home, version, [*locks, *TEST_LOCKS]).is_current()):
        say("  application environment: up to date")
        return
    step("application environment (.venv): created", lambda: create(home, sys.executable))
    if not has_torch(home):
        step("PyTorch for the CPU: installed", lambda: install(home, [TORCH], "torch.log", TORCH_REMEDY))
    for lock in locks:
        pinned = ["--require-hashes", "--requirement", str(lock)]
        step(f"{lock.name}: installed", lambda pinned=pinned, lock=lock: install(home, pinned, f"{lock.stem}.log"))
    own = ["--no-build-isolation", "--editable", str(ROOT)]
    step("the command .venv/bin/kompas: installed", lambda: install(home, own, "kompas.log"))
    stamp.write()


def rasa_environment() -> None:
    home, lock = ROOT / ".venv-rasa", LOCKS / "rasa.txt"
    if Stamp(home, "3.10", [lock]).is_current():
        say("  Rasa environment: up to date")
        return
    python = find_python310()
    step(f"Rasa environment (.venv-rasa, {python}): created", lambda: create(home, python))
    step(
        "rasa.txt: installed",
        lambda: install(home, ["--require-hashes", "--requirement", str(lock)], "rasa-install.log"),
    )
    Stamp(home, "3.10", [lock]).write()


class Stamp:
    """Remembers in an environment which locks it was made from."""

    def __init__(self, home: Path, version: str, locks: list[Path]) -> None:
        made_of = [version, TORCH, *(lock.read_text(encoding="utf-8") for lock in locks)]
        self.value = hashlib.sha256("\0".join(made_of).encode()).hexdigest()
        self.path = home / "kompas-stamp"

    def is_current(self) -> bool:
        return self.path.is_file() and self.path.read_text() == self.value

    def write(self) -> None:
        self.path.write_text(self.value)


TORCH_REMEDY = (
    "PyTorch's CPU build was not found. Put the address of PyTorch's CPU wheels (pytorch.org, Get Started, Linux, Pip, CPU) "
    "into PIP_EXTRA_INDEX_URL, or a folder that holds the wheel into PIP_FIND_LINKS, and run again"
)


def create(home: Path, python: str) -> None:
    (home / "kompas-stamp").unlink(missing_ok=True)
    command = [python, "-m", "venv", str(home)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise SetupError(
            f"{python} cannot make environments: install its venv module (on Debian: apt-get install python3-venv)"
        )


def has_torch(home: Path) -> bool:
    return any(home.glob(f"lib/python3*/site-packages/torch-{TORCH.split('==')[1]}.dist-info"))


def install(home: Path, what: list[str], log_name: str, remedy: str | None = None) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / log_name
    with log.open("w") as output:
        command = [str(home / "bin" / "python"), *PIP, *what]
        done = subprocess.run(command, stdout=output, stderr=output, cwd=ROOT, check=False)
    if done.returncode:
        raise SetupError(why(log.read_text(errors="replace"), remedy) + f" (details: {log})")


def why(output: str, remedy: str | None) -> str:
    """The one sentence for what pip said."""
    reasons = {
        "No space left on device": f"the disk is full: free {DISK_GB} GB and run again",
        "HASHES": "a package differs from its pinned hash: do not install it, and look into the registry's mirror",
        "do not match the hashes": "a package differs from its pinned hash: do not install it, and look into the registry's mirror",
        "NewConnectionError": "the package registry cannot be reached: connect to the network or set PIP_INDEX_URL to a mirror",
        "Could not fetch URL": "the package registry cannot be reached: connect to the network or set PIP_INDEX_URL to a mirror",
    }
    if remedy and "No matching distribution" in output:
        return remedy
    found = next((sentence for sign, sentence in reasons.items() if sign in output), None)
    return found or "pip could not install a package: read the log and run again"


def find_python310() -> str:
    """A Python 3.10 that runs: named by PYTHON310, on PATH, or kept by pyenv. A pyenv shim may exist and not run."""
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv"), "/opt/pyenv", "/usr/local/pyenv"]
    if shutil.which("pyenv"):
        roots.insert(0, subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False).stdout.strip())
    kept = [str(path) for root in roots if root for path in sorted(Path(root).glob("versions/3.10.*/bin/python3.10"))]
    for candidate in [os.environ.get("PYTHON310", ""), "python3.10", *reversed(kept), "/usr/bin/python3.10"]:
        if candidate and runs_310(candidate):
            return candidate
    raise SetupError(
        "Rasa needs Python 3.10 and none was found: install it (pyenv install 3.10, or apt-get install python3.10 python3.10-venv), "
        "or name one with PYTHON310=/path/to/python3.10"
    )


def runs_310(candidate: str) -> bool:
    try:
        done = subprocess.run(
            [candidate, "-c", "import sys; print(sys.version_info[:2] == (3, 10))"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return done.stdout.strip() == "True"


def find_chromium() -> None:
    if shutil.which("chromium") or shutil.which("chromium-browser") or os.environ.get("CHROMIUM"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if not shutil.which("chromium"):
        raise SetupError(
            "the browser tests need Chromium: install it (apt-get install chromium) or name it with CHROMIUM=/path/to/chromium"
        )


def check_disk() -> None:
    have = shutil.disk_usage(ROOT).free / 1e9
    installed = (ROOT / ".venv" / "kompas-stamp").exists() and (ROOT / ".venv-rasa" / "kompas-stamp").exists()
    if have < DISK_GB and not installed:
        raise SetupError(f"{have:.1f} GB of disk are free in {ROOT} and {DISK_GB} GB are needed: free some space")


def step(name: str, do: object) -> None:
    began = time.monotonic()
    do()  # type: ignore[operator]
    say(f"  {name} ({time.monotonic() - began:.0f} s)")


def both(first: object, second: object) -> None:
    """Runs two steps side by side; raises the first error of either."""
    errors: list[SetupError] = []

    def guarded(do: object) -> None:
        try:
            do()  # type: ignore[operator]
        except SetupError as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(do,)) for do in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


if __name__ == "__main__":
    sys.exit(main())
