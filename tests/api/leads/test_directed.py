"""Leads are no way round the pool, nor out of a grace period (POOL-01, POOL-03, POOL-08, CLM-20, CLM-26, CLM-04)."""

from __future__ import annotations

from typing import Any

import pytest

from storage import matters
from storage.database import Transaction
from tests.api.leads.test_who_gets_it import rules
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.leads import Leads, read
from tests.support.leads import act as on_lead
from tests.support.office import act, customer, done, entry, notices
from tests.support.office import read as read_claim

NO_WAIT = {"claim.reclaim_wait_h": {"person": 0, "company": 0}}


class Pooled(Leads):
    """Leads, and customers in the pool whom the first rep gave up."""

    def __init__(self, company: Company, policy: dict[str, Any] | None = None) -> None:
        super().__init__(company, policy={**NO_WAIT, **(policy or {})})
        self.pool = company.admin.get(f"/v1/programs/{self.program}").json()["default_pool"]
        self.third = company.rep("丁", team=self.team)

    def pooled(self, number: int) -> str:
        """The entry."""
        done(act(self.first, self.claim(self.first, customer=customer(number)), "release", reason="need_unmet"))
        items = self.second.get(f"/v1/pools/{self.pool}/customers").json()["items"]
        return str(items[0]["id"])

    def handed(self, by: Person, to: Person, number: int) -> dict[str, Any]:
        """A lead on a pooled customer, offered to ``to`` by name."""
        lead = self.lead(by=by, person=to.id, customer=customer(number))
        assert (lead["state"], lead["receiver"]) == ("offered", to.id)
        return lead

    def admin_act(self, name: str, *entries: str, **body: Any) -> None:
        path = f"/v1/pools/{self.pool}/{name}"
        rows = done(self.company.admin.post(path, {"customers": list(entries), "reason": "整理", **body}))["rows"]
        assert all(row["ok"] for row in rows)


def test_nobody_hands_a_lead_to_themselves(company: Company) -> None:
    """LEAD-16, POOL-03: neither as it comes in nor once it was returned; whoever wants the customer reports them."""
    office = Leads(company)
    refused(office.send(by=office.first, person=office.first.id), 422, "field_invalid", "person")
    lead = office.lead(by=office.first, person=office.second.id)
    done(on_lead(office.second, lead, "return", reason="no_need"))
    refused(on_lead(office.first, lead, "assign", person=office.first.id), 422, "field_invalid", "person")


def test_a_colleagues_lead_on_a_pooled_customer_is_a_take(company: Company) -> None:
    """POOL-03, POOL-06, POOL-08: locked, restricted, over the day's limit as for a take; then it counts as one."""
    office = Pooled(company, {"pool.daily_takes": 1})
    entries = [office.pooled(n) for n in (1, 2, 3)]
    office.admin_act("lock", entries[0])
    lead = office.handed(office.first, office.second, 1)
    assert refused(on_lead(office.second, lead, "accept"), 403, "restricted")["facts"] == {"locked": True}
    assert read(office.second, lead)["state"] == "offered"
    office.admin_act("unlock", entries[0])
    claim = done(on_lead(office.second, lead, "accept"))["claim"]
    assert read_claim(office.second, claim)["state"] == "protected"
    assert entry(office.second, claim, "received")["data"]["taken_from"] == office.pool
    again = office.handed(office.third, office.second, 2)
    refused(on_lead(office.second, again, "accept"), 429, "daily_limit")
    # Neither a colleague's word nor the sender's own rule makes it another act: the leader's does.
    done(on_lead(office.leader, again, "assign", person=office.third.id))
    done(on_lead(office.leader, again, "assign", person=office.second.id))
    assert done(on_lead(office.second, again, "accept"))["state"] == "accepted"


def test_a_former_owner_waits_whoever_writes_the_lead(company: Company) -> None:
    """CLM-26, POOL-09: a lost customer comes back by a colleague's lead no sooner than by a report."""
    office = Pooled(company, {"claim.reclaim_wait_h": {"person": 5, "company": 5}, "pool.cool_off_h": 1})
    office.pooled(1)
    lead = office.handed(office.second, office.first, 1)
    refused(on_lead(office.first, lead, "accept"), 409, "cooling_off")
    company.at("2031-03-03T03:30:00Z")
    refused(on_lead(office.first, lead, "accept"), 409, "reclaim_wait")


