"""One-time codes of arrivals (到访确认): whose customer shows one at the desk, and only once (LEAD-10)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage import tables as t
from storage.database import Transaction

#: How long a code can be shown; whoever comes later is given another one.
VALID = timedelta(hours=24)


def give(tx: Transaction, claim: str, *, at: datetime) -> tuple[str, datetime]:
    """A new code of a claim, six digits, and until when it can be shown; one given before is worth nothing any more."""
    code, until = f"{secrets.randbelow(10**6):06}", at + VALID
    tx.execute(t.arrival_code.delete().where(t.arrival_code.c.claim == claim))
    tx.insert(t.arrival_code, {"claim": claim, "digest": _digest(tx, claim, code), "until": until})
    return code, until


def use(tx: Transaction, code: str, claims: Sequence[str], *, at: datetime) -> str | None:
    """The one of ``claims`` whose code this is, which is used up by it; None where it is nobody's, or too old."""
    c = t.arrival_code.c
    digests = {_digest(tx, claim, code): claim for claim in claims}
    shown = t.arrival_code.delete().where(c.digest.in_(sorted(digests)), c.claim.in_(claims), c.until >= at)
    used = tx.execute(shown.returning(c.claim)).scalars().all()
    return min(used, default=None)


def _digest(tx: Transaction, claim: str, code: str) -> str:
    return tx.keys.blind("arrival", f"{claim}\0{code}").hex()[:32]
