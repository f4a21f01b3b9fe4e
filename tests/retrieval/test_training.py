"""The pipeline that makes the encoder: clean pairs in, no evaluation sentence learned, the same model out of the same inputs."""

from __future__ import annotations

import lzma
import random
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import polib
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from knowledge.library import load
from kompas.cli import QUESTIONS
from retrieval.encoder import SentenceEncoder, Vectors, digest
from retrieval.evaluation import read_questions
from retrieval.training import body, fetch, held_out, parallel, quantise, tune, vocabulary
from retrieval.training.pipeline import Pipeline
from retrieval.training.progress import Losses
from retrieval.training.recipe import ROOT, Recipe
from retrieval.training.tokens import Tokens
from tests.conftest import REAL_KNOWLEDGE

# Small enough for a test, large enough that every step has something to do.
TINY = Recipe(
    threads=1,
    english=150,
    pieces=400,
    lines_per_language=200,
    static_epochs=2,
    static_batch=32,
    static_dimensions=16,
    body_batch=8,
    body_texts=8 * 60,
    tokens=12,
)
WORDS = {
    "en": [
        "the",
        "police",
        "bank",
        "doctor",
        "landlord",
        "letter",
        "answers",
        "asks",
        "refuses",
        "writes",
        "today",
        "tomorrow",
        "quickly",
        "slowly",
    ],
    "nl": [
        "de",
        "politie",
        "bank",
        "dokter",
        "huisbaas",
        "brief",
        "antwoordt",
        "vraagt",
        "weigert",
        "schrijft",
        "vandaag",
        "morgen",
        "snel",
        "langzaam",
    ],
    "es": [
        "la",
        "policía",
        "banco",
        "médico",
        "casero",
        "carta",
        "contesta",
        "pregunta",
        "rechaza",
        "escribe",
        "hoy",
        "mañana",
        "rápido",
        "despacio",
    ],
    "pl": [
        "ta",
        "policja",
        "bank",
        "lekarz",
        "właściciel",
        "list",
        "odpowiada",
        "pyta",
        "odmawia",
        "pisze",
        "dzisiaj",
        "jutro",
        "szybko",
        "powoli",
    ],
    "ro": [
        "acea",
        "poliție",
        "bancă",
        "doctor",
        "proprietar",
        "scrisoare",
        "răspunde",
        "întreabă",
        "refuză",
        "scrie",
        "astăzi",
        "mâine",
        "repede",
        "încet",
    ],
}


def sentence(language: str, picks: tuple[int, int, int]) -> str:
    words = WORDS[language]
    return f"{words[0]} {words[1 + picks[0]]} {words[6 + picks[1]]} {words[10 + picks[2]]}".capitalize() + "."


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """A folder with a corpus of each kind that is fetched, so that nothing is; one of them compressed."""
    folder = tmp_path / "work" / "parallel"
    folder.mkdir(parents=True)
    picks = [(a, b, c) for a in range(5) for b in range(4) for c in range(4)]
    for language in ("nl", "es", "pl", "ro"):
        lines = "".join(f"{sentence('en', p)}\t{sentence(language, p)}\n" for p in picks)
        (folder / f"games.{language}.tsv").write_text(lines)
        with lzma.open(folder / f"tatoeba.{language}.tsv.xz", "wt") as file:
            file.write(lines.replace(".", "!"))
    for name in fetch.corpora()["fetched"]:
        if name != "games":
            (folder / f"{name}.es.tsv").write_text("Keep this file\tGuarda este archivo\n")
    return folder


def test_no_public_question_is_training_data() -> None:
    """Every public question is held out, and no phrasing or example of an outside question equals one."""
    questions = [q.text for q in read_questions(QUESTIONS)]
    assert {held_out.fingerprint(text) for text in questions} <= held_out.held_out()
    asked, outside = tune.read_data()
    public = {held_out.fingerprint(text) for text in questions}
    assert not public & {held_out.fingerprint(text) for text in [one.text for one in asked] + outside}
    assert len(asked) > 0.99 * len(list(load(REAL_KNOWLEDGE).phrasings()))