def test_a_judge_looks_at_what_a_colleague_handed_over(company: Company) -> None:
    """CLM-04: as at a report; not at what somebody hands over who owns no customers (LEAD-16)."""
    judged = Pooled(company, {"claim.judgement_mode": "manual"})
    lead = judged.handed(judged.second, judged.third, 20)
    claim = done(on_lead(judged.third, lead, "accept"))["claim"]
    assert read_claim(judged.third, claim)["state"] == "reported"
    lead = judged.lead(person=judged.third.id, customer=customer(21))  # of marketing, who gain nothing by it
    claim = done(on_lead(judged.third, lead, "accept"))["claim"]
    assert read_claim(judged.third, claim)["state"] == "protected"


def test_silence_gets_nobody_what_saying_yes_would_not(company: Company) -> None:
    """POOL-03, LEAD-16: the lead goes to the supervisor instead."""
    office = Pooled(company, {"lead.accept_oh": "PT1H"})
    office.admin_act("lock", office.pooled(1))
    lead = office.handed(office.first, office.second, 1)
    done(on_lead(office.second, lead, "contact", kind="call", note="已联系客户"))
    company.advance(hours=2)
    assert read(office.leader, lead)["state"] == "escalated"
    assert "lead.escalated" in notices(office.leader)


def test_a_rule_that_names_the_receiver_makes_a_colleagues_lead_no_other_act(company: Company) -> None:
    """POOL-03, POOL-06, POOL-08, LEAD-03: the colleague knew to whom it would go; marketing gains nothing by it."""
    office = Pooled(company, {"pool.daily_takes": 1})
    rules(office, ({}, {"person": office.second.id}))
    entries = [office.pooled(n) for n in (1, 2, 3)]
    office.admin_act("lock", entries[0])
    lead = office.lead(by=office.third, customer=customer(1))
    assert (lead["receiver"], lead["offers"][0]["way"]) == (office.second.id, "rule")
    refused(on_lead(office.second, lead, "accept"), 403, "restricted")
    office.admin_act("unlock", entries[0])
    claim = done(on_lead(office.second, lead, "accept"))["claim"]
    assert entry(office.second, claim, "received")["data"]["taken_from"] == office.pool
    again = office.lead(by=office.third, customer=customer(2))
    refused(on_lead(office.second, again, "accept"), 429, "daily_limit")
    ours = office.lead(customer=customer(3))
    assert done(on_lead(office.second, ours, "accept"))["state"] == "accepted"


def test_a_colleagues_lead_in_grace_brings_the_former_owner_nothing_new(company: Company) -> None:
    """CLM-20, CLM-26: it is theirs, but they wait as for a report; once they have waited, oversight hears of it."""
    policy = {"claim.first_follow_up_wh": "PT1H", "claim.grace_days": 30, "claim.reclaim_wait_h": {"person": 4}}
    office = Leads(company, policy=policy)
    lost = {"id": office.claim(office.second, customer=customer(901))["customer"]["id"]}
    company.advance(hours=2)
    lead = office.lead(by=office.first, customer=lost)
    assert (lead["receiver"], lead["offers"][0]["way"]) == (office.second.id, "former_owner")
    refused(on_lead(office.second, lead, "accept"), 409, "reclaim_wait")
    company.advance(hours=4)
    taken = done(on_lead(office.second, lead, "accept"))
    told = [one for one in listed(company.admin.get("/v1/me/notices")) if one["subject"]["id"] == taken["claim"]]
    assert [one["rule"] for one in told if one["kind"] == "claim.accepted"] == ["CLM-26"]


def test_a_lead_does_not_weigh_against_its_own_acceptance(company: Company) -> None:
    """POOL-11: others in hand do; this one becomes the customer whom there is room for."""
    office = Pooled(company, {"people.capacity_points": 2})
    for number in (1, 2):
        office.pooled(number)
    lead, other = (office.handed(office.third, office.second, number) for number in (1, 2))
    # Of two points one is another lead's, later a customer's: there is room for each of them in turn.
    assert done(on_lead(office.second, lead, "accept"))["state"] == "accepted"
    assert done(on_lead(office.second, other, "accept"))["state"] == "accepted"


