"""`/v1/deals` (contract section 7)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import deals
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Track
from api.schemas.claims import NeededReason
from api.schemas.deals import (
    AllocateIn,
    AssistIn,
    DealIn,
    DealOut,
    DealPage,
    DealPatch,
    DealStateName,
    ReceiptIn,
    RefundIn,
    ReversalIn,
    SharesDigestIn,
    SharesIn,
    SharesSetIn,
    StageIn,
)
from api.views.deals import deal_page, deal_view, visible_deal
from storage.database import Transaction

router = APIRouter(prefix="/v1/deals", tags=["money"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=DealOut)
async def record_deal(call: TheCall, body: DealIn) -> Response:
    """Record a deal (成交) on whoever holds the customer; unclaimed where nobody does: COM-01, CLM-03."""
    return await call.command(lambda tx: deals.record(tx, call.caller, body))


@router.get("", response_model=DealPage)
def list_deals(
    call: TheCall,
    program: Id | None = None,
    track: Track | None = None,
    project: Id | None = None,
    customer: Id | None = None,
    owner: Id | None = None,
    state: DealStateName | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Deals the caller reads, newest first."""
    filters = {
        "program": program,
        "track": track,
        "project": project,
        "customer": customer,
        "owner": owner,
        "state": state,
    }
    return call.read(lambda tx: deal_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=DealOut)
def read_deal(call: TheCall, id: Id) -> dict[str, Any]:
    """One deal."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_deal(tx, call.caller, id)
        return deal_view(tx, call.caller, id)

    return call.read(work)


@router.patch("/{id}", response_model=DealOut)
async def amend_deal(call: TheCall, id: Id, body: DealPatch) -> Response:
    """Another amount or end: a new version, the difference is posted (COM-01)."""
    return await call.command(lambda tx: deals.amend(tx, call.caller, id, body))


@router.post("/{id}/allocate", response_model=DealOut)
async def allocate_deal(call: TheCall, id: Id, body: AllocateIn) -> Response:
    """Give a deal that nobody had claimed to the owner of a claim (CLM-03)."""
    return await call.command(lambda tx: deals.allocate(tx, call.caller, id, body))


@router.post("/{id}/cancel", response_model=DealOut)
async def call_off_deal(call: TheCall, id: Id, body: NeededReason) -> Response:
    """A deal is off (退房); commission is clawed back (CLM-32, COM-10)."""
    return await call.command(lambda tx: deals.cancel(tx, call.caller, id, body.reason))


@router.post("/{id}/shares", response_model=DealOut)
async def propose_shares(call: TheCall, id: Id, body: SharesIn) -> Response:
    """Propose who has which part (分配比例): COM-03, COM-04."""
    return await call.command(lambda tx: deals.propose_shares(tx, call.caller, id, body))


@router.post("/{id}/shares/accept", response_model=DealOut)
async def accept_shares(call: TheCall, id: Id, body: SharesDigestIn) -> Response:
    """Agree to these very shares (COM-04)."""
    return await call.command(lambda tx: deals.accept_shares(tx, call.caller, id, body.digest))


@router.post("/{id}/shares/set", response_model=DealOut)
async def set_shares(call: TheCall, id: Id, body: SharesSetIn) -> Response:
    """The supervisor sets the shares (COM-04)."""
    return await call.command(lambda tx: deals.set_shares(tx, call.caller, id, body))


@router.post("/{id}/receipts", status_code=201, response_model=DealOut)
async def record_receipt(call: TheCall, id: Id, body: ReceiptIn) -> Response:
    """The customer paid (回款): COM-07."""
    return await call.command(lambda tx: deals.receipt(tx, call.caller, id, body))


@router.post("/{id}/refunds", status_code=201, response_model=DealOut)
async def record_refund(call: TheCall, id: Id, body: RefundIn) -> Response:
    """The customer got money back (退款): COM-10."""
    return await call.command(lambda tx: deals.refund(tx, call.caller, id, body))


@router.post("/{id}/stages", status_code=201, response_model=DealOut)
async def reach_stage(call: TheCall, id: Id, body: StageIn) -> Response:
    """A stage of the payment was reached, with proof: COM-07."""
    return await call.command(lambda tx: deals.stage(tx, call.caller, id, body))


@router.post("/{id}/reversals", status_code=201, response_model=DealOut)
async def reverse_entry(call: TheCall, id: Id, body: ReversalIn) -> Response:
    """Take back a receipt, refund, stage or assist that was told by mistake (冲销): COM-06."""
    return await call.command(lambda tx: deals.reverse(tx, call.caller, id, body))


@router.post("/{id}/assists", status_code=201, response_model=DealOut)
async def credit_assist(call: TheCall, id: Id, body: AssistIn) -> Response:
    """Credit a colleague who helped to close (协助成交): COM-05."""
    return await call.command(lambda tx: deals.assist(tx, call.caller, id, body))
