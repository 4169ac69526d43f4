"""Clocks of a claim that lapses at no time before an instant (INT-10): started, stopped, counted again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.claims import clocks
from domain.claims.clocks import Terms
from domain.claims.lifecycle import ClaimState
from domain.claims.model import LAPSE_REASON, Claim, Clock, Opening, Pause, PauseKind, TermsRef
from domain.policy.policy import Policy

LOADED = datetime(2031, 3, 3, 2, 0, tzinfo=UTC)
LIVE = datetime(2031, 3, 10, 2, 0, tzinfo=UTC)
SPARED = LIVE + timedelta(days=14)
DAY = timedelta(days=1)
TERMS = Terms(
    policy=Policy.resolve({}, version=1),
    calendar=WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {}),
)


def loaded(*, met: datetime | None = None, left: int | None = None, objection: bool = False) -> Claim:
    """A row of an opening load, or an objection, before it goes live."""
    protection = Duration.of(left, "days") if left is not None else None
    return Claim(
        id="claim",
        receipt=1,
        matter="matter",
        program="program",
        reporter="rep",
        team="team",
        state=ClaimState.PROTECTED,
        received_at=LOADED,
        rank_at=LOADED,
        accepted_at=LIVE,
        terms=TermsRef(policy="policy", company_policy="company", version=1, calendar_version=1),
        last_qualified_at=met,
        opening=Opening(object_by=LIVE, objection=objection, protection=protection),
    )


def live(claim: Claim) -> Claim:
    return clocks.started_at_go_live(claim, at=LIVE, terms=TERMS)


def ends(claim: Claim) -> dict[Clock, datetime | None]:
    return {c.clock: c.deadline for c in claim.clocks}


def test_a_row_runs_from_what_the_load_says_and_the_rest_from_go_live() -> None:
    """INT-10: no first-follow-up limit; idle 60 days from the last follow-up, 30 days left from the receipt."""
    found = ends(live(loaded(met=LOADED - 10 * DAY, left=30)))
    assert found == {
        Clock.IDLE: LOADED + 50 * DAY,
        Clock.PROTECTION: LOADED + 30 * DAY,
        Clock.NO_DEAL: LIVE + 180 * DAY,
    }
    assert ends(live(loaded())) == {
        Clock.IDLE: LIVE + 60 * DAY,
        Clock.PROTECTION: LIVE + 90 * DAY,
        Clock.NO_DEAL: LIVE + 180 * DAY,
    }


def test_a_row_that_a_case_held_up_has_the_grace_from_its_acceptance() -> None:
    """INT-10, DSP-15: dates of a load that passed meanwhile end nothing at the moment somebody is right."""
    late = LIVE + 40 * DAY
    claim = clocks.started_at_go_live(loaded(met=LOADED - 300 * DAY, left=0), at=late, terms=TERMS)
    assert min(at for at in ends(claim).values() if at is not None) == late + (SPARED - LIVE)


def test_an_objection_has_the_clocks_of_any_claim_and_the_same_grace() -> None:
    """INT-10: its first follow-up is due at the end of the grace at the earliest."""
    found = ends(live(loaded(objection=True)))
    assert found[Clock.FIRST_FOLLOW_UP] == SPARED
    assert found[Clock.IDLE] == LIVE + 60 * DAY


@pytest.mark.parametrize("clock", LAPSE_REASON)
def test_every_clock_that_ends_a_holding_waits_for_the_end_of_the_grace(clock: Clock) -> None:
    """INT-10: nothing lapses before; who waits for somebody else's customer is not spared."""
    claim = replace(loaded(), spared_until=SPARED)
    running = clocks.started(claim, clock, at=LIVE, length=Duration.of(1, "h"), rule="rule", terms=TERMS).clock(clock)
    assert running is not None
    assert running.deadline == (LIVE + timedelta(hours=1) if clock is Clock.QUEUE else SPARED)


def test_a_pause_inside_the_grace_and_a_new_calendar_bring_no_deadline_nearer() -> None:
    """INT-10, CLM-21, TER-06: stopped with what is left of the grace, running on it ends there at the earliest."""
    claim = live(loaded(met=LOADED - 300 * DAY, left=0))
    assert {ends(claim)[c] for c in (Clock.IDLE, Clock.PROTECTION)} == {SPARED}
    stopped = clocks.paused(claim, Pause(kind=PauseKind.LEGAL, since=LIVE + DAY), at=LIVE + DAY, terms=TERMS)
    again = clocks.resumed(stopped, PauseKind.LEGAL, at=LIVE + 3 * DAY, terms=TERMS)
    assert ends(again)[Clock.IDLE] == SPARED + 2 * DAY
    counted = clocks.recounted(claim, at=LIVE + DAY, terms=TERMS, min_notice=None)
    assert ends(counted) == ends(claim)


def test_a_voided_follow_up_inside_the_grace_takes_nothing_of_it() -> None:
    """INT-10, CLM-16: idle counts from the one before it again, and still ends with the grace at the earliest."""
    claim = live(loaded(met=LOADED - 300 * DAY))
    worked = clocks.started_idle(claim, at=LIVE + DAY, terms=TERMS)
    assert ends(worked)[Clock.IDLE] == LIVE + 61 * DAY
    voided = clocks.idle_recounted(worked, last=None, at=LIVE + 2 * DAY, terms=TERMS)
    assert ends(voided)[Clock.IDLE] == SPARED
