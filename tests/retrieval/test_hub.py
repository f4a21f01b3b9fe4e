"""Fetching a model by name, from a real HTTP server that speaks as much of a hub's language as the download needs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.hub import HubName, parse
from tests.conftest import free_port

COMMIT = "a" * 40


@dataclass
class Hub:
    """Where the server listens, which files its one model `tiny/model` has, and what it was asked."""

    address: str
    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)
    cut: str | None = None  # a file that breaks off in the middle


def answer_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.respond(body=False)

        def do_GET(self) -> None:
            self.respond(body=True)

        def respond(self, body: bool) -> None:
            path = unquote(self.path.split("?")[0])
            hub.asked.append(path)
            status, content, headers = self.found(path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body and hub.cut and path.endswith(hub.cut):
                self.wfile.write(content[: len(content) // 2])
                self.close_connection = True
            elif body:
                self.wfile.write(content)

        def found(self, path: str) -> tuple[int, bytes, dict[str, str]]:
            plain = {"Content-Type": "application/json"}
            if path in (
                "/api/models/tiny/model",
                f"/api/models/tiny/model/revision/{COMMIT}",
                "/api/models/tiny/model/revision/v1",
            ):
                about = {"id": "tiny/model", "sha": COMMIT, "siblings": [{"rfilename": name} for name in hub.files]}
                return 200, json.dumps(about).encode(), plain
            if path.startswith("/api/models/tiny/model/revision/"):
                return 404, b'{"error": "Invalid rev id"}', {**plain, "X-Error-Code": "RevisionNotFound"}
            if path == f"/api/models/tiny/model/tree/{COMMIT}":
                tree = [
                    {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for name, content in hub.files.items()
                ]
                return 200, json.dumps(tree).encode(), plain
            name = path.removeprefix(f"/tiny/model/resolve/{COMMIT}/")
            if name in hub.files:
                tag = hashlib.sha256(hub.files[name]).hexdigest()
                return 200, hub.files[name], {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "none"}
            return 404, b'{"error": "Repository not found"}', {**plain, "X-Error-Code": "RepoNotFound"}

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Answer


@pytest.fixture
def hub(tiny_model: Path) -> Iterator[Hub]:
    """A hub with one model: the tiny real one, and a file with pickled weights beside it."""
    files = {p.relative_to(tiny_model).as_posix(): p.read_bytes() for p in tiny_model.rglob("*") if p.is_file()}
    made = Hub("", {**files, "pytorch_model.bin": b"pickled"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answer_of(made))
    made.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def installation(settings_file: Path, tmp_path: Path) -> Path:
    """Settings with a cache of their own, so that nothing fetched is left behind."""
    text = settings_file.read_text()
    changed = "\n".join(
        f'cache = "{tmp_path / "cache"}"' if line.startswith("cache = ") else line for line in text.splitlines()
    )
    path = tmp_path / "settings.toml"
    path.write_text(changed + "\n")
    return path


def run_kompas(settings: Path, address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own: the hub's address is read when its library is imported."""
    environment = {
        **os.environ,
        "HF_ENDPOINT": address,
        "HF_HOME": str(settings.parent / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for offline in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):  # loading an encoder in this process has set them
        environment.pop(offline, None)
    command = [sys.executable, "-m", "kompas.cli", "--settings", str(settings), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_a_named_model_is_fetched_pinned_and_gets_thresholds(hub: Hub, installation: Path) -> None:
    """`kompas encoder use` fetches without pickled weights, writes the exact commit into the settings, and questions are answered."""
    done = run_kompas(installation, hub.address, "encoder", "use", "tiny/model")
    assert done.returncode == 0, done.stderr
    assert f'model = "tiny/model@{COMMIT}"' in installation.read_text()
    folder = installation.parent / "cache" / "encoders" / f"tiny--model@{COMMIT}"
    assert (folder / "modules.json").is_file()
    assert not list(folder.rglob("*.bin"))
    assert not list(folder.parent.glob("*.draft"))
    before = len(hub.asked)
    asked = run_kompas(installation, hub.address, "ask", "--lang", "en", "--json", "Can the police come into my house?")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["decision"] in ("answer", "choices", "unknown")
    assert len(hub.asked) == before, "only the explicit command may reach out"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tiny/model@v2", "tiny/model has no revision v2 on the model hub"),
        ("nobody/nothing", "nobody/nothing is not on the model hub"),
        (
            "no such thing",
            "encoder 'no such thing': neither 'bundled', nor a folder, nor owner/model@revision of a model hub",
        ),
    ],
)
def test_unknown_names_fail_with_a_sentence(hub: Hub, installation: Path, name: str, sentence: str) -> None:
    """A wrong name or revision is named; the settings stay as they were."""
    before = installation.read_text()
    done = run_kompas(installation, hub.address, "encoder", "use", name)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert installation.read_text() == before