def test_held_out_sentences_never_reach_the_pool(corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair is left out when either side is held out, however it is cased, accented or punctuated."""
    english, romanian = sentence("en", (0, 0, 0)), sentence("ro", (1, 1, 1))
    assert {english, romanian} <= set(parallel.read(corpora, TINY).texts)
    monkeypatch.setattr(held_out, "HELD_OUT", tmp_path / "held_out.npy")
    held_out.add([english.upper(), romanian.replace("ă", "a") + " ?"])
    texts = parallel.read(corpora, TINY).texts
    assert not [
        t for t in texts if held_out.fingerprint(t) in {held_out.fingerprint(english), held_out.fingerprint(romanian)}
    ]
    assert sentence("en", (2, 2, 2)) in texts


@given(st.text(alphabet="a <>b&_~()\n\\n", max_size=60))
def test_cleaning_loses_no_letter_outside_markup(text: str) -> None:
    """One line comes out, and every word that was not markup is still in it."""
    found = parallel.clean(text)
    assert "\n" not in found
    assert "  " not in found
    if not set(text) & set("<>\\("):
        assert [c for c in found if c in "ab"] == [c for c in text if c in "ab"]


@pytest.mark.parametrize(
    ("english", "other", "usable"),
    [
        ("Open the file", "Abre el archivo", True),
        ("Open", "Abre", False),  # one word
        ("GNU GPL 2.0+", "GNU GPL 2.0+", False),  # not translated
        ("%s: %d/%d (%s)", "%s - %d/%d (%s)", False),  # hardly a letter
        ("Please wait a moment", "Sí", False),  # lengths too far apart
        ("word " * 40, "palabra " * 40, False),  # too long
    ],
)
def test_only_pairs_that_can_be_translations_are_used(english: str, other: str, usable: bool) -> None:
    """Labels, codes and mismatches teach nothing."""
    assert parallel.usable(english, other, TINY) is usable


def test_markup_and_accelerators_are_removed() -> None:
    """What a menu shows is what is learned."""
    assert parallel.clean("_Open the <b>file</b>\n now&amp; (_O)") == "Open the file nowamp;"
    assert parallel.clean("Save &As") == "Save As"


def test_sentences_are_split_only_where_both_sides_agree() -> None:
    """Two sentences against two give the pair and both parts; two against one only the pair."""
    pair = ("My eyes are open. To the danger!", "Mis ojos están abiertos. ¡Al peligro!")
    assert list(parallel.sentences(*pair)) == [
        pair,
        ("My eyes are open.", "Mis ojos están abiertos."),
        ("To the danger!", "¡Al peligro!"),
    ]
    assert list(parallel.sentences("One. Two.", "Uno y dos.")) == [("One. Two.", "Uno y dos.")]


def test_a_catalogue_in_a_package_is_read(tmp_path: Path) -> None:
    """Pairs come out of a real compiled catalogue in a real Debian package."""
    tree = tmp_path / "tree"
    place = tree / "usr/share/locale/ro/LC_MESSAGES"
    place.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    catalogue.append(polib.POEntry(msgid="Close\nthe door", msgstr="Închide ușa"))
    catalogue.append(polib.POEntry(msgid="same", msgstr="same"))
    catalogue.save_as_mofile(str(place / "door.mo"))
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(
        "Package: door\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: d\n"
    )
    subprocess.run(["dpkg-deb", "--build", str(tree), str(tmp_path / "door.deb")], check=True, capture_output=True)
    pairs: fetch.Pairs = {"ro": set()}
    for path, content in fetch._files(tmp_path / "door.deb"):
        fetch._add_catalogue(pairs, path, content)
    assert pairs == {"ro": {("Close the door", "Închide ușa")}}


def test_a_package_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    """The error says which command failed and what to try."""
    with pytest.raises(fetch.FetchError, match="apt-get download failed"):
        fetch._debian(["no-such-package-anywhere"], tmp_path)


def test_every_corpus_says_its_style_and_licence() -> None:
    """The table is complete: the model card is made of it."""
    for part in fetch.corpora().values():
        for name, corpus in part.items():
            assert corpus["style"] in Recipe().draws, name
            assert corpus["licence"], name


@given(st.lists(st.text(alphabet="abc ż?", max_size=30), min_size=1, max_size=8))
def test_flat_tokens_are_the_tokenizers_own(texts: list[str]) -> None:
    """What is kept in flat arrays is what the tokenizer said, cut at the limit."""
    tokenizer = vocabulary._tokenizer(
        [("<unk>", 0.0), ("[CLS]", 0.0), ("[SEP]", 0.0), ("[PAD]", 0.0), ("a", -1.0), ("▁b", -1.5)]
    )
    tokens = Tokens.of(texts, tokenizer, 5)
    for row, text in enumerate(texts):
        wanted = tokenizer.encode(text, add_special_tokens=False).ids[:5] or [0]
        assert tokens.ids[tokens.starts[row] : tokens.starts[row + 1]].tolist() == wanted
    padded = tokens.padded(np.arange(len(texts)), 1, 2, 3)
    assert (padded[:, 0] == 1).all()
    assert ((padded == 2).sum(1) == 1).all()


@given(st.text(max_size=40), st.integers())
def test_a_slip_changes_at_most_two_places(text: str, seed: int) -> None:
    """Mistyping keeps the first and the length within one; short texts stay."""
    found = tune.mistype(text, random.Random(seed))
    assert abs(len(found) - len(text)) <= 1
    assert found[:1] == text[:1]
    assert len(text) >= 4 or found == text


def test_the_pool_survives_writing(corpora: Path, tmp_path: Path) -> None:
    """A pool read back is the pool written; every language has its share of the draws."""
    pool = parallel.read(corpora, TINY)
    pool.save(tmp_path / "pool")
    back = parallel.Pool.load(tmp_path / "pool")
    assert (back.english, back.texts, back.languages) == (pool.english, pool.texts, pool.languages)
    assert np.array_equal(back.targets, pool.targets)
    for language, share in TINY.shares.items():
        assert pool.draws[pool.of(language)].sum() == pytest.approx(share)


def test_quantised_vectors_stay_close(tmp_path: Path) -> None:
    """A table that varies in eight directions keeps its dot products in eight dimensions, and to a percent in eight bits."""
    dice = np.random.default_rng(0)
    table = (dice.standard_normal((50, 8)) @ dice.standard_normal((8, 32))).astype(np.float32)
    reduced = quantise.reduce(table, 8)
    assert reduced.shape == (50, 8)
    assert np.allclose(reduced @ reduced.T, table @ table.T, rtol=1e-3, atol=1e-2)
    quantise.save_table(reduced, tmp_path / "table.safetensors")
    kept = load_file(tmp_path / "table.safetensors")
    back = kept["table"] * kept["scale"].astype(np.float32)
    assert kept["table"].dtype == np.int8
    assert np.abs(back - reduced).max() <= 0.01 * np.abs(reduced).max()


def test_losses_go_on_where_a_run_was_cut(tmp_path: Path) -> None:
    """Lines after the checkpoint are dropped, those before it kept."""
    path = tmp_path / "losses.tsv"
    path.write_text("50\tnear=0.5000\n100\tnear=0.4000\n")
    losses = Losses(path, 50)
    for step in range(51, 101):
        losses.add(step, near=torch.tensor(0.25))
    assert path.read_text() == "50\tnear=0.5000\n100\tnear=0.2500\n"
    losses.plot(tmp_path / "losses.png", "A cut run")
    assert (tmp_path / "losses.png").stat().st_size > 1000


def test_the_whole_pipeline_makes_a_model_and_again_the_same(
    corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step with the real teachers: stock loading gives unit vectors, a second run does nothing, a fresh one gives the same bytes."""
    monkeypatch.setattr(
        tune, "read_data", lambda: ([tune.Asked("a", "t", f"letter {n}") for n in range(60)], ["weather"] * 9)
    )
    models = []
    for name in ("work", "again"):
        work = corpora.parent if name == "work" else tmp_path / "again"
        if name == "again":
            (work / "parallel").mkdir(parents=True)
            for file in corpora.iterdir():
                (work / "parallel" / file.name).write_bytes(file.read_bytes())
        target = tmp_path / f"models-{name}"
        target.mkdir()
        Pipeline(TINY, work, target).run()
        models.append(target)
    made = SentenceEncoder(models[0] / "minilm")
    vectors = made.encode(["De bank weigert vandaag.", "Banca refuză astăzi.", ""])
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=2e-2)
    assert {p.suffix for p in (models[0] / "minilm").rglob("*") if p.is_file()} == {".json", ".safetensors"}
    assert digest(models[0] / "minilm") == digest(models[1] / "minilm")
    assert digest(models[0] / "static") == digest(models[1] / "static")
    (models[0] / "minilm" / "model.safetensors").write_bytes(b"damaged")
    with monkeypatch.context() as patch:
        for name in ("pool", "tokenizer", "first", "second", "static", "body", "tuned", "finished", "figures"):
            patch.setattr(Pipeline, name, must_not_run)
        Pipeline(TINY, corpora.parent, models[0]).run()
    assert digest(models[0] / "minilm") == digest(models[1] / "minilm"), "a damaged model is mended"
    assert (corpora.parent / "training" / "losses.png").is_file()
    step = Pipeline(TINY, corpora.parent, models[0]).steps()[5]
    left = corpora.parent / "training" / "body.checkpoint.pt"
    left.write_bytes(b"of another run")
    step.run(replace(TINY, seed=1, body_texts=16))
    assert not left.exists(), "a checkpoint of other numbers must not be gone on from"


