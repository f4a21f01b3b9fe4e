"""What people ask and get no answer to: counts in tens, and the questions they gave to the editors."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from channels.desk import counts
from channels.desk.desk import Desk
from channels.desk.pages import RefusedError, need, see
from channels.desk.signing import Person
from channels.donations import KEEP_DAYS
from channels.finding import FindingDown

READ, WRITE = Depends(need("read")), Depends(need("write"))


def router(desk: Desk) -> APIRouter:
    """The routes."""
    made = APIRouter(prefix="/desk/gaps")

    @made.get("")
    async def gaps(request: Request, person: Person = READ) -> Response:
        try:
            rows, down = counts.unhelpful(await desk.feedback()), False
        except FindingDown:
            rows, down = [], True
        return desk.frame.page(
            request,
            person,
            "gaps.html",
            unknown=counts.unknown(desk.metrics),
            unhelpful=rows,
            down=down,
            donations=desk.donations.list(),
            days=KEEP_DAYS,
        )

    @made.post("/{name}/delete")
    async def delete(name: str, _: Person = WRITE) -> Response:
        if not desk.donations.remove(name):
            raise RefusedError(404, "refused_donation")
        return see("/desk/gaps")

    return made
