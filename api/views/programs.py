"""Programs as signed-in people see them (contract section 3, PPL-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.people.partners import Partner
from domain.refusals import Refusal
from storage import policies, programs
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def program_row(tx: Transaction, program: str) -> Row:
    """The row of a program, else ``not_found``."""
    row = tx.row(sa.select(t.program).where(t.program.c.id == program))
    if row is None:
        raise Refusal("not_found")
    return row


def program_view(tx: Transaction, program: str) -> Row:
    """A program with its members (contract section 3)."""
    return program_views(tx, [program_row(tx, program)])[0]


def shown_program(tx: Transaction, caller: Caller, program: str) -> Row:
    """A program as the caller is shown it; people of a partner know only of those they are members of (PPL-08)."""
    row = program_row(tx, program)
    if _partner(caller) is not None and program not in _joined(caller):
        raise Refusal("not_found")
    return _shown(caller, program_views(tx, [row]))[0]


def _shown(caller: Caller, views: list[Row]) -> list[Row]:
    """Who else belongs to a program, and who judges there, is no business of a partner's people (PPL-08)."""
    partner = _partner(caller)
    if partner is None:
        return views
    people = caller.setting.organisation.people

    def is_theirs(member: Row) -> bool:
        known = people.get(member["person"] or "")
        return member["team"] == partner.team or (known is not None and known.partner == partner.id)

    return [{**view, "members": [m for m in view["members"] if is_theirs(m)], "panel": []} for view in views]


def _joined(caller: Caller) -> list[str]:
    organisation, at = caller.setting.organisation, caller.at
    programs = caller.setting.programs.values()
    return sorted(p.id for p in programs if p.is_member(caller.person, organisation=organisation, at=at))


def _partner(caller: Caller) -> Partner | None:
    return caller.setting.organisation.partner_of(caller.person)


def program_views(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Programs in the order of ``rows``, in a fixed number of queries."""
    ids = [row["id"] for row in rows]
    members = programs.members(tx, ids)
    versions = policies.in_force(tx, ids, at=tx.now())
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "state": row["state"],
            "members": [member_view(member) for member in members[row["id"]]],
            "oversight": row["oversight"],
            "panel": row["panel"],
            "calendar": row["calendar"],
            "default_pool": row["default_pool"],
            "policy_version": versions[row["id"]]["version"],
            "external_id": row["external_id"],
            "version": row["version"],
        }
        for row in rows
    ]


def member_view(row: Row) -> Row:
    """One member of a program."""
    return {
        "id": row["id"],
        "team": row["team"],
        "person": row["person"],
        "from": rfc3339(row["from_at"]),
        "to": rfc3339(row["to_at"]) if row["to_at"] is not None else None,
    }


def program_page(tx: Transaction, caller: Caller, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/programs`; for people of a partner, those they are members of (PPL-08)."""
    wanted = sa.select(t.program)
    rows, following = page(
        tx,
        wanted if _partner(caller) is None else wanted.where(t.program.c.id.in_(_joined(caller))),
        time_column=t.program.c.created_at,
        id_column=t.program.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "programs"},
    )
    return {"items": _shown(caller, program_views(tx, rows)), "next": following}
