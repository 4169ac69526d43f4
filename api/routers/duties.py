"""`/v1/duties`, `/v1/acknowledgements`, `/v1/rule-comments` (contract section 23): PPL-03."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import duties
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.duties import (
    AcknowledgeIn,
    AcknowledgementOut,
    DutyIn,
    DutyOut,
    DutyPage,
    OwedList,
    RuleCommentIn,
    RuleCommentOut,
    RuleCommentPage,
)
from api.schemas.people import RoleName
from api.views.duties import comment_page, duty_page, owed_list

router = APIRouter(prefix="/v1", tags=["people"], route_class=StrictRoute)


@router.post("/duties", status_code=201, response_model=DutyOut)
def publish_duty(call: TheCall, body: DutyIn) -> Response:
    """Publish the next version of a role's duty statement (职责说明): PPL-03."""
    return change(call, lambda made: duties.publish(made, body))


@router.get("/duties", response_model=DutyPage)
def list_duties(
    call: TheCall, role: RoleName | None = None, limit: Limit = 50, cursor: Cursor = None
) -> dict[str, Any]:
    """Duty statements, newest first; everybody signed in reads those of every role (PPL-03)."""
    return call.read(lambda tx: duty_page(tx, call.caller, role=role, limit=limit, cursor=cursor))


@router.post("/acknowledgements", status_code=201, response_model=AcknowledgementOut)
def acknowledge(call: TheCall, body: AcknowledgeIn) -> Response:
    """Acknowledge the duty statement of one's role, or the rules of one's program (PPL-03)."""
    return call.write(lambda tx: duties.acknowledge(tx, call.caller, body))


@router.get("/acknowledgements", response_model=OwedList)
def list_owed_acknowledgements(call: TheCall, overdue: bool = False) -> dict[str, Any]:
    """What the caller and the people they lead have not acknowledged (PPL-03)."""
    return call.read(lambda tx: owed_list(tx, call.caller, overdue=overdue))


@router.post("/rule-comments", status_code=201, response_model=RuleCommentOut)
def comment_on_rules(call: TheCall, body: RuleCommentIn) -> Response:
    """Comment on a duty statement or on the rules of one's program, for their next review (PPL-03, POL-06)."""
    return call.write(lambda tx: duties.comment(tx, call.caller, body))


@router.get("/rule-comments", response_model=RuleCommentPage)
def list_rule_comments(call: TheCall, about: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Comments, newest first: all of them for those who make, check or watch policies, else one's own (PPL-03)."""
    return call.read(lambda tx: comment_page(tx, call.caller, about, limit=limit, cursor=cursor))
