"""Asking the index, which lives in the action server: for the outreach desk's search and the editors' trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import httpx

# As long as an editor waits; a search takes tens of milliseconds, a trial a few seconds (it builds an index).
TRIAL_SECONDS = 20.0
SEARCH_SECONDS = 2.0


class FindingDown(RuntimeError):
    """The action server does not answer. Says nothing of what was asked."""


@dataclass(frozen=True)
class Found:
    """One entry for a question: its question in the asked language and its score (0 to 1)."""

    entry: str
    topic: str
    title: str
    score: float


@dataclass(frozen=True)
class Ranked:
    """What Kompas would do with a question: answer, choices or unknown, the belief (0 to 1), and the first entries."""

    decision: str
    belief: float
    found: tuple[Found, ...]


@dataclass(frozen=True)
class Stolen:
    """A question that would lead elsewhere after a change: in which language, from which entry to which."""

    language: str
    question: str
    before: str
    after: str


class Finder(Protocol):
    """Whoever searches. Every method raises FindingDown."""

    async def search(self, text: str, language: str) -> Ranked:
        """The entries for a question, best first, ten at most."""

    async def trial(self, question: str, language: str, content: dict[str, Any]) -> tuple[Ranked, Ranked]:
        """The ranking of a question now, and if an entry had this content."""

    async def stolen(self, content: dict[str, Any]) -> list[Stolen]:
        """Questions of other entries that this content would take away or get wrong."""


class ActionServerFinder:
    """Asks over loopback."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=SEARCH_SECONDS, trust_env=False)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    async def search(self, text: str, language: str) -> Ranked:
        """The entries for a question, best first, ten at most."""
        return _ranked(await self._post("/search", SEARCH_SECONDS, text=text, language=language))

    async def trial(self, question: str, language: str, content: dict[str, Any]) -> tuple[Ranked, Ranked]:
        """The ranking of a question now, and if an entry had this content."""
        told = await self._post("/trial", TRIAL_SECONDS, text=question, language=language, content=content)
        return _ranked(told["before"]), _ranked(told["after"])

    async def stolen(self, content: dict[str, Any]) -> list[Stolen]:
        """Questions of other entries that this content would take away or get wrong."""
        told = await self._post("/stolen", TRIAL_SECONDS, content=content)
        return [Stolen(**one) for one in told["stolen"]]

    async def reload(self) -> None:
        """The action server serves the files as they are now."""
        await self._post("/reload", TRIAL_SECONDS)

    async def feedback(self) -> list[dict[str, Any]]:
        """Taps on "not helpful" since its start, by topic, language and reason, in tens."""
        try:
            found: list[dict[str, Any]] = (await self._client.get("/feedback")).raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            raise FindingDown("the action server gives no answer") from None
        return found

    async def _post(self, path: str, seconds: float, **body: Any) -> dict[str, Any]:
        try:
            response = await self._client.post(path, json=body, timeout=seconds)
            response.raise_for_status()
            found: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError):
            raise FindingDown("the action server gives no answer") from None
        return found


def _ranked(told: dict[str, Any]) -> Ranked:
    return Ranked(told["decision"], told["belief"], tuple(Found(**one) for one in told["found"]))
