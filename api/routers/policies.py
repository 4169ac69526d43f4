"""`/v1/policies` and the policies of programs (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import policies
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Instant, Nothing
from api.schemas.policies import ActivateIn, MigrateIn, MigrationOut, PolicyIn, PolicyOut, PolicyPage, RuleText
from api.views import policies as views

router = APIRouter(prefix="/v1", tags=["policies"], route_class=StrictRoute)

At = Annotated[Instant | None, Query()]


@router.get("/programs/{id}/policy", response_model=PolicyOut)
def read_policy_in_force(call: TheCall, id: Id, at: At = None) -> dict[str, Any]:
    """The policy in force now or at an instant, every parameter with its value (POL-01, POL-07)."""
    return call.read(lambda tx: views.policy_in_force(tx, call.caller, id, at=at))


@router.post("/programs/{id}/policies", status_code=201, response_model=PolicyOut)
def draft_program_policy(call: TheCall, id: Id, body: PolicyIn) -> Response:
    """Draft a version of a program's policy (POL-03, POL-04)."""
    return change(call, lambda made: policies.draft(made, id, body))


@router.get("/programs/{id}/policies", response_model=PolicyPage)
def list_program_policies(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Versions of a program's policy, newest first (POL-01)."""
    return call.read(lambda tx: views.policy_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("/policies", status_code=201, response_model=PolicyOut)
def draft_company_policy(call: TheCall, body: PolicyIn) -> Response:
    """Draft a version of the company's policy, which lies beneath every program's (POL-01, POL-04)."""
    return change(call, lambda made: policies.draft(made, None, body))


@router.get("/policies", response_model=PolicyPage)
def list_company_policies(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Versions of the company's policy, newest first (POL-01)."""
    return call.read(lambda tx: views.policy_page(tx, call.caller, None, limit=limit, cursor=cursor))


@router.get("/policies/{id}", response_model=PolicyOut)
def read_policy(call: TheCall, id: Id) -> dict[str, Any]:
    """One version: what it sets, and how it stands (POL-04)."""
    return call.read(lambda tx: views.policy_view(tx, views.policy_row(tx, call.caller, id)))


@router.get("/policies/{id}/text", response_model=RuleText)
def read_rule_text(call: TheCall, id: Id, lang: Literal["zh", "en"] | None = None) -> dict[str, Any]:
    """The rules in plain Chinese or English (POL-07)."""
    return call.read(lambda tx: views.rules_in_words(tx, call.caller, id, lang=lang or call.language))


@router.post("/policies/{id}/review", response_model=PolicyOut)
def review_policy(call: TheCall, id: Id, body: Nothing) -> Response:
    """draft → reviewed (POL-04)."""
    return change(call, lambda made: policies.review(made, id))


@router.post("/policies/{id}/approve", response_model=PolicyOut)
def approve_policy(call: TheCall, id: Id, body: Nothing) -> Response:
    """reviewed → approved, by a second person (POL-04, POL-09)."""
    return change(call, lambda made: policies.approve(made, id))


@router.post("/policies/{id}/activate", response_model=PolicyOut)
def activate_policy(call: TheCall, id: Id, body: ActivateIn) -> Response:
    """approved → active, now or at a set time (POL-04)."""
    return change(call, lambda made: policies.activate(made, id, body))


@router.post("/policies/{id}/migrate", response_model=MigrationOut)
def migrate_claims(call: TheCall, id: Id, body: MigrateIn) -> Response:
    """Preview, or order, that open claims take on this version (POL-02)."""
    return policies.migrate(call, id, body)
