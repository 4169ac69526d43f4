"""Rows that have had their time (contract section 1).

Idempotency keys, counters, blind checks, features of visitors (CUS-10), codes of arrivals, old refusals, parts of the
outbox.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.policy.policy import Policy
from storage import blind_checks
from storage import tables as t
from storage.database import Transaction

_USAGE = timedelta(days=2)
_REFUSALS = timedelta(days=365)
_OUTBOX = timedelta(days=30)
#: Rows of a table that one call deletes at most; it is called every minute.
_AT_ONCE = 20_000


def tidy(tx: Transaction, *, now: datetime, policy: Policy) -> None:
    """Delete what nobody asks for any more, so much at a time that nobody waits for it. Cheap when there is nothing."""
    day = (now - _USAGE).date().isoformat()
    _delete(tx, t.idempotency, t.idempotency.c.created_at < now - answers_kept(policy))
    _delete(tx, t.usage, t.usage.c.bucket < day)
    _delete(tx, t.blind_check, t.blind_check.c.at < now - blind_checks.KEPT)
    tx.execute(
        t.blind_check.update()
        .where(t.blind_check.c.at < now - blind_checks.DIGESTS_KEPT, t.blind_check.c.number.is_not(None))
        .values(number=None, blocks=[])
    )
    _delete(tx, t.feature, t.feature.c.until <= now)
    _delete(tx, t.arrival_code, t.arrival_code.c.until < now)
    _delete(tx, t.refusal, t.refusal.c.at < now - _REFUSALS)
    _delete(tx, t.outbox, t.outbox.c.sent_at < now - _OUTBOX)


def answers_kept(policy: Policy) -> timedelta:
    """How long an answer is given again to a repeated call (`api.idempotency_h`, INT-01)."""
    length = policy.duration("api.idempotency_h")
    return timedelta(microseconds=length.microseconds) if length is not None else timedelta(hours=24)


def _delete(tx: Transaction, table: sa.Table, is_old: sa.ColumnElement[bool]) -> None:
    key = list(table.primary_key.columns)
    some = sa.select(*key).where(is_old).limit(_AT_ONCE)
    tx.execute(table.delete().where(sa.tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)))
