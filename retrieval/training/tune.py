"""Tunes a sentence encoder on the phrasings of the knowledge base: two ways to ask the same thing come closer.

Contrastive, with neighbours of the same topic as hard negatives and questions from outside the knowledge as further ones.
The public evaluation questions are never read here. Use: `python -m retrieval.training.tune FROM TO`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.library import load
from knowledge.text import fold

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Recipe:
    """The numbers of one run. Twelve minutes on one core."""

    epochs: int = 4
    batch: int = 48
    outside: int = 8  # questions from outside in each batch, as negatives and as anchors to the original
    scale: float = 20.0  # inverse temperature of the contrastive loss
    body_rate: float = 3e-5
    table_rate: float = 3e-4  # the embedding table: each token is seen seldom
    warm_up: int = 30
    without_accents: float = 0.4  # share of sentences seen as typed on a phone
    seed: int = 0


@dataclass(frozen=True)
class Asked:
    """One way to ask, with its entry and topic."""

    entry: str
    topic: str
    text: str


def read_data() -> tuple[list[Asked], list[str]]:
    """All phrasings, and the outside questions of intents/."""
    library = load(ROOT / "knowledge")
    asked = [Asked(entry, library.entries[entry].topic, text) for entry, _, text in library.phrasings()]
    outside = []
    for path in sorted((ROOT / "intents").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if block["intent"] == "out_of_scope":
                outside += [line.removeprefix("- ") for line in block["examples"].splitlines()]
    return asked, outside


def batches(asked: list[Asked], recipe: Recipe, dice: random.Random) -> Iterator[list[tuple[Asked, Asked]]]:
    """Pairs that ask the same: half a batch from everywhere, half from one topic, so that neighbours meet."""
    by_entry, by_topic = defaultdict(list), defaultdict(list)
    for one in asked:
        by_entry[one.entry].append(one)
        by_topic[one.topic].append(one)
    order = dice.sample(asked, len(asked))
    half = recipe.batch // 2
    for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
        rows = order[start : start + half] + dice.choices(by_topic[dice.choice(list(by_topic))], k=half)
        yield [(row, dice.choice(by_entry[row.entry])) for row in rows]


def tune(source: Path, target: Path, recipe: Recipe) -> None:
    """Reads a model from `source` and writes the tuned one to `target`, in half precision."""
    import torch
    from sentence_transformers import SentenceTransformer

    dice = random.Random(recipe.seed)  # noqa: S311 - no secret
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(1)
    model: Any = SentenceTransformer(str(source), device="cpu", model_kwargs={"dtype": torch.float32})
    asked, outside = read_data()
    original = model.encode(outside, convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False).clone()
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if "embeddings" not in name], "lr": recipe.body_rate},
        {"params": [p for name, p in named if "embeddings" in name], "lr": recipe.table_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = recipe.epochs * (len(asked) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / recipe.warm_up) * max(0.02, 1 - step / steps)
    )

    def typed(text: str) -> str:
        return fold(text) if dice.random() < recipe.without_accents else text

    def vectors(texts: list[str]) -> Any:
        return torch.nn.functional.normalize(model(model.preprocess(texts))["sentence_embedding"], dim=-1)

    def loss_of(pairs: list[tuple[Asked, Asked]]) -> Any:
        chosen = dice.sample(range(len(outside)), recipe.outside)
        anchors = vectors([typed(a.text) for a, _ in pairs])
        others = vectors([typed(b.text) for _, b in pairs] + [outside[i] for i in chosen])
        same = torch.tensor([[a.entry == b.entry for _, b in pairs] + [False] * recipe.outside for a, _ in pairs])
        likely = (recipe.scale * anchors @ others.T).log_softmax(1).masked_fill(~same, -1e9)
        drift = 1 - (others[len(pairs) :] * original[chosen]).sum(1)
        return -torch.logsumexp(likely, 1).mean() + drift.mean()

    model.train()
    began = time.monotonic()
    done = 0
    for _ in range(recipe.epochs):
        for pairs in batches(asked, recipe, dice):
            loss = loss_of(pairs)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            if done % 20 == 0:
                sys.stdout.write(f"step {done} of {steps}, loss {loss.item():.3f}, {time.monotonic() - began:.0f} s\n")
                sys.stdout.flush()
    model.eval().half().save(str(target))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("source", type=Path)
    options.add_argument("target", type=Path)
    given = options.parse_args()
    tune(given.source, given.target, Recipe())
