"""Protection by stage (CLM-12): report→visit→deal, visit→deal, and what a visit reaches."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clock,
    clocks,
    entry,
    moment,
    moves,
    read,
    work,
)

#: Only the stage clock.
STAGES: dict[str, Any] = {
    "claim.protection_shape": "report_visit_deal",
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
}
VISIT_DEAL = STAGES | {"claim.protection_shape": "visit_deal"}


def test_a_stage_clock_runs_instead_of_the_protection_clock(company: Company) -> None:
    """CLM-12: 15 days from report to visit by default; `claim.protection_days` is not used."""
    office = Office(company, policy=STAGES | {"claim.protection_days": 5})
    claim = office.claim(office.first)
    assert list(clocks(claim)) == ["stage"]
    assert moment(clocks(claim)["stage"]) == after(claim["accepted_at"], days=15)
    assert clock(claim, "stage")["rule"] == "claim.stage_length"


def test_a_missed_visit_lapses_whatever_else_was_done(company: Company) -> None:
    """CLM-12: `stage_missed`; `claim.on_protection_end` applies to the stage before the deal only."""
    office = Office(company, policy=STAGES)
    claim = office.claim(office.first)
    company.advance(days=14)
    assert work(office.first, claim, "meeting")["state"] == "active"
    company.advance(days=2)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "stage_missed", claim["deadline"])
    problem = refused(act(office.first, claim, "follow-ups", kind="visit", note=NOTE), 409, "deadline_passed")
    assert moment(problem["facts"]["until"]) == moment(claim["deadline"])


def test_a_visit_sets_the_next_deadline_once(company: Company) -> None:
    """CLM-12: thirty days from the visit's receipt; timeline `stage_reached`; a second visit changes nothing."""
    office = Office(company, policy=STAGES)
    claim = office.claim(office.first)
    company.advance(days=10)
    visit = work(office.first, claim, "visit")
    assert visit["state"] == "active"
    assert moment(visit["deadline"]) == after(visit["received_at"], days=30)
    reached = entry(office.first, claim, "stage_reached")
    assert (reached["from"], reached["to"], reached["at"]) == (None, None, visit["received_at"])
    company.advance(days=3)
    again = work(office.first, claim, "visit", note=f"{NOTE}再")
    assert again["deadline"] == visit["deadline"]
    assert [m[0] for m in moves(office.first, claim)].count("stage_reached") == 1


def test_a_later_visit_counts_in_an_active_claim_too(company: Company) -> None:
    """CLM-12: a call made it active, the visit reaches the stage; it moves a deadline and is decided at once."""
    office = Office(company, policy=STAGES)
    claim = office.claim(office.first)
    work(office.first, claim, "call")
    company.advance(days=12)
    visit = work(office.first, claim, "visit", note=f"{NOTE}再")
    assert moment(read(office.first, claim)["deadline"]) == after(visit["received_at"], days=30)
    company.advance(days=29)
    assert read(office.first, claim)["state"] == "active"


def test_the_stage_before_the_deal_is_renewed_if_worked_or_missed(company: Company) -> None:
    """CLM-12, CLM-11: thirty days more for recent work, up to `claim.max_total_days` 180 from acceptance."""
    office = Office(company, policy=STAGES | {"claim.renew_recent_days": 10})
    worked = office.claim(office.first)
    company.advance(days=10)
    visit = work(office.first, worked, "visit")
    company.advance(days=25)
    work(office.first, worked, note=f"{NOTE}再")
    company.advance(days=6)
    renewed = read(office.first, worked)
    assert renewed["state"] == "active"
    assert moment(renewed["deadline"]) == after(visit["deadline"], days=30)
    assert entry(office.first, worked, "renewed")["at"] == visit["deadline"]
    company.advance(days=30)
    missed = read(office.first, worked)
    assert (missed["reason"], missed["ended_at"]) == ("stage_missed", renewed["deadline"])


