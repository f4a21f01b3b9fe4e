"""The house stands as the design draws it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kompas.settings import ROOT

FOLDERS = ("bot", "knowledge", "intents", "retrieval", "channels", "kompas", "tests")


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_opens_with_a_note(folder: str) -> None:
    """A folder says what lives there and, unless it is the tests' own, what it depends on."""
    note = (ROOT / folder / "README.md").read_text()
    assert note.startswith(f"# {folder}/")
    assert "epends on" in note or "depend on" in note or folder == "tests"


def test_imports_go_one_way() -> None:
    """channels → bot → retrieval → knowledge, wiring on top, and Rasa's side alone."""
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nothing_that_is_committed_needs_shared_or_names_a_registry() -> None:
    """A clone stands alone, and no registry's host is written down."""
    hosts = re.compile("|".join(("py" + "pi.org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian.org")))
    for path in tracked():
        if path.suffix in (".safetensors", ".png", ".json", ".npy", ".ttf"):
            continue
        text = path.read_text(encoding="utf-8")
        assert not hosts.search(text), path
        if path.suffix in (".py", ".toml") and path != Path(__file__):
            assert "../shared" not in text, path


def test_every_lock_is_pinned_with_hashes() -> None:
    """Every line of a lock is one exact version followed by its hashes."""
    for lock in ("app.txt", "dev.txt", "encoder.txt", "rasa.txt"):
        text = (ROOT / "locks" / lock).read_text()
        requirements = re.split(r"\n(?=\S)", text.strip())
        assert len(requirements) > 10
        for block in requirements:
            assert re.match(r"^[a-z0-9][a-z0-9._-]*==\S+", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]


def test_no_lock_brings_cuda() -> None:
    """No lock names a CUDA package or a PyTorch that could bring one."""
    for lock in ("app.txt", "dev.txt", "encoder.txt", "rasa.txt"):
        names = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "locks" / lock).read_text(), re.M)
        assert not [name for name in names if name.startswith(("nvidia", "torch", "triton", "cuda"))]
