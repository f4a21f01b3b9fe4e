"""The model card: what went in, under which licences, what came out, and what it cannot do."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from retrieval.sentence_sets import Result, table
from retrieval.training.fetch import corpora
from retrieval.training.parallel import opened
from retrieval.training.recipe import Recipe

TEMPLATE = Path(__file__).with_name("card.md")


def text(folder: Path, results: list[Result], recipe: Recipe) -> str:
    """The card. `folder`: the parallel text that was read; `results`: figures of the finished model, none if not judged."""
    return TEMPLATE.read_text(encoding="utf-8").format(
        texts=f"{recipe.body_texts:,}",
        seed=recipe.seed,
        pieces=f"{recipe.pieces:,}",
        dimensions=recipe.static_dimensions,
        data=_data(folder),
        figures=_figures(results),
    )


def _data(folder: Path) -> str:
    """A line for each corpus: where from, how many pairs, under which licence."""
    known = corpora()
    lines = ["| corpus | nl | es | pl | ro | licence | SHA-256 |", "|---|---|---|---|---|---|---|"]
    for part, origin in (("fetched", "fetched"), ("also_read", "put there by hand")):
        for name, corpus in known[part].items():
            counts = {path.name.split(".")[1]: _count(path) for path in sorted(folder.glob(f"{name}.*.tsv*"))}
            if counts:
                cells = " | ".join(f"{counts.get(language, 0):,}" for language in ("nl", "es", "pl", "ro"))
                lines.append(f"| {name} ({origin}) | {cells} | {corpus['licence']} | `{_digest(folder, name)}` |")
    return "\n".join(lines)


def _count(path: Path) -> int:
    with opened(path) as lines:
        return sum(1 for _ in lines)


def _digest(folder: Path, name: str) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.glob(f"{name}.*.tsv*")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def _figures(results: list[Result]) -> str:
    return table(results) if results else "Not judged on published test sets in this run (`--sentences DIR`)."


def write_results(results: list[Result], path: Path) -> None:
    """Keeps the figures, so that the card can be written again."""
    path.write_text(json.dumps([vars(result) for result in results], indent=1) + "\n")


def read_results(path: Path) -> list[Result]:
    """Reads what `write_results` wrote."""
    return [Result(**found) for found in json.loads(path.read_text())]
