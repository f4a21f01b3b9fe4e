"""Fingerprints of the passages that claims stand on, and finding those passages again in the source texts."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.entry import Claim, Evidence, Source
from knowledge.library import Library
from knowledge.writing import write

_LINES = re.compile(r"^L(\d+)(?:-L(\d+))?$")


def fingerprint(passage: str) -> str:
    """The first 16 hex digits of SHA-256 over the passage: NFKC, lower case, letters and digits, single spaces."""
    plain = unicodedata.normalize("NFKC", passage).lower()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:16]


def line_range(at: str) -> tuple[int, int] | None:
    """`L12` or `L12-L15` as (first, last), counted from 1 and inclusive; None for any other locator."""
    match = _LINES.match(at)
    if not match:
        return None
    first = int(match[1])
    last = int(match[2] or first)
    return (first, last) if 1 <= first <= last else None


@dataclass(frozen=True)
class Finding:
    """What became of one piece of evidence: holds, moved, vanished, unprinted or outside (format only)."""

    entry: str
    evidence: Evidence
    outcome: str
    found_at: str | None = None


def verify(library: Library, sources_folder: Path) -> list[Finding]:
    """Looks every fingerprint up in the source texts. Raises FileNotFoundError when a document is not there."""
    documents = _documents(library, sources_folder)
    return [
        _find(entry.id, evidence, library.sources.get(evidence.source), documents.get(evidence.source))
        for entry in library.entries.values()
        for claim in entry.claims
        for evidence in claim.evidence
    ]


def _documents(library: Library, folder: Path) -> dict[str, list[str]]:
    return {
        name: (folder / source.file).read_text(encoding="utf-8").splitlines()
        for name, source in library.sources.items()
        if source.kind == "document" and source.file
    }


def summary(findings: list[Finding]) -> Counter[str]:
    """How many pieces of evidence had each outcome."""
    return Counter(finding.outcome for finding in findings)


def passage(lines: list[str], at: str) -> str | None:
    """The text at a locator, or None when the locator lies outside the document."""
    span = line_range(at)
    if span is None or span[1] > len(lines):
        return None
    return "\n".join(lines[span[0] - 1 : span[1]])


def _find(entry: str, evidence: Evidence, source: Source | None, lines: list[str] | None) -> Finding:
    if source is None or source.kind != "document" or lines is None:
        return Finding(entry, evidence, "outside")
    if evidence.print is None:
        return Finding(entry, evidence, "unprinted")
    text = passage(lines, evidence.at)
    if text is not None and fingerprint(text) == evidence.print:
        return Finding(entry, evidence, "holds")
    moved = _elsewhere(lines, evidence)
    return Finding(entry, evidence, "moved" if moved else "vanished", moved)


def _elsewhere(lines: list[str], evidence: Evidence) -> str | None:
    span = line_range(evidence.at)
    if span is None:
        return None
    height = span[1] - span[0] + 1
    for start in range(len(lines) - height + 1):
        if fingerprint("\n".join(lines[start : start + height])) == evidence.print:
            return f"L{start + 1}-L{start + height}" if height > 1 else f"L{start + 1}"
    return None


def write_prints(library: Library, sources_folder: Path) -> int:
    """Writes the missing fingerprints into the entry files. Returns how many.

    Raises FileNotFoundError when a document is not there, ValueError when a locator lies outside its document.
    """
    documents = _documents(library, sources_folder)
    written = 0
    for entry in library.entries.values():
        claims = tuple(_printed(claim, library.sources, documents) for claim in entry.claims)
        if claims != entry.claims:
            written += sum(a != b for one, two in zip(claims, entry.claims, strict=True) for a, b in _pairs(one, two))
            write(entry.model_copy(update={"claims": claims}), library.paths[entry.id])
    return written


def _pairs(one: Claim, two: Claim) -> Iterator[tuple[Evidence, Evidence]]:
    return zip(one.evidence, two.evidence, strict=True)


def _printed(claim: Claim, sources: Mapping[str, Source], documents: Mapping[str, list[str]]) -> Claim:
    items = []
    for item in claim.evidence:
        if item.print is None and item.source in documents:
            text = passage(documents[item.source], item.at)
            if text is None:
                raise ValueError(f"{sources[item.source].file} has no {item.at}")
            items.append(item.model_copy(update={"print": fingerprint(text)}))
        else:
            items.append(item)
    return claim.model_copy(update={"evidence": tuple(items)})
