"""Rows that have had their time: idempotency keys, counters, old refusals, parts of the outbox (contract section 1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.policy.policy import Policy
from storage import tables as t
from storage.database import Transaction

_USAGE = timedelta(days=2)
_REFUSALS = timedelta(days=365)
_OUTBOX = timedelta(days=30)


def tidy(tx: Transaction, *, now: datetime, policy: Policy) -> None:
    """Delete what nobody asks for any more. Cheap when there is nothing."""
    keys_for = policy.duration("api.idempotency_h")
    kept = timedelta(microseconds=keys_for.microseconds) if keys_for is not None else timedelta(hours=24)
    tx.execute(t.idempotency.delete().where(t.idempotency.c.created_at < now - kept))
    day = (now - _USAGE).date().isoformat()
    tx.execute(t.usage.delete().where(t.usage.c.bucket < day))
    tx.execute(t.refusal.delete().where(t.refusal.c.at < now - _REFUSALS))
    tx.execute(t.outbox.delete().where(t.outbox.c.sent_at < now - _OUTBOX))
