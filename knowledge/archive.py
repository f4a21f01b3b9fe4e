"""The past of one entry, as git keeps it: what a version held, what a commit changed, and who wrote what is served."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import yaml

from knowledge import vetting
from knowledge.entry import Entry
from knowledge.history import Change, History
from knowledge.library import PROPOSALS, parse_yaml
from knowledge.merging import Content, Difference, differences
from knowledge.proposal import path_of, plain, version_of
from knowledge.refusal import Refused

ENTRIES = "entries"


class Archive:
    """Reads the history of entries and proposals. Methods raise HistoryError where git fails."""

    def __init__(self, past: History) -> None:
        self._past = past

    def changes(self, entry_id: str) -> list[Change]:
        """Every commit of the entry and of its proposals, newest first."""
        return self._past.changes(*self._files(entry_id))

    def content_at(self, entry_id: str, version: str) -> Content | None:
        """What a version held, the proposal's or the entry's; None for one that was never committed."""
        for path in self._files(entry_id):
            for _, data in self._past.versions(path):
                if version_of(data) == version:
                    return _content(data)
        return None

    def diff(self, entry_id: str, commit: str) -> list[Difference]:
        """What a commit changed in the entry, or in the proposal if it touched only that. Raises KeyError."""
        change = self._change(entry_id, commit)
        return differences(*(self._content_beside(change, entry_id, before) for before in (True, False)))

    def entry_before(self, entry_id: str, commit: str) -> tuple[bool, bytes | None]:
        """Whether a commit touched the entry's file, and the file before it. Raises KeyError for no commit of this entry."""
        change = self._change(entry_id, commit)
        return bool(self._touched(change, ENTRIES)), self._file(change, ENTRIES, before=True)

    def writers(self, entry: Entry, language: str) -> set[str]:
        """Everybody who ever brought the question and answer that are served now.

        A commit of the desk names them in its trailers, any other is its author's. Raises Refused where the file is not
        what was committed last.
        """
        wanted, found = vetting.says(entry, language)[:2], set[str]()
        newer: set[str] | None = None
        for change, data in self._past.versions(self._files(entry.id)[1]):
            text = _content(data).get(language)
            same = isinstance(text, dict) and (text.get("question"), text.get("answer")) == wanted
            if newer is None and not same:
                break
            if newer and not same:
                found |= newer
            named = change.trailers.get(f"Written-{language}")
            newer = (set(named.split(", ")) if named else {change.author}) if same else set()
        if newer is None:
            raise Refused("not_committed")
        return found | newer

    def _files(self, entry_id: str) -> tuple[Path, Path]:
        """The proposal's file, and the entry's under any topic."""
        return path_of(self._past.folder, entry_id), self._past.folder / ENTRIES / "*" / f"{entry_id}.yml"

    def _change(self, entry_id: str, commit: str) -> Change:
        found = next((change for change in self.changes(entry_id) if change.commit == commit), None)
        if found is None:
            raise KeyError(commit)
        return found

    def _touched(self, change: Change, kind: str) -> list[Path]:
        paths = [self._past.top / name for name in change.paths]
        return [path for path in paths if path.relative_to(self._past.folder).parts[0] == kind]

    def _file(self, change: Change, kind: str, before: bool) -> bytes | None:
        """The file of the entry, or of its proposal, beside a commit that touched it."""
        files = (self._past.read(change.commit, path, before) for path in self._touched(change, kind))
        return next((data for data in files if data is not None), None)

    def _content_beside(self, change: Change, entry_id: str, before: bool) -> Content:
        if self._touched(change, ENTRIES):
            data = self._file(change, ENTRIES, before)
            return _whole(data) if data is not None else {}
        data = self._file(change, PROPOSALS, before)
        if data is None:  # it began from the entry, or ended
            data = self._entry_at(change, entry_id)
        return _content(data) if data is not None else {}

    def _entry_at(self, change: Change, entry_id: str) -> bytes | None:
        paths = sorted((self._past.folder / ENTRIES).glob(f"*/{entry_id}.yml"))
        return self._past.read(change.commit, paths[0]) if paths else None


def _content(data: bytes) -> Content:
    """The content of a committed file, a proposal's or an entry's; nothing for a broken one."""
    with suppress(ValueError, yaml.YAMLError):
        found = parse_yaml(data.decode())
        told = found.get("content", found) if isinstance(found, dict) else {}
        return plain(told) if isinstance(told, dict) else {}
    return {}


def _whole(data: bytes) -> Content:
    """A committed entry with its status and dates."""
    with suppress(ValueError, yaml.YAMLError):
        return Entry.model_validate(parse_yaml(data.decode())).model_dump(mode="json")
    return _content(data)
