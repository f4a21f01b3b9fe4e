"""The finished model's folder: what any sentence-transformers loads, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from retrieval.encoder import digest
from retrieval.training.vocabulary import CLS, PAD, SEP, UNKNOWN

LONGEST = 128  # pieces of a question that are read


def write(body: Any, tokenizer: Path, folder: Path) -> None:
    """Writes body and tokenizer as a sentence-transformers model: mean of the last layer, of length 1."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import PreTrainedTokenizerFast

    shutil.rmtree(folder, ignore_errors=True)
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    body.float().save_pretrained(draft)
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(tokenizer),
        unk_token=UNKNOWN,
        cls_token=CLS,
        sep_token=SEP,
        pad_token=PAD,
        model_max_length=LONGEST,
        model_input_names=["input_ids", "attention_mask"],
    )
    fast.save_pretrained(draft)
    reads = Transformer(str(draft), max_seq_length=LONGEST)
    pools = Pooling(reads.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[reads, pools, Normalize()], device="cpu").save(str(folder), create_model_card=False)
    # transformers writes the tokenizer with line breaks, at twice the size.
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    shutil.rmtree(draft)


def write_checksums(models: Path) -> None:
    """Writes checksums.json: the digest of every model folder beside it."""
    found = {folder.name: digest(folder) for folder in sorted(models.iterdir()) if folder.is_dir()}
    (models / "checksums.json").write_text(json.dumps(found, indent=1) + "\n")
