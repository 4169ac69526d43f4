"""What a held relative is to a report: at its receipt, and while it has its place in the queue (CUS-14, CLM-27)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Waiting
from domain.claims.numbers import Rival, stance_of
from domain.claims.relatives import free_at, kept_by_relative
from tests.domain.claims.test_numbers import NOON
from tests.domain.claims.test_numbers import claim as claim_of_first


def claim(receipt: int, state: ClaimState = ClaimState.REPORTED, *, reporter: str = "甲", **more: object) -> Claim:
    made = replace(claim_of_first(receipt, state, **more), reporter=reporter)
    return replace(made, owner=reporter) if made.owner is not None else made


SINCE = NOON + timedelta(hours=5)
HELD = claim(1, ClaimState.PROTECTED, reporter="乙")
QUEUED = claim(2, waiting=Waiting.QUEUE, related=("c1",))


def relative(*claims: Claim, linked: bool = True) -> Rival:
    return Rival("other", SINCE, apart=True, stance=stance_of(claims), linked=linked)


@pytest.mark.parametrize(
    ("report", "rivals", "kept"),
    [
        # At receipt somebody else held a relative: whatever is on paper by now.
        (claim(2, related=("c1",)), (), True),
        (claim(2, related=("c1",)), (relative(),), True),
        # Owners and links that came later change nothing.
        (claim(2), (relative(HELD),), False),
        # In the queue it goes by how the relatives stand.
        (QUEUED, (relative(HELD),), True),
        (QUEUED, (relative(claim(1, ClaimState.DISPUTED, reporter="乙")),), True),
        (QUEUED, (relative(claim(1, decided=False, reporter="乙")),), True),  # may be accepted any moment
        (QUEUED, (relative(claim(3, decided=False, reporter="乙")),), False),
        (QUEUED, (relative(claim(1, ClaimState.RELEASED, reporter="乙")),), False),
        (QUEUED, (relative(claim(1, ClaimState.PROTECTED)),), False),  # the reporter's own by now
        (QUEUED, (relative(HELD, linked=False),), False),  # a masked number, known to be another's
    ],
)
def test_who_keeps_a_report(report: Claim, rivals: tuple[Rival, ...], kept: bool) -> None:
    """CUS-14: collides at receipt; keeps its place until nobody else holds a relative."""
    assert kept_by_relative(rivals, report) is kept
    if report.waiting is Waiting.QUEUE:
        assert free_at(rivals, report) == (
            None if kept else max(report.rank_at, SINCE) if rivals[0].linked else report.rank_at
        )
