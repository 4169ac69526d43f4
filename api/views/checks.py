"""Blind checks as those who made or oversee them see them (contract section 14, CUS-08)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.audit import overseen, sees_all
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction


def check_page(
    tx: Transaction, caller: Caller, *, program: str | None, person: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/ownership/checks`: one's own, those of programs one oversees, all for auditors and admins."""
    c = t.blind_check.c
    wanted = [column == value for column, value in ((c.program, program), (c.person, person)) if value is not None]
    ways: tuple[sa.ColumnElement[bool], ...] = ()
    if not sees_all(caller):
        ways = (c.person == caller.person, *(c.program == one for one in sorted(overseen(caller))))
    rows, following = page(
        tx,
        sa.select(t.blind_check).where(*wanted),
        time_column=c.at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "checks", "program": program, "person": person},
        ways=ways,
    )
    shown = ("id", "person", "program", "track", "answer")
    return {"items": [{"at": rfc3339(row["at"]), **{n: row[n] for n in shown}} for row in rows], "next": following}
