"""Deals and what they earn: recorded, released by cash or by stage, given back, called off (COM-01, COM-07, COM-10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.money import SIGNED, STAGES, MoneyOffice, accounts, entries, ledger_is_right, money, sums
from tests.support.office import customer, done, notices, read, tasks

DEAL = {"amount": money(1_000_000), "contract_at": SIGNED}


def test_a_deal_earns_its_owner_the_rate_of_the_plan(company: Company) -> None:
    """COM-02: five per cent of 10,000.00 is 500.00, accrued to the owner and named with its plan and rule."""
    office = MoneyOffice(company)
    deal = office.deal(office.won(office.first))
    assert deal["commission"] == money(50_000)
    assert (deal["owner"], deal["state"], deal["version"]) == (office.first.id, "open", 1)
    assert (deal["plan_version"], deal["rate_rule"], deal["rate_bps"]) == (1, "r1", 500)
    assert deal["shares"] == [{"person": office.first.id, "share_bps": 10_000}]
    assert sums(deal) == {"accrued": 50_000, "released": 0, "held": 0, "paid": 0}
    assert accounts(office.money, deal["id"]) == {office.first.id: {"accrued": 50_000}}
    (entry,) = entries(office.money, deal["id"])
    assert (entry["key"], entry["kind"], entry["share_bps"]) == (f"deal/{deal['id']}:accrue", "accrual", 10_000)
    assert {(p["account"], p["amount_minor"]) for p in entry["postings"]} == {
        (f"person:{office.first.id}:accrued", 50_000),
        ("company:commission", -50_000),
    }
    ledger_is_right(company)


def test_cash_releases_its_part(company: Company) -> None:
    """COM-07, cash_pro_rata: a third of the amount received releases floor(50,000 / 3), the last receipt the rest."""
    office = MoneyOffice(company)
    deal = office.won(office.first, 300_000, kind="new")
    assert sums(office.receive(deal, 100_000)) == {"accrued": 15_000, "released": 5_000, "held": 0, "paid": 0}
    assert sums(office.receive(deal, 100_001, "r2"))["released"] == 10_000
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 5_000, "payable": 10_000}}
    last = office.receive(deal, 99_999, "r3")
    assert (sums(last)["released"], last["received"]) == (15_000, money(300_000))
    # What comes beyond the price is no commission.
    assert sums(office.receive(deal, 50_000, "r4"))["released"] == 15_000
    assert [e["kind"] for e in entries(office.money, deal)] == ["accrual", "release", "release", "release"]
    ledger_is_right(company)


def test_stages_release_thirty_thirty_forty(company: Company) -> None:
    """COM-07: of 33,333 the contract releases 9,999, the first payment 19,999 in all, the full payment the rest."""
    office = MoneyOffice(company, policy={"commission.release": STAGES})
    deal = office.won(office.first, 666_660)
    for stage, released in (("contract", 9_999), ("first_payment", 19_999), ("full_payment", 33_333)):
        body = {"stage": stage, "at": SIGNED, "proof": "合同扫描件"}
        after = office.money.made(f"/v1/deals/{deal}/stages", body)
        assert sums(after)["released"] == released, stage
    assert [s["proof"] for s in after["stages"]] == ["合同扫描件"] * 3
    assert accounts(office.money, deal) == {office.first.id: {"payable": 33_333}}
    refused(
        office.money.post(f"/v1/deals/{deal}/stages", {"stage": "contract", "at": SIGNED}),
        422,
        "field_missing",
        "proof",
    )


def test_a_reference_counts_once(company: Company) -> None:
    """COM-06: the same receipt again changes nothing, another one under its reference is a conflict and an alarm."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    office.receive(deal, 400_000, "bank-7")
    again = office.receive(deal, 400_000, "bank-7")
    assert (again["received"], sums(again)["released"]) == (money(400_000), 20_000)
    body = {"amount": money(400_001), "at": SIGNED, "reference": "bank-7"}
    assert "alarm.ledger" not in notices(company.admin)
    refused(office.money.post(f"/v1/deals/{deal}/receipts", body), 409, "ledger_conflict")
    assert "alarm.ledger" in notices(company.admin)
    assert office.deal(deal)["received"] == money(400_000)
    ledger_is_right(company)


