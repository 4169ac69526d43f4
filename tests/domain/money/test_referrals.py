"""Who brought the customer is credited with the first deal (老带新): CNF-05, as entries of the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.claims.lifecycle import ClaimState
from domain.claims.model import Arrival, ChannelHolder, Referral
from domain.leads.lifecycle import LeadState
from domain.leads.model import Desk, Lead
from domain.matters.matter import CommandKind
from domain.money.model import Account, ChannelDeals, EntryKind
from domain.money.positions import positions
from tests.support.money_office import CUSTOMER, MATTER, PROGRAM, START, Office


def referred(*, policy: Mapping[str, Any] | None = None, channel: str = "in_house", **referral: Any) -> Office:
    """Anna holds a customer whom somebody brought by a lead."""
    office = Office(policy=policy or {})
    told = Referral(**{"lead": "lead-1", "person": "bob", **referral})
    claim = replace(office.matter.claims["claim-anna"], referral=told, channel=channel)
    office.matter = office.matter.with_claim(claim)
    return office


def test_a_colleague_has_the_assist_percentage_of_the_first_deal_and_nothing_of_the_next() -> None:
    """CNF-05, COM-05: 5 % of a commission of 50 000; outside the 100 %; it goes with the deal that is called off."""
    office = referred()
    first = office.win(1_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, 2_500)
    assert [entry.kind for entry in office.entries] == [EntryKind.ACCRUAL, EntryKind.OVERLAY]
    office.win(1_000_000, kind=CommandKind.DEAL)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (100_000, 2_500)
    office.tell(CommandKind.CANCEL_DEAL, by="fin", data={"deal": first})
    assert office.of("bob", Account.ACCRUED) == 0
    office.check()


def amend(office: Office, deal: str, **changes: Any) -> None:
    version = office.matter.deals[deal].version
    office.tell(CommandKind.DEAL_AMEND, by="fin", data={"deal": deal, "version": version, **changes})


def test_a_colleague_has_their_part_of_a_rate_that_comes_late_and_of_an_amount_that_is_amended() -> None:
    """CNF-05, COM-01, COM-02: 5 % of what the commission is now; the books have the difference."""
    office = referred()
    office.plan()
    deal = office.win(1_000_000)
    assert office.entries == []
    office.plan(({}, 500))
    amend(office, deal, contract_end=None)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, 2_500)
    amend(office, deal, amount_minor=2_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (100_000, 5_000)
    assert [entry.kind for entry in office.entries] == [EntryKind.AMENDMENT, EntryKind.AMENDMENT]
    office.check()


def test_a_deal_without_a_rate_that_is_allocated_once_there_is_one_pays_who_brought_the_customer() -> None:
    """CNF-05, COM-02: out of a case it is nobody's, and is rated when somebody gets it."""
    office = referred()
    office.plan()
    deal = office.win(1_000_000)
    office.dispute("carol")
    office.settle("pool")
    office.plan(({}, 500))
    office.allocate(deal, office.report("dora"))
    assert (office.of("dora", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, 2_500)
    office.check()


def test_a_refund_takes_its_part_of_the_credit_once() -> None:
    """CNF-05, COM-10: half went back; before an amendment, and before a case credits somebody with the deal."""
    office = referred()
    deal = office.win(1_000_000)
    office.receive(deal, 1_000_000)
    office.refund(deal, 500_000)
    amend(office, deal, amount_minor=2_000_000)
    assert positions(office.matter.deals[deal])["person:bob"].accrual == 3_750
    office.check()
    office = Office()
    deal = office.win(1_000_000)
    office.receive(deal, 1_000_000)
    office.refund(deal, 500_000)
    told = Referral(lead="lead-1", person="carol")
    office.matter = office.matter.with_claim(replace(office.matter.claims["claim-bob"], referral=told))
    office.dispute("bob")
    office.settle("party", owner="bob")
    assert positions(office.matter.deals[deal])["person:carol"].accrual == 1_250
    office.check()


@pytest.mark.parametrize(
    ("why", "more"),
    [
        ("signed later than the referral is valid", {"until": START - timedelta(microseconds=1)}),
        ("the channel is paid", {"channel": "partner"}),
        ("the referrer has a part of the deal", {"person": "anna"}),
        ("a customer is never paid commission", {"person": None, "customer": "customer-2"}),
    ],
)
def test_there_is_one_entry_and_no_credit_where(why: str, more: dict[str, Any]) -> None:
    """CNF-05: `referral.valid_days`, `referral.one_source`; a reward of a customer is no posting."""
    office = referred(**more)
    office.win(1_000_000)
    assert [entry.kind for entry in office.entries] == [EntryKind.ACCRUAL], why
    assert office.of("anna", Account.ACCRUED) == 50_000


def test_whom_the_channel_has_too_is_paid_for_there() -> None:
    """CNF-05: `referral.one_source`; the sales claim is nobody's of a partner."""
    office = referred()
    office.matter = replace(office.matter, channelled=True)
    office.win(1_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, 0)


@pytest.mark.parametrize(
    ("minutes", "paid"),
    [
        (-5, 2_500),  # they were here before the report: nobody is paid for it
        (60, 0),
        (None, 0),
    ],
)
def test_who_holds_them_in_the_channel_stands_in_the_way_only_if_they_will_be_paid(
    minutes: int | None, paid: int
) -> None:
    """CNF-05, LEAD-14: `referral.one_source` pays one of the two, not neither."""
    office = referred()
    office.partners = {"carol": "alpha"}
    office.change_policy("referral.one_source", True)
    held = replace(
        office.matter.claims["claim-carol"],
        owner="carol",
        state=ClaimState.PROTECTED,
        channel="partner",
        rank_at=office.now,
    )
    came = () if minutes is None else (Arrival(id="one", at=office.now + timedelta(minutes=minutes)),)
    office.matter = replace(office.matter, channel_holders=(ChannelHolder(held, came),))
    office.advance(hours=2)
    office.win(1_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, paid)
    office.check()


@pytest.mark.parametrize(("minutes", "paid"), [(-5, 2_500), (60, 0), (None, 0)])
def test_who_holds_them_in_the_channel_is_in_the_way_only_if_they_will_be_paid(minutes: int | None, paid: int) -> None:
    """CNF-05, LEAD-14: `referral.one_source` pays one of the two, and not neither: here before the report, or after."""
    office = Office(partners={"carol": "alpha"})
    told = Referral(lead="lead-1", person="bob")
    held = replace(office.matter.claims["claim-carol"], owner="carol", channel="partner", rank_at=office.now)
    came = () if minutes is None else (Arrival(id="one", at=office.now + timedelta(minutes=minutes)),)
    office.matter = office.matter.with_claim(replace(office.matter.claims["claim-anna"], referral=told))
    office.matter = replace(office.matter, channel_holders=(ChannelHolder(held, came),))
    office.advance(hours=2)
    office.win(1_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, paid)
    office.check()


def channel_deal(office: Office, *, stands: bool) -> None:
    """The channel track has a deal of its own since now, or none any more."""
    office.now += timedelta(days=1)
    office.matter = replace(office.matter, channel_deals=ChannelDeals(stands=stands, since=office.now))
    office.advance(minutes=1)


def test_a_later_deal_of_the_channel_takes_the_credit_back_and_its_end_gives_it_back() -> None:
    """CNF-05, COM-06: a reversing entry, once; the credit comes back for what the commission is by then."""
    office = referred()
    deal = office.win(1_000_000)
    channel_deal(office, stands=True)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (50_000, 0)
    assert (office.entries[-1].kind, office.entries[-1].reverses) == (EntryKind.REVERSAL, office.entries[-2].key)
    assert [n.person for n in office.notices if n.kind == "money.reversal"] == ["bob"]
    channel_deal(office, stands=True)  # another one
    amend(office, deal, amount_minor=2_000_000)
    assert (office.of("anna", Account.ACCRUED), office.of("bob", Account.ACCRUED)) == (100_000, 0)
    channel_deal(office, stands=False)
    assert office.of("bob", Account.ACCRUED) == 5_000
    assert [entry.kind.value for entry in office.entries] == ["accrual", "overlay", "reversal", "amendment", "overlay"]
    channel_deal(office, stands=True)
    assert office.of("bob", Account.ACCRUED) == 0
    office.check()


def test_what_was_paid_of_a_credit_that_the_channel_takes_is_owed() -> None:
    """CNF-05, COM-09: and owed no more once it is theirs again; what finance reversed does not come back."""
    office = referred()
    deal = office.win(1_000_000)
    office.receive(deal, 1_000_000)
    office.pay(deal, "bob", 2_500)
    channel_deal(office, stands=True)
    assert (office.of("bob", Account.PAID), office.of("bob", Account.RECEIVABLE)) == (2_500, -2_500)
    channel_deal(office, stands=False)
    assert (office.of("bob", Account.PAID), office.of("bob", Account.RECEIVABLE)) == (2_500, 0)
    assert office.of("anna", Account.PAYABLE) == 50_000
    office.check()


@pytest.mark.parametrize("held", [False, True])
def test_where_policy_pays_both_or_a_case_holds_the_deal(held: bool) -> None:
    """CNF-05, COM-08: `referral.one_source` off takes nothing; what is held is taken back out of what is held."""
    office = referred(policy={"referral.one_source": held})
    office.win(1_000_000)
    if held:
        office.dispute("carol")
    account = Account.HELD if held else Account.ACCRUED
    channel_deal(office, stands=True)
    assert (office.of("anna", account), office.of("bob", account)) == (50_000, 0 if held else 2_500)
    office.check()


def test_up_to_its_last_instant_and_beside_the_channel_where_policy_pays_both() -> None:
    """CNF-05: the bound itself counts; `referral.one_source` off pays channel and referral."""
    office = referred(policy={"referral.one_source": False}, channel="partner", until=START)
    office.win(1_000_000)
    assert office.of("bob", Account.ACCRUED) == 2_500


def test_a_case_gives_the_winner_a_customer_out_of_the_pool_with_who_brought_them() -> None:
    """CNF-05, DSP-15: like anybody else whom the customer comes to."""
    office = Office()
    office.dispute("bob")
    office.settle("pool")
    office.matter = replace(office.matter, brought=Referral(lead="lead-1", person="carol"))
    office.dispute("bob")
    office.settle("party", owner="bob")
    office.win(1_000_000, by="bob")
    assert (office.of("bob", Account.ACCRUED), office.of("carol", Account.ACCRUED)) == (50_000, 2_500)
    assert office.matter.brought is None


@pytest.mark.parametrize("why", [None, "in_base"])
def test_a_lead_that_falls_into_the_pool_leaves_its_referral_to_whoever_is_decided_next(why: str | None) -> None:
    """CNF-05, LEAD-03: in the same drain, perhaps; what is worth nothing stays with the lead."""
    office = Office()
    gone = replace(office.matter.claims["claim-anna"], state=ClaimState.RELEASED, ended_at=START)
    told = Referral(lead="lead-1", person="carol", why=why)
    lead = Lead(
        id="lead-1",
        number=1,
        matter=MATTER,
        program=PROGRAM,
        customer=CUSTOMER,
        sender="carol",
        team="sales",
        source="展会",
        state=LeadState.RECEIVED,
        received_at=START,
        terms=gone.terms,
        referral=told,
    )
    office.matter = replace(office.matter.with_claim(gone).with_lead(lead), desk=Desk(now=START))
    office.tell(CommandKind.LEAD_RECEIVE, by="carol", claim="lead-1", data={})
    assert (office.matter.leads["lead-1"].state, office.matter.pooled) == (LeadState.POOLED, True)
    assert office.matter.brought == (told if why is None else None)
