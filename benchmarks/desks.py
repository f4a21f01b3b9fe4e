"""How long an editor waits, on a copy of the real knowledge base in a git repository of its own, through the real modules.

python -m benchmarks.desks   → milliseconds, middle and longest of twenty
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from knowledge.library import Library
from knowledge.shelf import Shelf
from knowledge.trial import check_content
from knowledge.workshop import Workshop
from kompas.settings import ROOT, read_settings
from kompas.wiring import build_assistant, public_questions
from retrieval.trial import ranked
from tests.whole.at_desk import into_git, own_knowledge

TIMES = 20


def timed(call: Callable[..., Any], *arguments: Any) -> float:
    began = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        knowledge = own_knowledge(Path(folder))
        into_git(knowledge)
        settings = read_settings(ROOT / "settings.toml")
        paths = settings.paths.model_copy(update={"knowledge": knowledge})
        retrieval = build_assistant(settings.model_copy(update={"paths": paths}))
        shelf, workshop = Shelf(knowledge), Workshop(knowledge)
        for what, found in measure(retrieval, shelf.library, shelf, workshop).items():
            found.sort()
            print(f"{what}: middle {found[len(found) // 2]:.0f} ms, longest {found[-1]:.0f} ms ({len(found)} times)")


def measure(retrieval: Any, library: Library, shelf: Shelf, workshop: Workshop) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}

    def add(what: str, call: Callable[..., Any], *arguments: Any) -> None:
        found.setdefault(what, []).append(timed(call, *arguments))

    texts = [text for _, text in public_questions()]
    for number, name in enumerate(list(library.entries)[:: len(library.entries) // TIMES][:TIMES]):
        opened = workshop.open(name)
        content = opened.content | {
            "nl": opened.content["nl"] | {"phrasings": [*opened.content["nl"]["phrasings"], f"vraag {number} x"]}
        }
        add("check while typing", check_content, library, content, dt.date.today())
        add("search", ranked, retrieval.assistant.searcher, texts[number], "nl")
        add("trial, with its index", retrieval.trials.ranked, texts[number], "nl", content)
        add("trial, another question", retrieval.trials.ranked, texts[number + 1], "nl", content)
        if number % 5 == 0:
            add("whose questions it takes", retrieval.trials.moved, content, public_questions())
        add("save", workshop.save, name, content, opened.version, "anna")
        seen = workshop.open(name).version
        add("take over", workshop.take_over, name, ["nl"], "checked", "anna", seen)
        add("serve a new phrasing: page", shelf.reload)
        add("serve a new phrasing: answers", retrieval.reload)
        add("withdraw", workshop.withdraw, name, ["pl"], "a try", "rob")
        add("serve a withdrawal: answers", retrieval.reload)
    return found


if __name__ == "__main__":
    main()
