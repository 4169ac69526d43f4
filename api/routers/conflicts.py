"""`/v1/conflicts` (contract section 6)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.call import TheCall
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.conflicts import ConflictPage
from api.views.conflicts import conflict_page

router = APIRouter(prefix="/v1/conflicts", tags=["disputes"], route_class=StrictRoute)


@router.get("", response_model=ConflictPage)
def list_conflicts(
    call: TheCall, program: Id | None = None, person: Id | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Where people met on one customer, for those in charge of either (潜在冲突): DSP-19."""
    return call.read(
        lambda tx: conflict_page(tx, call.caller, program=program, person=person, limit=limit, cursor=cursor)
    )
