"""What may lie together, and where a customer lies before, in and after a merge (CUS-13)."""

from __future__ import annotations

import pytest

from domain.customers.merging import NOWHERE, Meeting, Place, Side, meeting, place_joined, place_kept

CLAIMED, LED, IN_CASE, EMPTY = Side(claims=("c",)), Side(leads=("l",)), Side(in_case=True), Side()


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        (EMPTY, EMPTY, Meeting.NOTHING),
        (CLAIMED, EMPTY, Meeting.NOTHING),
        (CLAIMED, CLAIMED, Meeting.CLAIMS),
        (CLAIMED, LED, Meeting.LEADS),
        (LED, LED, Meeting.NOTHING),
        (IN_CASE, EMPTY, Meeting.CASE),
        (Side(claims=("c",), in_case=True), CLAIMED, Meeting.CASE),
        (Side(claims=("c",), leads=("l",)), CLAIMED, Meeting.CLAIMS),
    ],
)
def test_what_stands_in_the_way_is_the_same_from_both_sides(one: Side, other: Side, found: Meeting) -> None:
    """CUS-13: a case first, then claims on both sides, then a lead of one that the other is claimed in."""
    assert (meeting(one, other), meeting(other, one)) == (found, found)


HERE, THERE = Place(pooled=True, pool="p"), Place(pooled=True, pool="q", locked=True)


@pytest.mark.parametrize(
    ("moved", "stays", "held", "joined"),
    [
        (HERE, THERE, False, THERE),
        (HERE, NOWHERE, False, HERE),
        (NOWHERE, THERE, False, THERE),
        (HERE, THERE, True, NOWHERE),
    ],
)
def test_a_joined_customer_lies_in_one_pool_or_in_none(moved: Place, stays: Place, held: bool, joined: Place) -> None:
    """POOL-02: that of the surviving record before that of the other; an owned customer lies in none."""
    assert place_joined(moved, stays, held=held) == joined


@pytest.mark.parametrize(
    ("now", "held", "kept"),
    [(HERE, False, NOWHERE), (HERE, True, NOWHERE), (THERE, False, THERE)],
)
def test_what_became_of_the_place_since_stays(now: Place, held: bool, kept: Place) -> None:
    """CUS-13: as the merge made it, it is what it was before; otherwise it is as it has become."""
    assert place_kept(NOWHERE, HERE, now, held=held) == kept
    assert place_kept(THERE, NOWHERE, NOWHERE, held=False) == THERE
