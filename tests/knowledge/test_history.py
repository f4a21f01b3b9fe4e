"""The history: a save is one commit of its own files, under its author's name, whatever else is going on in the repository."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from knowledge import history as module
from knowledge.history import JOURNAL, LOCK, Change, History, HistoryError


def git(folder: Path, *arguments: str) -> str:
    """Runs git as somebody else would, beside the desk."""
    who = ("-c", "user.name=Maker", "-c", "user.email=maker@example.invalid")
    told = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return told.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose subfolder `base` is the knowledge, with one commit."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "a.yml").write_text("one\n")
    (tmp_path / "other.txt").write_text("other\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "The beginning")
    return folder


def test_a_save_commits_its_files_and_nothing_else(repository: Path) -> None:
    """What somebody else has staged, changed or not yet added stays as it is."""
    top = repository.parent
    (top / "other.txt").write_text("changed\n")
    (top / "staged.txt").write_text("staged\n")
    (top / "untracked.txt").write_text("untracked\n")
    git(top, "add", "staged.txt")
    before = git(top, "status", "--porcelain")
    history = History(repository)
    commit = history.save({repository / "a.yml": "two\n", repository / "new" / "b.yml": "b\n"}, "a: saved", "anna")
    assert git(top, "show", "--name-only", "--format=%an <%ae>|%cn|%s", commit).split("\n")[:4] == [
        "anna <anna@desk.invalid>|anna|a: saved", "", "base/a.yml", "base/new/b.yml",
    ]  # fmt: skip
    assert git(top, "status", "--porcelain") == before
    assert not (history.git_folder / JOURNAL).exists()


def test_removed_files_are_committed_too(repository: Path) -> None:
    """A file that goes is gone in the history as well; one that was never committed leaves no trace."""
    history = History(repository)
    (repository / "never.yml").write_text("x")
    git(repository, "add", "never.yml")
    assert history.save({repository / "a.yml": None, repository / "never.yml": None}, "gone", "anna")
    assert git(repository, "ls-files") == "" and not list(repository.iterdir())
    assert git(repository, "status", "--porcelain", ".") == ""


def test_nothing_changed_is_no_commit(repository: Path) -> None:
    """Saving the same text leaves the history as it is."""
    history = History(repository)
    assert history.save({repository / "a.yml": "one\n", repository / "nothing.yml": None}, "same", "anna") == ""
    assert len(history.changes(repository / "*.yml")) == 1


def test_the_first_commit_of_a_repository(tmp_path: Path) -> None:
    """A folder that was just made a repository has no history, and gets one."""
    git(tmp_path, "init", "--quiet")
    history = History(tmp_path)
    assert history.changes(tmp_path / "a.yml") == []
    assert history.save({tmp_path / "a.yml": "one\n"}, "first", "anna")
    assert [change.title for change in history.changes(tmp_path / "a.yml")] == ["first"]


def test_changes_are_told_newest_first_with_their_trailers(repository: Path) -> None:
    """Who, when, what, and the lines at the end; a reason of several lines is one line and no trailer of its own."""
    history = History(repository)
    commit = history.save({repository / "a.yml": "two\n"}, "a: withdrawn", "anna", {"Reason": "wrong\n\nReviewed-by: bert"})
    history.save({repository / "b.yml": "b\n"}, "b: saved", "bert")
    found = history.changes(repository / "a.yml")
    assert found[0] == Change(commit, found[0].when, "anna", "a: withdrawn", {"Reason": "wrong Reviewed-by: bert"})
    assert found[0].when.tzinfo and found[0].paths == ("base/a.yml",)
    assert [change.author for change in history.changes(repository / "*.yml")] == ["bert", "anna", "Maker"]
    assert len(history.changes(repository / "*.yml", limit=2)) == 2


def test_a_file_is_read_as_it_was(repository: Path) -> None:
    """At a commit, before it, and not at all."""
    history = History(repository)
    path = repository / "a.yml"
    commit = history.save({path: "two\n"}, "a", "anna")
    assert history.read(commit, path) == b"two\n" and history.read(commit, path, before=True) == b"one\n"
    (first,) = [change.commit for change in history.changes(path) if change.author == "Maker"]
    assert history.read(first, path, before=True) is None and history.read("HEAD", path) is None
    assert history.read("--help", path) is None and history.read("0" * 40, path) is None
    assert [(change.author, data) for change, data in history.versions(path)] == [("anna", b"two\n"), ("Maker", b"one\n")]


def test_hooks_signatures_and_the_environment_have_no_say(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's owner has set for their own commits, a save of the desk goes through."""
    top = repository.parent
    hook = top / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for key, value in (
        ("commit.gpgsign", "true"),
        ("gpg.program", "false"),
        ("user.name", "Owner"),
        ("core.autocrlf", "true"),
    ):
        git(top, "config", key, value)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    assert History(repository).save({repository / "a.yml": "two\n"}, "a", "anna")
    monkeypatch.delenv("GIT_DIR")
    assert git(top, "log", "-1", "--format=%an %cn") == "anna anna\n"


