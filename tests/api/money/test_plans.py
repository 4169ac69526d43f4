"""Commission plans (佣金方案): versioned, approved by a second person, in force by contract date (COM-02)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.money import FIVE_PCT, MoneyOffice, money, plan_in_force
from tests.support.office import customer

BODY: dict[str, Any] = {"program": None, "effective_from": "2031-01-01", "rates": list(FIVE_PCT)}


def test_a_plan_needs_a_second_person_and_keeps_the_order_of_steps(company: Company) -> None:
    """POL-04: draft → reviewed → approved → active."""
    plan = company.admin.made("/v1/plans", BODY)
    assert (plan["state"], plan["version"], plan["program"]) == ("draft", 1, None)
    assert plan["rates"] == [{"rule": "r1", "when": {}, "rate_bps": 500}]
    path = f"/v1/plans/{plan['id']}"
    for early in ("approve", "activate"):
        refused(company.admin.post(f"{path}/{early}"), 409, "illegal_transition")
    company.admin.made(f"{path}/review")
    refused(company.admin.post(f"{path}/approve"), 409, "same_person")
    other = company.person("审批", roles=("policy_admin",), company_wide=True)
    assert other.made(f"{path}/approve")["approved_by"] == other.id
    assert company.admin.made(f"{path}/activate")["state"] == "active"
    refused(company.admin.post(f"{path}/activate"), 409, "illegal_transition")


def test_a_plan_that_is_not_in_force_earns_nothing(company: Company) -> None:
    """COM-02: approved is not active, however early its date."""
    office = MoneyOffice(company, rates=({"when": {"product": "GTX"}, "rate_bps": 500},))
    plan = company.admin.made("/v1/plans", {**BODY, "program": office.program, "effective_from": "2031-02-01"})["id"]
    company.admin.made(f"/v1/plans/{plan}/review")
    company.person("审批", roles=("policy_admin",), company_wide=True).made(f"/v1/plans/{plan}/approve")
    deal = office.deal(office.won(office.first))
    assert (deal["plan_version"], deal["commission"]) == (1, money(0))


def test_a_small_team_waits_instead_of_asking_a_second_person(company: Company) -> None:
    """POL-09: approved by its author with notice and `org.self_approve_h`."""
    company.company_policy(org__small_max=15)
    plan = company.admin.made("/v1/plans", BODY)["id"]
    company.admin.made(f"/v1/plans/{plan}/review")
    company.admin.made(f"/v1/plans/{plan}/approve")
    refused(company.admin.post(f"/v1/plans/{plan}/activate"), 409, "illegal_transition")
    company.advance(hours=25)
    assert company.admin.made(f"/v1/plans/{plan}/activate")["state"] == "active"


@pytest.mark.parametrize(
    ("rates", "code", "fields"),
    [
        ([{"when": {}, "rate_bps": 1}, {"when": {}, "rate_bps": 2}], "policy_invalid", ("rates.0", "rates.1")),
        (
            [{"when": {"product": "A"}, "rate_bps": 1}, {"when": {"kind": "new"}, "rate_bps": 2}],
            "policy_invalid",
            ("rates.0", "rates.1"),
        ),
        (
            [{"when": {"team": "0190a5d4-7b3c-7000-8000-000000000001"}, "rate_bps": 1}],
            "field_invalid",
            ("rates.0.when.team",),
        ),
        ([{"when": {}, "rate_bps": 10_001}], "field_invalid", ("rates.0.rate_bps",)),
        ([{"when": {"colour": "red"}, "rate_bps": 1}], "field_not_allowed", ("rates.0.when.colour",)),
        ([], "field_invalid", ("rates",)),
    ],
)
def test_a_plan_that_could_mean_two_things_is_refused(
    company: Company, rates: list[dict[str, Any]], code: str, fields: tuple[str, ...]
) -> None:
    """COM-02: two equally fitting rates name both lines."""
    refused(company.admin.post("/v1/plans", {**BODY, "rates": rates}), 422, code, *fields)
    assert listed(company.admin.get("/v1/plans")) == []


def test_the_version_in_force_at_contract_date_applies(company: Company) -> None:
    """COM-02: a later version leaves contracts of before alone; each deal names its own."""
    office = MoneyOffice(company)
    plan_in_force(company, office.program, ({"when": {}, "rate_bps": 800},), effective_from="2031-03-05")
    before = office.deal(office.won(office.first, contract_at="2031-03-04T15:59:59Z"))
    # 2031-03-05 00:00 in Shanghai.
    second = office.claim(office.second, customer=customer(2))["id"]
    after = office.deal(office.won(office.second, claim=second, contract_at="2031-03-04T16:00:00Z"))
    assert (before["plan_version"], before["commission"]) == (1, money(50_000))
    assert (after["plan_version"], after["commission"]) == (2, money(80_000))


def test_the_rate_with_most_conditions_wins(company: Company) -> None:
    office = MoneyOffice(
        company,
        rates=(
            {"when": {}, "rate_bps": 100},
            {"when": {"product": "GTX"}, "rate_bps": 500},
            {"when": {"product": "GTX", "kind": "renewal"}, "rate_bps": 300},
        ),
    )
    claim = office.claim(office.first)
    deals = [office.won(office.first, claim=claim["id"])]
    body = {"program": office.program, "customer": claim["customer"]["id"], "amount": money(1_000_000)}
    for more in ({"product": "GTX"}, {"product": "GTX", "kind": "renewal"}):
        deals.append(office.first.made("/v1/deals", {**body, "contract_at": "2031-03-04T08:00:00Z", **more})["id"])
    found = [(d["rate_rule"], d["commission"]["amount_minor"]) for d in map(office.deal, deals)]
    assert found == [("r1", 10_000), ("r2", 50_000), ("r3", 30_000)]


def test_members_read_what_is_in_force_and_drafts_are_for_those_who_make_them(company: Company) -> None:
    """POL-07; a plan of a program is for its members."""
    office = MoneyOffice(company)
    elsewhere = company.program("Elsewhere", members=[{"person": company.admin.id}])
    hidden = plan_in_force(company, elsewhere)["id"]
    draft = company.admin.made("/v1/plans", BODY)["id"]
    assert [p["id"] for p in listed(office.first.get("/v1/plans"))] == [office.plan["id"]]
    assert {p["id"] for p in listed(company.admin.get("/v1/plans"))} == {draft, hidden, office.plan["id"]}
    assert [p["id"] for p in listed(company.admin.get("/v1/plans", program=elsewhere))] == [hidden]
    for unseen in (draft, hidden):
        refused(office.first.get(f"/v1/plans/{unseen}"), 404, "not_found")
    refused(office.first.post("/v1/plans", BODY), 403, "not_allowed")


def test_a_version_that_was_taken_over_from_is_archived(company: Company) -> None:
    office = MoneyOffice(company)
    plan_in_force(company, office.program, effective_from="2031-02-01")
    assert company.admin.get(f"/v1/plans/{office.plan['id']}").json()["state"] == "archived"
