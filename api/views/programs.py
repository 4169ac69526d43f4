"""Programs as every signed-in person sees them (contract section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.paging import page
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


def program_page(tx: Transaction, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/programs`."""
    rows, following = page(
        tx,
        sa.select(t.program),
        time_column=t.program.c.created_at,
        id_column=t.program.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "programs"},
    )
    return {"items": program_views(tx, rows), "next": following}
