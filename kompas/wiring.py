"""The one place where the parts are put together."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import yaml

from bot.assistant import Assistant
from bot.crisis.detector import CrisisDetector, read_examples
from bot.other_languages import other_language
from channels.gateway import Gateway
from channels.rasa import RasaClient
from knowledge.library import Library, load
from knowledge.problem import KnowledgeError
from knowledge.shelf import Shelf
from kompas import channels, desks, encoders
from kompas.settings import QUESTIONS, ROOT, Settings
from retrieval.encoder import EncoderError, SentenceEncoder
from retrieval.evaluation import read_questions
from retrieval.index import Index, build, with_library
from retrieval.language import LanguageGuesser, dutch_terms, samples_of
from retrieval.lexical import Terms
from retrieval.search import UNCALIBRATED, Calibration, Searcher, read_calibration
from retrieval.trial import Trials
from retrieval.vectors import Store, VectorStore

log = logging.getLogger(__name__)

CALIBRATION = ROOT / "retrieval" / "calibration.json"
# No questions for any entry: "thanks a lot" must not look like a question about how much a club keeps.
OUTSIDE = ("out_of_scope", "greet", "thanks", "goodbye", "affirm", "deny", "stop")
# Topics whose questions may speak of a crisis: no examples of the contrary.
NEAR_CRISIS = {"geweld", "mensenhandel", "huisvesting"}
# An editor's save is often several file events; wait until they are over (milliseconds).
SETTLE_MS = 150


def intent_examples(folder: Path, only: Collection[str] | None = None) -> dict[str, list[str]]:
    """Examples by language from `intents/<language>.yml`, of some intents or of all."""
    examples: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if only is None or block["intent"] in only:
                lines = [line.removeprefix("- ") for line in block["examples"].splitlines()]
                examples.setdefault(path.stem, []).extend(lines)
    return examples


def calibration_file(settings: Settings, encoder: str) -> Path:
    """Where an encoder's thresholds are: committed for the bundled one, in the cache for others, by name with checksum."""
    return CALIBRATION if settings.encoder.model == "bundled" else settings.cache / "calibrations" / f"{encoder}.json"


def calibration_of(settings: Settings, encoder: SentenceEncoder) -> Calibration:
    """The thresholds of an encoder. Raises EncoderError: without them Kompas would not know when it does not know."""
    path = calibration_file(settings, encoder.name)
    name = settings.encoder.model
    remedy = "`kompas calibrate`" if name == "bundled" else f"`kompas encoder use {name}`"
    try:
        return read_calibration(path)
    except (OSError, ValueError, KeyError, TypeError):
        raise EncoderError(f"encoder {name!r} has no thresholds that can be read: {remedy} sets them") from None


def build_guesser(settings: Settings, library: Library) -> LanguageGuesser:
    """The language guesser, trained on the knowledge base and the intents, or as it was kept."""
    samples = samples_of(library, intent_examples(settings.intents))
    return LanguageGuesser(samples, dutch_terms(library.glossary), settings.cache / "fitted" / "language.npz")


def build_detector(settings: Settings, library: Library) -> CrisisDetector:
    """The crisis detector, fitted to its examples and to ordinary messages, or as it was kept."""
    return CrisisDetector(read_examples(), ordinary_messages(settings, library), settings.cache / "fitted" / "crisis.npz")


def ordinary_messages(settings: Settings, library: Library) -> list[str]:
    """Messages that are no crisis: phrasings of all topics but NEAR_CRISIS, and dialogue acts."""
    asked = [text for entry, _, text in library.phrasings() if library.entries[entry].topic not in NEAR_CRISIS]
    return asked + [text for texts in intent_examples(settings.intents).values() for text in texts]


@dataclass(frozen=True)
class Retrieval:
    """The assistant, what reads the knowledge again and serves it from then on, and what tries changes."""

    assistant: Assistant
    reload: Callable[[], None]
    trials: Trials


