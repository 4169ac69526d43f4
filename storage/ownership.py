"""Who stands where on a customer in one program and track, for look-ups: nothing is locked, nothing is saved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import OPEN
from domain.claims.model import Claim
from domain.matters.decide import settled
from domain.matters.setting import Setting
from storage import matters, merges
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction, mint


@dataclass(frozen=True, slots=True)
class Standing:
    """One matter as of now: its open claims, lapsed ones in their grace period, and whether it lies in a pool."""

    claims: tuple[Claim, ...]
    pooled: bool
    reserved_for: str | None  # the former owner whose grace period runs (CLM-20)


def standings(
    tx: Transaction, *, program: str, track: str, subjects: Collection[str], now: datetime, setting: Setting
) -> tuple[Standing, ...]:
    """Every matter of ``subjects`` with everything up to ``now`` decided in mind, though not on paper (CLM-19).

    The statements are the same whether anything is found or not: a stranger learns nothing from the time it takes.
    """
    c = t.matter.c
    wanted = sa.and_(c.program == program, c.track == track, c.subject.in_(sorted(subjects)))
    rows = _rows(tx, wanted, now)
    if elsewhere := [r["merged_into"] for r in rows if r["merged_into"] is not None]:
        kept = {r["id"] for r in rows if r["merged_into"] is None} | {merges.lies_in(tx, one) for one in elsewhere}
        rows = _rows(tx, c.id.in_(sorted(kept)), now)
    live = tx.rows(
        sa.select(t.claim).where(
            t.claim.c.matter.in_([r["id"] for r in rows]),
            sa.or_(t.claim.c.state.in_(sorted(s.value for s in OPEN)), t.claim.c.grace_until >= now),
        )
    )
    return tuple(
        _settled(tx, row["id"], now, setting)
        if row["undecided"] or row["due"]
        else _standing(
            [claim_of(r) for r in live if r["matter"] == row["id"]],
            pooled=row["pooled"],
            pool_at=row["pool_at"],
            now=now,
        )
        for row in rows
    )


def _rows(tx: Transaction, which: sa.ColumnElement[bool], now: datetime) -> list[dict[str, Any]]:
    statement = sa.select(t.matter, _has_undecided.label("undecided"), _has_due(now).label("due"))
    return tx.rows(statement.where(which))


_has_undecided = (
    sa.exists().where(t.command.c.matter == t.matter.c.id, t.command.c.decided_at.is_(None)).correlate(t.matter)
)


def _has_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.exists().where(t.stream.c.matter == t.matter.c.id, t.stream.c.open, t.stream.c.next_instant < now),
        sa.exists().where(t.claim.c.matter == t.matter.c.id, t.claim.c.deadline < now),
    )


def _settled(tx: Transaction, matter: str, now: datetime, setting: Setting) -> Standing:
    seen = matters.peek(tx, matter, now=now)
    after = settled(matters.load(tx, seen, counting=False), setting=setting, now=seen.now, mint=mint)
    return _standing(list(after.claims.values()), pooled=after.pooled, pool_at=after.pool_at, now=seen.now)


def _standing(claims: list[Claim], *, pooled: bool, pool_at: datetime | None, now: datetime) -> Standing:
    in_grace = [c for c in claims if c.state not in OPEN and c.grace_until is not None and now <= c.grace_until]
    return Standing(
        claims=tuple(c for c in claims if c.state in OPEN),
        pooled=pooled and (pool_at is None or pool_at <= now),
        reserved_for=next((c.owner for c in in_grace if c.owner is not None), None),
    )
