"""One vocabulary for five languages: a unigram tokenizer over equal shares of each, and the words of the knowledge base."""

from __future__ import annotations

import io
import random
from pathlib import Path

from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from retrieval.training.parallel import Pool
from retrieval.training.recipe import LANGUAGES, Recipe

UNKNOWN, CLS, SEP, PAD = "<unk>", "[CLS]", "[SEP]", "[PAD]"


def train(pool: Pool, domain: list[str], recipe: Recipe) -> Tokenizer:
    """A tokenizer of `recipe.pieces` pieces. `domain`: sentences of the knowledge base, counted three times."""
    dice = random.Random(recipe.seed)  # noqa: S311 - no secret
    lines = domain * 3
    for language in LANGUAGES:
        places = pool.of(language)
        lines += [pool.texts[place] for place in dice.sample(places, min(len(places), recipe.lines_per_language))]
    trained = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=trained,
        model_type="unigram",
        vocab_size=recipe.pieces,
        character_coverage=0.9998,
        normalization_rule_name="nmt_nfkc_cf",
        max_sentencepiece_length=16,
        num_threads=recipe.threads,
        control_symbols=[CLS, SEP],
        pad_id=3,
        unk_id=0,
        bos_id=-1,
        eos_id=-1,
        pad_piece=PAD,
        minloglevel=2,
    )
    pieces = SentencePieceProcessor(model_proto=trained.getvalue())
    scored = [(pieces.id_to_piece(number), round(pieces.get_score(number), 4)) for number in range(pieces.get_piece_size())]
    return _tokenizer(scored)


def _tokenizer(scored: list[tuple[str, float]]) -> Tokenizer:
    """A fast tokenizer that reads any spelling of case and width, and puts a sentence between [CLS] and [SEP]."""
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([UNKNOWN, CLS, SEP, PAD])
    number = {piece: number_of(tokenizer, piece) for piece in (CLS, SEP)}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", pair=f"{CLS} $A {SEP} $B:1 {SEP}:1", special_tokens=list(number.items())
    )
    return tokenizer


def save(tokenizer: Tokenizer, path: Path) -> None:
    """Writes the tokenizer without line breaks: half the size of the default."""
    path.write_text(tokenizer.to_str(pretty=False), encoding="utf-8")


def read(path: Path) -> Tokenizer:
    """Reads what `save` wrote."""
    return Tokenizer.from_file(str(path))


def number_of(tokenizer: Tokenizer, piece: str) -> int:
    """The id of a piece that is there. Raises KeyError when it is not."""
    number = tokenizer.token_to_id(piece)
    if number is None:
        raise KeyError(piece)
    return int(number)
