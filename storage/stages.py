"""What the record of a claim shows of the conditions of sales stages (CLM-30)."""

from __future__ import annotations

import sqlalchemy as sa

from domain.customers import dossier
from storage import dossiers
from storage import tables as t
from storage.database import Transaction

#: Conditions that are fields of the report, by the column that holds them.
_FIELDS = {
    "need": t.claim.c.need,
    "progress": t.claim.c.progress,
    "next_follow_up_at": t.claim.c.next_follow_up_at,
    "expected_close": t.claim.c.expected_close,
    "expected_amount": t.claim.c.expected_minor,
    "source": t.claim.c.source,
}


def shown(tx: Transaction, claim: str) -> frozenset[str]:
    """Words of :data:`domain.claims.stages.SHOWN` that are met, by what is decided now. The matter is locked.

    A follow-up shows its kind while it is qualified and not voided (CLM-16).
    """
    row = tx.execute(sa.select(t.claim.c.matter, t.claim.c.customer).where(t.claim.c.id == claim)).one()
    filled = set(filled_in(tx, claim))
    for kept in dossiers.all_of(tx, row.matter, row.customer):
        filled |= set(dossier.filled(kept.content))
    c = t.follow_up.c
    worked = tx.execute(
        sa.select(c.kind).where(c.claim == claim, c.qualified, c.voided_at.is_(None)).distinct()
    ).scalars()
    dealt = tx.execute(sa.select(t.deal.c.id).where(t.deal.c.claim == claim, t.deal.c.state == "open").limit(1)).first()
    return frozenset(filled | set(worked) | ({"deal"} if dealt is not None else set()))


def filled_in(tx: Transaction, claim: str) -> frozenset[str]:
    """Which fields of the report say something."""
    row = tx.execute(sa.select(*_FIELDS.values()).where(t.claim.c.id == claim)).one()
    return frozenset(word for word, value in zip(_FIELDS, row, strict=True) if value is not None)