def test_a_refund_takes_its_part_back_before_and_after_a_payout(company: Company) -> None:
    """COM-10: pro rata to the returned amount."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    office.receive(deal, 1_000_000)
    back = office.give_back(deal, 200_000)
    assert sums(back) == {"accrued": 40_000, "released": 40_000, "held": 0, "paid": 0}
    assert accounts(office.money, deal) == {office.first.id: {"payable": 40_000}}
    ledger_is_right(company)


def test_money_of_another_currency_or_of_no_amount_is_refused(company: Company) -> None:
    office = MoneyOffice(company)
    deal = office.won(office.first)
    for amount, field in (
        (money(1, "USD"), "amount.currency"),
        (money(0), "amount.amount_minor"),
        (money(-5), "amount.amount_minor"),
    ):
        body = {"amount": amount, "at": SIGNED, "reference": "x"}
        refused(office.money.post(f"/v1/deals/{deal}/receipts", body), 422, "field_invalid", field)
    assert office.deal(deal)["received"] == money(0)


def test_without_a_fitting_rate_nothing_accrues_and_finance_has_a_task(company: Company) -> None:
    """COM-02: never a guess."""
    office = MoneyOffice(company, rates=({"when": {"product": "GTX"}, "rate_bps": 500},))
    deal = office.deal(office.won(office.first))
    assert (deal["commission"], deal["rate_bps"]) == (money(0), None)
    assert ("rate_missing", deal["id"]) in tasks(office.money)
    assert entries(office.money, deal["id"]) == []


def test_more_deals_on_a_won_customer_are_recorded_one_by_one(company: Company) -> None:
    """COM-01: several live deals; `won` is left with the last of them only."""
    office = MoneyOffice(company)
    claim = office.claim(office.first)
    first = office.won(office.first, claim=claim["id"])
    body = {"program": office.program, "customer": claim["customer"]["id"], **DEAL, "kind": "upsell"}
    answer = office.first.post("/v1/deals", body)
    assert answer.status_code == 201, answer.text
    second = answer.json()
    assert (second["claim"], second["kind"], second["state"]) == (claim["id"], "upsell", "open")
    assert read(office.first, claim)["deals"] == [first, second["id"]]
    assert accounts(office.money) == {office.first.id: {"accrued": 100_000}}
    off = office.money.made(f"/v1/deals/{first}/cancel", {"reason": "退订"})
    assert (off["state"], off["commission"], sums(off)["accrued"]) == ("cancelled", money(0), 0)
    assert read(office.first, claim)["state"] == "won"
    office.money.made(f"/v1/deals/{second['id']}/cancel", {"reason": "退订"})
    assert read(office.first, claim)["state"] == "active"
    assert accounts(office.money) == {}
    ledger_is_right(company)


def test_a_first_deal_by_that_call_wins_the_customer(company: Company) -> None:
    office = MoneyOffice(company)
    claim = office.claim(office.first)
    body = {"program": office.program, "customer": claim["customer"]["id"], **DEAL}
    assert done(office.first.post("/v1/deals", body))["claim"] == claim["id"]
    assert read(office.first, claim)["state"] == "won"


def test_a_deal_while_the_engine_is_away_is_told_as_it_was_received(company: Company) -> None:
    office = MoneyOffice(company)
    claim = office.claim(office.first)
    body = {"program": office.program, "customer": claim["customer"]["id"], **DEAL}
    company.direct.down = True
    stored = office.first.post("/v1/deals", body)
    assert (stored.status_code, stored.json()["number"], stored.json()["state"]) == (202, None, "open")
    assert stored.json()["pending"]["command"] in stored.headers["location"]
    company.direct.down = False
    company.direct.drain(claim["id"])
    found = office.deal(stored.json()["id"])
    assert (found["commission"], found["pending"]) == (money(50_000), None)


def test_a_deal_on_nobodys_customer_waits_for_its_supervisor(company: Company) -> None:
    """CLM-03, COM-01: parked as unclaimed, allocated to the owner of a claim, and earning from then on."""
    office = MoneyOffice(company)
    claim = office.claim(office.first)
    done(office.first.post(f"/v1/claims/{claim['id']}/release", {"reason": "need_unmet"}))
    body = {"program": office.program, "customer": claim["customer"]["id"], **DEAL}
    refused(office.first.post("/v1/deals", body), 403, "not_allowed")
    deal = done(office.money.post("/v1/deals", body))
    assert (deal["state"], deal["claim"], deal["owner"], deal["commission"]) == ("unclaimed", None, None, money(0))
    assert ("deal_unclaimed", deal["id"]) in tasks(company.admin)
    receipt = {"amount": money(1), "at": SIGNED, "reference": "x"}
    refused(office.money.post(f"/v1/deals/{deal['id']}/receipts", receipt), 409, "illegal_transition")
    taken = office.claim(office.second)
    assert office.deal(deal["id"], office.leader)["state"] == "unclaimed"
    refused(office.second.post(f"/v1/deals/{deal['id']}/allocate", {"claim": taken["id"]}), 404, "not_found")
    given = office.leader.made(f"/v1/deals/{deal['id']}/allocate", {"claim": taken["id"]})
    assert (given["state"], given["owner"], sums(given)["accrued"]) == ("open", office.second.id, 50_000)
    assert read(office.second, taken)["state"] == "won"
    assert ("deal_unclaimed", deal["id"]) not in tasks(company.admin)
    assert office.receive(deal["id"], 500_000)["released"] == money(25_000)
    ledger_is_right(company)


def test_an_amended_amount_posts_the_difference(company: Company) -> None:
    """COM-01: 换房; the version read must be the present one."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    office.receive(deal, 500_000)
    amended = office.money.patch(f"/v1/deals/{deal}", {"version": 1, "amount": money(2_000_000)})
    after = done(amended)
    assert (after["version"], after["commission"], sums(after)["released"]) == (2, money(100_000), 25_000)
    stale = office.money.patch(f"/v1/deals/{deal}", {"version": 1, "amount": money(1)})
    refused(stale, 409, "version_conflict")
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 75_000, "payable": 25_000}}
    ledger_is_right(company)


