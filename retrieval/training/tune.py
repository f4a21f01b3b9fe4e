"""Tunes a sentence encoder on the phrasings of the knowledge base: two ways to ask the same thing come closer.

Contrastive, with neighbours of the same topic as hard negatives and questions from outside the knowledge as further ones.
The public evaluation questions are never read here, and a phrasing that equals one of them is left out.
"""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from sentence_transformers import SentenceTransformer
from sentence_transformers.util import batch_to_device
from torch.nn import functional

from knowledge.library import load
from knowledge.text import fold
from retrieval.training.held_out import fingerprint, held_out
from retrieval.training.losses import likeness
from retrieval.training.progress import Losses, say
from retrieval.training.recipe import ROOT, device


@dataclass(frozen=True)
class Recipe:
    """The numbers of one run."""

    epochs: int = 4
    batch: int = 48
    outside: int = 8  # questions from outside in each batch, as negatives and as anchors to the original
    general: int = 32  # sentences about anything in each batch, whose vectors should stay
    keep: float = 4.0  # how much that counts
    scale: float = 20.0  # inverse temperature of the contrastive loss
    body_rate: float = 3e-5
    table_rate: float = 3e-4  # the embedding table: each token is seen seldom
    warm_up: int = 30
    without_accents: float = 0.4  # share of sentences seen as typed on a phone
    mistyped: float = 0.25  # share of sentences with one slip of a finger
    seed: int = 0
    threads: int = 2


@dataclass(frozen=True)
class Asked:
    """One way to ask, with its entry and topic."""

    entry: str
    topic: str
    text: str


def read_data() -> tuple[list[Asked], list[str]]:
    """All phrasings, and the outside questions of intents/."""
    library = load(ROOT / "knowledge")
    forbidden = held_out()
    asked = [
        Asked(entry, library.entries[entry].topic, text)
        for entry, _, text in library.phrasings()
        if fingerprint(text) not in forbidden
    ]
    outside: list[str] = []
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


def mistype(text: str, dice: random.Random) -> str:
    """The text with one slip: a letter left out, struck twice, or changed for its neighbour's place."""
    if len(text) < 4:
        return text
    place = dice.randrange(1, len(text) - 1)
    before, letter, after = text[:place], text[place], text[place + 1 :]
    slips = (before + after, before + letter + letter + after, before + after[:1] + letter + after[1:])
    return dice.choice(slips)


class _Tuner:
    """The model in training, and what it must not forget: the vectors it gave before."""

    def __init__(self, source: Path, outside: list[str], general: list[str], recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(recipe.threads)
        self.recipe, self.place = recipe, device()
        self.dice = random.Random(recipe.seed)  # noqa: S311 - no secret
        # Fused attention is slow backwards on a CPU (body.py).
        exact = {"dtype": torch.float32, "attn_implementation": "eager"}
        self.model: Any = SentenceTransformer(str(source), device=self.place, model_kwargs=exact).eval()
        self.outside, self.general = outside, general
        with torch.no_grad():
            parts = [self.vectors(general[at : at + 256]) for at in range(0, len(general), 256)]
            self.before = {"outside": self.vectors(outside), "general": torch.cat(parts)}
        self.model.train()

    def vectors(self, texts: list[str]) -> Any:
        """Vectors of length 1 that can be learned from."""
        features = batch_to_device(self.model.preprocess(texts), self.place)
        with torch.autocast(self.place, torch.bfloat16):
            found = self.model(features)["sentence_embedding"]
        return functional.normalize(found.float(), dim=-1)

    def typed(self, text: str) -> str:
        """The text as somebody in a hurry types it, or as it is."""
        plain = fold(text) if self.dice.random() < self.recipe.without_accents else text
        return mistype(plain, self.dice) if self.dice.random() < self.recipe.mistyped else plain

    def losses(self, pairs: list[tuple[Asked, Asked]]) -> dict[str, Any]:
        """How badly pairs are told apart, and how far outside questions and general sentences have moved."""
        far = self.dice.sample(range(len(self.outside)), self.recipe.outside)
        kept = self.dice.sample(range(len(self.general)), min(len(self.general), self.recipe.general))
        anchors = self.vectors([self.typed(a.text) for a, _ in pairs])
        others = self.vectors([self.typed(b.text) for _, b in pairs] + [self.outside[i] for i in far])
        same = torch.tensor(
            [[a.entry == b.entry for _, b in pairs] + [False] * len(far) for a, _ in pairs], device=self.place
        )
        likely = (self.recipe.scale * anchors @ others.T).log_softmax(1).masked_fill(~same, -1e9)
        return {
            "contrast": -torch.logsumexp(likely, 1).mean(),
            "outside": likeness(others[len(pairs) :], self.before["outside"][far]),
            "general": likeness(self.vectors([self.general[i] for i in kept]), self.before["general"][kept]),
        }


def tune(source: Path, target: Path, general: list[str], recipe: Recipe) -> None:
    """Reads a model from `source` and writes the tuned one to `target`. `general`: sentences whose vectors should stay."""
    asked, outside = read_data()
    tuner = _Tuner(source, outside, general, recipe)
    model = tuner.model
    named = list(model.named_parameters())
    groups = [
        {"params": [p for name, p in named if "embeddings" not in name], "lr": recipe.body_rate},
        {"params": [p for name, p in named if "embeddings" in name], "lr": recipe.table_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    steps = recipe.epochs * (len(asked) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / recipe.warm_up) * max(0.02, 1 - step / steps)
    )
    seen = Losses(target.with_name("tuning.tsv"), 0)
    done = 0
    for _ in range(recipe.epochs):
        for pairs in batches(asked, recipe, tuner.dice):
            losses = tuner.losses(pairs)
            optimizer.zero_grad()
            (losses["contrast"] + losses["outside"] + recipe.keep * losses["general"]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            done += 1
            seen.add(done, **losses)
            if done % 50 == 0:
                say(f"tuning: step {done} of {steps}, {seen.last()}")
    seen.plot(target.with_name("tuning.png"), "Tuning on the phrasings")
    shutil.rmtree(target, ignore_errors=True)
    model.cpu().eval().save(str(target), create_model_card=False)
    # transformers writes the tokenizer with line breaks, at twice the size.
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
