"""Which reports of other matters are in the way of one, and what makes room (CUS-07)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.claims import reports
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, TermsRef, Waiting
from domain.claims.numbers import Rival, Stance, clear_from, in_the_way, makes_room, stance_of
from domain.matters.decide import decide
from domain.matters.inbox import Due, DueKind
from domain.matters.matter import Matter
from domain.matters.setting import Setting
from domain.people.organisation import Organisation

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def claim(receipt: int = 2, state: ClaimState = ClaimState.REPORTED, **more: object) -> Claim:
    at = NOON + receipt * HOUR
    known: dict[str, object] = {"decided": True, "rank_at": at, "owner": "甲" if state in HELD else None} | more
    return Claim(  # type: ignore[arg-type]
        id=f"c{receipt}",
        receipt=receipt,
        matter="m",
        program="p",
        reporter="甲",
        team="t",
        state=state,
        received_at=at,
        terms=TermsRef("p", "c", 1, 1),
        **known,
    )


HELD = (ClaimState.PROTECTED, ClaimState.ACTIVE, ClaimState.WON)
WAITING = claim(2, waiting=Waiting.NUMBER)


def rival(*claims: Claim, since: datetime | None = None, apart: bool = False) -> Rival:
    return Rival("other", since, apart, stance_of(claims))


@pytest.mark.parametrize(
    ("before", "waits"),
    [
        (claim(1, ClaimState.PROTECTED), True),
        (claim(3, ClaimState.PROTECTED), True),  # a place that is held is kept
        (claim(1, ClaimState.DISPUTED), True),
        (claim(1, ClaimState.ARBITRATED), True),
        (claim(1, waiting=Waiting.JUDGE), True),
        (claim(1, waiting=Waiting.NUMBER), True),
        (claim(1, waiting=Waiting.CORRECTION, correct_by=NOON + 9 * HOUR), True),
        (claim(1, decided=False), True),
        (claim(3, decided=False), False),
        (claim(3, waiting=Waiting.JUDGE), False),
        (claim(1, waiting=Waiting.VISIT), False),
        (claim(1, waiting=Waiting.CORRECTION), False),
        (claim(1, ClaimState.RELEASED), False),
        (claim(1, ClaimState.REJECTED), False),
        (claim(1, ClaimState.LAPSED, grace_until=NOON + 5 * HOUR), True),
        (claim(1, ClaimState.LAPSED), False),
    ],
)
def test_who_holds_and_who_is_earlier_is_in_the_way(before: Claim, waits: bool) -> None:
    """CUS-07, CLM-05: as in one matter; a report that no drain has looked at yet has its place."""
    assert in_the_way([rival(before)], WAITING, at=NOON + 2 * HOUR) is waits
    assert not in_the_way([rival(before, apart=True)], WAITING, at=NOON + 2 * HOUR)


def test_equal_times_go_by_the_receipt_number() -> None:
    """CLM-05."""
    same_time = claim(1, waiting=Waiting.JUDGE, rank_at=WAITING.rank_at)
    assert clear_from([rival(same_time)], WAITING) is None
    assert clear_from([rival(claim(3, waiting=Waiting.JUDGE, rank_at=WAITING.rank_at))], WAITING) == WAITING.rank_at


def test_the_way_is_clear_from_the_last_thing_that_made_room() -> None:
    """CLM-19: not from when it began to wait, and not within anybody's grace (CLM-20)."""
    left = [rival(since=NOON + 4 * HOUR), rival(since=NOON + 6 * HOUR, apart=True)]
    assert clear_from(left, WAITING) == NOON + 6 * HOUR
    assert in_the_way(left, WAITING, at=NOON + 5 * HOUR)
    grace = rival(claim(1, ClaimState.LAPSED, grace_until=NOON + 8 * HOUR))
    assert clear_from([*left, grace], WAITING) == NOON + 8 * HOUR
    assert not in_the_way([*left, grace], WAITING, at=NOON + 8 * HOUR)
    assert clear_from([*left, rival(claim(1, ClaimState.WON))], WAITING) is None


FREE, HELD_BY = Stance(), Stance(taken=True)
FIRST, SECOND = (NOON, 1), (NOON + HOUR, 2)


@pytest.mark.parametrize(
    ("before", "after", "room"),
    [
        (HELD_BY, FREE, True),
        (HELD_BY, Stance(reserved_until=NOON), True),  # at its end, that is
        (HELD_BY, HELD_BY, False),
        (Stance(first=FIRST), FREE, True),
        (Stance(first=FIRST), Stance(first=SECOND), True),
        (Stance(first=FIRST), Stance(first=FIRST), False),
        (Stance(first=FIRST), HELD_BY, False),
        (FREE, Stance(first=FIRST), False),
        (Stance(reserved_until=NOON), FREE, True),
        (Stance(reserved_until=NOON), HELD_BY, False),
        (FREE, FREE, False),
    ],
)
def test_only_what_makes_room_wakes_those_who_wait(before: Stance, after: Stance, room: bool) -> None:
    """CUS-07: nothing wakes without a decision."""
    assert makes_room(before, after) is room


def test_a_due_instant_that_puts_a_report_back_as_it_was_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUS-07: then it is parked; else it would fall due for ever, and nothing after it in the matter be decided."""
    monkeypatch.setattr(reports, "way_is_clear", lambda draft, report: draft.put(replace(report)))
    matter = Matter(
        id="m",
        program="p",
        customer="k",
        customer_kind="person",
        customer_level=None,
        project=None,
        awarded_on=None,
        track="sales",
        last_at=NOON,
        claims={"c2": WAITING},
    )
    due, nobody = Due(NOON + 2 * HOUR, DueKind.NUMBER, "c2"), Setting(1, Organisation({}, {}, "root"), {}, (), {}, {})
    with pytest.raises(RuntimeError, match="for ever"):
        decide(matter, due, setting=nobody, mint=str)
