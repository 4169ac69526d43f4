"""`/v1/discussions` (docs/http-contract.md, "Disputes")."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import discussions
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.claims import TimelinePage
from api.schemas.discussions import (
    DiscussionAnswerIn,
    DiscussionDecisionIn,
    DiscussionIn,
    DiscussionOut,
    DiscussionPage,
    DiscussionProposalIn,
    DiscussionStateName,
    DiscussionVoteIn,
)
from api.views.discussions import discussion_page, discussion_views, visible_discussion
from api.views.lists import timeline_page
from storage.database import Transaction

router = APIRouter(prefix="/v1/discussions", tags=["discussions"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=DiscussionOut)
async def open_discussion(call: TheCall, body: DiscussionIn) -> Response:
    """Call together whoever stands on a customer, and their leaders (团队讨论): DSP-07."""
    return await call.command(lambda tx: discussions.open_discussion(tx, call.caller, body))


@router.get("", response_model=DiscussionPage)
def list_discussions(
    call: TheCall,
    state: DiscussionStateName | None = None,
    program: Id | None = None,
    customer: Id | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Discussions the caller reads, newest first."""
    filters = {"state": state, "program": program, "customer": customer}
    return call.read(lambda tx: discussion_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=DiscussionOut)
def read_discussion(call: TheCall, id: Id) -> dict[str, Any]:
    """One discussion."""
    return call.read(
        lambda tx: discussion_views(tx, call.caller, [visible_discussion(tx, call.caller, id)])[0],
    )


@router.get("/{id}/timeline", response_model=TimelinePage)
def read_discussion_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The history of a discussion, newest first (AUD-01)."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_discussion(tx, call.caller, id)
        return timeline_page(tx, id, limit=limit, cursor=cursor)

    return call.read(work)


@router.post("/{id}/proposals", response_model=DiscussionOut)
async def propose_in_discussion(call: TheCall, id: Id, body: DiscussionProposalIn) -> Response:
    """Say who should be responsible, and how the customer is followed up: DSP-07."""
    return await call.command(lambda tx: discussions.propose(tx, call.caller, id, body))


@router.post("/{id}/vote", response_model=DiscussionOut)
async def vote_in_discussion(call: TheCall, id: Id, body: DiscussionVoteIn) -> Response:
    """Be for a proposal; it advises, and replaces one's vote before: DSP-07."""
    return await call.command(lambda tx: discussions.vote(tx, call.caller, id, body))


@router.post("/{id}/decision", response_model=DiscussionOut)
async def decide_discussion(call: TheCall, id: Id, body: DiscussionDecisionIn) -> Response:
    """Name one responsible person (责任人) and the plan (跟进计划): DSP-07."""
    return await call.command(lambda tx: discussions.decide(tx, call.caller, id, body))


@router.post("/{id}/answer", response_model=DiscussionOut)
async def answer_discussion(call: TheCall, id: Id, body: DiscussionAnswerIn) -> Response:
    """A party accepts what was decided, or refuses and makes it a dispute: DSP-07."""
    return await call.command(lambda tx: discussions.answer(tx, call.caller, id, body))
