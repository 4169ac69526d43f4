"""Payout runs as finance sees them (contract section 7: COM-12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.people.access import has_role
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def payout_row(tx: Transaction, caller: Caller, payout: str) -> Row:
    """The row of a run, for finance and auditors; to others there is no such run."""
    row = tx.row(sa.select(t.payout).where(t.payout.c.id == payout)) if _reads(caller) else None
    if row is None:
        raise Refusal("not_found")
    return row


def payout_page(tx: Transaction, caller: Caller, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/payouts`, newest first."""
    if not _reads(caller):
        raise Refusal("not_allowed", rule="PPL-02")
    rows, following = page(
        tx,
        sa.select(t.payout),
        time_column=t.payout.c.created_at,
        id_column=t.payout.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "payouts"},
    )
    return {"items": payout_views(tx, rows), "next": following}


def payout_view(tx: Transaction, row: Row) -> Row:
    """One run by its row."""
    return payout_views(tx, [row])[0]


def payout_views(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Runs in the order of ``rows``: each person's amount, deals together and what is set off taken away."""
    line = t.payout_line.c
    found = tx.rows(
        sa.select(t.payout_line, t.person.c.number)
        .outerjoin(t.person, t.person.c.id == line.holder)
        .where(line.payout.in_([r["id"] for r in rows]))
        .order_by(t.person.c.number, line.id)
    )
    return [_view(row, [one for one in found if one["payout"] == row["id"]]) for row in rows]


def _view(row: Row, lines: Sequence[Row]) -> Row:
    amounts: dict[str, int] = {}
    for line in lines:
        if line["dropped"] is None:
            amounts[line["holder"]] = amounts.get(line["holder"], 0) + line["amount_minor"]
    return {
        "id": row["id"],
        "period": row["period"],
        "currency": row["currency"],
        "state": row["state"],
        "lines": [{"person": person, "amount_minor": amount} for person, amount in amounts.items() if amount],
        "dropped": [
            {
                "person": line["holder"],
                "deal": line["deal"],
                "amount_minor": line["amount_minor"],
                "reason": line["dropped"],
            }
            for line in lines
            if line["dropped"] is not None
        ],
        "prepared_by": row["prepared_by"],
        "approved_by": row["approved_by"],
        "paid_by": row["paid_by"],
        "created_at": rfc3339(row["created_at"]),
    }


def _reads(caller: Caller) -> bool:
    roles = {Role.FINANCE, Role.AUDITOR}
    return has_role(caller.actor, roles, organisation=caller.setting.organisation, at=caller.at)
