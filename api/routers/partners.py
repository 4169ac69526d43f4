"""`/v1/partners` (additions to the contract, section 12: PPL-08)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.call import TheCall
from api.commands import partners
from api.commands.company import change
from api.files_out import statement_sheet
from api.paging import Cursor, Limit
from api.reads import note_reads
from api.routers.ledger import From, To
from api.routing import QUERY_LIKE, StrictRoute, UnsignedRoute
from api.schemas.base import Id, Nothing
from api.schemas.partners import (
    InvitationIn,
    InvitationOut,
    JoinedOut,
    JoinIn,
    PartnerIn,
    PartnerLinesOut,
    PartnerOut,
    PartnerPage,
    PartnerPatch,
    PartnerStatementIn,
    PartnerStatementOut,
    PartnerStatementPage,
    QuestionIn,
    SuspensionIn,
)
from api.sheets import FILES, Format, as_file
from api.views import partners as views

#: Not below the partners: a method that is none of this call's would be one of theirs.
public = APIRouter(prefix="/v1/join", tags=["partners"], route_class=UnsignedRoute)
router = APIRouter(prefix="/v1/partners", tags=["partners"], route_class=StrictRoute)


@public.post("", status_code=201, response_model=JoinedOut, openapi_extra={f"x-{QUERY_LIKE}": True})
def join_partner(request: Request, body: JoinIn) -> JSONResponse:
    """Become a broker of a partner by an invitation code; no token is needed, one is given."""
    return JSONResponse(partners.join(request.app.state.services, body), status_code=201)


@router.post("", status_code=201, response_model=PartnerOut)
def enter_partner(call: TheCall, body: PartnerIn) -> Response:
    """Enter a partner organisation (渠道公司) with its channel manager and the dates of its agreement."""
    return change(call, lambda made: partners.enter_partner(made, body))


@router.get("", response_model=PartnerPage)
def list_partners(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Partners that the caller knows of, newest first."""
    return call.read(lambda tx: views.partner_page(tx, call.caller, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=PartnerOut)
def read_partner(call: TheCall, id: Id) -> dict[str, Any]:
    """One partner."""
    caller = call.caller
    return call.read(lambda tx: views.partner_view(tx, caller, views.partner_row(tx, caller, id), at=caller.at))


@router.patch("/{id}", response_model=PartnerOut)
def edit_partner(call: TheCall, id: Id, body: PartnerPatch) -> Response:
    """Change its name, the dates of the agreement, the channel manager or its own manager."""
    return change(call, lambda made: partners.edit_partner(made, id, body))


@router.post("/{id}/suspend", response_model=PartnerOut)
def suspend_partner(call: TheCall, id: Id, body: SuspensionIn) -> Response:
    """New reports of its brokers are refused from now on; open claims run on."""
    return change(call, lambda made: partners.suspend(made, id, body.reason))


@router.post("/{id}/resume", response_model=PartnerOut)
def resume_partner(call: TheCall, id: Id, body: Nothing) -> Response:
    """Its brokers may report again."""
    return change(call, lambda made: partners.resume(made, id))


@router.post("/{id}/invitations", status_code=201, response_model=InvitationOut)
def invite_broker(call: TheCall, id: Id, body: InvitationIn) -> Response:
    """A code by which one broker joins."""
    return change(call, lambda made: partners.invite(made, id, body))


@router.get("/{id}/statement", response_model=PartnerLinesOut, responses=FILES)
def read_partner_statement(
    call: TheCall,
    id: Id,
    start: From = None,
    end: To = None,
    format: Format = "json",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """Every line of what its brokers earned, as a page or as a file (COM-11)."""
    caller = call.caller
    if format == "json":
        found = call.read(
            lambda tx: views.partner_lines(tx, caller, id, start=start, end=end, limit=limit, cursor=cursor)
        )
        note_reads(call, len(found["items"]))
        return found
    call.read(lambda tx: views.money_row(tx, caller, id))
    return as_file(call, statement_sheet(call, id, start=start, end=end, kind="partner"), format)


@router.post("/{id}/statements", status_code=201, response_model=PartnerStatementOut)
def make_partner_statement(call: TheCall, id: Id, body: PartnerStatementIn) -> Response:
    """Fix what a month added to its accounts, to be confirmed within `partner.confirm_wd` (对账)."""
    return call.write(lambda tx: partners.make_statement(tx, call, id, body))


@router.get("/{id}/statements", response_model=PartnerStatementPage)
def list_partner_statements(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Its months, newest first."""
    return call.read(lambda tx: views.statement_list(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("/{id}/statements/{statement}/confirm", response_model=PartnerStatementOut)
def confirm_partner_statement(call: TheCall, id: Id, statement: Id, body: Nothing) -> Response:
    """Its own manager agrees with the month."""
    return call.write(lambda tx: partners.answer_statement(tx, call, id, statement, question=None))


@router.post("/{id}/statements/{statement}/question", response_model=PartnerStatementOut)
def question_partner_statement(call: TheCall, id: Id, statement: Id, body: QuestionIn) -> Response:
    """Its own manager does not agree: the channel manager has a task."""
    return call.write(lambda tx: partners.answer_statement(tx, call, id, statement, question=body.reason))
