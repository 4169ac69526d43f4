"""Whether two records are one customer: what was answered, and what the records themselves say (CUS-13)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from domain.disputes.lifecycle import DisputeState
from domain.disputes.model import Dispute, Grounds
from domain.disputes.sameness import ANSWERED, compared
from storage import tables as t
from storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Answer:
    """What the case ``dispute``, its proof, found of two records."""

    same: bool
    dispute: str


def keep(tx: Transaction, dispute: Dispute, *, customer: str) -> None:
    """The answer of a case that has just ended with one; a later case about the same two replaces it.

    Two that belong together were never one person: where they count as one for ownership, they do so in that program
    and track (CUS-14).
    """
    decided = dispute.state in (DisputeState.FINAL, DisputeState.SETTLED)
    if dispute.grounds is not Grounds.IDENTITY or not decided:
        return
    assert dispute.outcome is not None
    assert dispute.outcome.same is not None
    if dispute.relation is not None and dispute.outcome.same:
        return
    assert dispute.other_customer is not None
    pair = _pair(customer, dispute.other_customer)
    found = {"same": dispute.outcome.same, "dispute": dispute.id, "at": dispute.ended_at}
    c = t.identity_answer.c
    here = sa.and_(c.one == pair["one"], c.other == pair["other"])
    if not tx.execute(t.identity_answer.update().where(here).values(found)).rowcount:
        tx.insert(t.identity_answer, {**pair, **found})


def answer(tx: Transaction, one: str, other: str) -> Answer | None:
    """What was answered about two records, whichever was asked about."""
    c, pair = t.identity_answer.c, _pair(one, other)
    row = tx.row(sa.select(t.identity_answer).where(c.one == pair["one"], c.other == pair["other"]))
    return None if row is None else Answer(same=row["same"], dispute=row["dispute"])


def likeness(tx: Transaction, one: str, other: str) -> tuple[str, ...]:
    """Kinds of the items that a case about two records begins with (DSP-09)."""
    c = t.customer_key.c
    keys: dict[str, dict[str, set[bytes]]] = {one: {}, other: {}}
    for row in tx.rows(sa.select(t.customer_key).where(c.customer.in_([one, other]))):
        keys[row["customer"]].setdefault(row["field"], set()).add(row["digest"])
    known = answer(tx, one, other)
    return (*compared(keys[one], keys[other]), *((ANSWERED,) if known is not None and known.same else ()))


def _pair(one: str, other: str) -> dict[str, str]:
    first, second = sorted((one, other))
    return {"one": first, "other": second}
