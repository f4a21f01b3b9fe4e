"""Fingerprints of the passages that claims stand on, and finding those passages again in the source texts."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.entry import Evidence, Source
from knowledge.library import Library

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
    documents = {
        name: (sources_folder / source.file).read_text(encoding="utf-8").splitlines()
        for name, source in library.sources.items()
        if source.kind == "document" and source.file
    }
    return [
        _find(entry.id, evidence, library.sources.get(evidence.source), documents.get(evidence.source))
        for entry in library.entries.values()
        for claim in entry.claims
        for evidence in claim.evidence
    ]


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
    """Writes the missing fingerprints into the entry files, line by line, leaving all else as it is. Returns how many.

    Raises FileNotFoundError when a document is not there, ValueError when a locator lies outside its document.
    """
    written = 0
    for entry_id, path in library.paths.items():
        for finding in verify(replace(library, entries={entry_id: library.entries[entry_id]}), sources_folder):
            if finding.outcome != "unprinted":
                continue
            item = finding.evidence
            lines = (sources_folder / str(library.sources[item.source].file)).read_text(encoding="utf-8").splitlines()
            text = passage(lines, item.at)
            if text is None:
                raise ValueError(f"{path}: {item.source} has no {item.at}")
            pattern = re.compile(rf'(\{{\s*source: "?{item.source}"?, at: "?{item.at}"?)\s*\}}')
            content, count = pattern.subn(rf'\1, print: "{fingerprint(text)}"}}', path.read_text(encoding="utf-8"))
            path.write_text(content, encoding="utf-8")
            written += count
    return written
