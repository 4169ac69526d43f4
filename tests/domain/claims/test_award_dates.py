"""The protection of a tendered project when its bid or award turns out to be on another day (CLM-33), in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.claims import clocks
from domain.claims.clocks import Terms
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, Pause, PauseKind, RunningClock, TermsRef
from domain.policy.policy import Policy

DAY = timedelta(days=1)
#: Monday 10:00 in Shanghai.
ACCEPTED = datetime(2031, 3, 3, 2, 0, tzinfo=UTC)
TERMS = Terms(
    policy=Policy.resolve({}, version=1),
    calendar=WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {}),
)
NOTICE = Duration.of(2, "wd")
BID = date(2031, 6, 15)
#: The day of the bid ends at 16:00 UTC; thirty days later.
KEPT = datetime(2031, 7, 15, 16, 0, tzinfo=UTC)
PLAIN = ACCEPTED + 90 * DAY


def accepted(awarded_on: date | None = BID) -> Claim:
    bare = Claim(
        id="claim",
        receipt=1,
        matter="matter",
        program="program",
        reporter="rep",
        team="team",
        state=ClaimState.PROTECTED,
        received_at=ACCEPTED,
        rank_at=ACCEPTED,
        accepted_at=ACCEPTED,
        terms=TermsRef(policy="policy", company_policy="company", version=1, calendar_version=1),
    )
    return clocks.started_at_acceptance(bare, at=ACCEPTED, terms=TERMS, awarded_on=awarded_on)


def told(
    claim: Claim,
    awarded_on: date,
    *,
    was: date | None = BID,
    present: date | None = None,
    at: datetime = ACCEPTED + DAY,
) -> Claim:
    """``present``: the day that was told last, where others came after this one."""
    return clocks.recounted_for_award(
        claim, was=was, awarded_on=awarded_on, present=present or awarded_on, at=at, terms=TERMS, min_notice=NOTICE
    )


def protection(claim: Claim) -> RunningClock:
    found = claim.clock(Clock.PROTECTION)
    assert found is not None
    return found


def test_the_protection_moves_as_far_as_the_award() -> None:
    """CLM-33: later and nearer, and back again; what nobody told of stays as it is."""
    claim = accepted()
    assert protection(claim).deadline == KEPT
    later = told(claim, BID + 20 * DAY)
    assert protection(later).deadline == KEPT + 20 * DAY
    assert told(later, BID, was=BID + 20 * DAY) == claim
    assert told(claim, BID) == claim
    assert protection(told(accepted(None), BID, was=None)).deadline == KEPT
    assert [c for c in later.clocks if c.clock is not Clock.PROTECTION] == [
        c for c in claim.clocks if c.clock is not Clock.PROTECTION
    ]


@pytest.mark.parametrize("first", [BID, BID + 30 * DAY])
def test_a_day_that_is_not_the_last_one_told_is_not_counted_twice(first: date) -> None:
    """CLM-33: two corrections wait to be decided, and the claim was accepted before them or by the last of them."""
    between, last = BID + 10 * DAY, BID + 30 * DAY
    claim = told(told(accepted(first), between, present=last), last, was=between)
    assert protection(claim).deadline == KEPT + 30 * DAY


def test_no_date_takes_the_plain_protection_away() -> None:
    """CLM-11, CLM-33: the earlier end of the two never counts."""
    early = protection(told(accepted(), date(2031, 3, 4)))
    assert (early.deadline, early.rule, early.start) == (PLAIN, "claim.protection_days", ACCEPTED)
    assert protection(told(accepted(None), date(2031, 3, 4), was=None)).deadline == PLAIN


def test_a_nearer_end_is_at_least_the_notice_ahead() -> None:
    """TER-06: as of any deadline that moves nearer; a nearer award told on 1 July, a Tuesday, ends on the Thursday."""
    at = datetime(2031, 7, 1, 2, 0, tzinfo=UTC)
    assert protection(told(accepted(), date(2031, 5, 1), at=at)).deadline == at + 2 * DAY
    # The plain end is over by then; the notice is not later than the end that stood before.
    last = datetime(2031, 7, 15, 2, 0, tzinfo=UTC)
    assert protection(told(accepted(), date(2031, 5, 1), at=last)).deadline == KEPT


def test_what_a_pause_has_added_stays() -> None:
    """CLM-21: ten days of pause are ten days longer, before and after the award is known."""
    began, ended = ACCEPTED + DAY, ACCEPTED + 11 * DAY
    pause = Pause(kind=PauseKind.CUSTOMER_REQUEST, since=began)
    stopped = clocks.paused(accepted(), pause, at=began, terms=TERMS)
    told_in_pause = told(stopped, BID + 20 * DAY, at=began + DAY)
    assert protection(told_in_pause).paused
    resumed = clocks.resumed(told_in_pause, PauseKind.CUSTOMER_REQUEST, at=ended, terms=TERMS)
    assert protection(resumed).deadline == KEPT + 30 * DAY
    after = told(clocks.resumed(stopped, PauseKind.CUSTOMER_REQUEST, at=ended, terms=TERMS), BID + 20 * DAY, at=ended)
    assert protection(after).deadline == KEPT + 30 * DAY


def test_an_extension_and_what_is_over_stay() -> None:
    """CLM-19, CLM-22: an award that is told of too late moves nothing; a nearer one takes no extension back."""
    claim = accepted()
    assert told(claim, BID + 20 * DAY, at=KEPT) == claim
    longer = clocks.extended(claim, until=KEPT + 40 * DAY, at=ACCEPTED, rule="claim.extension_days")
    assert told(longer, BID + 20 * DAY) == longer
    assert protection(told(longer, BID + 45 * DAY)).deadline == KEPT + 45 * DAY


def test_no_date_protects_longer_than_the_policy_does_at_most() -> None:
    """CLM-11, CLM-22: `claim.max_total_days` 180 from the acceptance, whatever day the owner tells; a true one counts
    as ever, and one that was told before there was a limit is no longer than it is."""
    last = ACCEPTED + 180 * DAY
    far = date(2199, 12, 31)
    for claim in (accepted(far), told(accepted(), far), told(accepted(None), far, was=None)):
        assert (protection(claim).deadline, protection(claim).rule) == (last, "bid.protect_days")
        assert protection(told(claim, BID, was=far)).deadline == KEPT
        recounted = clocks.recounted(claim, at=ACCEPTED + DAY, terms=TERMS, min_notice=NOTICE)
        assert protection(recounted).deadline == last
    end = datetime(2199, 12, 31, 16, 0, tzinfo=UTC)
    unlimited = accepted().with_clock(replace(protection(accepted()), deadline=end + 30 * DAY, start=end))
    assert protection(told(unlimited, BID, was=far)).deadline == KEPT
