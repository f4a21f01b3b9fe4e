"""The two desks, put together around a gateway."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from bot.crisis.rules import Kind
from channels.donations import Donations, sweep
from channels.finding import ActionServerFinder, FindingDown
from channels.gateway import Gateway, LanguageGuess
from knowledge.history import HistoryError
from knowledge.shelf import Shelf
from knowledge.workshop import Workshop
from kompas.channels import Opened
from kompas.settings import WEAK, Settings

log = logging.getLogger(__name__)


def donations_of(settings: Settings) -> Donations:
    """The questions that people gave to the editors."""
    return Donations(settings.state / "donations.sqlite")


def build(settings: Settings, gateway: Gateway, shelf: Shelf, watch: Callable[[], Any]) -> Opened:
    """The outreach desk and, where the knowledge is in a git repository, the editors' desk. `watch` renews the shelf."""
    finder = ActionServerFinder(settings.actions_url)
    donations = gateway.donations

    def add(app: Any) -> None:
        _add_find(app, settings, gateway.guess, gateway.crisis, shelf, finder)
        try:
            _add_desk(app, settings, gateway, shelf, finder)
        except HistoryError as error:
            log.warning("the editors' desk stays closed: %s", error)

    async def close() -> None:
        await finder.close()
        if donations:
            donations.close()

    return Opened((watch, *((partial(sweep, donations),) if donations else ())), (close,), add)


def _add_find(  # noqa: PLR0917
    app: Any,
    settings: Settings,
    guess: Callable[[str], LanguageGuess],
    crisis: Callable[[str], Kind | None],
    shelf: Shelf,
    finder: ActionServerFinder,
) -> None:
    from channels.find.router import router

    app.include_router(router(shelf, finder, guess, crisis, settings.web.public_url))


def _add_desk(app: Any, settings: Settings, gateway: Gateway, shelf: Shelf, finder: ActionServerFinder) -> None:
    from channels.desk.pages import TEXTS, DeskFrame, install
    from channels.desk.signing import open_signing
    from channels.desk.wiring import TEXTS_PAGES, Desk, router

    workshop = Workshop(settings.knowledge)

    async def published() -> None:
        await asyncio.to_thread(shelf.reload)
        with suppress(FindingDown):  # it looks for changes by itself too
            await finder.reload()

    desk = Desk(
        frame=DeskFrame(open_signing(settings.state), (TEXTS, TEXTS_PAGES)),
        workshop=workshop,
        shelf=shelf,
        finder=finder,
        donations=gateway.donations or donations_of(settings),
        published=published,
        feedback=finder.feedback,
        metrics=gateway.metrics,
        weak=weak_spots(),
    )
    install(app, desk.frame, router(desk))


def weak_spots() -> dict[tuple[str, str], list[str]]:
    """By entry and language, the public questions that do not find the entry first; none where nobody evaluated."""
    try:
        found = json.loads(WEAK.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {(entry, language): texts for entry, spots in found.items() for language, texts in spots.items()}
