"""Arrays fitted to known texts, kept by what they were made of, so that the next start need not fit them again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def mark(made_of: Iterable[str | bytes]) -> str:
    """SHA-256 over all parts, in hex."""
    digest = hashlib.sha256()
    for part in made_of:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def kept(path: Path | None, made_of: Iterable[str | bytes], make: Callable[[], Arrays]) -> Arrays:
    """What `make` gives: read from `path` when it was made of the same before, and otherwise made and written there.

    `path` None keeps nothing. `made_of` is all that the result depends on, the code included.
    """
    if path is None:
        return make()
    now = mark(made_of)
    found = read_arrays(path)
    if found.pop("mark", np.array("")) == now:
        return found
    made = make()
    write_arrays(path, {"mark": np.array(now), **made})
    return made


def words(array: NDArray[Any]) -> list[str]:
    """The strings that `of_words` packed."""
    text = array.tobytes().decode()
    return text.split("\n") if text else []


def of_words(found: Iterable[str]) -> NDArray[Any]:
    """Strings without line breaks as one array of bytes: a tenth of what numpy's own strings take."""
    return np.frombuffer("\n".join(found).encode(), dtype=np.uint8)


def read_arrays(path: Path) -> Arrays:
    """The arrays of a file; none of a missing or torn one, which is only a cache and made again."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return {}


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Writes a file as a whole, also where two processes write it at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    named: dict[str, Any] = arrays
    np.savez(aside, **named)
    aside.replace(path)
