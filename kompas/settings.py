"""The one settings file, read and checked."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
# The public questions: for `kompas evaluate` and `kompas calibrate`, and what the editors' desk tries a change on.
QUESTIONS = ROOT / "tests" / "data" / "questions.tsv"
# Which of them do not find their entry first, by entry and language: from `kompas evaluate --commit`, for the desk.
WEAK = ROOT / "tests" / "data" / "weak.json"

Port = Annotated[int, Field(ge=1, le=65535)]


class SettingsError(ValueError):
    """The settings cannot be used; the message names file, key and what is wrong."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(_Section):
    """Where the web chat listens."""

    host: str
    port: Port
    # What others type to get here, for links and QR codes; without it, the address a page was asked under.
    public_url: str = ""


class Process(_Section):
    """A process that listens on loopback."""

    port: Port


class Paths(_Section):
    """Folders, relative to the repository."""

    knowledge: Path
    intents: Path
    cache: Path


class EncoderSettings(_Section):
    """Which encoder, and with how many threads."""

    model: str
    threads: Annotated[int, Field(ge=1, le=64)]


class TelegramSettings(_Section):
    """The Telegram channel."""

    enabled: bool = False
    mode: Literal["polling", "webhook"] = "polling"
    url: str = ""
    api: str = "https://api.telegram.org"


class WhatsAppSettings(_Section):
    """The WhatsApp channel."""

    enabled: bool = False
    api: str = "https://graph.facebook.com"
    version: str = "v25.0"
    phone_number_id: str = ""


class GatewaySettings(_Section):
    """What all channels share."""

    secrets: Path = Path("secrets")
    state: Path = Path(".cache/state")


class Settings(_Section):
    """Everything in settings.toml. Without its section a channel is off."""

    web: Web
    rasa: Process
    actions: Process
    paths: Paths
    encoder: EncoderSettings
    gateway: GatewaySettings = GatewaySettings()
    telegram: TelegramSettings = TelegramSettings()
    whatsapp: WhatsAppSettings = WhatsAppSettings()

    @property
    def secrets(self) -> Path:
        """The folder with a file for each secret."""
        return ROOT / self.gateway.secrets

    @property
    def state(self) -> Path:
        """Where the ledger, the accounts of the desk and the questions given to the editors are kept."""
        return ROOT / self.gateway.state

    @property
    def knowledge(self) -> Path:
        """The knowledge folder."""
        return ROOT / self.paths.knowledge

    @property
    def intents(self) -> Path:
        """The intents folder."""
        return ROOT / self.paths.intents

    @property
    def cache(self) -> Path:
        """Where models, vectors and logs are kept. Made again when missing, but for encoders that were fetched by name."""
        return ROOT / self.paths.cache

    @property
    def rasa_url(self) -> str:
        """Rasa's address."""
        return f"http://{LOOPBACK}:{self.rasa.port}"

    @property
    def actions_url(self) -> str:
        """The action server's address."""
        return f"http://{LOOPBACK}:{self.actions.port}"

    @property
    def web_url(self) -> str:
        """The web chat's address."""
        return f"http://{self.web.host}:{self.web.port}"


def settings_path(given: Path | None = None) -> Path:
    """The file given, else KOMPAS_SETTINGS, else settings.toml in the repository."""
    return given or Path(os.environ.get("KOMPAS_SETTINGS") or ROOT / "settings.toml")


def read_settings(path: Path) -> Settings:
    """Reads settings. Raises SettingsError for a missing file, bad TOML, an unknown key or a wrong value."""
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    except ValidationError as error:
        lines = [f"{path}: [{'.'.join(map(str, e['loc']))}] {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from None
