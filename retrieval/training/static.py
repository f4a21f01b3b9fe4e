"""The static student: one vector a piece, a sentence is their mean. Minutes to train; it starts the body and serves Rasa."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from retrieval.training.losses import contrast, likeness
from retrieval.training.parallel import Pool
from retrieval.training.progress import say
from retrieval.training.recipe import Recipe
from retrieval.training.tokens import Tokens


def train(pool: Pool, tokens: Tokens, wanted: NDArray[np.float16], recipe: Recipe) -> NDArray[np.float32]:
    """A table of shape (pieces, dimensions of the teacher)."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    dice = np.random.default_rng(recipe.seed)
    table = torch.nn.EmbeddingBag(recipe.pieces, wanted.shape[1], mode="mean", sparse=True)
    torch.nn.init.normal_(table.weight, std=0.05)
    optimizer: Any = torch.optim.SparseAdam(table.parameters(), lr=recipe.static_rate)
    count = len(pool.texts)
    steps = recipe.static_epochs * (count // recipe.static_batch)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = recipe.static_rate * (1 - step / steps) + 1e-4
        rows = dice.choice(count, recipe.static_batch)
        ids, begins = tokens.flat(rows)
        given = functional.normalize(table(torch.from_numpy(ids), torch.from_numpy(begins)), dim=-1)
        targets = torch.from_numpy(pool.targets[rows])
        teacher = torch.from_numpy(wanted[pool.targets[rows]].astype(np.float32))
        loss = likeness(given, teacher) + 0.2 * contrast(given, teacher, targets, recipe.scale)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 500 == 0:
            say(f"static student: step {step} of {steps}, loss {loss.item():.4f}")
    return table.weight.detach().numpy()
