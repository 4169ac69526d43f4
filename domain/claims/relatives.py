"""Reports of a customer whose relative somebody holds: kept by that, as by an owner of the customer (CUS-14, CLM-27).

Whether it is so is seen at receipt: links that come later, and owners who do, change nothing about a report. One that
has its place in the queue has its turn once nobody else holds a relative.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.claims.model import Claim, Waiting
from domain.claims.numbers import Rival, changed_at


def kept_by_relative(rivals: Iterable[Rival], claim: Claim) -> bool:
    """Whether somebody else holds a relative of the customer: at receipt, or still while the report has its place."""
    if not claim.related:
        return False
    if claim.waiting not in (Waiting.QUEUE, Waiting.BESIDE):
        return True
    return any(_before(rival, claim) for rival in rivals if rival.linked)


def free_at(rivals: Iterable[Rival], claim: Claim) -> datetime | None:
    """When the last relative came free for whom ``claim`` has its place in the queue; None while one is held."""
    known = tuple(rival for rival in rivals if rival.linked)
    return None if not claim.related or kept_by_relative(known, claim) else changed_at(known, claim)


def _before(rival: Rival, claim: Claim) -> bool:
    """Held by another, or about to be: an undecided report that came first goes first."""
    stance = rival.stance
    if stance.taken and claim.reporter not in stance.people:
        return True
    return stance.first is not None and stance.first < (claim.rank_at, claim.receipt)
