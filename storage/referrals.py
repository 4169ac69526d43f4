"""What decides whether who brings a customer is credited: what the company had of them before (CNF-05)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa

from domain.claims.model import ChannelHolder
from domain.customers.email import normalise_email
from domain.customers.links import GROUP, HOUSEHOLD
from domain.customers.phone import normalise_phone
from domain.money.model import ChannelDeals, DealState
from domain.money.referrals import credited
from domain.reception.model import CALL
from domain.refusals import Refusal
from storage import customers, deals, links, merges, receptions
from storage import tables as t
from storage.claim_rows import claim_of
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
    r = t.reception.c
    received = sa.select(r.id).where(r.customer.in_(records), r.source != CALL).limit(1)
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
    found = channel_deals(tx, customer, program=program)
    return found is not None and found.stands


def channel_holders(tx: Transaction, customer: str, *, program: str) -> tuple[ChannelHolder, ...]:
    """Who holds the customer, or a project of theirs, in the channel track, each with who came to a site (LEAD-14)."""
    c, m = t.claim.c, t.matter.c
    rows = tx.rows(
        sa.select(t.claim, m.project.label("of_project"))
        .join(t.matter, m.id == c.matter)
        .where(m.customer.in_(merges.records_of(tx, customer)), m.program == program, m.track == CHANNEL, c.holds)
        .order_by(c.id)
    )
    came = receptions.arrivals(tx, program, dict.fromkeys((row["customer"], row["of_project"]) for row in rows))
    return tuple(ChannelHolder(claim_of(row), came[row["customer"], row["of_project"]]) for row in rows)


def channel_deals(tx: Transaction, customer: str, *, program: str) -> ChannelDeals | None:
    """How deals with the customer stand in the channel track; None where there never were any.

    One that pays nothing, since the customer was here before the report (LEAD-14), does not stand: of channel and
    referral one is paid, and not neither.
    """
    d, m, v = t.deal.c, t.matter.c, t.deal_version.c
    replaced = sa.select(sa.func.max(v.replaced_at)).where(v.deal == d.id).scalar_subquery()
    rows = tx.rows(
        sa.select(d.state, d.recorded_at, d.detail, replaced.label("replaced_at"))
        .join(t.matter, m.id == d.matter)
        .where(m.customer.in_(merges.records_of(tx, customer)), m.program == program, m.track == CHANNEL)
    )
    if not rows:
        return None
    since = max(row["replaced_at"] or row["recorded_at"] for row in rows)
    paid = (row["state"] == DealState.OPEN.value and "no_credit" not in row["detail"] for row in rows)
    return ChannelDeals(stands=any(paid), since=since)


def claims_credited(tx: Transaction, customer: str, *, program: str) -> tuple[str, ...]:
    """Claims with a deal whose commission has, or had, a credit for whoever brought the customer."""
    d, m = t.deal.c, t.matter.c
    rows = tx.rows(
        sa.select(t.deal)
        .join(t.matter, m.id == d.matter)
        .where(m.customer.in_(merges.records_of(tx, customer)), m.program == program, m.track != CHANNEL)
        .where(d.claim.is_not(None))
    )
    found = (deal for deal in map(deals.deal_of, rows) if credited(deal) is not None or deal.yielded is not None)
    return tuple(sorted({deal.claim for deal in found if deal.claim is not None}))


def related(tx: Transaction, one: str, other: str) -> bool:
    """Whether who brought a customer and who was brought belong together, or are reached in the same way (CUS-14)."""
    linked = links.are_linked(tx, one, other, kinds=(HOUSEHOLD, GROUP))
    return linked or links.share_a_contact(tx, merges.root_of(tx, one), merges.root_of(tx, other))


def is_relative_of(tx: Transaction, person: str, customer: str, *, region: str) -> bool:
    """Whether the customer is reached as a colleague is, or belongs together with whoever is (CUS-14).

    ``region``: where numbers written without a country code are of. What the colleague's entry does not say, or says in
    no form that a customer's could have, tells nothing.
    """
    own = tx.row(sa.select(t.person.c.phone, t.person.c.email).where(t.person.c.id == person))
    reached: set[str] = set()
    for field, value in _reached_by(tx, own or {}, region=region):
        reached.update(merges.root_of(tx, one) for one in customers.find(tx, field, value))
    root = merges.root_of(tx, customer)
    return root in reached or any(
        links.are_linked(tx, one, customer, kinds=(HOUSEHOLD, GROUP)) for one in sorted(reached)
    )


def _reached_by(tx: Transaction, own: Mapping[str, Any], *, region: str) -> Iterator[tuple[str, str]]:
    """The keys that a customer's record would have by a person's phone and e-mail; no number that many share."""
    phone, email = tx.keys.open_text(own.get("phone")), tx.keys.open_text(own.get("email"))
    with suppress(Refusal):
        found = normalise_phone(phone, region=region) if phone else None
        if found is not None and found.e164 is not None and not found.shared:
            yield "phone", found.e164
    with suppress(Refusal):
        if email:
            yield "email", normalise_email(email).address
