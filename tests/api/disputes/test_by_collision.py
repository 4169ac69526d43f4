"""Cases that nobody opens by hand: a report on an owned customer where policy says so (CLM-27)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import refused
from tests.support.company import Company
from tests.support.office import Office, act, done, moment, moves, notices, read, work

BY_COLLISION = {"claim.on_collision": "dispute", "dispute.auto_settle": False}


@pytest.fixture
def office(company: Company) -> Office:
    """甲 holds the customer and works it."""
    made = Office(company, policy=BY_COLLISION)
    work(made.first, made.claim(made.first))
    return made


def case_of(office: Office, claim: dict[str, Any]) -> dict[str, Any]:
    return done(office.leader.get(f"/v1/disputes/{claim['dispute']}"))


def held_by_first(office: Office) -> dict[str, Any]:
    found: dict[str, Any] = office.first.get("/v1/claims").json()["items"][0]
    return found


def test_a_report_on_an_owned_customer_is_answered_with_a_dispute(office: Office) -> None:
    """CLM-27, contract section 5: 201 `disputed`; the case is there at once, opened by the reporter."""
    claim = office.claim(office.second)
    assert (claim["state"], claim["reason"], claim["owner"]) == ("disputed", None, None)
    case = case_of(office, claim)
    assert (case["number"], case["grounds"], case["state"]) == (1, "ownership", "negotiating")
    assert [(p["person"], p["claim"], p["role"]) for p in case["parties"]] == [
        (office.second.id, claim["id"], "opener"),
        (office.first.id, held_by_first(office)["id"], "respondent"),
    ]
    assert moves(office.second, claim) == [("received", None, "reported"), ("disputed", "reported", "disputed")]
    held = held_by_first(office)
    assert (held["state"], held["owner"], held["deadline"]) == ("disputed", office.first.id, None)
    assert "dispute.opened" in notices(office.first)


def test_another_report_joins_the_open_case(office: Office) -> None:
    """CLM-27, DSP-01: one case per customer and track; sent again, a report is given back."""
    first = office.claim(office.second)
    third = office.outsider()
    second = office.claim(third)
    assert (second["state"], second["dispute"]) == ("disputed", first["dispute"])
    assert [p["role"] for p in case_of(office, first)["parties"]] == ["opener", "respondent", "joined"]
    again = office.report(third)
    assert (again.status_code, again.json()["id"]) == (200, second["id"])


def test_its_windows_wake_it_by_themselves(office: Office) -> None:
    """DSP-05: a case made by a drain has its own timer."""
    claim = office.claim(office.second)
    office.company.advance(
        seconds=(moment(case_of(office, claim)["deadline"]) - office.company.now()).total_seconds() + 1
    )
    assert case_of(office, claim)["state"] == "arbitrating"


def test_a_case_without_ground_leaves_the_report_refused(office: Office) -> None:
    """DSP-14, CLM-27: it is not disputed by itself again."""
    claim = office.claim(office.second)
    done(office.company.admin.post(f"/v1/disputes/{claim['dispute']}/dismiss", {"reason": "没有依据"}))
    assert held_by_first(office)["state"] == "active"
    ended = read(office.second, claim)
    assert (ended["state"], ended["reason"]) == ("rejected", "customer_owned")


def test_nobody_joins_between_a_ruling_and_its_finality(office: Office) -> None:
    """DSP-16: all has been said; the report is refused and may be contested when the case is over."""
    company = office.company
    root = company.admin.get(f"/v1/teams/{company.root}").json()
    leads = {"version": root["version"], "leader": company.person("总监").id}
    done(company.admin.patch(f"/v1/teams/{company.root}", leads))
    claim = office.claim(office.second)
    path = f"/v1/disputes/{claim['dispute']}"
    for step in ("waive", "heard"):
        for party in (office.first, office.second):
            done(party.post(f"{path}/{step}"))
    ruling = {
        "outcome": "party",
        "owner": office.first.id,
        "facts": "先报备",
        "reason": "先报备",
        "follows_advice": True,
    }
    assert done(office.leader.post(f"{path}/ruling", ruling))["state"] == "ruled"
    late = office.claim(office.outsider())
    assert (late["state"], late["reason"]) == ("rejected", "customer_owned")


def test_the_rules_may_settle_it(company: Company) -> None:
    """DSP-04: recorded facts separate the parties as in a case opened by hand."""
    office = Office(company, policy=BY_COLLISION | {"dispute.auto_settle": True})
    held = office.claim(office.first)
    claim = office.claim(office.second)
    case = case_of(office, claim)
    assert (case["state"], case["outcome"]["owner"]) == ("proposed", office.first.id)
    refused(act(office.first, held, "release", reason="lost"), 409, "claim_disputed")


def test_who_shares_by_a_joint_ruling_works_the_owners_claim(office: Office) -> None:
    """CLM-29, DSP-14: the owner owns alone, the other collaborates with work rights."""
    claim = office.claim(office.second)
    path = f"/v1/disputes/{claim['dispute']}"
    for step in ("waive", "heard"):
        for party in (office.first, office.second):
            done(party.post(f"{path}/{step}"))
    shares = [{"person": office.first.id, "share_bps": 7000}, {"person": office.second.id, "share_bps": 3000}]
    ruling = {"outcome": "joint", "owner": office.first.id, "shares": shares, "facts": "都有投入", "reason": "共同跟进"}
    final = done(office.leader.post(f"{path}/ruling", {**ruling, "follows_advice": False}))
    assert final["state"] == "final"
    held = held_by_first(office)
    assert (held["state"], held["collaborators"]) == ("active", [{"person": office.second.id, "rights": "work"}])
    assert work(office.second, held, note="一起约了客户周末看样板间")["qualified"]
