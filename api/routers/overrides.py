"""`/v1/overrides` (contract section 20)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.call import TheCall
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.approvals import LocalMonth, OverrideKindName, OverridePage
from api.schemas.base import Id
from api.views.approvals import override_page

router = APIRouter(prefix="/v1/overrides", tags=["overrides"], route_class=StrictRoute)


@router.get("", response_model=OverridePage)
def list_overrides(
    call: TheCall,
    program: Id | None = None,
    claim: Id | None = None,
    by: Id | None = None,
    kind: OverrideKindName | None = None,
    month: LocalMonth | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Special approvals (领导特批) of programs the caller belongs to or reads, newest first: CLM-34."""
    return call.read(
        lambda tx: override_page(
            tx, call.caller, program=program, claim=claim, by=by, kind=kind, month=month, limit=limit, cursor=cursor
        )
    )
