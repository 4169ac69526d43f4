"""Visit first (到访优先): no report but the first completed reception decides (contract section 15, CLM-09, F15)."""

from __future__ import annotations

from tests.support.answers import listed
from tests.support.company import Company
from tests.support.office import Office, clocks, customer, done, read, work
from tests.support.visits import NOTED, Visits, step

VISIT_FIRST = {"ownership.visit_first": True}


def test_the_first_completed_reception_decides_among_reports(company: Company) -> None:
    """CLM-09: reports stand beside one another, no reporter has the visitor, a visit that is only told is no visit."""
    office = Visits(company, policy=VISIT_FIRST)
    first, second = (office.claim(rep, customer=customer(1)) for rep in (office.first, office.second))
    other = office.claim(office.second, customer=customer(2))
    told = work(office.first, first, "visit")
    assert (told["state"], told["qualified"], told["why"]) == ("reported", False, "ownership.visit_first")
    call = work(office.first, first, "call", note="电话里谈了户型、预算和看房时间")
    assert call["why"] == "claim.judgement_mode"
    # The first turn is 甲's, who has not reported the other customer.
    made = office.served(2, by=office.first)
    assert made["owner"] is None
    assert (read(office.first, made["claim"])["owner"], read(office.second, other)["state"]) == (
        office.first.id,
        "rejected",
    )
    # The next is 乙's: their own report is accepted, though it came later.
    assert office.served(1, by=office.second)["claim"] == second["id"]
    assert [read(office.second, second)["owner"], read(office.first, first)["reason"]] == [
        office.second.id,
        "customer_owned",
    ]


def test_a_visitor_who_names_a_reporter_comes_for_them(company: Company) -> None:
    """CLM-09, LEAD-08: whose turn it is does not matter then; somebody without a report is named in vain."""
    office = Visits(company, policy=VISIT_FIRST)
    office.claim(office.first, customer=customer(1))
    claim = office.claim(office.second, customer=customer(1))
    one = office.visitor(1, asks_for=office.second.id)
    assert (one["way"], one["server"]) == ("owner", office.second.id)
    done(step(office.second, one, "greet"))
    done(step(office.second, one, "record", **NOTED))
    assert done(step(office.second, one, "complete"))["claim"] == claim["id"]
    office.claim(office.second, customer=customer(2))
    assert office.visitor(2, asks_for=office.first.id)["owner"] is None


def test_claims_accepted_before_the_switch_keep_their_terms(company: Company) -> None:
    """CLM-09, POL-02: they hold as before, and whoever comes is received for their owner."""
    office = Visits(company)
    held = office.claim(office.second, customer=customer(1))
    second = company.person("规则员", roles=("policy_admin",), company_wide=True)
    made = company.admin.made(
        f"/v1/programs/{office.program}/policies", {"reason": "到访优先", "parameters": VISIT_FIRST}
    )
    for step_name in ("review", "approve", "activate"):
        second.made(f"/v1/policies/{made['id']}/{step_name}")
    assert office.report(office.first, customer=customer(2)).json()["state"] == "reported"
    kept = read(office.second, held)
    assert (kept["state"], clocks(kept), kept["policy_version"]) == ("protected", clocks(held), held["policy_version"])
    assert office.report(office.first, customer=customer(1)).json()["state"] == "rejected"
    done(step(office.second, office.visitor(1), "greet"))
    assert [r["owner"] for r in listed(office.desk.get("/v1/receptions"))] == [office.second.id]


def test_without_a_site_the_visit_that_is_told_decides(company: Company) -> None:
    """CLM-09, CLM-12: nobody there receives anybody."""
    office = Office(company, policy=VISIT_FIRST)
    claim = office.claim(office.first)
    assert work(office.first, claim, "visit")["state"] == "protected"