@pytest.mark.parametrize("name", ["--amend", "-x", "", "a\nb", "<x>", "a" * 61, ".x"])
def test_a_name_cannot_be_an_option(repository: Path, name: str) -> None:
    """What git could read as something else is refused before anything is written."""
    with pytest.raises(HistoryError, match="an author's name"):
        History(repository).save({repository / "a.yml": "two\n"}, "a", name)
    assert (repository / "a.yml").read_text() == "one\n"


def test_where_there_is_no_history_it_is_said(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repository, no git: one plain sentence."""
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    with pytest.raises(HistoryError, match="is in no git repository"):
        History(outside)
    monkeypatch.setenv("PATH", str(outside))
    with pytest.raises(HistoryError, match="git is not installed"):
        History(repository)


def test_a_left_over_index_lock_is_named_and_the_save_ends_later(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another tool crashed: the text is written, the sentence says what to remove, and then it is committed."""
    monkeypatch.setattr(module, "INDEX_SECONDS", 0.2)
    history = History(repository)
    lock = history.git_folder / "index.lock"
    lock.touch()
    with pytest.raises(HistoryError, match=r"index\.lock"):
        history.save({repository / "a.yml": "two\n"}, "a: saved", "anna")
    assert (repository / "a.yml").read_text() == "two\n"
    lock.unlink()
    assert History(repository).recover() == git(repository, "rev-parse", "HEAD").strip()
    assert git(repository, "log", "-1", "--format=%an %s") == "anna a: saved\n"


def test_the_lock_of_another_program_is_waited_for(repository: Path) -> None:
    """Somebody's `git status` that takes a moment does not fail a save."""
    history = History(repository)
    lock = history.git_folder / "index.lock"
    lock.touch()
    timer = threading.Timer(0.5, lock.unlink)
    timer.start()
    assert history.save({repository / "a.yml": "two\n"}, "a", "anna")
    timer.join()


KILLED = """
import os, signal, sys
from pathlib import Path
from knowledge import history as module
step, folder = sys.argv[1], Path(sys.argv[2])
history = module.History(folder)
def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)
if step == "commit":
    module.History.commit = die
if step == "second file":
    bring, brought = module._bring, []
    module._bring = lambda *told: die() if brought else (brought.append(told), bring(*told))
if step == "journal":
    module.History._finish = die
history.save({folder / "a.yml": "two\\n", folder / "b.yml": "b\\n"}, "both: saved", "anna", {"Reviewed-by": "anna"})
"""


@pytest.mark.parametrize("step", ["journal", "second file", "commit"])
def test_a_killed_save_is_brought_to_its_end(repository: Path, step: str) -> None:
    """After kill -9 at any step the next start has both files and one commit under the right name."""
    told = subprocess.run([sys.executable, "-c", KILLED, step, str(repository)], capture_output=True, text=True)
    assert told.returncode == -signal.SIGKILL, told.stderr
    history = History(repository)
    commit = history.recover()
    assert (repository / "a.yml").read_text() == "two\n" and (repository / "b.yml").read_text() == "b\n"
    (change,) = history.changes(repository / "b.yml")
    assert change == Change(commit, change.when, "anna", "both: saved", {"Reviewed-by": "anna"})
    assert history.recover() == "" and git(repository, "status", "--porcelain") == ""


def test_a_hand_edit_after_a_kill_is_not_overwritten(repository: Path) -> None:
    """Bringing a save to its end keeps what somebody wrote into the file meanwhile."""
    subprocess.run([sys.executable, "-c", KILLED, "journal", str(repository)], capture_output=True)
    (repository / "a.yml").write_text("by hand\n")
    assert History(repository).recover()
    assert (repository / "a.yml").read_text() == "by hand\n" and (repository / "b.yml").read_text() == "b\n"


def test_a_journal_broken_by_hand_is_named(repository: Path) -> None:
    """It is never guessed what a save was."""
    history = History(repository)
    (history.git_folder / JOURNAL).write_text("{")
    with pytest.raises(HistoryError, match=r"kompas-desk\.journal cannot be read"):
        history.recover()


def test_one_save_at_a_time(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second waits, and is told when the first never ends; a thread that holds the lock may go on."""
    monkeypatch.setattr(module, "LOCK_SECONDS", 0.1)
    one, other = History(repository), History(repository)
    with one.locked(), one.locked(), pytest.raises(HistoryError, match="another save has not ended"), other.locked():
        pass
    with other.locked():
        assert (other.git_folder / LOCK).exists()


def test_unsaved_files_are_listed(repository: Path) -> None:
    """New, changed and removed ones, of this folder alone."""
    history = History(repository)
    assert history.unsaved(repository) == []
    (repository / "a.yml").unlink()
    (repository / "b.yml").write_text("b")
    (repository.parent / "other.txt").write_text("changed\n")
    assert sorted(history.unsaved(repository)) == [history.folder / "a.yml", history.folder / "b.yml"]


def test_the_journal_is_no_file_of_the_repository(repository: Path) -> None:
    """Lock and journal lie beside git's own files, so that no commit and no status ever shows them."""
    history = History(repository)
    with history.locked():
        (history.git_folder / JOURNAL).write_text(json.dumps({"files": [], "message": "", "author": "anna", "trailers": {}}))
        assert git(repository.parent, "status", "--porcelain", "--ignored") == ""
    assert os.path.commonpath([history.git_folder, history.top]) == str(history.top)
