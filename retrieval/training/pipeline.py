"""`make encoder`: from nothing to the bundled model, in steps that are skipped while what they were made of is the same.

Everything but the finished model stays in `.cache/encoder/`. Text that no registry carries is read from its folder
`parallel/` when somebody put it there: `<corpus>.<language>.tsv` or `.tsv.xz`, English TAB translation, the corpus named in
corpora.yml.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from knowledge.library import load
from retrieval.encoder import MODELS, SentenceEncoder
from retrieval.sentence_sets import SentenceSetError, judge
from retrieval.training import card, fetch, model_folder, parallel, teachers, vocabulary
from retrieval.training.held_out import HELD_OUT
from retrieval.training.progress import say
from retrieval.training.recipe import ROOT, Recipe
from retrieval.training.tokens import Tokens

WORK = ROOT / ".cache" / "encoder"
LOCK = ROOT / "locks" / "encoder.txt"  # which teachers
SHORTEST = 50  # batches of the body: fewer draw no plot


@dataclass(frozen=True)
class Step:
    """One step: what it makes, out of which files, and how. `scratch`: where an interrupted step left off."""

    makes: Path
    reads: Sequence[Path]
    make: Callable[[], None]
    scratch: Path | None = None

    def run(self, recipe: Recipe) -> None:
        """Makes it, unless it was made of the same files and numbers before."""
        stamp = self.makes.with_name(self.makes.name + ".stamp")
        made_of = _fingerprint(self.reads, recipe)
        if self.makes.exists() and stamp.is_file() and stamp.read_text() == made_of:
            say(f"{self.makes.name}: up to date")
            return
        say(f"{self.makes.name}: being made")
        stamp.unlink(missing_ok=True)  # what is there is half made from here on
        if self.scratch:
            _keep_only_if(made_of, self.scratch)
        self.make()
        stamp.write_text(made_of)


def _keep_only_if(made_of: str, scratch: Path) -> None:
    """Empties `scratch` unless it was begun for the same files and numbers: a checkpoint of other inputs must not go on."""
    begun = scratch / "made_of"
    if begun.is_file() and begun.read_text() == made_of:
        return
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    begun.write_text(made_of)


def _code(*names: str) -> list[Path]:
    """The modules that shape a step's result."""
    return [ROOT / "knowledge" / "text.py", *(Path(__file__).with_name(f"{name}.py") for name in names)]


def _fingerprint(reads: Sequence[Path], recipe: Recipe) -> str:
    found = hashlib.sha256(json.dumps(asdict(recipe)).encode())
    for path in reads:
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
            found.update(file.name.encode())
            with file.open("rb") as opened:
                found.update(hashlib.file_digest(opened, "sha256").digest())
    return found.hexdigest()


