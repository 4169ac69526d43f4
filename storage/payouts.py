"""What payout runs are made of, and the day on which one is due (COM-12)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.matters.draft import Notice, Task
from domain.matters.setting import Setting
from domain.money.model import Account
from domain.money.months import before, in_the_next, midnight, over_at
from domain.people.access import Actor, has_role
from domain.people.organisation import Role
from storage import matters
from storage import tables as t
from storage.database import Transaction
from storage.notices import queue_notices

#: A part of what a payee has: payee and deal.
Part = tuple[str, str]


def company_zone(setting: Setting) -> str:
    """The zone that months of runs are counted in: the company's."""
    return next(iter(setting.calendars.values())).zone


def payable(tx: Transaction, currency: str, end: datetime) -> dict[Part, int]:
    """What stood to be paid at ``end`` and still does, less what approved runs have taken, in minor units."""
    b, p = t.ledger_balance.c, t.ledger_posting.c
    ending = f":{Account.PAYABLE.value}"
    present = _by_deal(
        tx,
        sa.select(b.account, b.deal, b.amount_minor.label("total")).where(
            b.currency == currency, b.account.endswith(ending), b.amount_minor > 0
        ),
    )
    # What came after the month is taken away again: that is little, and an index has it, while the month before would
    # be everything that was ever posted.
    later = _by_deal(
        tx,
        sa.select(p.account, p.deal, sa.func.sum(p.amount_minor).label("total"))
        .join(t.ledger_entry, t.ledger_entry.c.id == p.entry)
        .where(t.ledger_entry.c.at >= end, p.currency == currency, p.account.endswith(ending))
        .group_by(p.account, p.deal),
    )
    line, run, c = t.payout_line.c, t.payout.c, t.command.c
    taken = tx.rows(
        sa.select(line.payee, line.deal, sa.func.sum(line.amount_minor).label("total"))
        .join(t.payout, run.id == line.payout)
        .outerjoin(t.command, c.id == line.command)
        .where(
            run.currency == currency,
            line.dropped.is_(None),
            line.amount_minor > 0,
            sa.or_(run.state == "approved", sa.and_(run.state == "paid", c.decided_at.is_(None))),
        )
        .group_by(line.payee, line.deal)
    )
    less = {(r["payee"], r["deal"]): int(r["total"]) for r in taken}
    found = {key: min(amount, amount - later.get(key, 0)) - less.get(key, 0) for key, amount in present.items()}
    return {key: amount for key, amount in found.items() if amount > 0}


def owed(tx: Transaction, currency: str) -> dict[Part, int]:
    """What payees owe, in minor units."""
    b = t.ledger_balance.c
    below = sa.select(b.account, b.deal, (-b.amount_minor).label("total")).where(
        b.currency == currency, b.account.endswith(f":{Account.RECEIVABLE.value}"), b.amount_minor < 0
    )
    return _by_deal(tx, below)


def ask_for_run(tx: Transaction, setting: Setting, *, month: str) -> None:
    """Finance is asked for the run of ``month`` in each currency that has something to pay and no run yet, once.

    The task is done when the run is prepared. Asked again it changes nothing.
    """
    now, end = tx.now(), over_at(month, company_zone(setting))
    b, run = t.ledger_balance.c, t.payout.c
    waiting = sa.select(b.currency).where(b.account.endswith(f":{Account.PAYABLE.value}"), b.amount_minor > 0)
    begun = set(tx.execute(sa.select(run.currency).where(run.period == month)).scalars())
    company = tx.execute(sa.select(t.company.c.root_team)).scalar_one()
    for currency in sorted({*tx.execute(waiting.distinct()).scalars()} - begun):
        key = task_key(month, currency)
        if tx.row(sa.select(t.task.c.id).where(t.task.c.key == key)) is not None or not payable(tx, currency, end):
            continue
        people = _finance(setting, at=now)
        tasks = [
            Task(key=key, person=person, kind="payout_due", subject_type="company", subject=company, due=None)
            for person in people
        ]
        matters.save_tasks(tx, tasks, [], at=now)
        notices = [
            Notice(
                person=person,
                kind="payout.due",
                urgency="normal",
                subject_type="company",
                subject=company,
                rule="COM-12",
                policy_version=setting.company_policy_at(now).version,
                facts={"month": month, "currency": currency},
            )
            for person in people
        ]
        queue_notices(tx, notices, at=now)


def due_month(setting: Setting, at: datetime) -> str | None:
    """The month whose run is due by now: the last one from `payout.day` on, None before that day."""
    zone = company_zone(setting)
    month = before(next(iter(setting.calendars.values())).local_date(at))
    day = in_the_next(month, setting.company_policy_at(at).integer("payout.day"))
    return month if at >= midnight(day, zone) else None


def task_key(month: str, currency: str) -> str:
    """Names the task to prepare a run."""
    return f"payout:{month}:{currency}"


def _finance(setting: Setting, *, at: datetime) -> tuple[str, ...]:
    """Who may prepare a run, by person number; the admins where nobody may."""
    organisation = setting.organisation
    found = [
        organisation.people[person]
        for person in organisation.grants
        if organisation.people[person].active
        and has_role(Actor(person), {Role.FINANCE}, organisation=organisation, at=at)
    ]
    return tuple(p.id for p in sorted(found, key=lambda p: p.number)) or organisation.admins(at=at)


def _by_deal(tx: Transaction, statement: sa.Select[Any]) -> dict[Part, int]:
    return {(r.account.rpartition(":")[0], r.deal): int(r.total) for r in tx.execute(statement)}