def build_assistant(settings: Settings, calibrated: bool = True) -> Retrieval:
    """Retrieval over the knowledge base.

    `calibrated` False: with thresholds that mean nothing, for those who set or compare them.
    """
    library = load(settings.knowledge)
    encoder = encoders.load(settings)
    store = VectorStore(encoder, settings.cache / "vectors")
    outside = intent_examples(settings.intents, OUTSIDE)
    calibration = calibration_of(settings, encoder) if calibrated else UNCALIBRATED
    known, one = Terms(), Lock()
    searcher = Searcher(encoder, build(library, store, outside, known), calibration)
    store.keep()

    def reload() -> None:
        with one:
            fresh = load(settings.knowledge)
            if fresh.version != searcher.index.library.version:
                # What is withdrawn or approved changes no way to ask: it counts at once.
                searcher.index = with_library(searcher.index, fresh) or build(fresh, store, outside, known)
                # Those who wait for the change need not wait for this.
                Thread(target=tidy).start()

    def tidy() -> None:
        with one:
            store.keep()
            return_memory()

    def build_beside(changed: Library, vectors: Store) -> Index:
        with one:
            return build(changed, vectors, outside, known)

    return_memory()
    gc.freeze()  # what was loaded stays: looking through it again and again costs a tenth of every build
    # Fitted when first asked: the action server gets messages whose language is known and that are no crisis.
    guesser = cache(partial(build_guesser, settings, library))
    detector = cache(partial(build_detector, settings, library))
    assistant = Assistant(searcher, lambda text: guesser().guess(text), lambda text: detector().detect(text))
    return Retrieval(assistant, reload, Trials(searcher, build_beside, store))


def return_memory() -> None:
    """Gives the system back what building the index used (25 MB, more at a first start); elsewhere than on glibc nothing."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


async def watch_knowledge(folder: Path, reload: Callable[[], None]) -> None:
    """Reloads after every change. A broken file is reported by file and line, and what was served stays."""
    from watchfiles import awatch

    async for _ in awatch(folder, debounce=SETTLE_MS, step=SETTLE_MS // 3):
        try:
            await asyncio.to_thread(reload)
        except KnowledgeError as error:
            log.error("the change is not served:\n%s", error)


@cache
def public_questions() -> tuple[tuple[str, str], ...]:
    """Language and text of the public questions that have an answer; none where the tests are not installed."""
    if not QUESTIONS.is_file():
        return ()
    return tuple((q.language, q.text) for q in read_questions(QUESTIONS) if q.kind == "answerable")


def build_action_app(settings: Settings) -> Any:
    """The action server's application."""
    from bot.action_server import create_app

    found = build_assistant(settings)
    watch = partial(watch_knowledge, settings.knowledge, found.reload)
    return create_app(found.assistant, watch, found.reload, found.trials, public_questions)


def build_web_app(settings: Settings) -> Any:
    """The web application: gateway, page, health, the two desks, and the channels that are switched on."""
    from channels.webchat import create_app

    open_channels = channels.build(settings)  # first: a missing secret must stop the start before anything is fitted
    rasa = RasaClient(settings.rasa_url)
    shelf = Shelf(settings.knowledge)
    guesser, detector = build_guesser(settings, shelf.library), build_detector(settings, shelf.library)
    gateway = Gateway(rasa, guesser.guess, detector.detect, donations=desks.donations_of(settings))
    other_language("one two three four")  # reads its tables now, and not at somebody's first message
    watch = partial(watch_knowledge, settings.knowledge, shelf.reload)
    opened = [open_channels(gateway), desks.build(settings, gateway, shelf, watch)]
    close = [rasa.close, *(end for one in opened for end in one.close)]
    work = [start for one in opened for start in one.work]
    app = create_app(gateway, health_of(settings, rasa), close=close, work=work)
    for one in opened:
        one.add(app)
    return app


def health_of(settings: Settings, rasa: RasaClient) -> Callable[[], Awaitable[dict[str, Any]]]:
    """GET /healthz of the contract: `degraded` when Rasa or retrieval does not answer."""
    import httpx

    async def actions_health() -> dict[str, Any]:
        try:
            async with httpx.AsyncClient(timeout=1.0, trust_env=False) as client:
                found: dict[str, Any] = (await client.get(f"{settings.actions_url}/healthz")).json()
                return found
        except (httpx.HTTPError, ValueError):
            return {}

    async def health() -> dict[str, Any]:
        rasa_up, actions = await asyncio.gather(rasa.is_up(), actions_health())
        return {
            "status": "ok" if rasa_up and actions else "degraded",
            "rasa": "up" if rasa_up else "down",
            "retrieval": "up" if actions else "down",
            "entries": actions.get("entries", 0),
            "version": actions.get("version"),
        }

    return health
