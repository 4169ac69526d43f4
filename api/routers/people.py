"""`/v1/me`, `/v1/people`, `/v1/grants`, `/v1/tokens` (contract section 2)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import lead_rules, people
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id, Nothing, Str
from api.schemas.people import (
    AbsenceIn,
    AbsenceOut,
    AbsencePage,
    DelegationIn,
    DelegationOut,
    DelegationPage,
    GrantIn,
    GrantOut,
    GrantPage,
    MembershipPage,
    MeOut,
    NewTokenOut,
    PersonIn,
    PersonOut,
    PersonPage,
    PersonPatch,
    TokenIn,
    TokenOut,
    TokenPage,
)
from api.schemas.profiles import ConfirmIn, ProfileOut, ProfilePatch
from api.views import people as views
from api.views.lead_rules import profile_view
from storage import tables as t
from storage.database import Transaction

router = APIRouter(prefix="/v1", tags=["people"], route_class=StrictRoute)


@router.get("/me", response_model=MeOut)
def read_me(call: TheCall) -> dict[str, Any]:
    """Who the token acts as, with the grants of this moment (AUD-06, PPL-02)."""
    return call.read(lambda tx: views.me_view(tx, call.caller))


@router.post("/people", status_code=201, response_model=PersonOut)
def enter_person(call: TheCall, body: PersonIn) -> Response:
    """Enter a person (人员): PPL-01."""
    return change(call, lambda made: people.enter_person(made, body), may_rehearse=True)


@router.get("/people", response_model=PersonPage)
def list_people(
    call: TheCall,
    team: Id | None = None,
    active: bool | None = None,
    external_id: Annotated[Str | None, Query(min_length=1)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """People of the company, newest first (PPL-01)."""
    return call.read(
        lambda tx: views.people_page(
            tx, call.caller, team=team, active=active, external_id=external_id, limit=limit, cursor=cursor
        )
    )


@router.get("/people/{id}", response_model=PersonOut)
def read_person(call: TheCall, id: Id) -> dict[str, Any]:
    """One person (PPL-01)."""
    return call.read(lambda tx: views.person_view(tx, call.caller, views.known_person(tx, call.caller, id)))


@router.patch("/people/{id}", response_model=PersonOut)
def edit_person(call: TheCall, id: Id, body: PersonPatch) -> Response:
    """Edit a person; another team makes them a mover (转岗): PPL-01, PPL-06."""
    return change(call, lambda made: people.edit_person(made, id, body))


@router.get("/people/{id}/memberships", response_model=MembershipPage)
def list_memberships(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """The teams a person has belonged to, the present one first (PPL-01)."""
    return call.read(lambda tx: views.membership_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("/people/{id}/leave", response_model=PersonOut)
def leave(call: TheCall, id: Id, body: Nothing) -> Response:
    """A person leaves (离职): PPL-06."""
    return change(call, lambda made: people.leave(made, id))


@router.post("/people/{id}/absences", status_code=201, response_model=AbsenceOut)
def enter_absence(call: TheCall, id: Id, body: AbsenceIn) -> Response:
    """Mark a person absent (请假): PPL-05."""
    return change(call, lambda made: people.enter_absence(made, id, body))


@router.get("/people/{id}/absences", response_model=AbsencePage)
def list_absences(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Absences of a person, the latest first (PPL-05)."""
    return call.read(
        lambda tx: views.dated_page(tx, call.caller, id, t.absence, views.absence_view, limit=limit, cursor=cursor)
    )


@router.post("/people/{id}/delegations", status_code=201, response_model=DelegationOut)
def name_delegate(call: TheCall, id: Id, body: DelegationIn) -> Response:
    """Name a delegate (代理): PPL-05."""
    return change(call, lambda made: people.name_delegate(made, id, body))


@router.get("/people/{id}/delegations", response_model=DelegationPage)
def list_delegations(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Delegates of a person, the latest first (PPL-05)."""
    return call.read(
        lambda tx: views.dated_page(
            tx, call.caller, id, t.delegation, views.delegation_view, limit=limit, cursor=cursor
        )
    )


@router.post("/people/{id}/grants", status_code=201, response_model=GrantOut)
def give_grant(call: TheCall, id: Id, body: GrantIn) -> Response:
    """Give a role over a scope (角色授权): PPL-02."""
    return change(call, lambda made: people.give_grant(made, id, body))


@router.get("/people/{id}/grants", response_model=GrantPage)
def list_grants(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Grants of a person, ended ones included, the latest first (PPL-02)."""
    return call.read(
        lambda tx: views.dated_page(tx, call.caller, id, t.role_grant, views.grant_view, limit=limit, cursor=cursor)
    )


@router.post("/grants/{id}/revoke", response_model=GrantOut)
def revoke_grant(call: TheCall, id: Id, body: Nothing) -> Response:
    """End a grant now (PPL-02)."""
    return change(call, lambda made: people.revoke_grant(made, id))


@router.post("/people/{id}/tokens", status_code=201, response_model=NewTokenOut)
def make_token(call: TheCall, id: Id, body: TokenIn) -> Response:
    """Make a token that acts as a person; its secret is shown this once (AUD-06)."""
    return change(call, lambda made: people.make_token(made, id, body))


@router.get("/people/{id}/tokens", response_model=TokenPage)
def list_tokens(call: TheCall, id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Tokens of a person without their secrets (AUD-06)."""
    return call.read(lambda tx: views.token_page(tx, call.caller, id, limit=limit, cursor=cursor))


@router.post("/tokens/{id}/revoke", response_model=TokenOut)
def revoke_token(call: TheCall, id: Id, body: Nothing) -> Response:
    """End a token at once (AUD-06)."""
    return change(call, lambda made: people.revoke_token(made, id))


@router.get("/people/{id}/profile", response_model=ProfileOut)
def read_profile(call: TheCall, id: Id) -> dict[str, Any]:
    """What matching uses of a person (人员画像): PPL-04."""

    def work(tx: Transaction) -> dict[str, Any]:
        views.known_person(tx, call.caller, id)
        return profile_view(tx, id)

    return call.read(work)


@router.patch("/people/{id}/profile", response_model=ProfileOut)
def edit_profile(call: TheCall, id: Id, body: ProfilePatch) -> Response:
    """Change it; no customer already held moves (PPL-04)."""
    return change(call, lambda made: lead_rules.edit_profile(made, id, body))


@router.post("/people/{id}/profile/confirm", response_model=ProfileOut)
def confirm_skills(call: TheCall, id: Id, body: ConfirmIn) -> Response:
    """The supervisor confirms skills (专长确认): PPL-04."""
    return change(call, lambda made: lead_rules.confirm_skills(made, id, body))
