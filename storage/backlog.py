"""What waits, is late or was given up: the numbers an operator watches (design section 2, "Poison", AUD-07)."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from storage import tables as t
from storage.database import Transaction
from storage.streams import OVERDUE

#: What each number means, by the name of its gauge.
GAUGES = {
    "fairclaim_commands_waiting": "Commands received and not decided yet",
    "fairclaim_commands_late": "Commands undecided for more than a minute",
    "fairclaim_bells_waiting": "Bells that the relay has still to ring",
    "fairclaim_streams_overdue": "Claims and cases whose next instant is more than a minute past",
    "fairclaim_items_parked": "Items given up as poison: somebody has to look at them",
    "fairclaim_deliveries_waiting": "Notices still to be delivered by e-mail or webhook, due by now",
    "fairclaim_deliveries_given_up": "Notices that no try will deliver any more",
}


def backlog(tx: Transaction) -> dict[str, int]:
    """Every gauge of :data:`GAUGES`; each is an index look-up over what waits, never over all rows."""
    now = tx.now()
    waiting = t.command.c.decided_at.is_(None)
    unsent = sa.and_(t.outbox.c.sent_at.is_(None), t.outbox.c.dead_at.is_(None))
    wanted = {
        "fairclaim_commands_waiting": _count(t.command, waiting),
        "fairclaim_commands_late": _count(t.command, waiting, t.command.c.received_at < now - timedelta(minutes=1)),
        "fairclaim_bells_waiting": _count(t.bell, t.bell.c.not_before <= now),
        "fairclaim_streams_overdue": _count(t.stream, t.stream.c.open, t.stream.c.next_instant < now - OVERDUE),
        "fairclaim_items_parked": _count(t.poison, t.poison.c.parked_at.is_not(None)),
        "fairclaim_deliveries_waiting": _count(t.outbox, unsent, t.outbox.c.due_at <= now),
        "fairclaim_deliveries_given_up": _count(t.outbox, t.outbox.c.dead_at.is_not(None)),
    }
    found = tx.execute(sa.select(*(query.label(name) for name, query in wanted.items()))).mappings().one()
    return {name: int(found[name]) for name in GAUGES}


def _count(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()
