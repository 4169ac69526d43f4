"""`/v1/programs/{id}/opening` (docs/http-contract.md, section 16)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import openings
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.claims import ClaimOut
from api.schemas.openings import ObjectionIn, OpeningIn, OpeningOut, OpeningRowIn, OpeningRowPage
from api.views.openings import opening_row_page, opening_view

router = APIRouter(prefix="/v1/programs/{id}/opening", tags=["opening load"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=OpeningOut, responses={200: {"model": OpeningOut}})
def start_opening_load(call: TheCall, id: Id, body: OpeningIn) -> Response:
    """Begin the opening load of a program (期初导入): INT-10."""
    return change(call, lambda made: openings.start(made, id, body))


@router.get("", response_model=OpeningOut)
def read_opening_load(call: TheCall, id: Id) -> dict[str, Any]:
    """How the opening load stands (INT-10)."""
    return call.read(lambda tx: opening_view(tx, call.caller, id))


@router.post("/rows", status_code=201, response_model=ClaimOut)
async def load_opening_row(call: TheCall, id: Id, body: OpeningRowIn) -> Response:
    """A customer the company had before, with their owner and dates; members may object (INT-10)."""
    return await call.command(
        lambda tx: openings.load_row(tx, call.caller, id, body, call.services.names, rehearsal=call.rehearsal),
        may_rehearse=True,
    )


@router.get("/rows", response_model=OpeningRowPage)
def list_opening_rows(
    call: TheCall, id: Id, owner: Id | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """What was loaded, for the members of the program to object to, newest first (INT-10)."""
    return call.read(lambda tx: opening_row_page(tx, call.caller, id, owner=owner, limit=limit, cursor=cursor))


@router.post("/rows/{row}/objections", status_code=201, response_model=ClaimOut)
async def object_to_opening_row(call: TheCall, id: Id, row: Id, body: ObjectionIn) -> Response:
    """Say why the customer is one's own; withdrawn like a report (INT-10)."""
    return await call.command(lambda tx: openings.object_to(tx, call.caller, id, row, body))
