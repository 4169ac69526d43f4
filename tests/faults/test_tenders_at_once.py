"""A tender number becomes known at the moment at which a rival reports it: one of the two has it (CLM-33, TER-01)."""

from __future__ import annotations

from typing import Any

from tests.faults.held import Held, contest
from tests.support.company import Company, Person
from tests.support.office import Office, done, read

BUYER = {"kind": "company", "name": "甲子建设有限公司", "company_code": "91350100M000100Y43"}
RIVAL = {"name": "智能化系统采购", "tender_number": "T-9"}


def opened(here: Company) -> tuple[Office, dict[str, Any]]:
    office = Office(here, policy={"claim.subject": "project"})
    return office, office.claim(office.first, customer=BUYER, project={"name": "一期弱电工程"})


def numbered(claim: dict[str, Any]) -> dict[str, Any]:
    return {"version": claim["version"], "project": {"tender_number": "T-9"}}


def test_a_rival_report_waits_for_the_number_that_is_being_completed(here: Company, beside: Company) -> None:
    """CLM-33: it finds the owner's project under its number, and is the collision that it is (CLM-27)."""
    office, claim = opened(here)
    elsewhere = Person(beside, office.second.id, office.second.token)
    body = {"program": office.program, "customer": BUYER, "project": RIVAL}
    one, other = contest(
        lambda: office.first.patch(f"/v1/claims/{claim['id']}", numbered(claim)),
        lambda: elsewhere.post("/v1/claims", body),
        of_first=Held(here.database, "UPDATE project"),
        of_second=beside.database,
    )
    assert done(one)["project"]["tender_number"] == "T-9"
    rival = done(other)
    assert (rival["state"], rival["reason"]) == ("rejected", "customer_owned")
    assert rival["project"]["id"] == claim["project"]["id"]


def test_a_number_that_is_being_reported_waits_for_the_report(here: Company, beside: Company) -> None:
    """CLM-27, TER-01: the rival was first, undecided yet; the completion is the collision, and nothing is changed."""
    office, claim = opened(here)
    elsewhere = Person(beside, office.first.id, office.first.token)
    one, other = contest(
        lambda: office.report(office.second, customer=BUYER, project=RIVAL),
        lambda: elsewhere.patch(f"/v1/claims/{claim['id']}", numbered(claim)),
        of_first=Held(here.database, "INSERT INTO claim"),
        of_second=beside.database,
    )
    assert done(one)["state"] == "protected"
    assert (other.status_code, other.json()["code"]) == (409, "customer_owned"), other.text
    assert read(office.first, claim)["project"]["tender_number"] is None
