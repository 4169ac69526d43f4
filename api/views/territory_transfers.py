"""Transfer lists of a division, and what became of each row (contract section 19, TER-03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.territories import plan_row
from domain.people.access import Actor, Place, has_role
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def may_approve(caller: Caller, program: str, *, actor: Actor | None = None) -> bool:
    """Admins and managers over the program read its lists, and approve those of others; ``actor``, else the caller."""
    roles, place = {Role.ADMIN, Role.MANAGER}, Place(program=program)
    organisation = caller.setting.organisation
    return has_role(actor or caller.actor, roles, organisation=organisation, at=caller.at, place=place)


def transfer_page(tx: Transaction, caller: Caller, plan: str, *, limit: int, cursor: str | None) -> Row:
    """The lists of a plan, newest first."""
    row = plan_row(tx, caller, plan)
    if not may_approve(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    c = t.territory_transfer.c
    rows, following = page(
        tx,
        sa.select(t.territory_transfer).where(c.plan == plan),
        time_column=c.created_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "territory_transfers", "plan": plan},
    )
    return {"items": [transfer_view(tx, one, program=row["program"]) for one in rows], "next": following}


def transfer_view(tx: Transaction, row: Mapping[str, Any], *, program: str) -> Row:
    """One list with its rows as they stand now."""
    c = t.command.c
    wanted = [one["command"] for one in row["claims"] if one["command"] is not None]
    commands = {r.id: r for r in tx.execute(sa.select(c.id, c.decided_at, c.problem).where(c.id.in_(wanted)))}
    approved = row["approved_at"] is not None
    # Each row has the reason as a text of its customer, so it is told as long as one of these is known (AUD-05).
    said = texts.read(tx, (one["text"] for one in row["claims"]))
    refused = texts.read(tx, (one.get("refused") for one in row["claims"]))
    return {
        "id": row["id"],
        "plan": row["plan"],
        "program": program,
        "state": "approved" if approved else row["ended"] or "proposed",
        "claims": [_listed(one, commands, approved=approved) for one in row["claims"]],
        "by": row["by"],
        "reason": next(iter(said.values()), None),
        "created_at": rfc3339(row["created_at"]),
        "approved_by": row["approved_by"],
        "approved_at": rfc3339(row["approved_at"]) if approved else None,
        "ended_by": row["ended_by"],
        "ended_at": rfc3339(row["ended_at"]) if row["ended_at"] is not None else None,
        "ended_reason": next(iter(refused.values()), None),
    }


def _listed(one: Row, commands: Mapping[str, Any], *, approved: bool) -> Row:
    known = commands.get(one["command"])
    code = one["code"] if known is None or known.problem is None else known.problem["code"]
    if not approved:
        state = "listed"
    elif code is not None:
        state = "refused"
    else:
        state = "applied" if known is not None and known.decided_at is not None else "pending"
    named = {name: one[name] for name in ("claim", "owner", "to", "command")}
    return {**named, "state": state, "code": code}
