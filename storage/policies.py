"""Policy versions in the database (POL-01 to POL-04): only what a version sets; defaults stand in the domain."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from domain.policy.lifecycle import PolicyState
from storage import tables as t
from storage.database import Transaction, mint

#: States of versions that were activated. Which of them is in force is a matter of time (see :func:`standing`).
_ACTIVATED: Final = (PolicyState.ACTIVE.value, PolicyState.ARCHIVED.value)
#: So many of the latest deals tell how long customers take to buy.
_DEALS: Final = 1_000
_DAY_S: Final = 86_400


def _of(program: str | None) -> sa.ColumnElement[bool]:
    return t.policy.c.program.is_(None) if program is None else t.policy.c.program == program


def add(
    tx: Transaction,
    *,
    program: str | None,
    parameters: Mapping[str, Any],
    overrides: Sequence[Mapping[str, Any]],
    author: str,
    at: datetime,
    rev: int,
    reason: str | None = None,
    warnings: Sequence[str] = (),
    effective_at: datetime | None = None,
) -> str:
    """The next version; a draft, or active from ``effective_at`` on (POL-04: version 1). The caller holds the lock."""
    last = tx.execute(sa.select(sa.func.max(t.policy.c.version)).where(_of(program))).scalar() or 0
    policy = mint()
    state = PolicyState.DRAFT if effective_at is None else PolicyState.ACTIVE
    tx.execute(
        t.policy.insert().values(
            id=policy,
            program=program,
            version=last + 1,
            state=state.value,
            parameters=dict(parameters),
            overrides=list(overrides),
            author=author,
            reason=tx.keys.seal(reason),
            effective_at=effective_at,
            created_at=at,
            warnings=list(warnings),
            rev=rev,
        )
    )
    return policy


def in_force(tx: Transaction, programs: Iterable[str | None], *, at: datetime) -> dict[str | None, dict[str, Any]]:
    """Id and version in force at ``at``, by program (None = the company)."""
    wanted = set(programs)
    chosen = sa.or_(
        t.policy.c.program.in_(sorted(p for p in wanted if p is not None)),
        t.policy.c.program.is_(None) if None in wanted else sa.false(),
    )
    rows = tx.rows(
        sa.select(t.policy.c.id, t.policy.c.program, t.policy.c.version)
        .where(chosen, t.policy.c.state.in_(_ACTIVATED), t.policy.c.effective_at <= at)
        .order_by(t.policy.c.effective_at, t.policy.c.version)
    )
    # The last one read stays: it took effect last.
    return {row["program"]: row for row in rows}


def was_activated(tx: Transaction, program: str | None, *, besides: str) -> int:
    """How many other versions were ever activated."""
    return int(
        tx.execute(
            sa.select(sa.func.count()).where(_of(program), t.policy.c.state.in_(_ACTIVATED), t.policy.c.id != besides)
        ).scalar_one()
    )


def standing(row: Mapping[str, Any], *, in_force: str | None, at: datetime) -> PolicyState:
    """The state of a version at ``at``: approved until its time comes, archived once a later one took over."""
    state = PolicyState(row["state"])
    if state is not PolicyState.ACTIVE:
        return state
    if row["effective_at"] > at:
        return PolicyState.APPROVED
    return PolicyState.ACTIVE if row["id"] == in_force else PolicyState.ARCHIVED


def median_sales_cycle_days(tx: Transaction, program: str | None) -> float | None:
    """From report to contract, of the latest live deals; None while there are none (POL-04)."""
    statement = (
        sa.select(t.claim.c.received_at, t.deal.c.contract_at)
        .join(t.claim, t.claim.c.id == t.deal.c.claim)
        .where(t.deal.c.state == "open", t.deal.c.kind == "new", t.deal.c.contract_at >= t.claim.c.received_at)
        .order_by(t.deal.c.number.desc())
        .limit(_DEALS)
    )
    if program is not None:
        statement = statement.where(t.deal.c.program == program)
    cycles = [(r["contract_at"] - r["received_at"]).total_seconds() / _DAY_S for r in tx.rows(statement)]
    return statistics.median(cycles) if cycles else None
