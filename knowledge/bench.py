"""One entry with its proposal as they are at this moment, and the files that a change of either would write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from knowledge import proposal as proposals
from knowledge.archive import ENTRIES, Archive
from knowledge.entry import Entry, Id
from knowledge.library import read_entry
from knowledge.merging import PARTS, Content, changed_parts, merge
from knowledge.proposal import Authors, Proposal, of_entry, path_of, plain, stamped, version_of
from knowledge.writing import as_yaml

# What an act writes, by path; None for a file that goes.
Files = dict[Path, str | None]

_ID: TypeAdapter[str] = TypeAdapter(Id)


@dataclass(frozen=True)
class Bench:
    """What lies there for one id. `entry` is what `path` holds; the proposal is based on that."""

    folder: Path
    id: str
    path: Path | None
    entry: Entry | None
    entry_version: str | None
    proposal: Proposal | None

    @property
    def content(self) -> Content:
        """What somebody would go on working with."""
        if self.proposal:
            return self.proposal.content
        return of_entry(self.entry) if self.entry else {}

    @property
    def authors(self) -> Authors:
        """Who changed which part since the entry."""
        return self.proposal.authors if self.proposal else {}

    @property
    def version(self) -> str:
        """What a save of this content has to name."""
        return self.proposal.version if self.proposal else self.entry_version or ""

    def drafted(self, content: Content, author: str) -> Files:
        """The proposal with new content; nothing if that is no change."""
        changed = changed_parts(self.content, content)
        if not changed:
            return {}
        earlier = {part: tuple(name for name in self.authors.get(part, ()) if name != author) for part in PARTS}
        authors = self.authors | {part: (*earlier[part], author) for part in changed}
        return self._draft(self.entry, self.entry_version, content, authors)

    def kept(self, entry: Entry | None, content: Content) -> Files:
        """The proposal, if there is one, with this content beside a changed entry."""
        if self.proposal is None:
            return {}
        base = version_of(as_yaml(entry).encode()) if entry else None
        return self._draft(entry, base, content, self.authors)

    def merged_in(self, entry: Entry | None) -> Files:
        """The proposal, if there is one, with what changed in the entry."""
        old = of_entry(self.entry) if self.entry else {}
        return self.kept(entry, merge(old, self.content, of_entry(entry)).content if entry else self.content)

    def served(self, entry: Entry | None) -> Files:
        """The entry's file; when it lies under another topic now, or is gone, the old one goes."""
        files: Files = {}
        if entry:
            files[self.folder / ENTRIES / entry.topic / f"{entry.id}.yml"] = as_yaml(entry)
        return files if self.path is None or self.path in files else files | {self.path: None}

    def _draft(self, entry: Entry | None, base: str | None, content: Content, authors: Authors) -> Files:
        """The file of the proposal; it goes when nothing of it is left."""
        left = changed_parts(of_entry(entry), content) if entry else set(PARTS)
        if not left:
            return {path_of(self.folder, self.id): None}
        topic = content.get("topic")
        kept = {part: names for part, names in authors.items() if part in left}
        told = Proposal(self.id, topic if isinstance(topic, str) else "", base, plain(content), kept)
        return {path_of(self.folder, self.id): proposals.as_yaml(told)}


def is_id(text: str) -> bool:
    """Whether an entry could have this id."""
    try:
        _ID.validate_python(text)
    except ValidationError:
        return False
    return True


def lay(folder: Path, archive: Archive, entry_id: str, may_miss: bool = False) -> Bench:
    """Reads what there is. Raises KeyError for no id, and for one that nothing has unless it `may_miss`."""
    if not is_id(entry_id):
        raise KeyError(entry_id)
    path = next(iter(sorted((folder / ENTRIES).glob(f"*/{entry_id}.yml"))), None)
    entry = read_entry(path) if path else None
    version = version_of(path.read_bytes()) if path else None
    draft = path_of(folder, entry_id)
    proposal = proposals.read(draft) if draft.exists() else None
    if not (path or proposal or may_miss):
        raise KeyError(entry_id)
    if proposal and proposal.base != version:
        proposal = _rebased(archive, proposal, entry, version)
    return Bench(folder, entry_id, path, entry, version, proposal)


def _rebased(archive: Archive, proposal: Proposal, entry: Entry | None, version: str | None) -> Proposal:
    """Somebody changed the entry by another way than the desk: what they changed is merged in."""
    base = archive.content_at(proposal.id, proposal.base) if proposal.base else None
    content = merge(base or {}, proposal.content, of_entry(entry)).content if entry else proposal.content
    return stamped(replace(proposal, base=version, content=plain(content)))
