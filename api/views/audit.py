"""History for those who oversee (AUD-01): whole for auditors and admins, claims of their programs for oversight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.lists import timeline_item
from domain.people.access import grants_of, has_role
from domain.people.organisation import Role, ScopeKind
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import plain
from storage.database import Transaction

#: Roles that read every entry and may have the history checked.
_WHOLE = (Role.AUDITOR, Role.ADMIN)
#: Roles that read the entries of claims where they are worn over a program only.
_PROGRAM = (*_WHOLE, Role.OVERSIGHT)


@dataclass(frozen=True)
class EventFilters:
    """Query of `GET /v1/audit/events`: at or after ``since``, before ``until``."""

    stream: str | None = None
    actor: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def sees_all(caller: Caller) -> bool:
    """Whether the caller is auditor or admin of the company."""
    return has_role(caller.actor, _WHOLE, organisation=caller.setting.organisation, at=caller.at)


def require_all(caller: Caller) -> None:
    """403 for everybody but auditors and admins of the company."""
    if not sees_all(caller):
        raise Refusal("not_allowed", rule="AUD-02")


def event_page(
    tx: Transaction, caller: Caller, filters: EventFilters, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/audit/events`, newest first."""
    statement = sa.select(t.event)
    if not sees_all(caller):
        programs = overseen(caller)
        if not programs:
            raise Refusal("not_allowed", rule="AUD-01")
        concerned = sa.select(t.claim.c.id).where(t.claim.c.program.in_(sorted(programs)))
        statement = statement.where(t.event.c.stream_kind == "claim", t.event.c.stream.in_(concerned))
    for condition in _conditions(filters):
        statement = statement.where(condition)
    rows, following = page(
        tx,
        statement,
        time_column=t.event.c.at,
        id_column=(t.event.c.stream, t.event.c.seq),
        cursor=cursor,
        limit=limit,
        filters={"list": "audit", **plain(vars(filters))},
    )
    return {"items": [_item(row) for row in rows], "next": following}


def _item(row: dict[str, Any]) -> dict[str, Any]:
    return {"stream": row["stream"], **timeline_item(row), "prev_hash": row["prev_hash"].hex()}


def _conditions(filters: EventFilters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if filters.stream is not None:
        found.append(t.event.c.stream == filters.stream)
    if filters.actor is not None:
        found.append(t.event.c.actor == filters.actor)
    if filters.kind is not None:
        found.append(t.event.c.kind == filters.kind)
    if filters.since is not None:
        found.append(t.event.c.at >= filters.since)
    if filters.until is not None:
        found.append(t.event.c.at < filters.until)
    return found


def overseen(caller: Caller) -> set[str]:
    """Programs that the caller oversees: named in the program, or by a grant (PPL-02, PPL-07)."""
    programs = caller.setting.programs
    found: set[str] = set()
    if caller.actor.wears(Role.OVERSIGHT):
        found |= {p.id for p in programs.values() if caller.person in p.oversight}
    for grant in grants_of(caller.actor, organisation=caller.setting.organisation, at=caller.at):
        if grant.role is Role.OVERSIGHT and grant.scope is ScopeKind.COMPANY:
            found |= set(programs)
        elif grant.role in _PROGRAM and grant.scope is ScopeKind.PROGRAM and grant.scope_id in programs:
            found.add(str(grant.scope_id))
    return found