def test_shares_are_agreed_by_all_holders(company: Company) -> None:
    """COM-03, COM-04: 70/30 of 10.01 leaves no unit over; nothing moves before the last consent."""
    office = MoneyOffice(company)
    deal = office.won(office.first, 20_020)
    parts = [{"person": office.first.id, "share_bps": 7_000}, {"person": office.second.id, "share_bps": 3_000}]
    refused(office.second.post(f"/v1/deals/{deal}/shares", {"shares": parts}), 404, "not_found")
    asked = office.first.made(f"/v1/deals/{deal}/shares", {"shares": parts})
    assert (asked["shares_state"], asked["proposed"]["waiting_for"]) == ("proposed", [office.second.id])
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 1_001}}
    path = f"/v1/deals/{deal}/shares/accept"
    refused(office.second.post(path, {"digest": "0" * 64}), 409, "terms_changed")
    agreed = office.second.made(path, {"digest": asked["proposed"]["digest"]})
    assert (agreed["shares_state"], agreed["shares"], agreed["proposed"]) == ("agreed", parts, None)
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 701}, office.second.id: {"accrued": 300}}
    assert [d["id"] for d in listed(office.second.get("/v1/deals"))] == [deal]
    ledger_is_right(company)


def test_shares_nobody_agreed_on_are_a_case_though_the_claim_has_ended_meanwhile(company: Company) -> None:
    """COM-04: `split.accept_wh` after the proposal; the claim lapses before, a day after its deal was signed."""
    office = MoneyOffice(company, policy={"claim.after_deal_days": 1})
    claim = office.claim(office.first)
    deal = office.won(office.first, claim=claim["id"])
    parts = [{"person": office.first.id, "share_bps": 7_000}, {"person": office.second.id, "share_bps": 3_000}]
    company.advance(days=2)
    asked = office.first.made(f"/v1/deals/{deal}/shares", {"shares": parts})
    company.advance(days=1)
    assert (read(office.first, claim)["state"], listed(office.first.get("/v1/disputes"))) == ("lapsed", [])
    company.at(asked["proposed"]["until"])
    company.advance(minutes=1)
    assert [case["grounds"] for case in listed(office.first.get("/v1/disputes"))] == ["share"]
    assert accounts(office.money, deal) == {office.first.id: {"held": 50_000}}
    ledger_is_right(company)


