"""Long texts in pieces that a platform takes, cut where a person would pause."""

from __future__ import annotations

import re
from collections.abc import Callable

# Where a text may be cut, best first: after a paragraph, a sentence, a word.
_CUTS = (re.compile(r"\n\n+"), re.compile(r"(?<=[.!?])\s+|\n"), re.compile(r"\s+"))


def utf16_units(text: str) -> int:
    """Telegram counts UTF-16 code units (core.telegram.org/api/entities)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, length: Callable[[str], int] = len) -> list[str]:
    """Pieces of at most `limit` by `length`, in order, none empty; together they hold every word."""
    pieces = []
    rest = text.strip()
    while length(rest) > limit:
        end, begin = _cut(rest, limit, length)
        pieces.append(rest[:end].rstrip())
        rest = rest[begin:].lstrip()
    return [piece for piece in [*pieces, rest] if piece]


def _cut(text: str, limit: int, length: Callable[[str], int]) -> tuple[int, int]:
    """Where the first piece ends, and where the next begins."""
    for pattern in _CUTS:
        fits = [m for m in pattern.finditer(text) if m.start() > 0 and length(text[: m.start()]) <= limit]
        if fits:
            return fits[-1].start(), fits[-1].end()
    end = limit
    while length(text[:end]) > limit:
        end -= 1
    return end, end


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word, with an ellipsis where something is left out."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[1:] else cut).rstrip(" ,;:") + "…"
