"""What a deal that comes during a case does to its claim when the case is over (COM-01, CLM-32, DSP-15)."""

from __future__ import annotations

from datetime import timedelta

from domain.claims.lifecycle import ClaimState
from domain.claims.model import Clock
from domain.matters.matter import CommandKind
from tests.support.money_office import Office

MONTH = {"claim.after_deal_days": 30}


def test_a_deal_during_a_case_wins_the_customer_when_the_case_is_dropped() -> None:
    office = Office(policy=MONTH)
    office.dispute("bob")
    office.win(10_000_00, kind=CommandKind.DEAL, by="fin")
    assert office.matter.claims["claim-anna"].state is ClaimState.DISPUTED
    office.withdraw()
    claim = office.matter.claims["claim-anna"]
    assert claim.state is ClaimState.WON
    assert [clock.clock for clock in claim.clocks] == [Clock.AFTER_DEAL]


def test_a_won_customer_is_kept_by_the_later_deal() -> None:
    office = Office(policy=MONTH)
    office.win(10_000_00)
    office.dispute("bob")
    signed = office.now + timedelta(days=10)
    office.win(5_000_00, kind=CommandKind.DEAL, by="fin", contract_at=signed)
    office.settle("no_change")
    assert office.matter.claims["claim-anna"].deadline == signed + timedelta(days=30)


def test_the_winner_has_the_deal_and_its_period() -> None:
    office = Office(policy=MONTH)
    deal = office.win(10_000_00)
    signed = office.matter.deals[deal].contract_at
    office.dispute("bob")
    office.settle("party", owner="bob")
    claim = office.matter.claims["claim-bob"]
    assert (claim.state, claim.deadline) == (ClaimState.WON, signed + timedelta(days=30))
    assert office.matter.deals[deal].claim == "claim-bob"
    assert office.matter.claims["claim-anna"].state is ClaimState.RELEASED


def test_a_winner_is_not_over_at_once_because_the_deal_is_old() -> None:
    """DSP-15: a full period from finality where that of the deal is over."""
    office = Office(policy={**MONTH, "dispute.after_deal_days": 0})
    office.win(10_000_00, contract_at=office.now - timedelta(days=29))
    office.dispute("bob")
    office.advance(days=2)
    office.rule("party", owner="bob")
    office.appeal_time_over()
    claim = office.matter.claims["claim-bob"]
    assert claim.state is ClaimState.WON
    assert claim.deadline is not None
    assert claim.accepted_at is not None
    assert claim.deadline == claim.accepted_at + timedelta(days=30)
