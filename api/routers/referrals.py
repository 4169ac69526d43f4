"""`/v1/referrals` (additions to the contract, section 22: CNF-05)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.call import TheCall
from api.files_out import reward_sheet
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.referrals import RewardPage
from api.sheets import FILES, Format, as_file
from api.views.referrals import reward_page

router = APIRouter(prefix="/v1/referrals", tags=["referrals"], route_class=StrictRoute)


@router.get("/rewards", response_model=RewardPage, responses=FILES)
def list_rewards(
    call: TheCall, program: Id | None = None, format: Format = "json", limit: Limit = 50, cursor: Cursor = None
) -> Any:
    """What customers are owed for bringing others (老带新), as a page or as a file: CNF-05."""
    found = call.read(lambda tx: reward_page(tx, call.caller, program=program, limit=limit, cursor=cursor))
    return found if format == "json" else as_file(call, reward_sheet(call, program), format)
