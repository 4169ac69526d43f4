"""`/v1/teams` (contract section 2)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.call import TheCall
from api.commands import people
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Id
from api.schemas.people import TeamIn, TeamOut, TeamPage, TeamPatch
from api.views.people import known_team, team_page, team_view

router = APIRouter(prefix="/v1/teams", tags=["teams"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=TeamOut)
def enter_team(call: TheCall, body: TeamIn) -> Response:
    """Enter a team (团队) below another one: PPL-01."""
    return change(call, lambda made: people.enter_team(made, body), may_rehearse=True)


@router.get("", response_model=TeamPage)
def list_teams(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Teams of the company, newest first (PPL-01)."""
    return call.read(lambda tx: team_page(tx, call.caller, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=TeamOut)
def read_team(call: TheCall, id: Id) -> dict[str, Any]:
    """One team (PPL-01)."""
    return call.read(lambda tx: team_view(known_team(tx, call.caller, id)))


@router.patch("/{id}", response_model=TeamOut)
def edit_team(call: TheCall, id: Id, body: TeamPatch) -> Response:
    """Rename a team, move it in the tree, name its leader (PPL-01)."""
    return change(call, lambda made: people.edit_team(made, id, body))
