"""Precedents (判例): final rulings without names, kept when a case becomes final, found again by kind (DSP-18)."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from domain.disputes.facts import Grounds
from domain.disputes.lifecycle import DisputeState
from domain.disputes.model import Dispute, Ruling
from storage import tables as t
from storage.database import Transaction


def keep(tx: Transaction, dispute: Dispute, *, track: str) -> None:
    """The rulings of a case that has just become final; one that an appeal changed is overturned."""
    if dispute.state is not DisputeState.FINAL:
        return
    number = tx.execute(sa.select(t.dispute.c.number).where(t.dispute.c.id == dispute.id)).scalar_one()
    tx.insert(
        t.precedent,
        [
            {
                "id": str(uuid.UUID(bytes=tx.keys.blind("precedent", ruling.id)[:16], version=4)),
                "place": number,
                "dispute": dispute.id,
                "program": dispute.program,
                "track": track,
                "grounds": dispute.grounds.value,
                "tier": ruling.tier,
                "outcome": ruling.outcome.verdict.value,
                "rules": _rules(ruling),
                "overturned": ruling.outcome != dispute.outcome,
                "at": ruling.at,
                "policy_version": dispute.terms.version,
            }
            for ruling in dispute.rulings
        ],
    )


def is_of(partner: str) -> sa.ColumnElement[bool]:
    """Whether somebody of the partner organisation was a party to the case (PPL-08)."""
    c, p = t.dispute_party.c, t.person.c
    theirs = sa.select(c.dispute).join(t.person, p.id == c.person).where(p.partner == partner)
    return t.precedent.c.dispute.in_(theirs)


def similar(
    tx: Transaction,
    *,
    program: str,
    track: str,
    grounds: Grounds,
    at_most: int | None,
    partner: str | None = None,
) -> list[str]:
    """The newest ones that still stand, of the same program, track and kind; for a ``partner``, its own."""
    c = t.precedent.c
    wanted = (
        sa.select(c.id)
        .where(c.program == program, c.track == track, c.grounds == grounds.value, c.overturned.is_(False))
        .order_by(c.place.desc(), c.id.desc())
        .limit(at_most or 0)
    )
    return list(tx.execute(wanted if partner is None else wanted.where(is_of(partner))).scalars())


def _rules(ruling: Ruling) -> str:
    """Rules that gave points, or decided; as ``,first_report,`` so that one is found without its namesakes."""
    points = ruling.advice["points"] if ruling.advice is not None else ()
    found = dict.fromkeys(str(point["rule"]) for point in points if point["points"])
    return "".join(f",{rule}" for rule in found) + ","