@dataclass(frozen=True)
class Pipeline:
    """One run: its numbers, the folder of its steps, where the model goes, and test sets to judge it on for its card."""

    recipe: Recipe
    work: Path
    models: Path
    sentences: Path | None = None

    def run(self) -> None:
        """Fetches what is missing, runs the steps that are not up to date, and puts the finished model in its place."""
        fetch.fetch(self.at("parallel"))
        for step in self.steps():
            step.run(self.recipe)
        self.install()

    def steps(self) -> list[Step]:
        """The steps in order, with the files and the code each is made of."""
        at = self.at
        texts, first, second, static = at("pool"), at("first.npy"), at("second.npy"), at("static.npy")
        words = [texts, at("tokenizer.json"), *_code("tokens", "losses")]
        phrasings = [ROOT / "knowledge" / "entries", ROOT / "intents", HELD_OUT]
        judged = [self.sentences] if self.sentences else []
        return [
            Step(texts, [at("parallel"), HELD_OUT, fetch.TABLE, *_code("parallel", "held_out")], self.pool),
            Step(at("tokenizer.json"), [texts, ROOT / "knowledge" / "entries", *_code("vocabulary")], self.tokenizer),
            Step(first, [texts, LOCK, *_code("teachers")], self.first),
            Step(second, [texts, LOCK, *_code("teachers")], self.second),
            Step(static, [*words, first, *_code("static")], self.static),
            Step(at("body"), [*words, first, second, static, *_code("body", "model_folder")], self.body, at("training")),
            Step(at("tuned"), [at("body"), texts, *phrasings, *_code("tune", "losses")], self.tuned),
            Step(at("finished"), [at("tuned"), static, *_code("quantise")], self.finished),
            Step(at("figures.json"), [at("finished"), *judged], self.figures),
        ]

    def at(self, name: str) -> Path:
        """Where a step keeps what it makes."""
        return self.work / name

    def pool(self) -> None:
        """Which texts are learned."""
        parallel.read(self.at("parallel"), self.recipe).save(self.at("pool"))

    def tokenizer(self) -> None:
        """The vocabulary of all five languages, and of the knowledge base."""
        domain = [text for _, _, text in load(ROOT / "knowledge").phrasings()]
        pool = parallel.Pool.load(self.at("pool"))
        vocabulary.save(vocabulary.train(pool, domain, self.recipe), self.at("tokenizer.json"))

    def first(self) -> None:
        """The English teacher's vectors."""
        np.save(self.at("first.npy"), teachers.minilm(parallel.Pool.load(self.at("pool")).english, self.recipe.threads))

    def second(self) -> None:
        """The multilingual teacher's vectors."""
        np.save(self.at("second.npy"), teachers.use(parallel.Pool.load(self.at("pool")).english, self.recipe.threads))

    def static(self) -> None:
        """The static student."""
        from retrieval.training import static

        pool, tokens = self._tokenized()
        np.save(self.at("static.npy"), static.train(pool, tokens, np.load(self.at("first.npy")), self.recipe))

    def body(self) -> None:
        """The student."""
        from retrieval.training import body

        tokenizer = vocabulary.read(self.at("tokenizer.json"))
        vectors = np.load(self.at("first.npy")), np.load(self.at("second.npy"))
        material = body.Material(tokenizer, *self._tokenized(), *vectors)
        model = body.start(material, np.load(self.at("static.npy")))
        body.train(model, material, self.recipe, self.at("training"))
        model_folder.write(model, self.at("tokenizer.json"), self.at("body"))

    def tuned(self) -> None:
        """The student tuned on the phrasings, with sentences of the pool that should stay where they are."""
        from retrieval.training import tune

        numbers = tune.Recipe(seed=self.recipe.seed, threads=self.recipe.threads)
        pool = parallel.Pool.load(self.at("pool"))
        dice = np.random.default_rng(self.recipe.seed)
        rows = dice.choice(len(pool.texts), min(self.recipe.remembered, len(pool.texts)), replace=False, p=pool.draws)
        tune.tune(self.at("body"), self.at("tuned"), [pool.texts[row] for row in rows], numbers)

    def finished(self) -> None:
        """Both models in 8 bits."""
        from retrieval.training import quantise

        folder = self.at("finished")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.at("tuned"), folder / "minilm")
        quantise.quantise(folder / "minilm")
        (folder / "static").mkdir()
        table = quantise.reduce(np.load(self.at("static.npy")), self.recipe.static_dimensions)
        quantise.save_table(table, folder / "static" / "model.safetensors")

    def figures(self) -> None:
        """What the finished model reaches on the published test sets, where they are given."""
        results = []
        if self.sentences:
            results = judge(SentenceEncoder(self.at("finished") / "minilm", self.recipe.threads), self.sentences)
        card.write_results(results, self.at("figures.json"))

    def install(self) -> None:
        """The finished folders in their place, with card and checksums: every time, so that a damaged model is mended."""
        for name in ("minilm", "static"):
            shutil.rmtree(self.models / name, ignore_errors=True)
            shutil.copytree(self.at("finished") / name, self.models / name)
        shutil.copyfile(self.at("training") / "losses.png", self.models / "losses.png")
        written = card.text(self.at("parallel"), card.read_results(self.at("figures.json")), self.recipe)
        (self.models / "README.md").write_text(written, encoding="utf-8")
        model_folder.write_checksums(self.models)

    def _tokenized(self) -> tuple[parallel.Pool, Tokens]:
        pool = parallel.Pool.load(self.at("pool"))
        return pool, Tokens.of(pool.texts, vocabulary.read(self.at("tokenizer.json")), self.recipe.tokens)


def main() -> int:
    """Runs the steps and says what comes next; an expected failure ends with one sentence."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, default=WORK, help="where the steps keep what they make")
    options.add_argument("--models", type=Path, default=MODELS, help="where the finished model goes")
    options.add_argument("--sentences", type=Path, help="published test sets to judge the finished model on")
    options.add_argument("--texts", type=int, default=Recipe().body_texts, help="how many texts the body sees")
    given = options.parse_args()
    recipe = replace(Recipe(), body_texts=given.texts)
    if given.sentences and not given.sentences.is_dir():
        options.error(f"--sentences {given.sentences}: no such folder")
    if given.texts < SHORTEST * recipe.body_batch:
        options.error(f"--texts {given.texts}: at least {SHORTEST * recipe.body_batch} make a model")
    try:
        Pipeline(recipe, given.work, given.models, given.sentences).run()
    except (fetch.FetchError, teachers.TeacherError, SentenceSetError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say("done: `kompas calibrate` and `kompas evaluate` come next")
    return 0


if __name__ == "__main__":
    sys.exit(main())
