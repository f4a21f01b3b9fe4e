"""The action server: Rasa's webhook and a health check, on loopback, in one process with the retrieval index."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from rasa_sdk.executor import ActionExecutor

from bot.actions import actions
from bot.assistant import Assistant
from bot.feedback import Feedback

log = logging.getLogger(__name__)


def create_app(assistant: Assistant, watch: Callable[[], Awaitable[None]] | None = None) -> FastAPI:
    """The application; `watch` is a coroutine that keeps the knowledge fresh while it runs."""
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

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        library = assistant.library
        return {"status": "ok", "entries": len(library.entries), "version": library.version}

    return app