def must_not_run(_: Pipeline) -> None:
    raise AssertionError("made again although nothing changed")


def test_a_cut_run_goes_on_to_the_same_end(corpora: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training stopped after a checkpoint and started again ends with the weights of an unbroken run."""
    monkeypatch.setattr(body, "KEEP_EVERY", 24)
    pool = parallel.read(corpora, TINY)
    tokenizer = vocabulary.train(pool, ["Where can I ask about rights, papers and permits?"], replace(TINY, pieces=100))
    tokens = Tokens.of(pool.texts, tokenizer, TINY.tokens)
    dice = np.random.default_rng(0)
    taught = (dice.standard_normal((len(pool.english), n)).astype(np.float16) for n in (384, 512))
    material = body.Material(tokenizer, pool, tokens, *taught)
    table = dice.standard_normal((TINY.pieces, 16)).astype(np.float32)
    ends = []
    for name in ("whole", "cut"):
        folder = tmp_path / name
        folder.mkdir()
        if name == "cut":
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(body.Losses, "add", interrupted_at_thirty)
                learn(material, table, folder)
        ends.append(learn(material, table, folder))
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def interrupted_at_thirty(losses: Losses, step: int, **values: torch.Tensor) -> None:
    if step == 30:
        raise KeyboardInterrupt


def learn(material: body.Material, table: Vectors, folder: Path) -> dict[str, torch.Tensor]:
    model = body.start(material, table)
    body.train(model, material, replace(TINY, body_texts=TINY.body_batch * 48), folder)
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def test_the_committed_model_is_what_the_card_says() -> None:
    """At most 40 MB altogether, safetensors only, no code."""
    models = ROOT / "retrieval" / "models"
    files = [p for p in models.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= 40_000_000
    assert {p.suffix for p in files} <= {".json", ".safetensors", ".md", ".png"}
    assert not [p for p in files if b"trust_remote_code" in p.read_bytes() or b"auto_map" in p.read_bytes()]


def test_held_out_sentences_are_added_to_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command takes every line and every column of every file, and forgets none that it had."""
    monkeypatch.setattr(held_out, "HELD_OUT", tmp_path / "held_out.npy")
    held_out.add(["kept from before"])
    sets = tmp_path / "sets"
    sets.mkdir()
    (sets / "stsb.ro.tsv").write_text("2.5\tO fată cântă.\tO fată dansează.\n")
    (sets / "stsb.en.csv").write_text('"A girl, who sings","A girl dances",2.5\n')
    held_out.main([str(sets)])
    wanted = ["kept from before", "O fata danseaza", "A girl, who sings", "A girl dances", read_questions(QUESTIONS)[0].text]
    assert {held_out.fingerprint(text) for text in wanted} <= held_out.held_out()


def test_the_published_test_sets_are_held_out() -> None:
    """Tatoeba, FLORES, NTREX and STS-B have some thirty-six thousand different sentences; the first of STS-B is among them."""
    assert len(held_out.held_out()) > 30_000
    assert held_out.fingerprint("A girl is styling her hair.") in held_out.held_out()
