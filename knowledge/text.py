"""One way to take text down to how people type it on a phone."""

from __future__ import annotations

import unicodedata

# Letters and quotes that NFKD does not take apart.
_PLAIN = str.maketrans({"ł": "l", "đ": "d", "ß": "ss", "ø": "o", "’": "'", "‘": "'", "`": "'"})


def fold(text: str) -> str:
    """Lower case, compatibility forms unified, accents removed."""
    if text.isascii():  # most text, and everything that was folded before
        return text.lower().replace("`", "'")
    plain = unicodedata.normalize("NFKD", text.lower()).translate(_PLAIN)
    return "".join(c for c in plain if not unicodedata.combining(c))
