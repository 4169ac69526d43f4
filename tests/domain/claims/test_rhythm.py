"""The follow-up procedure without a database: when the next follow-up is due, and that nothing else is (LEAD-12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.calendar import WorkingCalendar
from domain.calendar.duration import Duration, Scale
from domain.claims import clocks
from domain.claims.follow_ups import Entry, worked_on
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, Pause, PauseKind, TermsRef
from domain.policy.policy import Policy
from storage import reminders

#: Monday 2031-03-03 10:00 in Shanghai, which has no summer time.
ACCEPTED = datetime(2031, 3, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
CALL = Entry("call", True, 40, "digest", ACCEPTED)
#: No clock but the rhythm.
OFF = dict.fromkeys(("claim.first_follow_up_wh", "claim.protection_days", "claim.idle_days", "claim.no_deal_days"), 0)


def terms(**more: Any) -> clocks.Terms:
    calendar = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {})
    return clocks.Terms(Policy.resolve(OFF | {k.replace("__", "."): v for k, v in more.items()}, version=1), calendar)


def accepted(terms: clocks.Terms, **more: Any) -> Claim:
    given: dict[str, Any] = {
        "id": "c",
        "receipt": 1,
        "matter": "m",
        "program": "p",
        "reporter": "li",
        "owner": "li",
        "team": "t",
        "state": ClaimState.ACTIVE,
        "received_at": ACCEPTED,
        "rank_at": ACCEPTED,
        "accepted_at": ACCEPTED,
        "terms": TermsRef("p1", "c1", 1, 1),
    }
    return clocks.started_at_acceptance(Claim(**given | more), at=ACCEPTED, terms=terms)


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
