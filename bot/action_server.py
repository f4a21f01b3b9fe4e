"""The action server: Rasa's webhook and a health check, on loopback, in one process with the retrieval index."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from rasa_sdk.executor import ActionExecutor

from bot.actions import actions
from bot.assistant import Assistant
from bot.feedback import Feedback
from retrieval.trial import Moved, Question, Ranked, Trials, ranked

# Searches of the outreach desk at once: people in the chat go first, and the desk has a search of its own to fall back on.
SEARCHES = 2
# How long the index of a trial is kept after the last one (seconds): as long as an editor thinks about the next question.
TRIAL_KEPT = 120.0

log = logging.getLogger(__name__)


class Asked(BaseModel):
    """A question and its language."""

    text: str
    language: Literal["nl", "en", "es", "pl", "ro"]


class Tried(Asked):
    """A question, and what an entry would hold."""

    content: dict[str, Any]


class Changed(BaseModel):
    """What an entry would hold."""

    content: dict[str, Any]


def create_app(
    assistant: Assistant,
    watch: Callable[[], Awaitable[None]] | None = None,
    reload: Callable[[], None] = lambda: None,
    trials: Trials | None = None,
    public: Callable[[], Sequence[Question]] = tuple,
) -> FastAPI:
    """The application; `watch` is a coroutine that keeps the knowledge fresh while it runs, `reload` does so at once.

    `trials` and the `public` questions serve the editors' desk.
    """
    executor = ActionExecutor()
    feedback = Feedback()
    for action in actions(assistant, feedback):
        executor.register_action(action)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.ensure_future(watch()) if watch else None
        yield
        if task:
            task.cancel()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/webhook")
    async def webhook(call: dict[str, Any]) -> dict[str, Any]:
        # Rasa leaves the domain out (bot/endpoints.yml), and the executor wants one.
        result = await executor.run({"domain": {}, **call})
        return result.model_dump() if result else {"events": [], "responses": []}

    @app.get("/feedback")
    def counts() -> list[dict[str, str | int]]:
        return feedback.rows()

    few = asyncio.Semaphore(SEARCHES)

    @app.post("/search")
    async def search(asked: Asked) -> dict[str, Any]:
        async with few:
            return _ranked(await asyncio.to_thread(ranked, assistant.searcher, asked.text, asked.language))

    @app.post("/reload")
    async def reload_now() -> dict[str, str]:
        await asyncio.to_thread(reload)
        return {"version": assistant.library.version}

    if trials:
        _add_trials(app, trials, public)

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        library = assistant.library
        return {"status": "ok", "entries": len(library.entries), "version": library.version}

    return app


def _add_trials(app: FastAPI, trials: Trials, public: Callable[[], Sequence[Question]]) -> None:
    """What a change would do. One at a time: each may build an index."""
    one = asyncio.Lock()
    timer: list[asyncio.TimerHandle] = []

    def forget_later() -> None:
        for earlier in timer:
            earlier.cancel()
        timer[:] = [asyncio.get_running_loop().call_later(TRIAL_KEPT, trials.forget)]

    @app.post("/trial")
    async def trial(asked: Tried) -> dict[str, Any]:
        async with one:
            before, after = await asyncio.to_thread(trials.ranked, asked.text, asked.language, asked.content)
            forget_later()
        return {"before": _ranked(before), "after": _ranked(after)}

    @app.post("/stolen")
    async def stolen(asked: Changed) -> dict[str, list[Moved]]:
        async with one:
            found = await asyncio.to_thread(trials.moved, asked.content, public())
            forget_later()
        return {"stolen": found}


def _ranked(found: Ranked) -> dict[str, Any]:
    columns = ("entry", "topic", "title", "score")
    rows = [dict(zip(columns, row, strict=True)) for row in found.found]
    return {"decision": found.decision, "belief": found.belief, "found": rows}
