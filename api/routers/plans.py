"""`/v1/plans` (contract section 7: COM-02)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import plans
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing
from api.schemas.plans import PlanIn, PlanOut, PlanPage
from api.views.plans import plan_page, plan_row, plan_view

router = APIRouter(prefix="/v1/plans", tags=["money"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=PlanOut)
def draft_plan(call: TheCall, body: PlanIn) -> Response:
    """Draft the next version of a commission plan (佣金方案): COM-02."""
    return change(call, lambda made: plans.draft(made, body))


@router.get("", response_model=PlanPage)
def list_plans(call: TheCall, program: Id | None = None, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Versions of commission plans, newest first (COM-02, POL-07)."""
    return call.read(lambda tx: plan_page(tx, call.caller, program=program, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=PlanOut)
def read_plan(call: TheCall, id: Id) -> dict[str, Any]:
    """One version of a commission plan."""
    return call.read(lambda tx: plan_view(call.caller, plan_row(tx, call.caller, id)))


@router.post("/{id}/review", response_model=PlanOut)
def review_plan(call: TheCall, id: Id, body: Nothing) -> Response:
    """draft → reviewed (POL-04)."""
    return change(call, lambda made: plans.review(made, id))


@router.post("/{id}/approve", response_model=PlanOut)
def approve_plan(call: TheCall, id: Id, body: Nothing) -> Response:
    """reviewed → approved, by a second person (POL-04, POL-09)."""
    return change(call, lambda made: plans.approve(made, id))


@router.post("/{id}/activate", response_model=PlanOut)
def activate_plan(call: TheCall, id: Id, body: Nothing) -> Response:
    """approved → active: it counts for contracts from its date on (COM-02)."""
    return change(call, lambda made: plans.activate(made, id))
