"""Payout runs as finance sees them (contract section 7: COM-12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.money.months import in_the_next
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
    return {"items": payout_views(tx, caller, rows), "next": following}


def payout_view(tx: Transaction, caller: Caller, row: Row) -> Row:
    """One run by its row."""
    return payout_views(tx, caller, [row])[0]


def payout_views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    """Runs in the order of ``rows``: each person's amount, deals together and what is set off taken away.

    A run whose payment is told is `paid` once every line of it is posted, not before.
    """
    found = _lines(tx, [r["id"] for r in rows])
    policy_at = caller.setting.company_policy_at
    return [
        _view(
            row,
            [one for one in found if one["payout"] == row["id"]],
            due_day=policy_at(row["created_at"]).integer("payout.day"),
        )
        for row in rows
    ]


def exported_lines(tx: Transaction, run: Mapping[str, Any]) -> Iterator[Row]:
    """Every line of a run for its file, by person: whom, for which deal, how much, and what becomes of it."""
    lines = _lines(tx, [run["id"]])
    d = t.deal.c
    numbers = {
        r["id"]: r
        for r in tx.rows(sa.select(d.id, d.number, d.program).where(d.id.in_(sorted({one["deal"] for one in lines}))))
    }
    for line in lines:
        deal = numbers[line["deal"]]
        yield {
            "period": run["period"],
            "currency": run["currency"],
            "person_number": line["number"],
            "person": _payee_name(tx, line),
            "external_id": line["external_id"],
            "deal_number": deal["number"],
            "program": deal["program"],
            "amount_minor": line["amount_minor"],
            "result": line["dropped"] or _progress(line),
            "key": None if line["dropped"] else f"payout/{run['id']}:pay/{line['deal']}/{line['payee']}",
        }


def _lines(tx: Transaction, runs: Sequence[str]) -> list[Row]:
    """The lines of ``runs`` by payee, each with how its posting stands; one that the drain refused is dropped."""
    line, c, p = t.payout_line.c, t.command.c, t.person.c
    partner = t.partner.c.name.label("partner_name")
    found = tx.rows(
        sa.select(t.payout_line, p.number, p.name, p.external_id, partner, c.decided_at, c.problem)
        .outerjoin(t.person, p.id == line.holder)
        .outerjoin(t.partner, t.partner.c.id == line.holder)
        .outerjoin(t.command, c.id == line.command)
        .where(line.payout.in_(runs))
        .order_by(p.number, line.id)
    )
    return [{**one, "dropped": one["dropped"] or _refused(one["problem"])} for one in found]


def _payee_name(tx: Transaction, line: Row) -> str:
    name = tx.keys.open_text(line["name"]) if line["name"] is not None else line["partner_name"]
    return name or str(line["payee"])


def _payee(key: str) -> Row:
    """Whom a line pays: a person, or a partner for what its brokers earned (PPL-08)."""
    kind, _, id_ = key.partition(":")
    return {"person": id_ if kind == "person" else None, "partner": id_ if kind == "partner" else None}


def _refused(problem: Mapping[str, Any] | None) -> str | None:
    if problem is None:
        return None
    return "disputed" if problem["code"] == "claim_disputed" else "not_payable"


def _progress(line: Mapping[str, Any]) -> str:
    if line["command"] is None:
        return "to_pay"
    return "posting" if line["decided_at"] is None else "paid"


def _view(row: Row, lines: Sequence[Row], *, due_day: int) -> Row:
    amounts: dict[str, int] = {}
    posted: dict[str, int] = {}
    for line in lines:
        if line["dropped"] is None:
            payee = line["payee"]
            amounts[payee] = amounts.get(payee, 0) + line["amount_minor"]
            if _progress(line) == "paid":
                posted[payee] = posted.get(payee, 0) + line["amount_minor"]
    waiting = [line["command"] for line in lines if line["dropped"] is None and _progress(line) == "posting"]
    return {
        "id": row["id"],
        "period": row["period"],
        "currency": row["currency"],
        "state": "approved" if waiting else row["state"],
        "lines": [
            {**_payee(payee), "amount_minor": amount, "posted_minor": posted.get(payee, 0)}
            for payee, amount in amounts.items()
            if amount
        ],
        "dropped": [
            {
                **_payee(line["payee"]),
                "deal": line["deal"],
                "amount_minor": line["amount_minor"],
                "reason": line["dropped"],
            }
            for line in lines
            if line["dropped"] is not None
        ],
        "due_on": in_the_next(row["period"], due_day).isoformat(),
        "prepared_by": row["prepared_by"],
        "approved_by": row["approved_by"],
        "paid_by": row["paid_by"],
        "created_at": rfc3339(row["created_at"]),
        "pending": {"command": waiting[0]} if waiting else None,
    }


def _reads(caller: Caller) -> bool:
    roles = {Role.FINANCE, Role.AUDITOR}
    return has_role(caller.actor, roles, organisation=caller.setting.organisation, at=caller.at)
