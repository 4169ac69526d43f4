"""`/v1/leads` (contract section 13)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import leads
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing, Track
from api.schemas.claims import NeededReason, TimelinePage
from api.schemas.leads import (
    AssessIn,
    AssignIn,
    BalanceOut,
    ContactIn,
    GradeIn,
    GradeName,
    LeadIn,
    LeadOut,
    LeadPage,
    LeadStateName,
    RatesOut,
    RecommendationOut,
    ReturnIn,
)
from api.views.lead_figures import balance_view, rates_view
from api.views.leads import lead_page, lead_timeline, lead_view, recommendation_view, visible_lead
from storage.database import Transaction

router = APIRouter(prefix="/v1/leads", tags=["leads"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=LeadOut)
async def receive_lead(call: TheCall, body: LeadIn) -> Response:
    """Bring in a lead (线索): to the owner, or offered to one person: LEAD-01, LEAD-03, LEAD-04."""
    return await call.command(lambda tx: leads.receive(tx, call.caller, body, call.services.names))


@router.get("", response_model=LeadPage)
def list_leads(
    call: TheCall,
    state: LeadStateName | None = None,
    program: Id | None = None,
    track: Track | None = None,
    customer: Id | None = None,
    sender: Id | None = None,
    receiver: Id | None = None,
    grade: GradeName | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """Leads the caller reads, newest first."""
    filters = {
        "state": state,
        "program": program,
        "track": track,
        "customer": customer,
        "sender": sender,
        "receiver": receiver,
        "grade": grade,
    }
    return call.read(lambda tx: lead_page(tx, call.caller, filters, limit=limit, cursor=cursor))


@router.get("/balance", response_model=BalanceOut)
def read_lead_balance(call: TheCall, program: Id) -> dict[str, Any]:
    """Who got how many leads against the share to be expected (机会均等): LEAD-13."""
    return call.read(lambda tx: balance_view(tx, call.caller, program))


@router.get("/rates", response_model=RatesOut)
def read_lead_rates(call: TheCall, program: Id) -> dict[str, Any]:
    """What became of leads, by whom they came from and whom they went to (退回率): LEAD-16."""
    return call.read(lambda tx: rates_view(tx, call.caller, program))


@router.get("/{id}", response_model=LeadOut)
def read_lead(call: TheCall, id: Id) -> dict[str, Any]:
    """One lead."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_lead(tx, call.caller, id)
        return lead_view(tx, call.caller, id)

    return call.read(work)


@router.get("/{id}/timeline", response_model=TimelinePage)
def read_lead_timeline(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The history of a lead, newest first (AUD-01)."""

    def work(tx: Transaction) -> dict[str, Any]:
        visible_lead(tx, call.caller, id)
        return lead_timeline(tx, call.caller, id, limit=limit, cursor=cursor)

    return call.read(work)


@router.get("/{id}/recommendation", response_model=RecommendationOut)
def recommend_for_lead(call: TheCall, id: Id) -> dict[str, Any]:
    """Up to three people who fit, with reasons; it decides nothing (智能推荐): LEAD-07."""
    return call.read(lambda tx: recommendation_view(tx, call.caller, id))


@router.post("/{id}/accept", response_model=LeadOut)
async def accept_lead(call: TheCall, id: Id, body: Nothing) -> Response:
    """The receiver takes it, and a claim of theirs starts (接收): LEAD-16."""
    return await call.command(lambda tx: leads.accept(tx, call.caller, id))


@router.post("/{id}/return", response_model=LeadOut)
async def return_lead(call: TheCall, id: Id, body: ReturnIn) -> Response:
    """The receiver gives it back with a listed reason (退回): LEAD-16."""
    return await call.command(lambda tx: leads.give_back(tx, call.caller, id, body))


@router.post("/{id}/contact", response_model=LeadOut)
async def contact_lead(call: TheCall, id: Id, body: ContactIn) -> Response:
    """The first contact (首次联系): LEAD-11."""
    return await call.command(lambda tx: leads.contact(tx, call.caller, id, body))


@router.post("/{id}/assign", response_model=LeadOut)
async def assign_lead(call: TheCall, id: Id, body: AssignIn) -> Response:
    """Give it to a named person, or let the rules do it anew (改派): LEAD-03, LEAD-11."""
    return await call.command(lambda tx: leads.assign(tx, call.caller, id, body))


@router.post("/{id}/assess", response_model=LeadOut)
async def assess_lead(call: TheCall, id: Id, body: AssessIn) -> Response:
    """Say what the need is (需求评估): LEAD-06."""
    return await call.command(lambda tx: leads.assess(tx, call.caller, id, body))


@router.post("/{id}/grade", response_model=LeadOut)
async def grade_lead(call: TheCall, id: Id, body: GradeIn) -> Response:
    """Other facts, or a grade by hand (评级): LEAD-02."""
    return await call.command(lambda tx: leads.grade(tx, call.caller, id, body))


@router.post("/{id}/close", response_model=LeadOut)
async def close_lead(call: TheCall, id: Id, body: NeededReason) -> Response:
    """Nobody need follow it up (关闭): LEAD-16."""
    return await call.command(lambda tx: leads.close(tx, call.caller, id, body.reason))
