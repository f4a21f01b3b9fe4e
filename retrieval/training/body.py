"""The student: the body of all-MiniLM-L6-v2 under our own vocabulary; a translation learns its English sentence's vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from retrieval.training.losses import contrast, likeness
from retrieval.training.parallel import Pool
from retrieval.training.progress import Losses, say
from retrieval.training.recipe import Recipe, device
from retrieval.training.teachers import english_teacher
from retrieval.training.tokens import Tokens
from retrieval.training.vocabulary import CLS, PAD, SEP, number_of

NEIGHBOURS = 8  # anchors that a new piece starts from
LONG_RUN = 12  # batches of like length are cut out of one draw of this many
KEEP_EVERY = 396  # steps between checkpoints, a multiple of LONG_RUN
WARM_UP = 150  # steps
SLOWEST = 0.03  # of the rates, at the end


@dataclass(frozen=True)
class Material:
    """What the student learns from: texts as token ids, and two teachers' vectors of the English sentences, a row each."""

    tokenizer: Tokenizer
    pool: Pool
    tokens: Tokens
    first: NDArray[np.float16]  # what the student gives
    second: NDArray[np.float16]  # what a linear map of it gives


def start(material: Material, static: NDArray[np.float32]) -> Any:
    """The English body with a new table: English words keep their row, the others start near theirs.

    Near: between the English words that are nearest in `static`, after WECHSEL (Minixhofer and others, 2022).
    """
    folder = str(english_teacher())
    # torch's fused attention is slow backwards on a CPU: with "eager" a step takes 0.4 of the time.
    body: Any = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    for part in body.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    old = body.embeddings.word_embeddings.weight.detach()
    known = AutoTokenizer.from_pretrained(folder).get_vocab()
    rows = _matching_rows(material.tokenizer, known)
    copied = torch.tensor(rows) >= 0
    table = torch.zeros(len(rows), old.shape[1])
    table[copied] = old[torch.tensor(rows)[copied]]
    trusted = copied & torch.from_numpy(_english_pieces(material, len(rows)))
    anchors = torch.where(trusted)[0]
    say(f"{int(copied.sum())} pieces of the English vocabulary, {len(anchors)} of them used as English words")
    space = functional.normalize(torch.from_numpy(static), dim=1)
    for part in torch.split(torch.where(~trusted)[0], 2048):
        likely, nearest = (space[part] @ space[anchors].T).topk(NEIGHBOURS, 1)
        table[part] = (torch.softmax(likely / 0.05, 1).unsqueeze(-1) * table[anchors][nearest]).sum(1)
    for piece, theirs in ((CLS, "[CLS]"), (SEP, "[SEP]"), (PAD, "[PAD]")):
        table[number_of(material.tokenizer, piece)] = old[known[theirs]]
    body.embeddings.word_embeddings = torch.nn.Embedding(len(rows), old.shape[1], sparse=True, _weight=table)
    body.config.vocab_size = len(rows)
    body.config.pad_token_id = number_of(material.tokenizer, PAD)
    return body


def _matching_rows(tokenizer: Tokenizer, known: dict[str, int]) -> list[int]:
    """For each of our pieces the row of the same piece in the English vocabulary, or -1."""
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    rows = []
    for piece, _ in pieces:
        theirs = piece[1:] if piece.startswith("▁") else ("##" + piece if len(piece) > 1 else piece)
        rows.append(known.get(theirs, -1) if theirs else -1)
    return rows


def _english_pieces(material: Material, count: int) -> NDArray[np.bool_]:
    """Which pieces are mostly English: seen three times there, and more than elsewhere, in every fifth text."""
    english = np.zeros(count)
    other = np.zeros(count)
    tokens, languages = material.tokens, material.pool.languages
    for row in range(0, len(languages), 5):
        ids = tokens.ids[tokens.starts[row] : tokens.starts[row + 1]]
        np.add.at(english if languages[row] == "en" else other, ids, 1)
    share = english.sum() / max(1.0, other.sum())
    return np.asarray((english >= 3) & (english > 0.5 * share * other))


def vectors(body: Any, ids: Any, pad: int) -> Any:
    """Mean of the last layer over real pieces, of length 1, in single precision."""
    mask = (ids != pad).long()
    with torch.autocast(ids.device.type, torch.bfloat16):
        last = body(input_ids=ids, attention_mask=mask).last_hidden_state
    weight = mask.unsqueeze(-1).float()
    return functional.normalize((last.float() * weight).sum(1) / weight.sum(1), dim=-1)


