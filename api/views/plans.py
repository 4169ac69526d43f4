"""Commission plans as their readers see them (contract section 7: COM-02)."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.policies import reads, reads_drafts, reads_policy
from domain.money.plans import plan_at
from domain.policy.lifecycle import PolicyState
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def plan_row(tx: Transaction, caller: Caller, plan: str) -> Row:
    """The row of a version the caller may read; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.plan).where(t.plan.c.id == plan))
    if row is None or not reads(caller, row) or not _is_theirs(caller, row):
        raise Refusal("not_found")
    return row


def plan_page(tx: Transaction, caller: Caller, *, program: str | None, limit: int, cursor: str | None) -> Row:
    """Versions, newest first: of the company and of programs whose rules the caller reads (POL-07).

    Unfinished ones are for those who make or check them.
    """
    statement = sa.select(t.plan).where(_readable(caller))
    if program is not None:
        statement = statement.where(t.plan.c.program == program)
    rows, following = page(
        tx,
        statement,
        time_column=t.plan.c.created_at,
        id_column=t.plan.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "plans", "program": program},
    )
    return {"items": [plan_view(caller, row) for row in rows], "next": following}


def plan_view(caller: Caller, row: Row) -> Row:
    """One version. What a later one took over from is archived; it stands for the contracts of its time.

    People of a partner read the lines that their own deals can earn by, and no rate of another team (PPL-08).
    """
    above = _own_teams(caller)
    return {
        "id": row["id"],
        "program": row["program"],
        "version": row["version"],
        "state": _standing(caller, row),
        "effective_from": row["effective_from"].isoformat(),
        "rates": [
            {"rule": f"r{place}", "when": rate["when"], "rate_bps": rate["rate_bps"]}
            for place, rate in enumerate(row["rates"], start=1)
            if above is None or rate["when"].get("team", above[0]) in above
        ],
        "author": row["author"],
        "reviewed_by": row["reviewed_by"],
        "approved_by": row["approved_by"],
        "created_at": rfc3339(row["created_at"]),
    }


def _own_teams(caller: Caller) -> tuple[str, ...] | None:
    """Of somebody of a partner their team and those above it; None for everybody else."""
    organisation = caller.setting.organisation
    if organisation.partner_of(caller.person) is None:
        return None
    return tuple(organisation.path_up(organisation.team_of(caller.person, at=caller.at)))


def _house_plan_until(caller: Caller) -> date | None:
    """Before which day a version of the house's plan begins that decides in a program of somebody of a partner.

    Where a program has a plan of its own the house's decides nothing from that day on. The end of time where one has
    none; None where the person stands in no program.
    """
    mine = [p.id for p in caller.setting.programs.values() if reads_policy(caller, p)]
    begun = (min((plan.effective_from for plan in caller.setting.plans.get(p, ())), default=date.max) for p in mine)
    return max(begun, default=None)


def _is_theirs(caller: Caller, row: Row) -> bool:
    if row["program"] is not None or _own_teams(caller) is None:
        return True
    until = _house_plan_until(caller)
    return until is not None and row["effective_from"] < until


def _standing(caller: Caller, row: Row) -> str:
    state = str(row["state"])
    if state != PolicyState.ACTIVE.value:
        return state
    plans = {row["program"]: caller.setting.plans.get(row["program"], ())}
    today = _today(caller, row["program"])
    present = plan_at(plans, program=row["program"], on=today)
    later = present is not None and (present.effective_from, present.version) > (row["effective_from"], row["version"])
    return PolicyState.ARCHIVED.value if later else state


def _today(caller: Caller, program: str | None) -> date:
    setting = caller.setting
    calendar = setting.calendar(program) if program is not None else next(iter(setting.calendars.values()))
    return calendar.local_date(caller.at)


def _house_plans(caller: Caller) -> sa.ColumnElement[bool]:
    if _own_teams(caller) is None:
        return sa.true()
    until = _house_plan_until(caller)
    return t.plan.c.effective_from < until if until is not None else sa.false()


def _readable(caller: Caller) -> sa.ColumnElement[bool]:
    ways: list[sa.ColumnElement[bool]] = []
    finished = t.plan.c.state == PolicyState.ACTIVE.value
    if reads_drafts(caller, None):
        return sa.true()
    ways.append(sa.and_(t.plan.c.program.is_(None), finished, _house_plans(caller)))
    programs = [p for p in caller.setting.programs.values() if reads_policy(caller, p)]
    drafted = [p.id for p in programs if reads_drafts(caller, p.id)]
    if programs:
        ways.append(sa.and_(t.plan.c.program.in_(sorted(p.id for p in programs)), finished))
    if drafted:
        ways.append(t.plan.c.program.in_(sorted(drafted)))
    return sa.or_(*ways)
