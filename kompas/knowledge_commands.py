"""`kompas knowledge ...`: what an editor does with the knowledge base in a terminal."""

from __future__ import annotations

import argparse
import datetime as dt
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from knowledge.entry import LANGUAGES
from kompas.settings import Settings

Add = Callable[..., argparse.ArgumentParser]


def add_to(commands: Any, add: Add) -> None:
    """Adds `knowledge` and what stands under it to the command line."""
    knowledge = commands.add_parser("knowledge", help="check, verify, count, translate the knowledge base")
    desk = knowledge.add_subparsers(required=True, metavar="WHAT")
    add("check", check, "every rule an entry must pass; problems as file:line", desk)
    verify_parser = add("verify", verify, "find the evidence again in the source texts", desk)
    verify_parser.add_argument("--sources", type=Path, required=True, metavar="DIR", help="folder of the source texts")
    verify_parser.add_argument("--write", action="store_true", help="write missing fingerprints into the entries")
    add("tidy", tidy, "rewrite entry files in one spelling of YAML, changing no word", desk)
    new_parser = add("new", new, "a new entry to fill in, as a draft", desk)
    new_parser.add_argument("topic", metavar="TOPIC", help="one of knowledge/topics.yml")
    new_parser.add_argument("id", metavar="ID", help="lower case letters, digits and hyphens")
    stats_parser = add("stats", stats, "coverage by topic and language, status, age", desk)
    stats_parser.add_argument("--html", type=Path, metavar="FILE", help="write it as a page instead")
    export_parser = add("export", export, "entries as a spreadsheet", desk)
    export_parser.add_argument("path", type=Path, metavar="PATH", help="a name ending in .xlsx, or a folder for CSV files")
    export_parser.add_argument("--lang", action="append", choices=LANGUAGES, help="these languages only")
    export_parser.add_argument("--topic", action="append", metavar="TOPIC", help="these topics only")
    import_parser = add("import", take_over, "take a spreadsheet over, all of it or nothing; shows what would change", desk)
    import_parser.add_argument("path", type=Path, metavar="PATH", help="an .xlsx file, or a folder of CSV files")
    import_parser.add_argument("--write", action="store_true", help="change the entry files")
    sample_parser = add("sample", sample, "entries drawn at random, with their claims, for a look at the sources", desk)
    sample_parser.add_argument("--count", type=int, default=10, metavar="N")
    sample_parser.add_argument("--seed", type=int, default=0, metavar="N")


