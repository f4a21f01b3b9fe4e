"""Loading an encoder: whole or not at all, the same vectors one by one as together, and eight bits that any library reads."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from kompas import encoders
from kompas.settings import SettingsError, read_settings
from retrieval import encoder
from retrieval.encoder import BUNDLED, CHECKSUMS, EncoderError, SentenceEncoder, digest


def test_the_bundled_model_is_the_one_its_checksum_names() -> None:
    """Every bundled folder has its digest committed beside it."""
    committed = json.loads(CHECKSUMS.read_text())
    assert committed == {folder.name: digest(folder) for folder in CHECKSUMS.parent.iterdir() if folder.is_dir()}


def test_a_changed_model_stops_the_start(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One other byte in any file of a bundled model, and the sentence says how to mend it; so does a lost checksum."""
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model, folder)
    monkeypatch.setattr(encoder, "MODELS", tmp_path)
    monkeypatch.setattr(encoder, "CHECKSUMS", tmp_path / "checksums.json")
    (tmp_path / "checksums.json").write_text(json.dumps({"tiny": digest(folder)}))
    SentenceEncoder(folder)
    (folder / "modules.json").write_text((folder / "modules.json").read_text() + " ")
    for change in (lambda: None, (tmp_path / "checksums.json").unlink):
        change()
        with pytest.raises(EncoderError, match=r"retrieval/models/tiny differs from its checksum: run `git checkout"):
            SentenceEncoder(folder)


def test_a_damaged_model_of_somebody_is_named(tmp_path: Path, tiny_model: Path) -> None:
    """Half a file of weights ends with a sentence, not with a traceback."""
    folder = tmp_path / "half"
    shutil.copytree(tiny_model, folder)
    (weights,) = folder.rglob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(EncoderError, match=r"half cannot be loaded: "):
        SentenceEncoder(folder)


def test_the_bundled_model_is_stored_in_eight_bits() -> None:
    """All large matrices are float8; stock sentence-transformers widens them."""
    from sentence_transformers import SentenceTransformer

    with safe_open(BUNDLED / "model.safetensors", "np") as file:
        kinds = {name: file.get_slice(name).get_dtype() for name in file.keys() if "embeddings.weight" in name}  # noqa: SIM118
    assert kinds["embeddings.word_embeddings.weight"] == "F8_E4M3"
    stock = SentenceTransformer(str(BUNDLED), device="cpu").encode(
        ["Mag de politie mijn huis in?"], normalize_embeddings=True
    )
    ours = SentenceEncoder().encode(["Mag de politie mijn huis in?"])
    assert float((stock * ours).sum()) > 0.999


def test_a_question_alone_has_the_vector_it_has_among_others() -> None:
    """The short way for one sentence gives what the long way for many gives, but for rounding."""
    bundled = SentenceEncoder()
    sentences = ["Mag de politie mijn huis in?", "tengo carta de la gemeente, dwangsom??", "", "łódź 💧"]
    together = bundled.encode(sentences)
    alone = np.vstack([bundled.encode([sentence]) for sentence in sentences])
    assert np.allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-3)
    assert ((together * alone).sum(1) > 0.999).all()


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    """The sentence says which folder and what it lacks."""
    with pytest.raises(EncoderError, match=r"no sentence-transformers model in .*: it has no modules.json"):
        SentenceEncoder(tmp_path)


def test_another_encoder_needs_thresholds_of_its_own(tiny_model: Path, settings_file: Path, tmp_path: Path) -> None:
    """A folder in the settings without thresholds stops the start; `encoder use` sets them, back to bundled needs none."""
    from kompas.cli import main

    text = settings_file.read_text().replace("cache = ", f'cache = "{tmp_path / "cache"}" #')
    mine = tmp_path / "settings.toml"
    mine.write_text(text.replace('model = "bundled"', f'model = "{tiny_model}"'))
    assert main(["--settings", str(mine), "ask", "--lang", "en", "lost keys"]) == 1
    assert main(["--settings", str(mine), "encoder", "use", str(tiny_model)]) == 0
    assert main(["--settings", str(mine), "ask", "--lang", "en", "lost keys"]) == 0
    assert main(["--settings", str(mine), "encoder", "use", "bundled"]) == 0
    assert read_settings(mine).encoder.model == "bundled"


def test_evaluation_with_another_encoder_changes_nothing(
    tiny_model: Path, settings_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`kompas evaluate --encoder FOLDER` prints that encoder's table and leaves the settings alone."""
    from kompas.cli import main

    before = settings_file.read_text()
    assert main(["--settings", str(settings_file), "evaluate", "--encoder", str(tiny_model)]) == 0
    assert "| ro | 0." in capsys.readouterr().out
    assert settings_file.read_text() == before


def test_a_settings_file_without_the_line_says_what_to_write(tmp_path: Path) -> None:
    """Nothing is guessed into a file of another shape."""
    path = tmp_path / "settings.toml"
    path.write_text("[encoder]\nthreads = 1\n")
    with pytest.raises(SettingsError, match=r'write model = "bundled" under \[encoder\]'):
        encoders.write_choice("bundled", path)
    assert path.read_text() == "[encoder]\nthreads = 1\n"
