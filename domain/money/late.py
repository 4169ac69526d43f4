"""When it is too late to claw commission back without approval (COM-10)."""

from __future__ import annotations

from domain.claims.model import Claim
from domain.matters.draft import Draft
from domain.money.model import Deal


def is_late(draft: Draft, deal: Deal, claim: Claim) -> bool:
    """Whether commission of ``deal`` was paid out longer than `clawback.days` ago."""
    limit = draft.setting.terms_of(claim).policy.duration("clawback.days")
    if limit is None or deal.last_paid_at is None or not any(deal.paid.values()):
        return False
    return draft.at > draft.setting.calendar(claim.program).add(deal.last_paid_at, limit).at
