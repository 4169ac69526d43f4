"""`/v1/disputes/{id}/messages` and `…/recusals` (contract section 6)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import case_messages, disputes
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.disputes import (
    DisputeOut,
    MessageIn,
    MessageOut,
    MessagePage,
    RecusalDecisionIn,
    RecusalIn,
    RecusalOut,
)
from api.views.case_messages import message_page
from api.views.disputes import visible_dispute
from storage.database import Transaction

router = APIRouter(prefix="/v1/disputes/{id}", tags=["disputes"], route_class=StrictRoute)


@router.get("/messages", response_model=MessagePage)
def list_messages(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What was said and the caller may hear, newest first: DSP-06."""

    def work(tx: Transaction) -> dict[str, Any]:
        return message_page(tx, call.caller, visible_dispute(tx, call.caller, id), limit=limit, cursor=cursor)

    return call.read(work)


@router.post("/messages", status_code=201, response_model=MessageOut)
def say(call: TheCall, id: Id, body: MessageIn) -> Response:
    """Say something in the room, to the arbitrator, or in mediation (沟通渠道): DSP-06."""
    return call.write(lambda tx: case_messages.say(tx, call.caller, id, body))


@router.post("/recusals", status_code=201, response_model=RecusalOut)
async def ask_for_recusal(call: TheCall, id: Id, body: RecusalIn) -> Response:
    """Ask that the arbitrator or mediator be recused (申请回避): DSP-13."""
    return await call.command(lambda tx: disputes.challenge(tx, call.caller, id, body))


@router.post("/recusals/{recusal}/decide", response_model=DisputeOut)
async def decide_recusal(call: TheCall, id: Id, recusal: Id, body: RecusalDecisionIn) -> Response:
    """Decide on it, one tier up: DSP-13."""
    return await call.command(lambda tx: disputes.decide_challenge(tx, call.caller, id, recusal, body))
