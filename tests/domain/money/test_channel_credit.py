"""A partner's report that came after the customer pays nothing in the channel track (LEAD-14): the books say so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.claims.model import Arrival
from domain.matters.matter import CommandKind
from domain.money.model import Account, EntryKind
from domain.money.positions import commission
from tests.support.money_office import START, Office


def channel(*arrivals: Arrival, track: str = "channel", partners: bool = True, **claim: Any) -> Office:
    """Anna, a broker of ``alpha``, holds a customer whom she reported at nine; 30 minutes is too close.

    Without ``partners`` they are reports of in-house people that came by a partner: a case has a tier above it.
    """
    policy = {"ownership.tracks": ["sales", "channel"]}
    of = {"anna": "alpha", "bob": "beta"} if partners else {}
    office = Office(policy=policy, partners=of, track=track)
    held = replace(office.matter.claims["claim-anna"], channel="partner", rank_at=START, **claim)
    office.matter = replace(office.matter.with_claim(held), arrivals=arrivals)
    office.advance(hours=8)
    return office


def came(minutes: float, **more: Any) -> Arrival:
    return Arrival(id="reception", at=START + timedelta(minutes=minutes), **more)


def accrued(office: Office, partner: str = "alpha") -> int:
    return office.balances().get((f"partner:{partner}:accrued", "CNY"), 0)


@pytest.mark.parametrize(
    ("minutes", "earned", "why"),
    [
        (-5, 0, "after_arrival"),
        (-60 * 24 * 30, 0, "after_arrival"),
        (0, 0, "intercepted"),
        (29.99, 0, "intercepted"),
        (30, 50_000, None),
        (60 * 24, 50_000, None),  # long after the deal: nobody was here yet
    ],
)
def test_a_report_earns_by_when_the_customer_came(minutes: float, earned: int, why: str | None) -> None:
    """LEAD-14, CLM-10: five per cent of 1,000,000, or nothing, to the limit."""
    office = channel(came(minutes))
    won = office.win(1_000_000)
    found = office.matter.deals[won].no_credit
    assert (accrued(office), found.why if found is not None else None) == (earned, why)
    assert [entry.kind for entry in office.entries] == [EntryKind.ACCRUAL] * bool(earned)
    office.check()


def test_cash_releases_nothing_and_an_amended_deal_is_worth_nothing_either() -> None:
    """LEAD-14, COM-01, COM-07."""
    office = channel(came(-5))
    deal = office.win(1_000_000)
    office.receive(deal, 1_000_000)
    office.tell(CommandKind.DEAL_AMEND, by="fin", data={"deal": deal, "version": 1, "amount_minor": 2_000_000})
    assert office.balances() == {}
    office.check()


def test_what_the_house_confirmed_and_other_tracks_earn_as_ever() -> None:
    """LEAD-14: led here by the same partner since, and confirmed; by another partner, or unconfirmed: nothing."""
    later = {"id": "led", "at": START + timedelta(hours=2)}
    for confirmed, earned in (
        (Arrival(**later, broker="anna", counted=True), 50_000),
        (Arrival(**later, broker="anna"), 0),
        (Arrival(**later, broker="bob", counted=True), 0),
    ):
        office = channel(came(-5), confirmed)
        office.win(1_000_000)
        assert accrued(office) == earned
    in_house = channel(came(-5), track="sales")
    in_house.win(1_000_000)
    assert accrued(in_house) == 50_000


@pytest.mark.parametrize(("led", "earned"), [(-60, 0), (0, 50_000), (60, 50_000)])
def test_a_visit_led_before_the_report_confirms_nothing_of_it(led: int, earned: int) -> None:
    """LEAD-14: it was led for a former report, which lapsed; they came by themselves before this one."""
    office = channel(came(-10), came(led, broker="anna", counted=True))
    office.win(1_000_000)
    assert accrued(office) == earned
    office.check()


@pytest.mark.parametrize(
    ("outcome", "ruled", "alpha"),
    [("party", True, 50_000), ("party", False, 0), ("no_change", True, 0), ("no_change", False, 0)],
)
def test_a_ruling_that_finds_for_the_report_gives_its_credit_back(outcome: str, ruled: bool, alpha: int) -> None:
    """LEAD-14: the deal before it is paid by it, and the next one as well; one without change gives nothing, nor does
    what the parties agree on among themselves: two brokers would lift it for each other."""
    office = channel(came(-5))
    office.win(1_000_000)
    office.dispute("bob")
    owner = "anna" if outcome == "party" else None
    if ruled:
        office.rule(outcome, owner=owner)
        office.appeal_time_over()
    else:
        office.settle(outcome, owner=owner)
    assert accrued(office) == alpha
    office.win(1_000_000, kind=CommandKind.DEAL)
    assert accrued(office) == 2 * alpha
    office.check()


def test_a_deal_that_goes_to_another_broker_by_agreement_asks_for_their_own_report() -> None:
    """LEAD-14, COM-09: alpha's report was in time and its deal was paid; beta's came after the customer."""
    office = channel(came(60))
    late = replace(office.matter.claims["claim-bob"], channel="partner", rank_at=START + timedelta(hours=2))
    office.matter = office.matter.with_claim(late)
    deal = office.win(1_000_000)
    assert accrued(office) == 50_000
    office.dispute("bob")
    office.settle("party", owner="bob")
    found = office.matter.deals[deal]
    assert (found.owner, found.no_credit and found.no_credit.why) == ("bob", "after_arrival")
    assert (accrued(office), accrued(office, "beta")) == (0, 0)
    office.check()


@pytest.mark.parametrize(("anna", "bob", "ruled", "after"), [(0, 120, 0, 50_000), (120, 0, 50_000, 0)])
def test_a_deal_that_an_appeal_gives_back_asks_for_the_holders_report(
    anna: int, bob: int, ruled: int, after: int
) -> None:
    """LEAD-14, DSP-15, DSP-16: it came while bob had the customer by a ruling; one of the two reported in time."""
    office = channel(came(60), partners=False)
    for person, minutes in (("anna", anna), ("bob", bob)):
        claim = office.matter.claims[f"claim-{person}"]
        claim = replace(claim, channel="partner", rank_at=START + timedelta(minutes=minutes))
        office.matter = office.matter.with_claim(claim)
    office.dispute("bob")
    office.rule("party", owner="bob")
    deal = office.win(1_000_000, kind=CommandKind.DEAL, by="fin")
    assert (office.matter.deals[deal].owner, commission(office.matter.deals[deal])) == ("bob", ruled)
    office.appeal("anna")
    office.rule("no_change")
    assert (office.case.state.value, office.matter.deals[deal].owner) == ("final", "anna")
    assert {who: office.of(who, Account.ACCRUED) for who in ("anna", "bob")} == {"anna": after, "bob": 0}
    office.check()


def test_a_deal_that_is_allocated_asks_for_the_report_of_who_gets_it() -> None:
    """LEAD-14, CLM-03."""
    office = channel(came(60))
    deal = office.win(1_000_000)
    assert accrued(office) == 50_000
    office.dispute("carol")
    office.settle("pool")
    fresh = office.report("bob")
    office.matter = office.matter.with_claim(
        replace(office.matter.claims[fresh], channel="partner", rank_at=START + timedelta(hours=8))
    )
    office.allocate(deal, fresh)
    assert (accrued(office, "beta"), office.matter.deals[deal].owner) == (0, "bob")
    office.check()


@pytest.mark.parametrize("shared", [False, True])
def test_a_deal_that_a_ruling_makes_nobodys_pays_no_part_of_a_late_report(shared: bool) -> None:
    """LEAD-14, DSP-15: the pool gives nobody the credit; what nobody has a part of rests on that report no longer."""
    office = channel(came(-5))
    deal = office.win(1_000_000)
    if shared:
        office.share(deal, {"anna": 7_000, "dora": 3_000})
    office.dispute("bob")
    office.rule("pool")
    office.appeal_time_over()
    found = office.matter.deals[deal]
    assert (found.state.value, [share.person for share in found.shares]) == ("unclaimed", ["dora"] * shared)
    assert (found.no_credit is not None, commission(found) == 0) == (shared, shared)
    assert office.balances() == {}
    office.check()
    fresh = office.report("anna")
    office.allocate(deal, fresh)
    found = office.matter.deals[deal]
    assert (found.no_credit, commission(found)) == (None, 50_000), "in house, and by a report of their own"
    office.check()
