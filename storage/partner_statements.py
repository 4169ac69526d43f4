"""Monthly statements of partners (对账), made by the house once a month is over, or by call (PPL-08)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.matters.draft import Task
from domain.matters.setting import Setting
from domain.money.model import Account
from domain.money.months import before, midnight, over_at
from storage import history, matters
from storage import tables as t
from storage.database import Transaction, mint
from storage.payouts import company_zone

Row = dict[str, Any]


def due(tx: Transaction, setting: Setting) -> tuple[str, list[str]]:
    """The month that has ended in the company's zone, and partners to whom it brought something and who have none.

    None of them while something of the month is still to be decided: it is posted at its own time, into the month.
    """
    month = before(next(iter(setting.calendars.values())).local_date(tx.now()))
    start, end = _span(month, setting)
    if is_undecided(tx, end=end) or _is_overdue(tx, end=end):
        return month, []
    p, s, posted = t.partner.c, t.partner_statement.c, t.ledger_posting.c
    made = sa.exists().where(s.partner == p.id, s.period == month)
    brought = sa.exists().where(posted.holder == p.id, posted.at >= start, posted.at < end)
    return month, list(tx.execute(sa.select(p.id).where(~made, brought).order_by(p.id)).scalars())


def is_undecided(tx: Transaction, *, end: datetime) -> bool:
    """Whether something received before ``end`` waits for its decision."""
    c = t.command.c
    return tx.row(sa.select(c.id).where(c.decided_at.is_(None), c.received_at < end).limit(1)) is not None


def _is_overdue(tx: Transaction, *, end: datetime) -> bool:
    """Whether something that fell due before ``end`` waits for its drain."""
    c = t.stream.c
    return tx.row(sa.select(c.id).where(c.open, c.next_instant < end).limit(1)) is not None


def make(tx: Transaction, setting: Setting, partner: str, month: str, *, by: str | None) -> Row | None:
    """The statement of ``month``, to be confirmed or questioned by the partner's lead in `partner.confirm_wd`.

    None: somebody has made it meanwhile. ``by`` None: the house did.
    """
    now, (start, end) = tx.now(), _span(month, setting)
    limit = setting.company_policy_at(now).duration("partner.confirm_wd")
    made: Row = {
        "id": mint(),
        "partner": partner,
        "period": month,
        "state": "open",
        "totals": _added_to_accounts(tx, partner, start=start, end=end),
        "made_by": by,
        "made_at": now,
        "confirm_by": next(iter(setting.calendars.values())).add(now, limit).at if limit is not None else None,
        "decided_by": None,
        "decided_at": None,
        "reason": None,
    }
    if not tx.insert_new(t.partner_statement, [made]):  # of two at once the other waits here and finds it
        return None
    lead = tx.execute(sa.select(t.partner.c.lead).where(t.partner.c.id == partner)).scalar_one()
    if lead is not None:
        matters.save_tasks(tx, [task(made, lead, "confirm_statement", due=made["confirm_by"])], [], at=now)
    data = {"statement": made["id"], "period": month}
    history.append(tx, [history.Entry(partner, "partner", "statement_made", now, actor=by, data=data)])
    return made


def task(statement: Row, person: str, kind: str, *, due: datetime | None) -> Task:
    """What ``person`` has to do about ``statement``."""
    return Task(
        key=task_key(statement["id"], kind),
        person=person,
        kind=kind,
        subject_type="partner_statement",
        subject=statement["id"],
        due=due,
    )


def task_key(statement: str, kind: str) -> str:
    """Of the task that ``kind`` of act about ``statement`` gives somebody."""
    return f"{kind}:{statement}"


def _span(month: str, setting: Setting) -> tuple[datetime, datetime]:
    zone = company_zone(setting)
    year, number = (int(part) for part in month.split("-"))
    return midnight(date(year, number, 1), zone), over_at(month, zone)


def _added_to_accounts(tx: Transaction, holder: str, *, start: datetime, end: datetime) -> list[Row]:
    """What a time, from ``start`` until before ``end``, added to the accounts of a payee, by currency.

    What somebody owes stands below zero in the ledger and is shown as what is owed (contract section 7).
    """
    p = t.ledger_posting.c
    found: dict[str, Row] = {}
    for row in tx.execute(
        sa.select(p.account, p.currency, sa.func.sum(p.amount_minor).label("total"))
        .where(p.holder == holder, p.at >= start, p.at < end)
        .group_by(p.account, p.currency)
        .order_by(p.currency)
    ):
        item = found.setdefault(row.currency, {f"{account.value}_minor": 0 for account in Account})
        item[f"{row.account.rpartition(':')[2]}_minor"] += int(row.total)
    return [
        {"currency": currency, **item, "receivable_minor": -item["receivable_minor"]}
        for currency, item in found.items()
    ]
