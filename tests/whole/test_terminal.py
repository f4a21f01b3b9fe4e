"""The commands a person types: `kompas chat`, `kompas ask`, and what the README shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from knowledge.entry import Entry
from kompas.settings import ROOT
from tests.conftest import Running, free_port


def kompas_command(*arguments: str, settings: Path | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    chosen = ("--settings", str(settings)) if settings else ()
    command = [sys.executable, "-m", "kompas.cli", *chosen, *arguments]
    return subprocess.run(command, cwd=ROOT, input=typed, capture_output=True, text=True)


@pytest.mark.rasa
def test_a_conversation_in_the_terminal(kompas: Running, settings_file: Path) -> None:
    """A question, a button by its number, and an empty line to stop."""
    done = kompas_command("chat", settings=settings_file, typed="mag de politie mijn huis in?\n1\n\n")
    assert done.returncode == 0
    assert done.stdout.count("[nl] ") == 2 and "  1. " in done.stdout


def test_chat_without_kompas_says_what_to_do(settings_file: Path, tmp_path: Path) -> None:
    """Nobody there: how to start it, and the emergency number all the same."""
    settings = tmp_path / "settings.toml"
    settings.write_text(re.sub(r"^port = \d+", lambda _: f"port = {free_port()}", settings_file.read_text(), flags=re.M))
    done = kompas_command("chat", settings=settings, typed="hoi\n")
    assert done.returncode == 1 and "make run" in done.stdout and "112" in done.stdout


def test_ask_answers_a_line_of_json_for_a_line_of_json() -> None:
    """In order, with exactly the keys of the contract; a bad line gets an error that names it, and the rest goes on."""
    lines = [
        '{"text": "mag de politie mijn huis in?", "lang": "nl"}',
        "no json",
        '{"text": "quiero morirme"}',
        '{"text": "x", "lang": "de"}',
    ]
    done = kompas_command("ask", "--jsonl", typed="\n".join(lines))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    keys = {"decision", "language", "topic", "entry", "score", "text", "choices", "sources", "version"}
    assert [set(line) == keys for line in found] == [True, False, True, False]
    assert (found[0]["decision"], found[0]["topic"]) == ("answer", "controles")
    assert (
        all(set(choice) == {"entry", "topic", "title"} for choice in found[0]["choices"]) and len(found[0]["choices"]) == 3
    )
    assert "line 2" in found[1]["error"] and "line 4" in found[3]["error"]
    assert (found[2]["decision"], found[2]["language"]) == ("crisis", "es") and "113" in found[2]["text"]
    assert done.returncode == 1


def test_the_readmes_question_is_answered() -> None:
    """What the README shows is what happens."""
    (question,) = re.findall(r'kompas ask "([^"]+)"', (ROOT / "README.md").read_text())
    done = kompas_command("ask", question)
    assert done.returncode == 0 and done.stdout.startswith("[answer, nl, ")


def test_the_format_that_editors_read_about_is_the_format_that_is_read() -> None:
    """The example in knowledge/README.md has exactly an entry's keys."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "knowledge" / "README.md").read_text(), re.S)
    example = yaml.safe_load(
        re.sub(r"^(en|es|pl|ro|): \.\.\.$", r"\1: null", block, flags=re.M) + "es: null\npl: null\nro: null\n"
    )
    assert set(example) == set(Entry.model_fields)
    assert set(example["nl"]) == {"status", "question", "answer", "phrasings"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[web]\nport = 8080", r"\[web\.host\]"),
        ("[web]\nhost = 5", r"\[web\.host\]"),
        ("[web", "settings.toml"),
        ("[moon]\nx = 1", r"\[moon\]"),
    ],
)
def test_bad_settings_are_named_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    """One line for each mistake, no traceback."""
    settings = tmp_path / "settings.toml"
    settings.write_text(text)
    done = kompas_command("train", settings=settings)
    assert done.returncode == 1 and re.search(says, done.stderr) and "Traceback" not in done.stderr


def test_knowledge_check_and_verify_speak_plainly(tmp_path: Path) -> None:
    """The committed knowledge passes; missing source texts are named."""
    assert "no problems" in kompas_command("knowledge", "check").stdout
    done = kompas_command("knowledge", "verify", "--sources", str(tmp_path))
    assert done.returncode == 1 and "aanpak-2023.txt is missing" in done.stderr
