"""What somebody is working on: an entry's content as plain data, which may still break any rule, and who changed which part.

`knowledge/proposals/<id>.yml`. Nothing reads proposals to answer anybody; `knowledge/workshop.py` takes them over.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints

from knowledge import writing
from knowledge.entry import LANGUAGES, Entry, Id, Text
from knowledge.library import PROPOSALS, parse_yaml, read_record
from knowledge.merging import PARTS, Content
from knowledge.problem import KnowledgeError, Problem, line_of

Authors = dict[str, tuple[str, ...]]
Part = Literal["nl", "en", "es", "pl", "ro", "record"]

# What vetting decides and nobody writes: it stands in the entry alone.
VETTED = ("checked_on",)
VETTED_TEXT = ("status", "behind")

_FIELDS = (*Entry.model_fields, *Text.model_fields)
_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Proposal:
    """One entry being worked on.

    `base`: the version of the entry's file it began from, None for a new entry. `authors`: account names by part (a
    language, or `record` for all other fields). `version`: of its own file.
    """

    id: str
    topic: str
    base: str | None
    content: Content
    authors: Authors
    version: str = ""


class _File(BaseModel):
    """The file of a proposal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Id
    topic: str
    base: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")] | None
    authors: dict[Part, tuple[str, ...]]
    content: dict[str, Any]


def version_of(data: bytes) -> str:
    """The first 16 hex digits of SHA-256 over a file's bytes."""
    return hashlib.sha256(data).hexdigest()[:16]


def path_of(folder: Path, entry_id: str) -> Path:
    """Where a knowledge folder keeps the proposal for one entry."""
    return folder / PROPOSALS / f"{entry_id}.yml"


def of_entry(entry: Entry) -> Content:
    """The content of an entry as a proposal would hold it."""
    return plain(entry.model_dump(mode="json"))


def plain(content: Content) -> Content:
    """Content as it is kept: JSON types only, line ends and control characters cleaned, without what vetting decides."""
    told = _plain({key: value for key, value in content.items() if key not in VETTED})
    for language in LANGUAGES:
        if isinstance(told.get(language), dict):
            told[language] = _ordered({key: value for key, value in told[language].items() if key not in VETTED_TEXT})
    if isinstance(told.get("claims"), list):
        told["claims"] = [_claim(claim) for claim in told["claims"]]
    return _ordered(told)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    return _NO_TEXT.sub("", _LINE_END.sub("\n", text)).strip()


def _claim(claim: Any) -> Any:
    """A claim whose evidence leaves out what it has not."""
    if not isinstance(claim, dict) or not isinstance(claim.get("evidence"), list):
        return claim
    items = [
        {key: value for key, value in item.items() if value is not None} if isinstance(item, dict) else item
        for item in claim["evidence"]
    ]
    return claim | {"evidence": items}


def _ordered(content: Content) -> Content:
    """The fields in the order of an entry, others last, so that a file's history shows what changed and no more."""
    return {key: content[key] for key in (*_FIELDS, *content) if key in content}


def as_yaml(proposal: Proposal) -> str:
    """The proposal as its file holds it."""
    told = asdict(proposal)
    del told["version"]
    told["authors"] = {part: list(proposal.authors[part]) for part in PARTS if proposal.authors.get(part)}
    return writing.dump(told)


def stamped(proposal: Proposal) -> Proposal:
    """The proposal with the version that its file has, or would have."""
    return replace(proposal, version=version_of(as_yaml(proposal).encode()))


def parse(data: bytes) -> Proposal:
    """A proposal from its file's bytes. Raises ValueError or yaml.YAMLError when they are none."""
    file = _File.model_validate(parse_yaml(data.decode()))
    authors: Authors = {part: names for part, names in file.authors.items()}  # noqa: C416 - mypy: other keys
    return Proposal(file.id, file.topic, file.base, plain(file.content), authors, version_of(data))


def read(path: Path) -> Proposal:
    """Reads one proposal. Raises KnowledgeError with file and line when the file is torn or broken by hand."""
    try:
        proposal = parse(path.read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        read_record(path, _File)  # which says what is wrong, and where
        raise
    if proposal.id != path.stem:
        problem = Problem(str(path), line_of(path, ("id",)), f"id {proposal.id!r} is not the file's name", "rename the file")
        raise KnowledgeError([problem])
    return proposal


def write(proposal: Proposal, folder: Path) -> Proposal:
    """Writes its file as a whole; the proposal with its new version."""
    writing.put(path_of(folder, proposal.id), as_yaml(proposal))
    return stamped(proposal)
