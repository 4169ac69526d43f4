"""`/v1/territories` (contract section 19): TER-02, TER-03."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import territories, territory_transfers
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.claims import NeededReason
from api.schemas.territories import (
    ActivatePlanIn,
    PreviewOut,
    ReviewIn,
    ReviewOut,
    TerritoryPlanIn,
    TerritoryPlanOut,
    TerritoryPlanPage,
    TransferListIn,
    TransferListOut,
    TransferListPage,
)
from api.views.territories import plan_page, plan_row, plan_view, preview, review
from api.views.territory_transfers import transfer_page

router = APIRouter(prefix="/v1/territories", tags=["territories"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=TerritoryPlanOut)
def draft_territory_plan(call: TheCall, body: TerritoryPlanIn) -> Response:
    """Draft the next version of a program's territory plan (销售区域划分): TER-02, TER-03."""
    return change(call, lambda made: territories.draft(made, body))


@router.get("", response_model=TerritoryPlanPage)
def list_territory_plans(
    call: TheCall, program: Id | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Territory plans, newest first (TER-03)."""
    return call.read(lambda tx: plan_page(tx, call.caller, program=program, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=TerritoryPlanOut)
def read_territory_plan(call: TheCall, id: Id) -> dict[str, Any]:
    """One version of a territory plan."""
    return call.read(lambda tx: plan_view(tx, call.caller, plan_row(tx, call.caller, id)))


@router.get("/{id}/preview", response_model=PreviewOut)
def preview_territory_plan(call: TheCall, id: Id) -> dict[str, Any]:
    """Overlaps, gaps and open claims that would fall elsewhere, with counts (TER-03)."""
    return call.read(lambda tx: preview(tx, call.caller, id))


@router.post("/{id}/activate", response_model=TerritoryPlanOut)
def activate_territory_plan(call: TheCall, id: Id, body: ActivatePlanIn) -> Response:
    """draft → active, now or at a set time; overlaps need a reason each (TER-03)."""
    return change(call, lambda made: territories.activate(made, id, body))


@router.post("/{id}/archive", response_model=TerritoryPlanOut)
def archive_territory_plan(call: TheCall, id: Id, body: Nothing) -> Response:
    """Call a plan off before its time, or end the one in force (TER-03)."""
    return change(call, lambda made: territories.archive(made, id))


@router.get("/{id}/review", response_model=ReviewOut)
def read_territory_review(call: TheCall, id: Id) -> dict[str, Any]:
    """Claims, deals, disputes and load per territory, overlaps and gaps, for the periodic review (TER-04)."""
    return call.read(lambda tx: review(tx, call.caller, id))


@router.post("/{id}/review", response_model=TerritoryPlanOut)
def review_territory_plan(call: TheCall, id: Id, body: ReviewIn) -> Response:
    """The review ends: the plan is kept, or a draft is to replace it (TER-04)."""
    return change(call, lambda made: territories.review(made, id, body))


@router.post("/{id}/transfers", status_code=201, response_model=TransferListOut)
def list_transfers(call: TheCall, id: Id, body: TransferListIn) -> Response:
    """List open claims that are to follow the plan in force; nothing moves until a second person approves (TER-03)."""
    return call.write(lambda tx: territory_transfers.propose(tx, call.caller, id, body))


@router.get("/{id}/transfers", response_model=TransferListPage)
def read_transfers(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The transfer lists of a plan, and what became of each row (TER-03)."""
    return call.read(lambda tx: transfer_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("/{id}/transfers/{transfer}/approve", response_model=TransferListOut)
def approve_transfers(call: TheCall, id: Id, transfer: Id, body: Nothing) -> Response:
    """A second person approves: each claim is transferred by a command of its own (TER-03)."""
    return call.write(lambda tx: territory_transfers.approve(tx, call.caller, id, transfer))


@router.post("/{id}/transfers/{transfer}/refuse", response_model=TransferListOut)
def refuse_transfers(call: TheCall, id: Id, transfer: Id, body: NeededReason) -> Response:
    """A second person refuses: every claim stays where it is (TER-03)."""
    return call.write(lambda tx: territory_transfers.refuse(tx, call.caller, id, transfer, body.reason))


@router.post("/{id}/transfers/{transfer}/withdraw", response_model=TransferListOut)
def withdraw_transfers(call: TheCall, id: Id, transfer: Id, body: Nothing) -> Response:
    """Whoever made the list takes it back before anybody approved it (TER-03)."""
    return call.write(lambda tx: territory_transfers.withdraw(tx, call.caller, id, transfer))
