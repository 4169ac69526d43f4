"""`/v1/follow-ups` (contract section 5)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import follow_ups
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.claims import FollowUpCorrection, FollowUpOut, NeededReason

router = APIRouter(prefix="/v1/follow-ups", tags=["follow-ups"], route_class=StrictRoute)


@router.post("/{id}/corrections", status_code=201, response_model=FollowUpOut)
def correct_follow_up(call: TheCall, id: Id, body: FollowUpCorrection) -> Response:
    """Add a corrected version of one's own entry (CLM-15)."""
    return call.write(lambda tx: follow_ups.correct(tx, call.caller, id, body))


@router.post("/{id}/void", response_model=FollowUpOut)
async def void_follow_up(call: TheCall, id: Id, body: NeededReason) -> Response:
    """A supervisor voids an entry; the idle deadline is counted again (CLM-16)."""
    return await call.command(lambda tx: follow_ups.void(tx, call.caller, id, body.reason))