def test_the_stage_before_the_deal_ends_where_policy_says_lapse(company: Company) -> None:
    """CLM-12: `claim.on_protection_end` lapse."""
    office = Office(company, policy=STAGES | {"claim.on_protection_end": "lapse"})
    claim = office.claim(office.first)
    visit = work(office.first, claim, "visit")
    company.advance(days=29)
    work(office.first, claim, note=f"{NOTE}再")
    company.advance(days=2)
    assert read(office.first, claim)["ended_at"] == visit["deadline"]


def test_stage_lengths_may_be_hours_or_elapsed_time_and_zero_is_off(company: Company) -> None:
    """CLM-12, contract section 3: `d` calendar days, `h`, ISO; 0 = off for clocks."""
    office = Office(company, policy=STAGES | {"claim.stage_length": {"report_visit": "48h", "visit_deal": "P2DT1H"}})
    claim = office.claim(office.first)
    assert moment(claim["deadline"]) == after(claim["accepted_at"], hours=48)
    visit = work(office.first, claim, "visit")
    assert moment(visit["deadline"]) == after(visit["received_at"], hours=49)
    endless = {"claim.stage_length": {"report_visit": "0d", "visit_deal": "3d"}}
    office.program = company.program("Endless", policy=STAGES | endless)
    other = office.claim(office.first)
    assert other["deadline"] is None
    visit = work(office.first, other, "visit")
    assert moment(visit["deadline"]) == after(visit["received_at"], days=3)


def test_in_the_visit_first_shape_reports_are_not_exclusive_and_the_first_visit_decides(company: Company) -> None:
    """CLM-12: both stay `reported`; whoever visits first holds, the other collides."""
    office = Office(company, policy=VISIT_DEAL)
    first, second = office.claim(office.first), office.claim(office.second)
    assert [(c["state"], c["owner"], c["deadline"]) for c in (first, second)] == [("reported", None, None)] * 2
    call = work(office.second, second, "call")
    assert (call["state"], call["qualified"]) == ("reported", False)
    visit = work(office.second, second, "visit", note=f"{NOTE}到访")
    assert visit["state"] == "protected"
    accepted = read(office.second, second)
    assert (accepted["owner"], accepted["accepted_at"]) == (office.second.id, visit["received_at"])
    assert moment(clocks(accepted)["stage"]) == after(visit["received_at"], days=30)
    lost = read(office.first, first)
    assert (lost["state"], lost["reason"]) == ("rejected", "customer_owned")
    refused(act(office.first, first, "follow-ups", kind="visit", note=NOTE), 409, "customer_owned")


def test_no_judge_replaces_the_first_visit(company: Company) -> None:
    """CLM-12: such a report is not on the judgement list; it can be withdrawn."""
    office = Office(company, policy=VISIT_DEAL | {"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    problem = refused(act(office.leader, claim, "accept"), 409, "illegal_transition")
    assert problem["current_state"] == "reported"
    assert "accept" not in read(office.leader, claim)["allowed"]
    assert "withdraw" in read(office.first, claim)["allowed"]


def test_a_report_in_the_visit_first_shape_waits_without_a_limit(company: Company) -> None:
    """CLM-12: `reported` has no clock of its own there."""
    office = Office(company, policy=VISIT_DEAL)
    claim = office.claim(office.first)
    company.advance(days=400)
    assert read(office.first, claim)["state"] == "reported"
    assert work(office.first, claim, "visit")["state"] == "protected"


def test_the_second_stage_of_the_visit_first_shape_is_missed_or_renewed(company: Company) -> None:
    """CLM-12: `claim.on_protection_end` applies to the stage before the deal."""
    office = Office(company, policy=VISIT_DEAL)
    claim = office.claim(office.first)
    work(office.first, claim, "visit")
    company.advance(days=20)
    work(office.first, claim, "call", note=f"{NOTE}再")
    company.advance(days=11)
    renewed = read(office.first, claim)
    assert renewed["state"] == "active"
    assert moment(renewed["deadline"]) == after(renewed["accepted_at"], days=60)
    company.advance(days=40)
    assert read(office.first, claim)["reason"] == "stage_missed"