def check(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge check`."""
    from knowledge import check as rules
    from knowledge.library import load

    problems = rules.check(settings.knowledge, dt.date.today())
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems", file=sys.stderr)
        return 1
    library = load(settings.knowledge)
    print(f"{len(library.entries)} entries in {len(LANGUAGES)} languages, version {library.version}: no problems")
    return 0


def verify(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge verify`."""
    from knowledge import evidence
    from knowledge.library import load

    library = load(settings.knowledge)
    try:
        if options.write:
            print(f"{evidence.write_prints(library, options.sources)} fingerprints written")
            library = load(settings.knowledge)
        findings = evidence.verify(library, options.sources)
    except FileNotFoundError as error:
        print(f"{error.filename} is missing: give the folder of the source texts with --sources", file=sys.stderr)
        return 1
    for finding in findings:
        if finding.outcome in ("moved", "vanished", "unprinted"):
            where = f" to {finding.found_at}" if finding.found_at else ""
            print(f"{finding.entry}: {finding.evidence.source} {finding.evidence.at} {finding.outcome}{where}")
    counts = evidence.summary(findings)
    print(", ".join(f"{outcome} {counts[outcome]}" for outcome in ("holds", "moved", "vanished", "unprinted", "outside")))
    return 1 if counts["moved"] + counts["vanished"] + counts["unprinted"] else 0


def new(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge new`."""
    from pydantic import ValidationError

    from knowledge.library import load
    from knowledge.skeleton import skeleton
    from knowledge.writing import write

    library = load(settings.knowledge)
    path = settings.knowledge / "entries" / options.topic / f"{options.id}.yml"
    wrong = None
    if options.topic not in library.topics:
        wrong = f"no topic {options.topic!r}: use one of {', '.join(library.topics)}"
    elif options.id in library.entries:
        wrong = f"{library.paths[options.id]} is there already: choose another id"
    if wrong:
        print(wrong, file=sys.stderr)
        return 1
    try:
        entry = skeleton(options.id, options.topic, dt.date.today())
    except ValidationError:
        print(f"{options.id!r} is no id: use lower case letters, digits and single hyphens, 60 at most", file=sys.stderr)
        return 1
    write(entry, path)
    print(f"{path}: fill it in, then run `kompas knowledge check`; it stays a draft until status says checked")
    return 0


def tidy(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge tidy`."""
    from knowledge.library import load
    from knowledge.writing import as_yaml, write

    library = load(settings.knowledge)
    changed = [
        entry for entry in library.entries.values() if library.paths[entry.id].read_text(encoding="utf-8") != as_yaml(entry)
    ]
    for entry in changed:
        write(entry, library.paths[entry.id])
    print(f"{len(changed)} of {len(library.entries)} files rewritten")
    return 0


def stats(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge stats`."""
    from knowledge import coverage
    from knowledge.library import load

    found = coverage.measure(load(settings.knowledge), dt.date.today())
    if options.html:
        options.html.write_text(coverage.page(found), encoding="utf-8")
        print(options.html)
        return 0
    print("\n".join(coverage.table(found)))
    return 0


def export(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge export`."""
    from knowledge import sheets, spreadsheet
    from knowledge.library import load

    library = load(settings.knowledge)
    unknown = [topic for topic in options.topic or [] if topic not in library.topics]
    if unknown:
        print(f"no topic {unknown[0]!r}: use one of {', '.join(library.topics)}", file=sys.stderr)
        return 1
    chosen = [entry for entry in library.entries.values() if entry.topic in (options.topic or library.topics)]
    spreadsheet.write(sheets.to_tables(chosen, options.lang or LANGUAGES), options.path)
    print(f"{options.path}: {len(chosen)} entries in {', '.join(options.lang or LANGUAGES)}")
    return 0


def take_over(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge import`. Nothing is written unless the knowledge base passes every rule afterwards."""
    from knowledge import check as rules
    from knowledge import sheets, spreadsheet
    from knowledge.library import load
    from knowledge.writing import write

    library = load(settings.knowledge)
    try:
        changed = sheets.merge(library.entries, spreadsheet.read(options.path))
    except FileNotFoundError:
        print(f"{options.path} is not there", file=sys.stderr)
        return 1
    places = {e.id: library.paths.get(e.id, settings.knowledge / "entries" / e.topic / f"{e.id}.yml") for e in changed}
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "knowledge"
        shutil.copytree(settings.knowledge, trial, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        for entry in changed:
            write(entry, trial / places[entry.id].relative_to(settings.knowledge))
        problems = rules.check(trial, dt.date.today())
    for problem in problems:
        print(str(problem).replace(str(trial), str(settings.knowledge)))
    if problems:
        print(f"{len(problems)} problems: nothing was changed", file=sys.stderr)
        return 1
    for entry in changed:
        print(f"{entry.id}: {', '.join(sheets.differences(library.entries.get(entry.id), entry))}")
        if options.write:
            write(entry, places[entry.id])
    done = "changed" if options.write else "would change (run it again with --write)"
    print(f"{len(changed)} entries {done}")
    return 0


def sample(options: argparse.Namespace, settings: Settings) -> int:
    """`kompas knowledge sample`: the same seed draws the same entries from the same version."""
    import random

    from knowledge.library import load

    library = load(settings.knowledge)
    count = min(options.count, len(library.entries))
    for name in random.Random(options.seed).sample(sorted(library.entries), count):  # noqa: S311 - no secret
        entry = library.entries[name]
        print(f"\n{name}: {entry.nl.question}\n{entry.nl.answer}")
        for claim in entry.claims:
            print(f"- {claim.text}")
            print("".join(f"    {item.source} {item.at}\n" for item in claim.evidence), end="")
    return 0
