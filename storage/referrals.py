"""What decides whether who brings a customer is credited: what the company had of them before (CNF-05)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from domain.customers.links import GROUP, HOUSEHOLD
from domain.money.model import DealState
from storage import links, merges
from storage import tables as t
from storage.database import Transaction

CHANNEL: Final = "channel"


def owner_of(tx: Transaction, customer: str, *, program: str, track: str) -> str | None:
    """Who holds the customer in this program and track."""
    c = t.claim.c
    held = (
        sa.select(c.owner)
        .join(t.matter, t.matter.c.id == c.matter)
        .where(c.customer.in_(merges.records_of(tx, customer)))
        .where(c.holds, c.program == program, t.matter.c.track == track)
    )
    owner = tx.execute(held.limit(1)).scalar()
    return str(owner) if owner is not None else None


def why_no_credit(tx: Transaction, customer: str, *, new: bool) -> str | None:
    """``visited``: they were here already; ``in_base``: they were known; None for a customer ``new`` by this lead."""
    if new:
        return None
    records = merges.records_of(tx, customer)
    received = sa.select(t.reception.c.id).where(t.reception.c.customer.in_(records)).limit(1)
    visited = (
        sa.select(t.follow_up.c.id)
        .join(t.claim, t.claim.c.id == t.follow_up.c.claim)
        .where(t.claim.c.customer.in_(records), t.follow_up.c.kind == "visit", t.follow_up.c.voided_at.is_(None))
        .limit(1)
    )
    was_here = tx.execute(received).first() is not None or tx.execute(visited).first() is not None
    return "visited" if was_here else "in_base"


def has_channel_deal(tx: Transaction, customer: str, *, program: str) -> bool:
    """Whether a deal with the customer stands in the channel track of the program: the channel is paid (CNF-05)."""
    c = t.matter.c
    standing = (
        sa.select(t.deal.c.id)
        .join(t.matter, c.id == t.deal.c.matter)
        .where(c.customer.in_(merges.records_of(tx, customer)), c.program == program, c.track == CHANNEL)
        .where(t.deal.c.state == DealState.OPEN.value)
    )
    return tx.execute(standing.limit(1)).first() is not None


def is_channels(tx: Transaction, customer: str, *, program: str) -> bool:
    """The same, or somebody holds the customer there and will be paid."""
    held = owner_of(tx, customer, program=program, track=CHANNEL) is not None
    return held or has_channel_deal(tx, customer, program=program)


def related(tx: Transaction, one: str, other: str) -> bool:
    """Whether who brought a customer and who was brought belong together, or are reached in the same way (CUS-14)."""
    linked = links.are_linked(tx, one, other, kinds=(HOUSEHOLD, GROUP))
    return linked or links.share_a_contact(tx, merges.root_of(tx, one), merges.root_of(tx, other))
