"""The follow-up procedure without a database: when the next follow-up is due, and that nothing else is (LEAD-12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.calendar.duration import Duration, Scale
from domain.claims import clocks
from domain.claims.follow_ups import Entry, worked_on
from domain.claims.model import Claim, Clock, Pause, PauseKind
from storage import reminders
from tests.support import held
from tests.support.held import ACCEPTED

DAY = timedelta(days=1)
CALL = Entry("call", True, 40, "digest", ACCEPTED)
#: No clock but the rhythm.
OFF: dict[str, Any] = dict.fromkeys(
    ("claim__first_follow_up_wh", "claim__protection_days", "claim__idle_days", "claim__no_deal_days"), 0
)
#: Stages with a rhythm and duties of their own.
BY_STAGE: dict[str, Any] = {
    "stage__list": ["contact", {"name": "negotiation", "duties": ["next_at", "A/need"]}, "close"],
    "sop__rhythm_days": {"A": 10, "negotiation": 4, "A/negotiation": 2, "B/negotiation": 0},
}


def terms(**more: Any) -> clocks.Terms:
    return held.terms(**OFF | more)


def accepted(terms: clocks.Terms, **more: Any) -> Claim:
    return clocks.started_at_acceptance(held.claim(**more), at=ACCEPTED, terms=terms)


def due(claim: Claim) -> datetime | None:
    found = claim.clock(Clock.RHYTHM)
    return found.deadline if found is not None else None


@pytest.mark.parametrize(
    ("grade", "level", "days"),
    [
        ("A", None, 3),
        ("B", "A", 7),  # the grade of its lead goes before the level of the customer
        (None, "C", 14),
        (None, "VIP", 3),
        ("D", "A", None),  # no procedure for that grade
        (None, None, None),
    ],
)
def test_the_rhythm_is_that_of_the_grade(grade: str | None, level: str | None, days: int | None) -> None:
    """LEAD-12: `sop.rhythm_days` from acceptance; the claim neither lapses by it nor ends earlier."""
    claim = accepted(terms(), grade=grade, customer_level=level)
    assert due(claim) == (ACCEPTED + days * DAY if days is not None else None)
    assert claim.deadline is None
    assert clocks.lapse_due(claim) is None


@pytest.mark.parametrize(
    ("grade", "stage", "days"),
    [
        ("A", "negotiation", 2),  # grade and stage
        ("C", "negotiation", 4),  # the stage goes before the grade
        (None, "negotiation", 4),  # and needs none
        ("B", "negotiation", None),  # off for that grade there
        ("A", None, 10),
        ("A", "close", 10),
        ("B", "close", 7),
        (None, "close", None),
    ],
)
def test_the_most_exact_entry_sets_the_rhythm(grade: str | None, stage: str | None, days: int | None) -> None:
    """LEAD-12: grade and stage, then the stage, then the grade; what a policy leaves out stays as it is beneath."""
    claim = accepted(terms(**BY_STAGE), grade=grade, stage=stage)
    assert due(claim) == (ACCEPTED + days * DAY if days is not None else None)


def test_a_moved_stage_with_another_rhythm_counts_from_the_move_and_no_other() -> None:
    """LEAD-12, CLM-30: nobody gains time by moving where nothing differs."""
    used = terms(**BY_STAGE)
    claim = accepted(used, grade="A")
    for stage, expected in (("negotiation", 3), ("close", 11), ("contact", 10)):
        moved = clocks.moved_rhythm(replace(claim, stage=stage), former=claim, at=ACCEPTED + DAY, terms=used)
        assert due(moved) == ACCEPTED + (10 if stage != "negotiation" else expected) * DAY
    there = accepted(used, grade="A", stage="negotiation")
    back = clocks.moved_rhythm(replace(there, stage="close"), former=there, at=ACCEPTED + DAY, terms=used)
    assert due(back) == ACCEPTED + 11 * DAY


@pytest.mark.parametrize(
    ("grade", "stage", "filled", "missing"),
    [
        ("A", "negotiation", {"need"}, ("next_at",)),
        ("A", "negotiation", set(), ("next_at", "need")),
        ("C", "negotiation", {"next_at"}, ()),  # the need is asked for in grade A alone
        ("A", "contact", set(), ()),
        ("A", "negotiation", None, ()),  # a visit that a site received
    ],
)
def test_a_follow_up_that_leaves_a_duty_open_counts_for_all_but_the_rhythm(
    grade: str, stage: str, filled: set[str] | None, missing: tuple[str, ...]
) -> None:
    """LEAD-12, CLM-16: it is qualified, moves the idle clock, and what was due stays due."""
    used = terms(**BY_STAGE | {"claim__idle_days": 60})
    claim = accepted(used, grade=grade, stage=stage)
    entry = replace(CALL, filled=frozenset(filled) if filled is not None else None)
    worked = worked_on(claim, entry, qualified=True, received_at=ACCEPTED + DAY, terms=used)
    assert worked.unrecorded == missing
    assert worked.last_qualified_at == ACCEPTED + DAY
    idle = worked.clock(Clock.IDLE)
    assert idle is not None
    assert idle.deadline == ACCEPTED + 61 * DAY
    before, after = due(claim), due(worked)
    assert before is not None
    assert after == (before if missing else before + DAY)
    whole = replace(CALL, filled=frozenset({"next_at", "need"}))
    again = worked_on(worked, whole, qualified=True, received_at=ACCEPTED + 2 * DAY, terms=used)
    assert (due(again), again.unrecorded) == (before + 2 * DAY, ())


def test_without_a_procedure_a_claim_has_no_such_clock() -> None:
    """LEAD-12: `0` switches a grade off."""
    assert accepted(terms(sop__rhythm_days={"A": 0, "B": 7}), grade="A").clocks == ()


@pytest.mark.parametrize(("qualified", "days"), [(True, 8), (False, 3)])
def test_only_a_qualified_follow_up_begins_a_new_period(qualified: bool, days: int) -> None:
    """LEAD-12, CLM-16: from its receipt, though the idle clock be off or extended."""
    used = terms()
    worked = worked_on(accepted(used, grade="A"), CALL, qualified=qualified, received_at=ACCEPTED + 5 * DAY, terms=used)
    assert due(worked) == ACCEPTED + days * DAY


@pytest.mark.parametrize("kind", [PauseKind.DISPUTE, PauseKind.ABSENCE, PauseKind.CUSTOMER_REQUEST])
def test_it_stands_still_with_the_idle_clock(kind: PauseKind) -> None:
    """LEAD-12, CLM-21, PPL-05: what was left when a case or an absence began is left after it."""
    used = terms()
    claim = clocks.paused(accepted(used, grade="A"), Pause(kind, ACCEPTED + DAY, None), at=ACCEPTED + DAY, terms=used)
    assert due(claim) is None
    assert due(clocks.resumed(claim, kind, at=ACCEPTED + 9 * DAY, terms=used)) == ACCEPTED + 11 * DAY


@pytest.mark.parametrize(
    ("last", "at", "expected"),
    [
        (None, 2, 3),  # nothing else was logged: as from acceptance
        (1, 2, 4),
        (1, 6, 6),  # overdue at once, and told of as such
    ],
)
def test_voiding_counts_from_the_follow_up_before(last: int | None, at: int, expected: int) -> None:
    """LEAD-12, CLM-16."""
    used = terms()
    worked = worked_on(accepted(used, grade="A"), CALL, qualified=True, received_at=ACCEPTED + 2 * DAY, terms=used)
    since = ACCEPTED + last * DAY if last is not None else None
    counted = clocks.rhythm_recounted(worked, last=since, at=ACCEPTED + at * DAY, terms=used)
    assert due(counted) == ACCEPTED + expected * DAY


def test_voiding_takes_back_no_period_that_a_move_began() -> None:
    """LEAD-12, CLM-30: the first day of negotiation is no less for what was logged in it and voided."""
    used = terms(**BY_STAGE)
    claim = accepted(used, grade="A")
    moved = clocks.moved_rhythm(replace(claim, stage="negotiation"), former=claim, at=ACCEPTED + 5 * DAY, terms=used)
    whole = replace(CALL, filled=frozenset({"next_at", "need"}))
    worked = worked_on(moved, whole, qualified=True, received_at=ACCEPTED + 6 * DAY, terms=used)
    for last in (None, ACCEPTED + DAY):
        assert due(clocks.rhythm_recounted(worked, last=last, at=ACCEPTED + 6 * DAY, terms=used)) == due(moved)


def test_an_opening_load_asks_for_nothing_in_its_grace() -> None:
    """LEAD-12, INT-10: three thousand old customers are not all overdue at once on the first morning."""
    until = ACCEPTED + 20 * DAY
    assert due(accepted(terms(), grade="A", spared_until=until)) == until


def test_who_is_kept_from_losing_a_customer_follows_them_up_as_ever() -> None:
    """LEAD-12, CLM-34: a special approval moves what lets the claim lapse, and not when it is followed up."""
    used = terms(claim__idle_days=10)
    until = ACCEPTED + 30 * DAY
    claim = accepted(used, grade="A", approved_until=until)
    assert due(claim) == ACCEPTED + 3 * DAY
    assert claim.deadline == until
    worked = worked_on(claim, CALL, qualified=True, received_at=ACCEPTED + DAY, terms=used)
    assert due(worked) == ACCEPTED + 4 * DAY


def test_the_task_comes_in_the_morning_and_the_warning_when_it_is_overdue() -> None:
    """LEAD-12, CLM-18: one of each per period, however often it is planned."""
    used = terms()
    clock = accepted(used, grade="A").clocks[0]
    thursday = ACCEPTED + 3 * DAY
    planned = [(thursday - timedelta(hours=1), False), (thursday, True)]
    assert reminders.due(clock, terms=used, after=ACCEPTED) == planned
    assert reminders.due(clock, terms=used, after=thursday + DAY) == planned[1:]
    standing = replace(clock, deadline=None, remaining=Duration(0, Scale.CALENDAR))
    assert reminders.due(standing, terms=used, after=ACCEPTED) == []
