"""What a deal that comes during a case does to its claim when the case is over (COM-01, CLM-32, DSP-15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.claims.lifecycle import ClaimState
from domain.claims.model import Clock, Confirmation, Confirmed, Referral
from domain.matters.matter import CommandKind
from domain.money.model import Account
from tests.support.money_office import Office

MONTH = {"claim.after_deal_days": 30}
WAITS = {"confirm.points": ["before_contract"], "confirm.hold_commission": True}


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


def confirmed(office: Office, claim: str) -> None:
    """The customer said yes to whoever has ``claim``."""
    said = Confirmation(
        id=office.mint("confirmation"),
        point="before_contract",
        person=claim.removeprefix("claim-"),
        asked_at=office.now,
        until=None,
        state=Confirmed.YES,
        decided_at=office.now,
    )
    office.matter = office.matter.with_claim(replace(office.matter.claims[claim], confirmations=(said,)))


def referred(office: Office, claim: str, **who: str) -> None:
    told = Referral(lead="lead-1", **who)
    office.matter = office.matter.with_claim(replace(office.matter.claims[claim], referral=told))


def asked(office: Office, claim: str) -> list[Confirmed]:
    return [one.state for one in office.matter.claims[claim].confirmations]


def test_whom_a_case_gives_a_deal_waits_for_their_own_customers_word() -> None:
    """CNF-01, COM-09: the loser had a yes; the winner has none, is told, and the customer is asked about them."""
    office = Office(policy=WAITS)
    confirmed(office, "claim-anna")
    deal = office.win(1_000_000)
    office.receive(deal, 400_000)
    assert office.of("anna", Account.PAYABLE) == 20_000
    office.dispute("bob")
    office.settle("party", owner="bob")
    assert (office.of("bob", Account.HELD), office.of("bob", Account.PAYABLE)) == (50_000, 0)
    assert asked(office, "claim-bob") == [Confirmed.OPEN]
    told = [n for n in office.notices if n.person == "bob" and n.kind == "money.hold" and n.rule == "CNF-01"]
    assert [n.facts["deal"] for n in told] == [deal]
    office.check()


@pytest.mark.parametrize("outcome", ["party", "pool"])
def test_nobody_waits_for_the_word_of_a_customer_whom_nobody_asks_about_them(outcome: str) -> None:
    """CNF-01, CUS-13: the winner's claim is on the other record, or there is none; the deal stays on this one.

    Who has a part of it, be it the winner, is paid when the case is over, and is told.
    """
    office = Office(policy=WAITS)
    deal = office.win(1_000_000)
    office.share(deal, {"anna": 6_000, "carol": 4_000})
    office.receive(deal, 1_000_000)
    assert office.of("carol", Account.HELD) == 20_000
    office.dispute("bob")
    office.rule(outcome, owner="bob" if outcome == "party" else None)
    here = {id_: claim for id_, claim in office.matter.claims.items() if id_ != "claim-bob"}
    office.matter = replace(office.matter, claims=here)
    office.appeal_time_over()
    assert office.matter.claims["claim-anna"].state is ClaimState.RELEASED
    assert office.matter.deals[deal].holds == ()
    paid = {"carol": 20_000, "bob": 30_000 if outcome == "party" else 0}
    assert {person: office.of(person, Account.PAYABLE) for person in paid} == paid
    told = {n.person for n in office.notices if n.kind == "money.hold_release"}
    assert told == {person for person, amount in paid.items() if amount}
    office.check()


def test_a_winner_whose_customer_has_spoken_waits_for_nobody() -> None:
    """CNF-01, COM-09: what was held for the loser's confirmation is free with the winner's."""
    office = Office(policy=WAITS)
    deal = office.win(1_000_000)
    assert office.of("anna", Account.HELD) == 50_000
    office.dispute("bob")
    confirmed(office, "claim-bob")
    office.settle("party", owner="bob")
    assert office.of("bob", Account.ACCRUED) == 50_000
    assert office.matter.deals[deal].holds == ()
    office.check()


def test_a_deal_that_came_while_a_ruling_stood_asks_the_customer_when_the_case_is_over() -> None:
    """CNF-01: nobody is asked about a claim in a case, and the commission would wait for ever."""
    office = Office(policy=WAITS)
    office.dispute("bob")
    office.win(1_000_000, kind=CommandKind.DEAL, by="fin")
    assert asked(office, "claim-anna") == []
    office.withdraw()
    assert office.of("anna", Account.HELD) == 50_000
    assert asked(office, "claim-anna") == [Confirmed.OPEN]
    office.check()


def test_a_deal_of_nobodys_waits_for_the_customer_and_credits_who_brought_them() -> None:
    """CNF-01, CNF-05: one that came while nobody held the customer, given by a case as by finance."""
    office = Office(policy=WAITS)
    office.dispute("bob")
    office.settle("pool")
    office.dispute("anna", joining=("bob",))
    referred(office, "claim-bob", person="carol")
    deal = office.win(1_000_000, kind=CommandKind.DEAL, by="fin")
    assert office.matter.deals[deal].claim is None
    office.settle("party", owner="bob")
    assert (office.matter.deals[deal].claim, office.matter.deals[deal].holds) == ("claim-bob", ("confirmation",))
    assert (office.of("bob", Account.HELD), office.of("carol", Account.HELD)) == (50_000, 2_500)
    assert asked(office, "claim-bob") == [Confirmed.OPEN]
    office.check()


def test_no_case_credits_the_same_deal_twice() -> None:
    """CNF-05: brought by a customer, won, lost to bob, and back: one reward."""
    office = Office()
    referred(office, "claim-anna", customer="customer-2")
    deal = office.win(1_000_000)
    for winner in ("bob", "anna"):
        office.dispute("bob" if winner == "bob" else "anna")
        office.settle("party", owner=winner)
    assert office.matter.deals[deal].claim == "claim-anna"
    assert [(r.deal, r.customer) for r in office.rewards] == [(deal, "customer-2")]
