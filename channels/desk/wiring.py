"""All pages of the editors' desk in one router."""

from __future__ import annotations

from fastapi import APIRouter

from channels.desk import entries, gaps, sheets, vetting
from channels.desk.desk import TEXTS_PAGES, Desk

__all__ = ["TEXTS_PAGES", "Desk", "router"]


def router(desk: Desk) -> APIRouter:
    """The routes of entries, vetting, gaps and spreadsheets, for `pages.install`."""
    made = APIRouter()
    for part in (entries, vetting, gaps, sheets):
        made.include_router(part.router(desk))
    return made
