"""What a won customer is kept by once a trial is over, whatever its clock stood still for then (POL-08, CLM-32)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.claims import clocks
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, Pause, PauseKind
from domain.matters.matter import CommandKind
from tests.support.money_office import Office

DAY = timedelta(days=1)
TRIAL = {"program.mode": "trial", "claim.after_deal_days": 30, "opening.grace_days": 14, "people.handover_to": "pool"}


def trial(**policy: Any) -> Office:
    """A program in trial in which Anna owns the customer."""
    return Office(policy={**TRIAL, **policy})


def anna(office: Office) -> Claim:
    return office.matter.claims["claim-anna"]


def kept(office: Office) -> tuple[Any, Any]:
    """The after-deal clock of Anna's claim as (deadline, what is left while it stands still)."""
    clock = anna(office).clock(Clock.AFTER_DEAL)
    assert clock is not None
    return clock.deadline, clock.remaining and timedelta(microseconds=clock.remaining.microseconds)


def test_a_won_claim_that_a_case_holds_runs_again_once_the_case_is_over() -> None:
    """POL-08, DSP-03: the trial had taken its clock off before the case came; the grace is what is left of it."""
    office = trial()
    office.win(10_000_00)
    office.advance(days=31)
    assert anna(office).clocks == ()
    office.dispute("bob")
    office.go_live()
    assert kept(office) == (None, 14 * DAY)
    office.advance(days=20)
    office.withdraw()
    ends, left = kept(office)
    assert (ends - office.now) / DAY == pytest.approx(14, abs=0.01)
    assert left is None
    office.advance(days=15)
    assert (anna(office).state, anna(office).reason) == (ClaimState.LAPSED, "after_deal")


def test_what_a_case_left_of_the_period_after_the_deal_is_not_made_less() -> None:
    """POL-08, CLM-21: twenty days were left when the case came, and are when the trial ends fifteen days later."""
    office = trial()
    office.win(10_000_00)
    office.advance(days=10)
    office.dispute("bob")
    _, left = kept(office)
    assert 19 * DAY < left <= 20 * DAY
    office.advance(days=15)
    office.go_live()
    assert kept(office) == (None, left)


def test_a_won_claim_of_somebody_away_is_spared_like_any_other() -> None:
    """POL-08, PPL-05: an absence does not stop the after-deal clock, which would end the day after the trial."""
    office = trial()
    office.win(10_000_00)
    office.advance(days=29)
    away = Pause(PauseKind.ABSENCE, since=office.now, until=office.now + 60 * DAY)
    terms = office.setting.terms_of(anna(office))
    office.matter = office.matter.with_claim(clocks.paused(anna(office), away, at=office.now, terms=terms))
    live = office.go_live()
    assert kept(office) == (live + 14 * DAY, None)
    assert anna(office).pauses == (away,)


def test_a_leavers_won_claim_that_would_have_lapsed_stands_still_for_nobody() -> None:
    """POL-08, PPL-06: the lapse is noted, the hand-over is over, and going live begins the clock of its deal."""
    office = trial(**{"claim.after_deal_days": 90})
    signed = office.now
    office.win(10_000_00)
    office.leave("anna")
    assert [pause.kind for pause in anna(office).pauses] == [PauseKind.HANDOVER]
    office.advance(days=7)
    present = anna(office)
    assert (present.state, present.clocks, present.pauses) == (ClaimState.WON, (), ())
    office.go_live()
    assert kept(office) == (signed + 90 * DAY, None)


def stage_due(office: Office) -> datetime | None:
    clock = anna(office).clock(Clock.SALES_STAGE)
    return clock.deadline if clock is not None else None


def staged(days: int, **policy: Any) -> Office:
    """Anna has won the customer in a stage that lasts ``days``."""
    office = trial(**{"stage.list": ["contact", "payment"], "stage.deadline_days": {"payment": days}, **policy})
    office.win(10_000_00)
    told = {"stage": "payment", "person": None, "shown": (), "said": (), "text": None}
    office.tell(CommandKind.STAGE_MOVE, by="anna", data=told)
    return office


def test_the_stage_of_a_won_claim_begins_anew_when_the_program_goes_live() -> None:
    """POL-08, CLM-30: at its full length, also where the trial had warned that it was late."""
    for passed in (5, 25):
        office = staged(20)
        office.advance(days=passed)
        assert anna(office).stage_missed is (passed > 20)
        live = office.go_live()
        assert (stage_due(office), anna(office).stage_missed) == (live + 20 * DAY, False)


def test_the_stage_of_a_won_claim_that_a_case_holds_stands_still_with_all_its_time() -> None:
    """POL-08, DSP-03."""
    office = staged(20)
    office.advance(days=5)
    office.dispute("bob")
    office.go_live()
    clock = anna(office).clock(Clock.SALES_STAGE)
    assert clock is not None
    assert clock.remaining is not None
    assert (clock.deadline, timedelta(microseconds=clock.remaining.microseconds)) == (None, 20 * DAY)


def test_a_won_claim_that_would_have_lapsed_is_still_late_in_its_stage() -> None:
    """POL-08, CLM-30: the lapse is noted, and what only warns still warns."""
    office = staged(40)
    office.advance(days=31)
    assert [clock.clock for clock in anna(office).clocks] == [Clock.SALES_STAGE]
    office.advance(days=10)
    assert (anna(office).state, anna(office).clocks, anna(office).stage_missed) == (ClaimState.WON, (), True)
