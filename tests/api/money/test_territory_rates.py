"""A commission plan's line for a territory fits the deals of customers who lie in it (COM-02, TER-02)."""

from __future__ import annotations

from typing import Any

from tests.support.company import Company
from tests.support.money import MoneyOffice, money
from tests.support.office import customer, done

RATES = ({"when": {}, "rate_bps": 500}, {"when": {"territory": "东区"}, "rate_bps": 700})


def test_the_territory_at_contract_decides_whoever_made_the_deal(company: Company) -> None:
    """By the plan in force at contract date, by named account through a merged record as well (CUS-13)."""
    office = MoneyOffice(company, rates=RATES, policy={"claim.out_of_territory": "warn"})
    old = company.admin.made("/v1/customers", {**customer(9), "kind": "person"})["id"]
    east = {
        "name": "东区",
        "to": {"person": office.second.id},
        "rules": [{"region": ["华东"]}],
        "accounts": [old],
    }
    company.admin.made("/v1/customers", {**customer(4), "facets": {"region": "华东"}})
    before = office.claim(office.first, customer=customer(4))["id"]
    plan = company.admin.made("/v1/territories", {"program": office.program, "territories": [east]})["id"]
    company.admin.made(f"/v1/territories/{plan}/activate", {"at": "2031-03-04T00:00:00Z"})
    company.at("2031-03-04T01:00:00Z")

    def rate(number: int, *, claim: str | None = None, at: str = "2031-03-04T08:00:00Z", **facets: str) -> Any:
        told = {**customer(number), "facets": facets}
        of = claim or office.claim(office.first, customer=told)["id"]
        return office.deal(office.won(office.first, claim=of, contract_at=at))["commission"]

    assert rate(1, region="华东") == money(70_000)
    assert rate(2, region="华西") == money(50_000)
    assert rate(4, claim=before, at="2031-03-03T23:59:59Z") == money(50_000)  # signed before the plan
    renewed = {"amount": money(1_000_000), "contract_at": "2031-03-04T00:00:00Z", "kind": "renewal"}
    given = {"program": office.program, "customer": office.first.get(f"/v1/claims/{before}").json()["customer"]["id"]}
    assert office.first.made("/v1/deals", {**given, **renewed})["commission"] == money(70_000)
    new = company.admin.made("/v1/customers", customer(8))["id"]
    done(company.admin.post(f"/v1/customers/{old}/merge", {"into": new, "reason": "同一客户"}))
    merged = office.claim(office.first, customer=customer(8))["id"]
    assert rate(8, claim=merged) == money(70_000)
