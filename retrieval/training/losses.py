"""What a student is asked for: be close to the teacher's vector of the English sentence, closer than other sentences are."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional


def likeness(given: Any, wanted: Any) -> Any:
    """1 - cosine, averaged; both of shape (texts, dimensions), rows of length 1."""
    return (1 - (given * wanted).sum(1)).mean()


def contrast(given: Any, wanted: Any, targets: Any, scale: float) -> Any:
    """Cross-entropy, both ways, of finding one's own teacher vector in the batch; equal targets do not compete."""
    scores = scale * given @ wanted.T
    own = torch.eye(len(targets), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill((targets[:, None] == targets[None]) & ~own, -1e4)
    labels = torch.arange(len(targets), device=scores.device)
    return (functional.cross_entropy(scores, labels) + functional.cross_entropy(scores.T, labels)) / 2
