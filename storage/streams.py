"""Streams as the tools see them: which are open, which are late, which comes next; and the shift of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage import tables as t
from storage.database import Database, Transaction
from storage.types import to_us

#: A stream whose instant is so long past is overdue (design section 2, overdue sweep).
OVERDUE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Streams:
    """Ids of streams: open ones, those long overdue, those with a command too young to judge by."""

    open: frozenset[str]
    overdue: frozenset[str]
    fresh: frozenset[str]
    kinds: dict[str, str]  # of the open ones: claim, dispute or lead


def survey(database: Database, *, young: timedelta) -> Streams:
    """Every stream as the store sees it now; a command younger than ``young`` makes its stream fresh."""
    with database.reading() as tx:
        now = tx.now()
        kinds = {
            r.id: str(r.kind) for r in tx.execute(sa.select(t.stream.c.id, t.stream.c.kind).where(t.stream.c.open))
        }
        overdue = set(
            tx.execute(
                sa.select(t.stream.c.id).where(t.stream.c.open, t.stream.c.next_instant < now - OVERDUE)
            ).scalars()
        )
        fresh = set(tx.execute(sa.select(t.command.c.stream).where(t.command.c.received_at > now - young)).scalars())
    return Streams(frozenset(kinds), frozenset(overdue), frozenset(fresh), kinds)


def next_to_ring(database: Database, *, until: datetime) -> tuple[str, str, datetime] | None:
    """The stream a moving clock meets next, with its kind and instant: one with a bell, else the earliest one."""
    with database.reading() as tx:
        now = tx.now()
        bell = tx.row(sa.select(t.bell.c.stream, t.bell.c.kind).where(t.bell.c.not_before <= now).limit(1))
        if bell is not None:
            return bell["stream"], bell["kind"], now
        row = tx.row(
            sa.select(t.stream.c.id, t.stream.c.kind, t.stream.c.next_instant)
            .where(t.stream.c.open, t.stream.c.next_instant <= until)
            .order_by(t.stream.c.next_instant, t.stream.c.id)
            .limit(1)
        )
        return (row["id"], row["kind"], row["next_instant"]) if row is not None else None


def set_clock(database: Database, to: datetime) -> None:
    """Shift the database's clock so that it shows ``to``; it never goes back. For tests and the demo only."""

    def work(tx: Transaction) -> None:
        ahead = to_us(to) - to_us(tx.now())
        if ahead > 0:
            tx.execute(t.clock.update().values(shift_us=t.clock.c.shift_us + ahead))

    database.transact(work)
