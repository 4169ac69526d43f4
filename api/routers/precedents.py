"""`/v1/precedents` (contract section 6)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.call import TheCall
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Str
from api.schemas.disputes import OutcomeName, PrecedentPage
from api.views.precedents import precedent_page

router = APIRouter(prefix="/v1/precedents", tags=["disputes"], route_class=StrictRoute)


@router.get("", response_model=PrecedentPage)
def list_precedents(
    call: TheCall,
    q: Annotated[Str | None, Query(min_length=1)] = None,
    rule: Annotated[Str | None, Query(min_length=1)] = None,
    outcome: OutcomeName | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Final rulings without names (判例), by kind of case, ownership rule and outcome: DSP-18."""
    return call.read(
        lambda tx: precedent_page(tx, call.caller, q=q, rule=rule, outcome=outcome, limit=limit, cursor=cursor)
    )