class _Student:
    """The body in training, with the map to the second teacher and the two optimizers."""

    def __init__(self, body: Any, material: Material, recipe: Recipe) -> None:
        self.device = device()
        torch.manual_seed(recipe.seed)
        torch.set_num_threads(recipe.threads)
        self.body = body.to(self.device).train()
        self.bridge = torch.nn.Linear(material.first.shape[1], material.second.shape[1], bias=False).to(self.device)
        table = body.embeddings.word_embeddings.weight
        self.dense = [p for name, p in body.named_parameters() if "word_embeddings" not in name and "pooler" not in name]
        self.table_steps: Any = torch.optim.SparseAdam([table], lr=recipe.table_rate)
        self.dense_steps: Any = torch.optim.AdamW(
            self.dense + list(self.bridge.parameters()), lr=recipe.body_rate, weight_decay=0.0
        )
        self.material, self.recipe = material, recipe
        self.special = tuple(number_of(material.tokenizer, piece) for piece in (CLS, SEP, PAD))

    def parts(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"body": self.body, "bridge": self.bridge, "sparse": self.table_steps, "dense": self.dense_steps}

    def step(self, rows: NDArray[np.int64], pace: float) -> dict[str, Any]:
        """Learns from some texts, at `pace` (0 to 1) times the rates. Returns the losses."""
        for optimizer, rate in ((self.table_steps, self.recipe.table_rate), (self.dense_steps, self.recipe.body_rate)):
            for group in optimizer.param_groups:
                group["lr"] = rate * pace
        begin, end, pad = self.special
        given = vectors(self.body, torch.from_numpy(self.material.tokens.padded(rows, begin, end, pad)).to(self.device), pad)
        targets = self.material.pool.targets[rows]
        first, second = (
            torch.from_numpy(wanted[targets].astype(np.float32)).to(self.device)
            for wanted in (self.material.first, self.material.second)
        )
        losses = {
            "near": likeness(given, first),
            "contrast": contrast(given, first, torch.from_numpy(targets).to(self.device), self.recipe.scale),
            "second": likeness(functional.normalize(self.bridge(given), dim=-1), second),
        }
        weights = {"near": 1.0, "contrast": self.recipe.contrast, "second": self.recipe.second_teacher}
        self.table_steps.zero_grad()
        self.dense_steps.zero_grad()
        sum(weights[name] * loss for name, loss in losses.items()).backward()
        torch.nn.utils.clip_grad_norm_(self.dense, 1.0)
        self.table_steps.step()
        self.dense_steps.step()
        return losses


def train(body: Any, material: Material, recipe: Recipe, folder: Path) -> None:
    """Teaches `body` in place. Goes on from the checkpoint in `folder` where there is one, with the same batches."""
    student = _Student(body, material, recipe)
    kept = folder / "body.checkpoint.pt"
    done = _restore(kept, student.parts())
    losses = Losses(folder / "losses.tsv", done)
    steps = recipe.body_texts // recipe.body_batch
    lengths = material.tokens.lengths()
    odds = np.cumsum(material.pool.draws)
    while done < steps:
        dice = np.random.default_rng([recipe.seed, done])
        drawn = np.minimum(np.searchsorted(odds, dice.random(recipe.body_batch * LONG_RUN)), len(odds) - 1)
        drawn = drawn[np.argsort(lengths[drawn], kind="stable")]
        for place in dice.permutation(LONG_RUN):
            rows = drawn[place * recipe.body_batch : (place + 1) * recipe.body_batch]
            found = student.step(rows, _pace(done, steps))
            done += 1
            losses.add(done, **found)
            if done % 50 == 0:
                say(f"body: step {done} of {steps}, {losses.last()}")
        if done % KEEP_EVERY == 0:
            _keep(kept, student.parts(), done)
    losses.plot(folder / "losses.png", "Distilling the five-language body")
    body.cpu().eval()


def _pace(done: int, steps: int) -> float:
    """The share of the full learning rate: up in a straight line, then down along a cosine."""
    falling = (1 + math.cos(math.pi * min(1.0, done / steps))) / 2
    return min(1.0, (done + 1) / WARM_UP) * (SLOWEST + (1 - SLOWEST) * falling)


def _keep(path: Path, parts: dict[str, Any], done: int) -> None:
    """Writes a checkpoint whole or not at all."""
    draft = path.with_suffix(".draft")
    torch.save({"done": done, **{name: part.state_dict() for name, part in parts.items()}}, draft)
    draft.replace(path)


def _restore(path: Path, parts: dict[str, Any]) -> int:
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True, map_location=device())
    for name, part in parts.items():
        part.load_state_dict(state[name])
    say(f"going on from step {state['done']}")
    return int(state["done"])
