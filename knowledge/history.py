"""Git as the memory of who changed which entry: one save, one commit, and nothing saved is ever lost.

The `git` command does it. A save first writes down what it is about to do (the journal, beside git's own files), then
writes the files, then commits. Whatever stops it in between, `recover` brings it to its end.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.writing import ASIDE, put, settle

# Nobody's own settings, hooks or signatures; no tidying that goes on behind a save.
_QUIET = (
    *("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c", "core.autocrlf=false"),
    *("-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false"),
    *("-c", "log.showSignature=false", "-c", "i18n.commitEncoding=utf-8", "-c", "i18n.logOutputEncoding=utf-8"),
)
LOCK, JOURNAL = "kompas-desk.lock", "kompas-desk.journal"
# How long a save waits for the one before it, and for another program that uses git's index.
LOCK_SECONDS, INDEX_SECONDS = 30.0, 3.0

_NAME = re.compile(r"[^\W_][\w .@-]{0,59}")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_TRAILER = re.compile(r"^([A-Za-z][A-Za-z-]*): (.*)$")
_FIELDS = "%x1e%H%x1f%aI%x1f%an%x1f%B%x1f"


class HistoryError(RuntimeError):
    """The history cannot be read or written; says why in one sentence, and nothing of any text."""


@dataclass(frozen=True)
class Change:
    """One commit: its hash, when, by whom, its first line, the `Key: value` lines at its end, the files it touched."""

    commit: str
    when: dt.datetime
    author: str
    title: str
    trailers: Mapping[str, str]
    paths: tuple[str, ...] = field(default=(), compare=False)


class History:
    """The git history of a knowledge folder. Raises HistoryError, as every method does, without git or a repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        told = self._git("rev-parse", "--show-toplevel", "--absolute-git-dir", at=self.folder).decode().splitlines()
        self.top, self.git_folder = Path(told[0]), Path(told[1])
        self._held = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the one right to save; a thread that holds it may take it again."""
        if getattr(self._held, "held", False):
            yield
            return
        with (self.git_folder / LOCK).open("w") as file:
            _lock(file.fileno())
            self._held.held = True
            try:
                yield
            finally:
                self._held.held = False

    def save(
        self, files: Mapping[Path, str | None], message: str, author: str, trailers: Mapping[str, str] | None = None
    ) -> str:
        """Writes (None: removes) files and commits them: all of it, also after a kill. The hash; "" if nothing changed.

        Where the commit fails the files are written, and the next `recover` commits them.
        """
        _check_name(author)
        told = [{"path": self._name(path), "before": _text(path), "after": text} for path, text in files.items()]
        journal = {"files": told, "message": message, "author": author, "trailers": dict(trailers or {})}
        with self.locked():
            self.recover()
            put(self.git_folder / JOURNAL, json.dumps(journal))
            return self._finish()

    def recover(self) -> str:
        """Ends a save that was cut off. The hash of its commit; "" if there was none."""
        with self.locked():
            return self._finish() if (self.git_folder / JOURNAL).exists() else ""

    def _finish(self) -> str:
        path = self.git_folder / JOURNAL
        journal = _read_journal(path)
        for file in journal["files"]:
            _bring(self.top / file["path"], file["before"], file["after"])
        paths = [self.top / file["path"] for file in journal["files"]]
        commit = self.commit(paths, journal["message"], journal["author"], journal["trailers"])
        path.unlink()
        settle(path.parent)
        return commit

    def commit(self, paths: Sequence[Path], message: str, author: str, trailers: Mapping[str, str]) -> str:
        """Commits these files as they are, gone ones too, and nothing else. The hash; "" when nothing changed."""
        _check_name(author)
        names = [self._name(path) for path in paths]
        with self.locked():
            here = [name for name in names if (self.top / name).exists()]
            gone = [name for name in names if name not in here]
            if here:
                self._git("add", "--force", "--", *here)
            if gone:
                self._git("rm", "--cached", "--quiet", "--ignore-unmatch", "--", *gone)
            changed = self._git("diff", "--cached", "--name-only", "--no-renames", "-z", "--", *names).decode()
            if not changed:
                return ""
            email = f"{re.sub(r'[^a-zA-Z0-9.-]', '-', author)}@desk.invalid"
            who = ("-c", f"user.name={author}", "-c", f"user.email={email}")
            only = ("--only", "--", *changed.strip("\0").split("\0"))
            self._git(*who, "commit", "--quiet", "--no-verify", "--cleanup=verbatim", "-F", "-", *only,
                      typed=_message(message, trailers))  # fmt: skip
            return self._git("rev-parse", "HEAD").decode().strip()

    def unsaved(self, folder: Path) -> list[Path]:
        """The files of a folder that differ from the last commit, new and removed ones too."""
        told = self._git("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", self._name(folder))
        return [self.top / line[3:] for line in told.decode().split("\0") if line]

    def changes(self, *paths: Path, limit: int = 1000) -> list[Change]:
        """The commits that touched any of these files, newest first. A `*` in a path is any name."""
        return [change for change in self._log(paths, limit) if change.paths]

    def versions(self, *paths: Path, limit: int = 1000) -> Iterator[tuple[Change, bytes]]:
        """Every version of these files that was ever committed, newest first, with the commit that brought it."""
        changes = self.changes(*paths, limit=limit)
        wanted = [(change, name) for change in changes for name in change.paths]
        for (change, _), blob in zip(wanted, self._blobs([f"{c.commit}:{name}" for c, name in wanted]), strict=True):
            if blob is not None:
                yield change, blob

    def read(self, commit: str, path: Path, before: bool = False) -> bytes | None:
        """A file as a commit left it, or as it was before that commit; None where there was none."""
        if not _COMMIT.fullmatch(commit):
            return None
        return self._blobs([f"{commit}{'^' if before else ''}:{self._name(path)}"])[0]

    def _log(self, paths: Sequence[Path], limit: int) -> list[Change]:
        if not self._git("rev-parse", "--verify", "--quiet", "HEAD", also=(1,)):
            return []
        patterns = [f":(glob){self._name(path)}" for path in paths]
        told = self._git(
            "log", f"--max-count={limit}", f"--format={_FIELDS}", "--name-only", "--no-renames", "--", *patterns
        )
        return [_change(block) for block in told.decode(errors="replace").split("\x1e")[1:]]

    def _blobs(self, names: Sequence[str]) -> list[bytes | None]:
        """Contents by `commit:path`, in one call however many there are."""
        told = self._git("cat-file", "--batch", typed="".join(f"{name}\n" for name in names))
        found: list[bytes | None] = []
        at = 0
        for _ in names:
            end = told.index(b"\n", at)
            head = told[at:end].split()
            at = end + 1
            if head[-2:-1] != [b"blob"]:
                found.append(None)
                continue
            size = int(head[-1])
            found.append(told[at : at + size])
            at += size + 1
        return found

    def _name(self, path: Path) -> str:
        return path.absolute().relative_to(self.top).as_posix() if path.is_absolute() else self._name(self.folder / path)

    def _git(self, *arguments: str, typed: str = "", at: Path | None = None, also: tuple[int, ...] = ()) -> bytes:
        """What git says. Waits a little for other programs that hold the index. Exit codes in `also` are no failure."""
        until = time.monotonic() + INDEX_SECONDS
        while True:
            told = _run(arguments, typed, at or self.top)
            if told.returncode in (0, *also):
                return told.stdout
            if b"index.lock" not in told.stderr or time.monotonic() > until:
                raise HistoryError(_why(arguments, told.stderr.decode(errors="replace")))
            time.sleep(0.1)


def _run(arguments: Sequence[str], typed: str, at: Path) -> subprocess.CompletedProcess[bytes]:
    # Whoever's repository or name the environment speaks of, it is not this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "--no-pager", *_QUIET, *arguments]
    try:
        return subprocess.run(command, cwd=at, env=environment, input=typed.encode(), capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        what = "git is not installed" if at.is_dir() else f"there is no folder {at}"
        raise HistoryError(f"{what}: the desk keeps its history with git") from None


# What git's complaints mean, by a part of them.
_REASONS = {
    "not a git repository": "the knowledge folder is in no git repository: use a clone, or `git init` and commit",
    "dubious ownership": "git trusts this repository to another user only: run Kompas as its owner, or set safe.directory",
    "must be run in a work tree": "the repository has no files of its own: use a clone that is not bare",
    "index.lock": "another program holds git's index.lock, or left it in a crash: if none is running, remove that file",
    "No space left": "the disk is full: nothing can be committed",
    "Permission denied": "the repository cannot be written: give its files to the user who runs Kompas",
}


def _why(arguments: Sequence[str], complaint: str) -> str:
    known = next((sentence for part, sentence in _REASONS.items() if part in complaint), None)
    if known:
        return known
    # The first line alone, and of git's own words: paths at most, never what a file holds.
    verb = next((word for word in arguments if not word.startswith("-") and "=" not in word), "")
    return f"git {verb} failed: {complaint.strip().partition(chr(10))[0][:200] or 'it does not say why'}"


def _lock(handle: int) -> None:
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise HistoryError("another save has not ended: try again, or stop the other Kompas") from None
            time.sleep(0.01)
            continue
        return


def _read_journal(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise HistoryError(f"{path} cannot be read: somebody changed it by hand; remove it") from None
    return found


def _bring(path: Path, before: str | None, after: str | None) -> None:
    """Makes a file what the save wanted, unless somebody changed it by hand since."""
    path.with_suffix(f"{path.suffix}{ASIDE}").unlink(missing_ok=True)
    now = _text(path)
    if now == after or now != before:
        return
    if after is not None:
        put(path, after)
        return
    path.unlink(missing_ok=True)
    settle(path.parent)


def _text(path: Path) -> str | None:
    return path.read_bytes().decode(errors="replace") if path.exists() else None


def _check_name(author: str) -> None:
    if not _NAME.fullmatch(author):
        raise HistoryError("an author's name has letters, digits, spaces, dots and hyphens, 60 at most")


def _message(message: str, trailers: Mapping[str, str]) -> str:
    """Title and body, then the trailers as one block; a trailer is one line whatever it holds."""
    lines = [f"{key}: {' '.join(value.split())}" for key, value in trailers.items()]
    return message.strip() + "\n" + ("\n" + "\n".join(lines) + "\n" if lines else "")


def _change(block: str) -> Change:
    commit, when, author, rest = block.split("\x1f", 3)
    message, _, names = rest.rpartition("\x1f")
    title, _, body = message.strip().partition("\n")
    last = body.strip().split("\n\n")[-1].split("\n") if body.strip() else []
    pairs = [(match[1], match[2]) for line in last if (match := _TRAILER.match(line))]
    trailers: dict[str, str] = dict(pairs) if len(pairs) == len(last) else {}
    paths = tuple(name for name in names.strip("\n").split("\n") if name)
    return Change(commit, dt.datetime.fromisoformat(when), author, title, trailers, paths)