def test_offline_fails_with_a_sentence(installation: Path) -> None:
    """Where no hub answers, the sentence says so."""
    done = run_kompas(installation, f"http://127.0.0.1:{free_port()}", "encoder", "use", "tiny/model")
    assert done.returncode == 1
    assert "tiny/model cannot be fetched: the model hub does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_model_without_safetensors_is_refused_and_not_kept(hub: Hub, installation: Path) -> None:
    """Pickled weights alone can run code when they are loaded."""
    hub.files = {name: content for name, content in hub.files.items() if not name.endswith(".safetensors")}
    done = run_kompas(installation, hub.address, "encoder", "use", "tiny/model")
    assert done.returncode == 1
    assert "it has no weights in the safetensors format" in done.stderr
    assert not list((installation.parent / "cache" / "encoders").iterdir())


def test_a_download_that_breaks_off_leaves_nothing(hub: Hub, installation: Path) -> None:
    """Half a file is no model: the sentence says so, and the next try starts anew."""
    hub.cut = "tokenizer.json"
    done = run_kompas(installation, hub.address, "encoder", "use", "tiny/model")
    assert done.returncode == 1
    assert "tiny/model cannot be fetched" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((installation.parent / "cache" / "encoders").glob("*"))


def test_what_was_fetched_is_used_again_offline(hub: Hub, installation: Path) -> None:
    """The exact name asks nobody."""
    assert run_kompas(installation, hub.address, "encoder", "use", "tiny/model").returncode == 0
    hub.asked.clear()
    again = run_kompas(installation, f"http://127.0.0.1:{free_port()}", "encoder", "use", f"tiny/model@{COMMIT}")
    assert again.returncode == 0, again.stderr
    assert not hub.asked


def test_a_model_not_fetched_yet_stops_the_start(installation: Path) -> None:
    """Settings that name a hub model never make Kompas reach out by themselves."""
    installation.write_text(installation.read_text().replace('model = "bundled"', 'model = "tiny/model@v1"'))
    done = run_kompas(installation, "http://127.0.0.1:9", "ask", "hello")
    assert done.returncode == 1
    assert "is not on this machine: `kompas encoder use tiny/model@v1` fetches it" in done.stderr


@given(st.from_regex(r"[a-z0-9]+([._-][A-Z0-9]+)*/[a-z0-9]+([._-][a-z]+)*(@[a-z0-9]+(\.[0-9]+)*)?", fullmatch=True))
def test_names_read_back_as_they_were_written(text: str) -> None:
    """owner/model@revision survives parsing."""
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "model", "a/b/c", "a/b@", "a b/c", "https://hub.example/a/b", "../b", "./a", "a--b/c", "ż/b"]
)
def test_what_is_no_name_is_not_read_as_one(text: str) -> None:
    """Addresses and half names are not guessed at."""
    assert parse(text) is None
    assert HubName("a/b", None).folder(Path("x")) == Path("x/encoders/a--b")
