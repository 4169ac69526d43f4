"""Everybody who signs a contract is looked for among the claims of the program (认购人、共有人核对, CUS-14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.money import SIGNED, MoneyOffice, accounts, ledger_is_right, money, sums
from tests.support.office import act, customer, done, moment, read

WIFE = {"name": "李红", "phone": "138 0000 0082"}


class Signing(MoneyOffice):
    """甲 reported 李红, 乙 her husband 王小明 after her; 5 per cent of every deal."""

    def __init__(self, company: Company, **policy: Any) -> None:
        known = {name.replace("__", ".", 1): value for name, value in policy.items()}
        super().__init__(company, policy={"dispute.auto_settle": True, **known})
        self.wife = self.claim(self.first, customer=customer(82, "李红"))
        self.husband = self.claim(self.second, customer=customer(81))

    def signed(self, *buyers: Mapping[str, Any]) -> str:
        deal = self.won(self.second, claim=self.husband["id"], buyers=list(buyers))
        self.company.ring_bells()
        return deal

    def cases(self) -> list[dict[str, Any]]:
        return listed(self.leader.get("/v1/disputes"))

    def kinds(self, case: Mapping[str, Any]) -> set[str]:
        """Which items of evidence come from what joins the two."""
        items = listed(self.leader.get(f"/v1/disputes/{case['id']}/evidence"))
        return {item["kind"] for item in items} & {"buyer", "relative", "other_phone", "other_name"}


def test_a_buyer_who_is_somebody_elses_goes_to_tier_zero_and_the_contract_goes_on(company: Company) -> None:
    """CUS-14, COM-08, DSP-04: the deal stands, its commission is held; unobjected, it is hers who reported first. The
    two are one customer in this program; nobody takes them for one person."""
    office = Signing(company)
    deal = office.signed(WIFE, {"name": "王大明"})
    found = office.deal(deal)
    assert found["state"] == "open"
    assert found["buyers"] == [
        {"kind": "person", "name": "李*", "phone": "+86138****0082"},
        {"kind": "person", "name": "王*", "phone": None},
    ]
    (case,) = office.cases()
    assert (case["grounds"], case["state"], case["tier"]) == ("identity", "proposed", 0)
    assert (case["outcome"]["owner"], case["outcome"]["same"]) == (office.first.id, True)
    assert office.kinds(case) == {"buyer"}
    assert sums(found) == {"accrued": 50_000, "released": 0, "held": 50_000, "paid": 0}
    assert accounts(office.money) == {office.second.id: {"held": 50_000}}
    (window,) = case["windows"]
    company.advance(seconds=(moment(window["deadline"]) - company.now()).total_seconds() + 1)
    assert accounts(office.money) == {office.first.id: {"accrued": 50_000}}
    assert office.deal(deal)["owner"] == office.first.id
    assert read(office.second, office.husband)["reason"] == "ruled_out"
    with company.database.reading() as tx:
        assert tx.execute(sa.select(t.identity_answer.c.same)).all() == []
    ledger_is_right(company)


@pytest.mark.parametrize(
    ("policy", "buyer"),
    [
        ({}, {"name": "李红", "phone": "13800000089"}),  # nobody knows her
        ({}, {"name": "王小明", "phone": "13800000081"}),  # the customer again
        ({"buyer__check": False}, WIFE),
        ({"program__mode": "trial"}, WIFE),
    ],
)
def test_nothing_is_asked_where_nobody_elses_customer_signs(
    company: Company, policy: dict[str, Any], buyer: dict[str, Any]
) -> None:
    """CUS-14, POL-08: and nothing where the check is off, or nothing takes effect."""
    office = Signing(company, **policy)
    office.signed(buyer)
    assert office.cases() == []
    assert read(office.second, office.husband)["state"] == "won"


def test_a_contract_that_is_refused_joins_nobody(company: Company) -> None:
    """CUS-14: a second first contract; the customer stays won, and no case is opened."""
    office = Signing(company)
    office.won(office.second, claim=office.husband["id"])
    again = act(office.second, office.husband, "win", amount=money(1), contract_at=SIGNED, buyers=[WIFE])
    refused(again, 409, "illegal_transition")
    company.ring_bells()
    assert office.cases() == []
    assert read(office.second, office.husband)["state"] == "won"


def test_a_linked_customer_of_somebody_else_counts_like_a_buyer(company: Company) -> None:
    """CUS-14: told by finance, who names nobody else; the link was approved before, and its scope is in force."""
    office = Signing(company, match__related_scope="household")
    link = {"with": office.wife["customer"]["id"], "kind": "household"}
    asked = company.person("前台", roles=("reception",), company_wide=True).made(
        f"/v1/customers/{office.husband['customer']['id']}/links", link
    )
    done(company.admin.post(f"/v1/links/{asked['id']}/approve", {}))
    body = {
        "program": office.program,
        "customer": office.husband["customer"]["id"],
        "amount": money(1_000_000),
        "contract_at": SIGNED,
    }
    deal = done(office.money.post("/v1/deals", body))
    company.ring_bells()
    (case,) = office.cases()
    assert office.kinds(case) == {"relative"}
    assert {p["person"] for p in case["parties"]} == {office.first.id, office.second.id}
    assert sums(office.deal(deal["id"]))["held"] == 50_000


def test_an_owner_who_was_found_to_be_apart_keeps_nobody_from_asking_about_the_next(company: Company) -> None:
    """CUS-13, CUS-14: 李红 was first, and is another customer for good; her son, who signs too, is not settled yet."""
    office = Signing(company)
    outsider = office.outsider()
    son = office.claim(outsider, customer=customer(83, "王小宝"))
    elsewhere = customer(84, "赵某")
    office.claim(office.first, customer=elsewhere)
    contested = office.claim(outsider, customer=elsewhere)["id"]
    body = {"claim": contested, "grounds": "refused_report", "statement": "我先接待的"}
    before = outsider.made("/v1/disputes", body)["id"]
    one, other = sorted((office.wife["customer"]["id"], office.husband["customer"]["id"]))
    found = {"one": one, "other": other, "same": False, "dispute": before, "at": company.now()}
    company.database.transact(lambda tx: tx.insert(t.identity_answer, found))
    deal = office.signed(WIFE, {"name": "王小宝", "phone": "13800000083"})
    opened = [d for d in listed(company.admin.get("/v1/disputes")) if d["id"] != before]
    assert [{p["person"] for p in d["parties"]} for d in opened] == [{outsider.id, office.second.id}]
    assert sums(office.deal(deal))["held"] == 50_000
    assert read(outsider, son)["state"] == "disputed"


def test_what_is_known_of_a_buyer_goes_with_either_of_the_two(company: Company) -> None:
    """CUS-14, AUD-05, CUS-03: an erased buyer is no longer in the contract of another; a number is checked."""
    office = Signing(company, buyer__check=False)
    wrong = act(
        office.second,
        office.husband,
        "win",
        amount=money(1),
        contract_at=SIGNED,
        buyers=[{"name": "王大明"}, {"name": "李红", "phone": "12"}],
    )
    refused(wrong, 422, "phone_invalid", "buyers.1.phone")
    deal = office.signed(WIFE, {"name": "王大明"})
    done(act(office.first, office.wife, "release", reason="need_unmet"))
    done(company.admin.post(f"/v1/customers/{office.wife['customer']['id']}/erase", {"reason": "客户要求"}))
    assert [one["name"] for one in office.deal(deal)["buyers"]] == ["王*"]
