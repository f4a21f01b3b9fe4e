"""The one door for whoever changes entries: proposals are saved here, and texts taken over, withdrawn and undone.

Every act holds the lock, writes its files and commits them (knowledge/history.py), so that a kill at any point loses
nothing and two people at once overwrite nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from knowledge import proposal as proposals_of
from knowledge import vetting
from knowledge.archive import Archive
from knowledge.bench import Bench, Files, is_id, lay
from knowledge.entry import LANGUAGES, Entry, Status
from knowledge.history import Change, History
from knowledge.library import PROPOSALS, Library, parse_yaml
from knowledge.merging import (
    PARTS,
    RECORD,
    Content,
    Difference,
    changed_parts,
    merge,
    part_of,
    pick,
)  # fmt: skip
from knowledge.problem import KnowledgeError, Problem
from knowledge.proposal import Authors, Proposal, as_yaml, of_entry, path_of, plain
from knowledge.refusal import REASONS, Collision, Refused
from knowledge.shelf import Shelf
from knowledge.skeleton import skeleton
from knowledge.trial import check_content
from knowledge.writing import ASIDE

__all__ = ["REASONS", "Collision", "Opened", "Refused", "Workshop"]

# Who commits what nobody is named for.
NOBODY = "desk"


@dataclass(frozen=True)
class Opened:
    """What is served (None: a new entry), and the content somebody works on, with the version to name when saving."""

    entry: Entry | None
    content: Content
    version: str
    authors: Authors
    is_proposal: bool


class Workshop:
    """Proposals and entries of one folder. Acts raise HistoryError where git fails, KnowledgeError for broken files."""

    def __init__(self, folder: Path, today: Callable[[], dt.date] = dt.date.today) -> None:
        self._past = History(folder)
        self.folder, self.today = self._past.folder, today
        self._archive = Archive(self._past)
        self._shelf = Shelf(self.folder)
        self.recover()

    def open(self, entry_id: str) -> Opened:
        """An entry as it is being worked on. Raises KeyError for an unknown id."""
        return self._opened(self._now(entry_id))

    def proposals(self) -> dict[str, Proposal]:
        """Everything that somebody is working on, by id. What cannot be read is left out; see `broken`."""
        found = {}
        for path in sorted((self.folder / PROPOSALS).glob("*.yml")):
            with suppress(KnowledgeError, OSError):
                found[path.stem] = proposals_of.read(path)
        return found

    def broken(self) -> list[Problem]:
        """The proposals whose files cannot be read."""
        problems: list[Problem] = []
        for path in sorted((self.folder / PROPOSALS).glob("*.yml")):
            try:
                proposals_of.read(path)
            except KnowledgeError as error:
                problems += error.problems
        return problems

    def recover(self) -> list[str]:
        """Commits what was saved and not committed; the hashes. A start does this, and every act for the act before it."""
        with self._past.locked():
            commits = [self._past.recover()]
            for path in self._past.unsaved(self.folder / PROPOSALS):
                if path.name.endswith(ASIDE):
                    path.unlink(missing_ok=True)
                if path.suffix == ".yml" and path.exists():
                    with suppress(KnowledgeError):
                        authors = proposals_of.read(path).authors.values()
                        author = next((names[-1] for names in authors if names), NOBODY)
                        commits.append(self._past.commit([path], f"{path.stem}: saved earlier", author, {}))
        return [commit for commit in commits if commit]

    def new(self, topic: str, entry_id: str, author: str) -> Opened:
        """An empty proposal for a new entry."""
        with self._act():
            if not is_id(entry_id):
                raise Refused("bad_id")
            if self._now(entry_id, may_miss=True).path or path_of(self.folder, entry_id).exists():
                raise Refused("taken")
            if topic not in self._library().topics:
                raise Refused("unknown_topic")
            texts = {language: {"question": "", "answer": "", "phrasings": []} for language in LANGUAGES}
            empty = of_entry(skeleton(entry_id, topic, self.today())) | {"risk": None, "claims": []} | texts
            begun = Proposal(entry_id, topic, None, plain(empty), {})
            self._past.save({path_of(self.folder, entry_id): as_yaml(begun)}, f"{entry_id}: begun", author)
            return self.open(entry_id)

    def save(self, entry_id: str, content: Content, seen: str, author: str) -> Opened:
        """Keeps a proposal, merged with what others saved since version `seen`. Raises Collision."""
        with self._act():
            now = self._now(entry_id)
            mine = plain(content | {"id": entry_id})
            if seen != now.version:
                merged = merge(self._archive.content_at(entry_id, seen) or {}, mine, now.content)
                if merged.conflicts:
                    told = vetting.dressed(merged.content, now.entry, self.today())
                    raise Collision(told, merged.conflicts, now.version)
                mine = plain(merged.content)
            self._past.save(now.drafted(mine, author), f"{entry_id}: draft saved", author)
            return self.open(entry_id)

    def take_over(self, entry_id: str, languages: Collection[str], status: Status, by: str, seen: str) -> Entry:
        """Makes texts of the proposal what is served, the record with them: `checked`, or `approved` by a second person."""
        with self._act():
            now = self._now(entry_id)
            if not languages or not set(languages) <= set(LANGUAGES) or status not in ("checked", "approved"):
                raise Refused("nothing")
            if now.version != seen:
                raise Refused("changed")
            made = vetting.taken_over(now.entry, now.content, languages, status, self.today())
            entry = self._valid(made, {*languages, RECORD})
            if now.entry and entry.model_copy(update={"checked_on": now.entry.checked_on}) == now.entry:
                raise Refused("nothing")
            if status == "approved" and any(by in self._writers(now, language) for language in languages):
                raise Refused("own_text")
            rest = of_entry(entry) | pick(now.content, [code for code in LANGUAGES if code not in languages])
            files = now.served(entry) | now.kept(entry, rest)
            title = f"{entry_id}: {', '.join(code for code in LANGUAGES if code in languages)} {status}"
            self._past.save(files, title, by, self._signed(now, entry, status, by))
            return entry

    def still_correct(self, entry_id: str, by: str) -> Entry:
        """Somebody compared the whole entry again and nothing has to change."""
        with self._act():
            now = self._now(entry_id)
            return self._replace(now, vetting.still_correct(_entry(now), self.today()), "still correct", by)

    def withdraw(self, entry_id: str, languages: Collection[str], reason: str, by: str) -> Entry:
        """Takes texts out of service at once; they stay in the file as drafts."""
        with self._act():
            now = self._now(entry_id)
            entry = _entry(now)
            served = [code for code in LANGUAGES if code in languages and entry.text(code).status != "draft"]
            if not served:
                raise Refused("nothing")
            if not reason.strip():
                raise Refused("no_reason")
            title = f"{', '.join(served)} withdrawn"
            return self._replace(now, vetting.withdrawn(entry, served), title, by, {"Reason": reason})

    def undo(self, entry_id: str, commit: str, by: str) -> None:
        """Puts the entry's file back as it was before a commit, as a new commit; removes it if that commit brought it."""
        with self._act():
            now = self._now(entry_id, may_miss=True)
            touched, before = self._archive.entry_before(entry_id, commit)
            entry = self._valid_again(entry_id, before) if before is not None else None
            if not touched or entry == now.entry:
                raise Refused("nothing")
            if entry is None and self._pointers(entry_id):
                raise Refused("pointed_at", names=self._pointers(entry_id))
            files = now.served(entry) | now.merged_in(entry)
            self._past.save(files, f"{entry_id}: {commit[:10]} undone", by, {"Undoes": commit})

    def discard(self, entry_id: str, by: str) -> None:
        """Removes the proposal, if there is one, also a broken one."""
        with self._act():
            if not is_id(entry_id) or not path_of(self.folder, entry_id).exists():
                self._now(entry_id)
            self._past.save({path_of(self.folder, entry_id): None}, f"{entry_id}: draft discarded", by)

    def propose_all(self, entries: Sequence[Entry], author: str) -> list[str]:
        """Entries from a spreadsheet as proposals, all in one commit or none; the ids of those in which a text changed."""
        files: Files = {}
        busy: list[str] = []
        names: list[str] = []
        with self._act():
            for entry in entries:
                now = self._now(entry.id, may_miss=True)
                merged = merge(of_entry(now.entry) if now.entry else {}, of_entry(entry), now.content or of_entry(entry))
                busy += [entry.id] if merged.conflicts else []
                drafted = now.drafted(plain(merged.content), author)
                names += [entry.id] if drafted else []
                files |= drafted
            if busy:
                raise Refused("in_work", names=busy)
            self._past.save(files, f"import: {len(names)} drafts", author)
        return names

    def history(self, entry_id: str) -> list[Change]:
        """Every commit of the entry and of its proposals, newest first."""
        return self._archive.changes(entry_id) if is_id(entry_id) else []

    def diff(self, entry_id: str, commit: str) -> list[Difference]:
        """What a commit changed in the entry, or in the proposal if it touched only that. Raises KeyError."""
        if not is_id(entry_id):
            raise KeyError(entry_id)
        return self._archive.diff(entry_id, commit)

    @contextmanager
    def _act(self) -> Iterator[None]:
        with self._past.locked():
            self._past.recover()
            yield

    def _library(self) -> Library:
        """Where somebody broke a file by hand, what was there before it."""
        with suppress(KnowledgeError):
            self._shelf.reload()
        return self._shelf.library

    def _now(self, entry_id: str, may_miss: bool = False) -> Bench:
        return lay(self.folder, self._archive, entry_id, may_miss)

    def _opened(self, now: Bench) -> Opened:
        content = vetting.dressed(now.content, now.entry, self.today())
        return Opened(now.entry, content, now.version, now.authors, now.proposal is not None)

    def _replace(self, now: Bench, entry: Entry, title: str, by: str, trailers: Mapping[str, str] | None = None) -> Entry:
        self._past.save(now.served(entry) | now.merged_in(entry), f"{now.id}: {title}", by, trailers)
        return entry

    def _valid(self, made: Content, parts: Collection[str]) -> Entry:
        """The entry, if nothing stands against it in these parts."""
        findings = check_content(self._library(), made, self.today())
        try:
            entry = Entry.model_validate(made)
        except ValidationError:
            raise Refused("findings", findings) from None
        if against := [finding for finding in findings if part_of(finding.field) in parts]:
            raise Refused("findings", against)
        return entry

    def _valid_again(self, entry_id: str, data: bytes) -> Entry:
        """An old file, if it can still be served; what only grew old is no reason against it."""
        try:
            content = parse_yaml(data.decode())
            findings = check_content(self._library(), content, self.today())
            entry = Entry.model_validate(content)
        except ValidationError:
            raise Refused("not_valid", findings) from None
        except (ValueError, yaml.YAMLError):
            raise Refused("not_valid") from None
        against = [
            one for one in findings if part_of(one.field) == RECORD and one.field not in ("valid_until", "checked_on")
        ]
        if against or entry.id != entry_id:
            raise Refused("not_valid", against)
        return entry

    def _pointers(self, entry_id: str) -> list[str]:
        """What leads to an entry: other entries, and words that offer it as a choice."""
        library = self._library()
        words = [name for name, word in library.open_words.words.items() if entry_id in word.choices]
        return [name for name, entry in library.entries.items() if entry_id in entry.see_also and name != entry_id] + words

    def _writers(self, now: Bench, language: str) -> set[str]:
        """Who wrote what would be served in this language, and the record if that is new too."""
        record = now.authors.get(RECORD, ())
        if now.entry is None or language in changed_parts(of_entry(now.entry), now.content):
            return {*now.authors.get(language, ()), *record}
        return {*self._archive.writers(now.entry, language), *record}

    def _signed(self, now: Bench, entry: Entry, status: Status, by: str) -> dict[str, str]:
        """Who approved, and who wrote what changed: the author of the commit is who took it over."""
        changed = changed_parts(of_entry(now.entry) if now.entry else {}, of_entry(entry))
        written = {f"Written-{part}": ", ".join(now.authors[part]) for part in PARTS if part in changed & now.authors.keys()}
        return ({"Reviewed-by": by} if status == "approved" else {}) | written


def _entry(now: Bench) -> Entry:
    if now.entry is None:
        raise Refused("nothing")
    return now.entry