@pytest.mark.parametrize(
    ("parts", "status", "code", "fields"),
    [
        ([("first", 7_000), ("second", 2_999)], 422, "split_total", ()),
        ([("second", 10_000)], 422, "owner_missing", ()),
        ([("first", 5_000), ("first", 5_000)], 422, "field_invalid", ("shares.1.person",)),
    ],
)
def test_shares_are_the_whole_and_the_owner_is_among_them(
    company: Company, parts: list[tuple[str, int]], status: int, code: str, fields: tuple[str, ...]
) -> None:
    """COM-03."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    shares = [{"person": getattr(office, who).id, "share_bps": bps} for who, bps in parts]
    refused(office.first.post(f"/v1/deals/{deal}/shares", {"shares": shares}), status, code, *fields)
    body = {"shares": shares, "reason": "分配"}
    refused(office.leader.post(f"/v1/deals/{deal}/shares/set", body), status, code, *fields)


def test_a_colleague_who_helped_is_credited_outside_the_shares(company: Company) -> None:
    """COM-05: five per cent of the commission by default, for at most two colleagues, never oneself."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    helped = office.first.made(f"/v1/deals/{deal}/assists", {"person": office.second.id})
    assert helped["overlays"] == [{"person": office.second.id, "amount": money(2_500), "points": None}]
    assert helped["shares"] == [{"person": office.first.id, "share_bps": 10_000}]
    assert sums(helped)["accrued"] == 52_500
    refused(office.first.post(f"/v1/deals/{deal}/assists", {"person": office.first.id}), 403, "not_allowed")
    office.first.made(f"/v1/deals/{deal}/assists", {"person": office.leader.id, "points": 3})
    refused(office.first.post(f"/v1/deals/{deal}/assists", {"person": company.rep("丙").id}), 409, "assist_limit")
    assert accounts(office.money, deal) == {office.first.id: {"accrued": 50_000}, office.second.id: {"accrued": 2_500}}


def test_deals_are_listed_by_what_they_are_about_and_to_whom_they_concern(company: Company) -> None:
    office = MoneyOffice(company)
    one = office.won(office.first)
    other = office.won(office.second, claim=office.claim(office.second, customer=customer(2))["id"])

    def ids(by: Any, **filters: str) -> list[str]:
        return [d["id"] for d in listed(by.get("/v1/deals", **filters))]

    assert ids(office.money) == [other, one]
    assert ids(office.money, owner=office.first.id) == [one]
    assert ids(office.money, state="cancelled") == []
    assert ids(office.money, customer=office.deal(other)["customer"], program=office.program) == [other]
    assert (ids(office.first), ids(office.second), ids(office.leader)) == ([one], [other], [other, one])
    assert ids(office.outsider()) == []
    refused(office.second.get(f"/v1/deals/{one}"), 404, "not_found")


def test_an_amount_that_no_ledger_could_add_up_is_refused(company: Company) -> None:
    """INT-01: sums stay within 64 bits on both databases, however many deals there are; the limit itself is taken."""
    office = MoneyOffice(company, rates=[{"when": {}, "rate_bps": 10_000}])
    most = 10**15
    claim = office.claim(office.first)["id"]
    too_much = {"amount": money(most + 1), "contract_at": SIGNED}
    refused(office.first.post(f"/v1/claims/{claim}/win", too_much), 422, "field_invalid", "amount.amount_minor")
    recorded = {"program": office.program, "customer": read(office.first, claim)["customer"]["id"], **too_much}
    refused(office.first.post("/v1/deals", recorded), 422, "field_invalid", "amount.amount_minor")
    deal = office.won(office.first, most, claim=claim)
    helped = {"person": office.second.id, "amount": money(2**63 - 1)}
    refused(office.first.post(f"/v1/deals/{deal}/assists", helped), 422, "field_invalid", "amount.amount_minor")
    assert accounts(office.money, deal) == {office.first.id: {"accrued": most}}
    ledger_is_right(company)
