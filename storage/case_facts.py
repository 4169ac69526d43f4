"""What is on record about a customer, as facts that ownership is judged by and as items a case shows (DSP-09)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import ClaimState
from domain.disputes.facts import (
    Choice,
    Contact,
    DecisionMaker,
    Denial,
    Fact,
    Origin,
    Plan,
    Protection,
    Reception,
    Report,
    Stage,
)
from domain.disputes.sameness import sameness
from domain.reception.model import CALL
from storage import tables as t
from storage.claim_rows import claim_of
from storage.database import Transaction

#: Ends after which a report says nothing any more; a report refused for a collision is what the case is about.
_OVER = frozenset({ClaimState.LAPSED, ClaimState.RELEASED, ClaimState.WITHDRAWN, ClaimState.REJECTED})


def facts(tx: Transaction, matter: str, *, dispute: str | None = None) -> tuple[Fact, ...]:
    """Reports, protections, contacts, meetings, stages, receptions and confirmations of ``matter``, and what people in
    charge entered in ``dispute``.
    """
    claims = tx.rows(sa.select(t.claim).where(t.claim.c.matter == matter))
    found: list[Fact] = [fact for row in claims for fact in _of_claim(row)]
    ids = [row["id"] for row in claims]
    found += _contacts(tx.rows(sa.select(t.follow_up).where(t.follow_up.c.claim.in_(ids))))
    found += _stages(tx.rows(sa.select(t.stage_move).where(t.stage_move.c.claim.in_(ids), t.stage_move.c.counts)))
    found += [_of_meeting(row) for row in tx.rows(_MET.where(t.decision_maker_met.c.matter == matter))]
    r = t.reception.c
    arrived = sa.select(t.reception).where(r.matter == matter, r.completed_at.is_not(None), r.source != CALL)
    found += [_of_reception(row) for row in tx.rows(arrived)]
    said = sa.select(t.confirmation).where(t.confirmation.c.claim.in_(ids), t.confirmation.c.answer.is_not(None))
    found += [fact for row in tx.rows(said) for fact in _confirmed(row)]
    if dispute is not None:
        found += _entered(tx.rows(sa.select(t.evidence).where(t.evidence.c.dispute == dispute)))
    return tuple(found)


def amounts(tx: Transaction, matter: str) -> tuple[tuple[int, str], ...]:
    """Expected amounts in minor units, with their currency (DSP-04, `dispute.auto_max_amount`)."""
    c = t.claim.c
    rows = tx.rows(
        sa.select(c.expected_minor, c.expected_currency).where(c.matter == matter, c.expected_minor.is_not(None))
    )
    return tuple((r["expected_minor"], r["expected_currency"]) for r in rows)


def _of_claim(row: Mapping[str, Any]) -> Iterable[Fact]:
    claim = claim_of(row)
    state = claim.earlier or claim.state
    over = state in _OVER and claim.reason != "customer_owned"
    if claim.opening is not None and claim.accepted_at is None:
        return  # when the company told of an old customer says nothing of who had them first (INT-10)
    yield Report(
        evidence=claim.id,
        at=claim.rank_at,
        entered_at=claim.received_at,
        person=claim.reporter,
        claim=claim.id,
        receipt=claim.receipt,
        channel=claim.channel,
        source=claim.source,
        false=claim.release_reason == "false_report",
        ended_at=claim.ended_at if over else None,
    )
    if claim.accepted_at is not None and claim.owner is not None:
        yield Protection(
            evidence=claim.id,
            at=claim.accepted_at,
            entered_at=claim.accepted_at,
            person=claim.owner,
            claim=claim.id,
            until=claim.ended_at,
        )


def _of_reception(row: Mapping[str, Any]) -> Reception:
    """Whoever stood in for the owner gains nothing by it: it is the owner's (LEAD-15)."""
    return Reception(
        evidence=row["id"],
        at=row["arrived_at"],
        entered_at=row["completed_at"],
        person=row["owner"] or row["server"],
    )


def _confirmed(row: Mapping[str, Any]) -> Iterable[Fact]:
    """What the customer said, and whom they named for it; no answer proves nothing (CNF-01)."""
    said = {
        "evidence": row["id"],
        "at": row["answered_at"],
        "entered_at": row["answered_at"],
        "origin": Origin.CUSTOMER,
    }
    if row["answer"] == "yes":
        yield Choice(**said, person=row["person"])
        return
    yield Denial(**said, person=row["person"])
    if row["named"] is not None:
        yield Choice(**said, person=row["named"])


def _contacts(rows: Iterable[Mapping[str, Any]]) -> Iterable[Fact]:
    return (
        Contact(
            evidence=row["id"],
            at=row["at"],
            entered_at=row["received_at"],
            person=row["author"],
            kind=row["kind"],
            answered=row["answered"],
            qualified=row["qualified"] and row["voided_at"] is None,
        )
        for row in rows
    )


def _stages(rows: Iterable[Mapping[str, Any]]) -> Iterable[Fact]:
    """What a claim was moved to while somebody owned it is that person's work (CLM-08)."""
    return (
        Stage(evidence=row["id"], at=row["at"], entered_at=row["at"], person=row["person"], stage=row["stage"])
        for row in rows
    )


#: Decision makers met in a qualified follow-up that nobody voided (CLM-16).
_MET = (
    sa.select(
        t.follow_up.c.id,
        t.follow_up.c.at,
        t.follow_up.c.received_at,
        t.follow_up.c.author,
        t.decision_maker_met.c.decision_maker,
        t.decision_maker_met.c.entered_at,
    )
    .join(t.follow_up, t.follow_up.c.id == t.decision_maker_met.c.follow_up)
    .where(t.follow_up.c.qualified, t.follow_up.c.voided_at.is_(None))
)


def _of_meeting(row: Mapping[str, Any]) -> DecisionMaker:
    """The follow-up proves it; it is known since somebody entered whom its author met (CUS-11, CLM-08)."""
    return DecisionMaker(
        evidence=row["id"],
        at=row["at"],
        entered_at=max(row["received_at"], row["entered_at"]),
        person=row["author"],
        met=row["decision_maker"],
    )


def _entered(rows: Iterable[Mapping[str, Any]]) -> Iterable[Fact]:
    for row in rows:
        if row["author"] is None:
            said = sameness(row["kind"], evidence=row["id"], at=row["at"])
            yield from () if said is None else (said,)
        if row["about"] is None:
            continue
        item: dict[str, Any] = {
            "evidence": row["id"],
            "at": row["at"],
            "entered_at": row["received_at"],
            "origin": Origin(row["origin"]),
            "corrects": row["corrects"],
        }
        if row["kind"] == "reception":
            yield Reception(**item, person=row["about"])
        elif row["kind"] == "customer_choice":
            yield Choice(**item, person=row["about"])
        elif row["kind"] in ("named_account", "territory"):
            yield Plan(**item, rule=row["kind"], people=(row["about"],))
