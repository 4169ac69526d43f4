"""A lapse that is contested while its owner could still rescue the claim (DSP-03, CLM-20)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import refused
from tests.support.company import Company, person_customer
from tests.support.leads import Leads
from tests.support.office import Office, act, customer, done, entry, moment, read, work

POLICY: dict[str, Any] = {
    "dispute.auto_settle": False,
    "claim.first_follow_up_wh": "PT1H",
    "claim.grace_days": "PT10H",
}
NOTE = "谈了户型、预算和下次看房时间安排"


@pytest.mark.parametrize("hours", [9, 11], ids=["in grace", "after it"])
def test_a_dismissed_case_gives_the_grace_back(company: Company, hours: int) -> None:
    """DSP-03: "the earlier states and remaining times"; the pool has to wait as long (POOL-02)."""
    office = Office(company, policy=POLICY)
    held = office.claim(office.first)
    office.claim(office.second)
    company.advance(hours=1, seconds=1)
    until = moment(entry(office.first, held, "lapsed")["data"]["grace_until"])
    case = done(
        office.first.post("/v1/disputes", {"claim": held["id"], "grounds": "contested_lapse", "statement": "我在跟进"})
    )
    company.shift(hours=30)
    ended = done(company.admin.post(f"/v1/disputes/{case['id']}/dismiss", {"reason": "没有依据"}))
    stopped = moment(ended["ended_at"]) - moment(ended["opened_at"])
    assert read(office.first, held)["state"] == "lapsed"
    left = until - moment(ended["opened_at"])
    company.shift(hours=hours)
    if company.now() <= until + stopped:
        assert left.total_seconds() > 9 * 3600
        work(office.first, held)
        assert read(office.first, held)["state"] == "active"
    else:
        refused(act(office.first, held, "follow-ups", kind="call", note=NOTE), 409, "deadline_passed")


def lapsed(company: Company, **policy: Any) -> tuple[Office, dict[str, Any], dict[str, Any]]:
    """甲's claim has lapsed, 乙's report was refused while 甲 held the customer."""
    office = Office(company, policy={**POLICY, **policy})
    held = office.claim(office.first)
    lost = office.claim(office.second)
    company.advance(hours=1, seconds=1)
    assert read(office.first, held)["state"] == "lapsed"
    return office, held, lost


def contested(by: Any, claim: dict[str, Any], grounds: str = "contested_lapse") -> dict[str, Any]:
    return done(by.post("/v1/disputes", {"claim": claim["id"], "grounds": grounds, "statement": "我在跟进"}))


def test_nobody_else_gets_the_customer_while_a_case_is_open(company: Company) -> None:
    """DSP-03, TER-01: nobody holds it, and it is not free; a later report is a collision, and the outcome stands."""
    office, held, lost = lapsed(company, **{"claim.grace_days": 0, "dispute.appeal_wd": 0, "dispute.evidence_wh": 0})
    case = contested(office.first, held)
    third = company.rep("丁", team=office.team)
    asked = {"program": office.program, "customer": person_customer()}
    assert done(third.post("/v1/ownership/lookup", asked))["answer"] == "conflict"
    late = office.claim(third)
    assert (late["state"], late["reason"]) == ("rejected", "customer_owned")
    path = f"/v1/disputes/{case['id']}"
    for party in (office.first, office.second):
        done(party.post(f"{path}/waive"))
    ruling = {"outcome": "party", "owner": office.second.id, "facts": "乙先到访", "reason": "首次接待在先"}
    ended = done(office.leader.post(f"{path}/ruling", {**ruling, "follows_advice": False}))
    assert ended["state"] == "final"
    assert [read(office.leader, claim)["state"] for claim in (held, lost, late)] == ["lapsed", "protected", "rejected"]


def test_a_report_during_a_case_joins_it_where_policy_says_so(company: Company) -> None:
    """CLM-27: `claim.on_collision` dispute."""
    policy = {"claim.grace_days": 0, "claim.on_collision": "dispute"}
    office = Office(company, policy={**POLICY, **policy})
    held = office.claim(office.first)
    case = office.claim(office.second)["dispute"]
    done(company.admin.post(f"/v1/disputes/{case}/dismiss", {"reason": "没有依据"}))
    company.advance(hours=2)
    assert read(office.first, held)["state"] == "lapsed"
    opened = contested(office.first, held)
    late = office.claim(company.rep("丁", team=office.team))
    assert (late["state"], late["dispute"]) == ("disputed", opened["id"])


def test_a_rescue_waits_for_the_case_of_others(company: Company) -> None:
    """DSP-03, CLM-20: 乙 and 丙 dispute the customer whom 甲 may still rescue."""
    office = Office(company, policy=POLICY)
    held = office.claim(office.first)
    third = company.rep("丙", team=office.team)
    lost = [office.claim(rep) for rep in (office.second, third)]
    company.advance(hours=1, seconds=1)
    case = contested(office.second, lost[0], "refused_report")
    assert {p["person"] for p in case["parties"]} == {office.second.id, third.id}
    refused(act(office.first, held, "follow-ups", kind="call", note=NOTE), 409, "claim_disputed")


def test_a_queue_stands_still_while_the_lapse_is_contested(company: Company) -> None:
    """CLM-20, CLM-27: the grace period runs out during the case; nothing fails, and the first in line has its turn."""
    office = Office(company, policy={**POLICY, "claim.on_collision": "queue"})
    held = office.claim(office.first)
    queued = office.claim(office.second)
    company.advance(hours=1, seconds=1)
    case = contested(office.first, held)
    company.advance(hours=20)
    with company.database.reading() as tx:
        assert tx.rows(sa.select(t.poison)) == []
    done(company.admin.post(f"/v1/disputes/{case['id']}/dismiss", {"reason": "没有依据"}))
    assert read(office.second, queued)["state"] == "reported"
    company.advance(hours=10, minutes=30)
    assert read(office.second, queued)["state"] == "protected"


def test_a_lead_is_not_accepted_past_a_case(company: Company) -> None:
    """DSP-03, LEAD-16: neither by its receiver nor by silence, which gives it to the supervisor."""
    office = Leads(company, policy={**POLICY, "claim.grace_days": 0, "lead.accept_oh": "PT2H"})
    held = office.claim(office.first, customer=customer(901))
    office.claim(office.second, customer=customer(901))
    company.advance(hours=1, seconds=1)
    case = contested(office.first, held)
    lead = office.lead(customer={"id": held["customer"]["id"]})
    receiver = office.receiver(lead)
    refused(receiver.post(f"/v1/leads/{lead['id']}/accept", {}), 409, "claim_disputed")
    company.advance(hours=3)
    left = done(office.sender.get(f"/v1/leads/{lead['id']}"))
    assert (left["state"], left["claim"]) == ("escalated", None)
    assert done(office.first.get(f"/v1/disputes/{case['id']}"))["ended_at"] is None