def test_silence_knows_of_a_special_approval_as_saying_yes_does(company: Company) -> None:
    """CLM-34, LEAD-16: a leader lets them exceed the cap, which is used up by it."""
    policy = {"pool.holding_cap": 1, "lead.accept_oh": "PT1H", "lead.first_response_oh": {"C": 0}}
    office = Pooled(company, policy)
    lost = office.claim(office.first, customer=customer(1))
    allowed = {"kind": "exceed", "to": office.second.id, "until": "2031-04-30T10:00:00Z", "reason": "总部要求"}
    done(act(office.manager(), lost, "override", **allowed))
    done(act(office.first, lost, "release", reason="need_unmet"))
    office.claim(office.second, customer=customer(2))
    lead = office.handed(office.third, office.second, 1)
    company.advance(hours=2)
    taken = read(office.second, lead)
    assert (taken["state"], taken["by_silence"]) == ("accepted", True)
    (approval,) = listed(office.second.get("/v1/overrides", kind="exceed"))
    assert approval["used_at"] == taken["ended_at"]


def _everything_to_the_pool(office: Leads) -> None:
    path = f"/v1/programs/{office.program}/lead-rules"
    done(office.company.admin.patch(path, {"version": 1, "rules": [{"when": {}, "to": {"pool": True}}]}))


def test_a_pooled_customer_stays_as_they_lie_when_a_lead_of_theirs_ends_in_the_pool(company: Company) -> None:
    """LEAD-03, POOL-01, POOL-08: locked, restricted and since when."""
    office = Pooled(company)
    _everything_to_the_pool(office)
    number = office.pooled(1)
    office.admin_act("lock", number)
    office.admin_act("restrict", number, people=[office.third.id])
    before = done(company.admin.get(f"/v1/pools/{office.pool}/customers"))["items"]
    company.advance(hours=1)
    assert office.lead(customer=customer(1))["state"] == "pooled"
    assert done(company.admin.get(f"/v1/pools/{office.pool}/customers"))["items"] == before


def test_a_lead_in_grace_reaches_the_former_owner_or_the_supervisor(company: Company) -> None:
    """LEAD-01, LEAD-05, POOL-11, CLM-20: away or full, whatever rules and senders name; never one who cannot accept."""
    office = Leads(company, policy={"claim.first_follow_up_wh": "PT1H", "claim.grace_days": 30, "pool.holding_cap": 1})
    _everything_to_the_pool(office)
    lost = office.claim(office.second, customer=customer(901))
    company.advance(hours=2)
    office.claim(office.second, customer=customer(902))
    span = {"from": company.now().isoformat(), "to": "2031-03-05T02:00:00Z"}
    company.admin.made(f"/v1/people/{office.second.id}/absences", span)
    lead = office.lead(customer={"id": lost["customer"]["id"]}, person=office.first.id)
    assert (lead["receiver"], lead["offers"][0]["way"]) == (office.second.id, "former_owner")
    done(on_lead(office.second, lead, "return", reason="no_need"))
    left = done(on_lead(office.sender, lead, "assign"))
    assert (left["state"], left["receiver"]) == ("escalated", None)
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    assert done(office.first.get(f"/v1/pools/{pool}/customers"))["items"] == []


def test_whoever_reports_or_takes_is_locked_with_those_who_have_a_lead_in_hand(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CLM-25, POOL-06: in one order; else two who go for customers in one another's hands lock each other out."""
    office = Pooled(company, {"claim.cap_person": 50})
    entry = office.pooled(1)
    office.handed(office.first, office.second, 1)
    office.lead(person=office.second.id, customer=customer(2))
    asked: list[tuple[Transaction, set[str]]] = []
    lock_people = matters.lock_people

    def locks(tx: Transaction, people: set[str]) -> None:
        asked.append((tx, set(people)))
        lock_people(tx, people)

    monkeypatch.setattr(matters, "lock_people", locks)
    calls = [
        lambda: office.report(office.first, customer=customer(2)),
        lambda: office.third.post(f"/v1/pools/{office.pool}/customers/{entry}/take"),
    ]
    for call, person in zip(calls, (office.first, office.third), strict=True):
        asked.clear()
        assert call().status_code == 201
        received = [people for tx, people in asked if tx is asked[0][0]]
        assert {person.id, office.second.id} <= received[0], "the other's hands first, then the caller"
        assert all(later <= received[0] for later in received)
