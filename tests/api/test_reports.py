"""Reporting a customer (客户报备): CLM-01 to CLM-05, CLM-27, TER-01."""

from __future__ import annotations

from tests.support.company import Company, person_customer


def test_a_clear_case_is_protected_at_once(company: Company) -> None:
    """CLM-03: owner, acceptance at receipt, all clocks of the general policy."""
    program, rep = company.program(), company.rep()
    answer = rep.post("/v1/claims", {"program": program, "customer": person_customer()})
    assert answer.status_code == 201
    claim = answer.json()
    assert (claim["state"], claim["owner"], claim["accepted_at"]) == ("protected", rep.id, claim["received_at"])
    assert claim["customer"]["phone"] == "+86138****5678"
    assert [c["clock"] for c in claim["clocks"]] == ["first_follow_up", "idle", "no_deal", "protection"]
    assert claim["pending"] is None


def test_the_second_reporter_of_a_customer_is_told_that_it_is_owned(company: Company) -> None:
    """CLM-27: received and decided, so 201 `rejected`; the owner's history keeps the attempt (DSP-19)."""
    program, first, second = company.program(), company.rep("甲"), company.rep("乙")
    held = first.made("/v1/claims", {"program": program, "customer": person_customer()})
    answer = second.post("/v1/claims", {"program": program, "customer": person_customer("王小明", "138 1234 5678")})
    assert answer.status_code == 201
    rejected = answer.json()
    assert (rejected["state"], rejected["reason"], rejected["owner"]) == ("rejected", "customer_owned", None)
    assert rejected["conflict"] == {"owner_name": "甲", "end_date": None}
    kinds = [item["kind"] for item in first.get(f"/v1/claims/{held['id']}/timeline").json()["items"]]
    assert kinds == ["attempt", "accepted", "received"]


def test_reporting_an_own_open_claim_again_returns_it_unchanged(company: Company) -> None:
    """CLM-02."""
    program, rep = company.program(), company.rep()
    body = {"program": program, "customer": person_customer()}
    first = rep.made("/v1/claims", body)
    again = rep.post("/v1/claims", body)
    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["deadline"] == first["deadline"]


def test_a_lapse_takes_place_at_its_recorded_deadline(company: Company) -> None:
    """CLM-19: the stored lapse time is the deadline, however late it is decided."""
    program = company.program(policy={"claim.first_follow_up_wh": "PT20S"})
    rep = company.rep()
    claim = rep.made("/v1/claims", {"program": program, "customer": person_customer()})
    company.advance(minutes=10)
    after = rep.get(f"/v1/claims/{claim['id']}").json()
    assert (after["state"], after["reason"]) == ("lapsed", "no_first_follow_up")
    assert after["ended_at"] == claim["deadline"]
