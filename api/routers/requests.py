"""`/v1/requests` (contract section 5)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import requests
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.claims import AcceptIn, OptionalReason, RequestKindName, RequestOut, RequestPage, TickIn
from api.views.lists import request_page
from domain.matters.matter import CommandKind

router = APIRouter(prefix="/v1/requests", tags=["requests"], route_class=StrictRoute)


@router.get("", response_model=RequestPage)
def list_requests(
    call: TheCall,
    claim: Id | None = None,
    waiting_for: Id | None = None,
    kind: RequestKindName | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Requests on claims the caller reads, newest first; of kind settle, what was settled there (DSP-05)."""
    return call.read(
        lambda tx: request_page(
            tx, call.caller, claim=claim, waiting_for=waiting_for, kind=kind, limit=limit, cursor=cursor
        )
    )


@router.post("/{id}/accept", response_model=RequestOut)
async def accept_request(call: TheCall, id: Id, body: AcceptIn) -> Response:
    """Yes (CLM-17, CLM-21 to CLM-24, PPL-06); to the text of a settlement that ``digest`` names (DSP-05)."""
    return await call.command(
        lambda tx: requests.answer(tx, call.caller, id, CommandKind.REQUEST_ACCEPT, body.reason, body.digest)
    )


@router.post("/{id}/refuse", response_model=RequestOut)
async def refuse_request(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """No (CLM-17, CLM-21 to CLM-24, PPL-06)."""
    return await call.command(lambda tx: requests.answer(tx, call.caller, id, CommandKind.REQUEST_REFUSE, body.reason))


@router.post("/{id}/withdraw", response_model=RequestOut)
async def withdraw_request(call: TheCall, id: Id, body: OptionalReason) -> Response:
    """Whoever asked no longer does."""
    return await call.command(
        lambda tx: requests.answer(tx, call.caller, id, CommandKind.REQUEST_WITHDRAW, body.reason)
    )


@router.post("/{id}/tick", response_model=RequestOut)
async def tick_delivery_item(call: TheCall, id: Id, body: TickIn) -> Response:
    """An item of the checklist of a delivery hand-off is done, or is not after all (CLM-31)."""
    return await call.command(lambda tx: requests.tick(tx, call.caller, id, item=body.item, done=body.done))
