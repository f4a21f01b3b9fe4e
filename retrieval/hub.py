"""Fetching an encoder from a model hub. Nothing else in Kompas does; it happens only when somebody asks for it by name."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from retrieval.encoder import EncoderError

# What a model needs to be loaded without any code of its own. Pickled weights (*.bin, *.pt) are never fetched.
WANTED = ["*.json", "*.safetensors", "*.txt", "*.model"]
PART = r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*"
NAME = re.compile(rf"(?P<name>{PART}/{PART})(@(?P<revision>{PART}))?")


@dataclass(frozen=True)
class HubName:
    """A model of a hub: owner/model and, where given, the revision (a commit, a tag or a branch)."""

    name: str
    revision: str | None

    def __str__(self) -> str:
        return f"{self.name}@{self.revision}" if self.revision else self.name

    def folder(self, cache: Path) -> Path:
        """Where the fetched model lies."""
        return cache / "encoders" / str(self).replace("/", "--")


def parse(text: str) -> HubName | None:
    """`owner/model` or `owner/model@revision`; None for anything else."""
    found = NAME.fullmatch(text)
    return HubName(found["name"], found["revision"]) if found else None


def fetch(wanted: HubName, cache: Path) -> HubName:
    """Fetches the model and returns its name with the exact commit. Raises EncoderError; half a model is never left."""
    import httpx2  # what huggingface_hub speaks HTTP with; it passes its errors through
    from huggingface_hub import HfApi, errors, snapshot_download

    draft = HubName(wanted.name, "draft").folder(cache)
    try:
        # token=False: whoever is logged in to a hub stays unknown to it here.
        commit = HfApi().model_info(wanted.name, revision=wanted.revision, token=False).sha
        exact = HubName(wanted.name, commit)
        if not (exact.folder(cache) / "modules.json").is_file():
            snapshot_download(wanted.name, revision=commit, local_dir=draft, allow_patterns=WANTED, token=False)
            _keep(draft, exact, cache)
        return exact
    except errors.RevisionNotFoundError:
        raise EncoderError(f"{wanted.name} has no revision {wanted.revision} on the model hub") from None
    except errors.RepositoryNotFoundError:
        raise EncoderError(f"{wanted.name} is not on the model hub, or not open to everyone: check its name") from None
    except errors.OfflineModeIsEnabled:
        raise EncoderError(f"{wanted} cannot be fetched: HF_HUB_OFFLINE is set") from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, httpx2.HTTPError) as error:
        reason = type(error).__name__
        raise EncoderError(
            f"{wanted} cannot be fetched: the model hub does not answer ({reason}); is this machine online?"
        ) from None
    except OSError as error:
        raise EncoderError(f"{wanted} cannot be kept in {cache}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _keep(draft: Path, exact: HubName, cache: Path) -> None:
    """Puts a fetched model in its place. Raises EncoderError when it cannot be loaded without code or pickles."""
    problem = _problem(draft)
    if problem:
        raise EncoderError(f"{exact} cannot be used: {problem}")
    shutil.rmtree(draft / ".cache", ignore_errors=True)
    target = exact.folder(cache)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


def _problem(folder: Path) -> str | None:
    if not (folder / "modules.json").is_file():
        return "it is no sentence-transformers model (it has no modules.json)"
    if not any(folder.rglob("*.safetensors")):
        return "it has no weights in the safetensors format"
    return None
