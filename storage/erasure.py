"""Erasure (删除权) of a customer: what stands in its way, and everything that goes (AUD-05).

What identifies the customer becomes unreadable: names, contacts, free text, files, kept answers. What the company has
done stays: claims, deals, history and their numbers, which hold ids only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import OPEN, ClaimState
from domain.matters.setting import Setting
from domain.refusals import Refusal
from storage import buyers, confirmations, customers, dealings, dossiers, features, files, links, number_rivals
from storage import tables as t
from storage.database import Transaction


@dataclass(frozen=True)
class Erased:
    """What an erasure took. ``files`` still lie in the folder, unreadable, until :func:`storage.files.remove`."""

    claims: int
    files: Sequence[dict[str, Any]]


def check(tx: Transaction, customer: str, *, setting: Setting, at: datetime) -> None:
    """Refuse ``erasure_blocked`` while a claim, dispute, lead or discussion is open, or a deal's books must be kept.

    The caller holds the locks of the customer and of its matters. Kept are the books of deals that were not cancelled,
    for ``privacy.retention_days`` of the company's policy after the last date of the last deal; 0 = not at all.
    """
    live = tx.rows(
        sa.select(t.claim.c.id, t.claim.c.state, t.claim.c.holds)
        .where(
            t.claim.c.customer == customer,
            sa.or_(t.claim.c.state.in_(sorted(s.value for s in OPEN)), t.claim.c.holds),
        )
        .order_by(t.claim.c.receipt)
    )
    if live:
        disputed = {ClaimState.DISPUTED.value, ClaimState.ARBITRATED.value} & {r["state"] for r in live}
        raise Refusal(
            "erasure_blocked",
            facts={"reason": "dispute" if disputed else "claims", "claims": [r["id"] for r in live]},
        )
    led = tx.execute(
        sa.select(t.lead.c.id).where(t.lead.c.customer == customer, t.lead.c.watched).order_by(t.lead.c.number)
    ).scalars()
    if waiting := list(led):
        raise Refusal("erasure_blocked", facts={"reason": "leads", "leads": waiting})
    talked = tx.execute(
        sa.select(t.discussion.c.id)
        .where(t.discussion.c.customer == customer, t.discussion.c.ended_at.is_(None))
        .order_by(t.discussion.c.opened_at)
    ).scalars()
    if going_on := list(talked):
        raise Refusal("erasure_blocked", facts={"reason": "discussions", "discussions": going_on})
    until = _retained_until(tx, customer, setting=setting, at=at)
    if until is not None and at < until:
        raise Refusal("erasure_blocked", facts={"reason": "retention", "until": until})


def erase(tx: Transaction, customer: str, *, at: datetime) -> Erased:
    """Take everything personal away for good. The caller has checked, and appends to history afterwards."""
    claims = list(tx.execute(sa.select(t.claim.c.id).where(t.claim.c.customer == customer)).scalars())
    leads = tx.execute(sa.select(t.lead.c.id).where(t.lead.c.customer == customer)).scalars()
    received = tx.execute(sa.select(t.reception.c.id).where(t.reception.c.customer == customer)).scalars()
    discussions = tx.execute(sa.select(t.discussion.c.id).where(t.discussion.c.customer == customer)).scalars()
    _forget_answers(tx, customer, [*claims, *leads, *received, *discussions])
    cases = tx.execute(sa.select(t.dispute.c.id).where(t.dispute.c.customer == customer)).scalars()
    gone = files.erase(tx, claims, list(cases))
    dossiers.erase(tx, customer)
    links.erase(tx, customer)
    buyers.erase(tx, customer)
    features.erase(tx, customer)
    confirmations.erase(tx, customer, at=at)
    customers.erase(tx, customer, at=at)
    # Nobody can take back or take over whom nobody knows any more.
    tx.execute(t.claim.update().where(t.claim.c.customer == customer).values(grace_until=None, source=None))
    tx.execute(t.matter.update().where(t.matter.c.customer == customer).values(_IN_NO_POOL))
    own = list(
        tx.execute(sa.select(t.matter.c.id).where(t.matter.c.customer == customer, t.matter.c.rivalled)).scalars()
    )
    if own:
        number_rivals.let_go(tx, own, at=at)
    return Erased(claims=len(claims), files=gone)


#: An erased customer lies in no pool any more.
_IN_NO_POOL = {"pooled": False, "pool_at": None, "pool": None, "pool_locked": False, "pool_only": None}


def _retained_until(tx: Transaction, customer: str, *, setting: Setting, at: datetime) -> datetime | None:
    keep = setting.company_policy_at(at).duration("privacy.retention_days")
    deals = tx.rows(
        sa.select(t.deal.c.program, t.deal.c.contract_at, t.deal.c.contract_end, t.deal.c.recorded_at).where(
            t.deal.c.customer == customer, t.deal.c.state != "cancelled"
        )
    )
    if keep is None or not deals:
        return None
    return max(setting.calendar(d["program"]).add(dealings.last_instant(d, setting), keep).at for d in deals)


def _forget_answers(tx: Transaction, customer: str, streams: Sequence[str]) -> None:
    """Kept answers that name the customer go too (contract section 1, Idempotency).

    Whoever was answered about it has acted on it, so has an entry in its history or in one of its claims, leads,
    receptions and discussions; only their answers are opened and searched for the ids.
    """
    about = [customer, *streams]
    actors = sa.select(t.event.c.actor).where(t.event.c.stream.in_(about), t.event.c.actor.is_not(None)).distinct()
    parties = sa.select(t.claim.c.reporter).where(t.claim.c.customer == customer)
    rows = tx.rows(
        sa.select(t.idempotency.c.person, t.idempotency.c.key, t.idempotency.c.answer).where(
            t.idempotency.c.answer.is_not(None),
            sa.or_(t.idempotency.c.person.in_(actors), t.idempotency.c.person.in_(parties)),
        )
    )
    for row in rows:
        answer = tx.keys.open_text(row["answer"]) or ""
        if any(identifier in answer for identifier in about):
            tx.execute(
                t.idempotency.delete().where(t.idempotency.c.person == row["person"], t.idempotency.c.key == row["key"])
            )
