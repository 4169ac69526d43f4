"""The periodic review (定期审查) of a division: what it looks at, and who hears that it is overdue (TER-04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from domain.matters.draft import Notice
from domain.matters.setting import Setting
from domain.territories.division import Customer
from storage import matters
from storage import tables as t
from storage.codec import plain
from storage.database import Transaction
from storage.notices import queue_notices
from storage.territories import customers_by

_OVERDUE = "territory.review_overdue"


def key(plan: str) -> str:
    """Of the task of whoever reviews the plan."""
    return f"territory_review:{plan}"


def disputes_of(tx: Transaction, program: str) -> list[tuple[str, Customer]]:
    """The open cases of a program, as track and customer."""
    c = t.dispute.c
    rows = tx.rows(sa.select(c.track, c.customer).where(c.program == program, c.open))
    known = customers_by(tx, [row["customer"] for row in rows])
    return [(row["track"], known[row["customer"]]) for row in rows]


def live_deals(tx: Transaction, program: str) -> dict[str, int]:
    """How many live deals each held claim of a program has, where it has any."""
    c = t.claim.c
    rows = tx.execute(
        sa.select(c.id, sa.func.count().label("deals"))
        .join(t.deal, t.deal.c.claim == c.id)
        .where(c.program == program, c.holds, t.deal.c.state == "open")
        .group_by(c.id)
    )
    return {row.id: int(row.deals) for row in rows}


def follow(tx: Transaction, setting: Setting) -> None:
    """Tell oversight, once, of a review that is overdue; the review of a plan that ended is nobody's task any more."""
    now, c = tx.now(), t.territory_plan.c
    statement = sa.select(c.id, c.program, c.effective_at, c.ended_at, c.review_by).where(c.review_by.is_not(None))
    for row in tx.rows(statement):
        present = setting.territory_plan(row["program"], at=now)
        if present is not None and present.id == row["id"]:
            if row["review_by"] < now and not _is_raised(tx, row):
                _raise(tx, setting, row)
        elif row["effective_at"] <= now or row["ended_at"] is not None:
            matters.save_tasks(tx, (), [key(row["id"])], at=now)
            tx.update(t.territory_plan, {"id": row["id"]}, {"review_by": None})


def _is_raised(tx: Transaction, row: Mapping[str, Any]) -> bool:
    n = t.notice.c
    told = sa.select(n.id).where(n.kind == _OVERDUE, n.subject == row["id"], n.at > row["review_by"]).limit(1)
    return tx.execute(told).first() is not None


def _raise(tx: Transaction, setting: Setting, row: Mapping[str, Any]) -> None:
    now = tx.now()
    notices = [
        Notice(
            person=person,
            kind=_OVERDUE,
            urgency="urgent",
            subject_type="territory",
            subject=row["id"],
            rule="TER-04",
            policy_version=setting.terms_at(row["program"], at=now).version,
            facts=plain({"program": row["program"], "until": row["review_by"]}),
        )
        for person in setting.programs[row["program"]].oversight
    ]
    queue_notices(tx, notices, at=now)
