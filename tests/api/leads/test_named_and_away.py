"""A lead for somebody by name who is not there: a stand-in looks after it for them (PPL-05, LEAD-15, CNF-05)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.leads import Leads, act, moves, read
from tests.support.office import customer, done, notices, tasks
from tests.support.office import read as claim_of


def away(person: Person, company: Company, *, days: int = 9) -> None:
    """On leave from now on."""
    now = company.now()
    span = {"from": now.isoformat(), "to": (now + timedelta(days=days)).isoformat()}
    person.made(f"/v1/people/{person.id}/absences", span)


def offers(lead: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """To whom, how, and for whom it was offered."""
    return [(one["person"], one["way"], one["stands_for"]) for one in lead["offers"]]


def test_somebody_looks_after_it_for_whoever_is_named_and_away_and_the_customer_is_theirs(company: Company) -> None:
    """LEAD-15: the next in turn, at no cost of a turn; the owner is told, and the sender keeps their credit."""
    office = Leads(company)
    third = company.rep("丁", team=office.team)
    away(office.first, company)
    lead = office.lead(person=office.first.id)
    stand_in = office.second
    assert offers(lead) == [(stand_in.id, "stand_in", office.first.id)]
    assert notices(office.first, lead) == ["lead.stand_in"]
    assert notices(stand_in, lead) == ["lead.offered"]
    assert read(office.first, lead)["allowed"] == ["accept", "return", "contact"]
    refused(act(third, lead, "accept"), 404, "not_found")
    done(act(stand_in, lead, "contact", kind="call", note="已联系，客户下周到访"))
    taken = done(act(stand_in, lead, "accept"))
    claim = claim_of(office.first, taken["claim"])
    assert (claim["owner"], claim["state"]) == (office.first.id, "protected")
    refused(stand_in.get(f"/v1/claims/{taken['claim']}"), 404, "not_found")
    assert office.lead()["receiver"] == stand_in.id, "no turn was used"
    body = {"amount": {"amount_minor": 1_000_000, "currency": "CNY"}, "contract_at": company.now().isoformat()}
    won = done(office.first.post(f"/v1/claims/{taken['claim']}/win", body))
    assert done(office.first.get(f"/v1/deals/{won['deals'][0]}"))["credit_proposed"] == office.sender.id


def test_their_buddy_comes_first_and_silence_accepts_for_them(company: Company) -> None:
    """LEAD-15, LEAD-16: the buddy named at a site of the program, who is not next in turn."""
    office = Leads(company, policy={"lead.accept_oh": "PT2H", "lead.first_response_oh": {"C": 0}})
    buddy = company.rep("丁", team=office.team)
    site = company.admin.made("/v1/sites", {"program": office.program, "name": "展厅"})["id"]
    done(office.first.post(f"/v1/sites/{site}/presence", {"presence": "free", "buddy": buddy.id}))
    away(office.first, company)
    lead = office.lead(person=office.first.id)
    assert offers(lead) == [(buddy.id, "stand_in", office.first.id)]
    company.advance(hours=3)
    found = read(office.sender, lead)
    assert (found["state"], found["by_silence"]) == ("accepted", True)
    assert claim_of(office.first, found["claim"])["owner"] == office.first.id


def test_no_contact_brings_the_next_stand_in_and_not_another_owner(company: Company) -> None:
    """LEAD-11, LEAD-15: the rules give the customer to nobody else; once back, it is offered to whom it is for."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}})
    away(office.first, company, days=1)
    third = company.rep("丁", team=office.team)
    lead = office.lead(person=office.first.id)
    company.advance(hours=1.1)
    assert offers(read(office.sender, lead)) == [
        (office.second.id, "stand_in", office.first.id),
        (third.id, "stand_in", office.first.id),
    ]
    done(act(third, lead, "return", reason="out_of_scope"))
    company.shift(days=1)
    back = done(act(office.sender, lead, "assign"))
    assert offers(back)[-1] == (office.first.id, "named", None)


def test_where_nobody_can_stand_in_the_supervisor_of_the_named_decides(company: Company) -> None:
    """PPL-05: it does not go to the pool; once somebody is there, anew by rule is for the named rep still."""
    office = Leads(company)
    away(office.first, company)
    away(office.second, company, days=1)
    lead = office.lead(person=office.first.id)
    assert (lead["state"], lead["offers"]) == ("escalated", [])
    assert tasks(office.leader) == [("lead_escalated", lead["id"])]
    company.shift(days=1)
    assert offers(done(act(office.leader, lead, "assign"))) == [(office.second.id, "stand_in", office.first.id)]
    assert ("escalated", "received", "escalated") in moves(office.sender, lead)


def test_whom_an_absent_owners_customer_brings_is_that_owners(company: Company) -> None:
    """CNF-05: the rep absent: LEAD-15."""
    office = Leads(company)
    old = office.claim(office.first, customer=customer(900, "老王"))
    away(office.first, company)
    lead = office.lead(by=office.leader, referrer={"customer": old["customer"]["id"]})
    assert offers(lead) == [(office.second.id, "stand_in", office.first.id)]
    accepted = done(act(office.second, lead, "accept"))
    assert claim_of(office.first, accepted["claim"])["owner"] == office.first.id


def test_nobody_in_charge_gives_a_lead_to_somebody_who_is_not_there(company: Company) -> None:
    """PPL-05: absent or off shift; a shift of other weekdays is one."""
    office = Leads(company)
    lead = office.lead()
    other = office.other(office.receiver(lead))
    path = f"/v1/people/{other.id}/profile"
    shift = {"weekdays": [7], "hours": "09:00-18:00"}
    done(other.patch(path, {"version": other.get(path).json()["version"], "shift": shift}))
    refused(act(office.leader, lead, "assign", person=other.id), 422, "field_invalid", "person")
    done(other.patch(path, {"version": other.get(path).json()["version"], "shift": None}))
    assert done(act(office.leader, lead, "assign", person=other.id))["receiver"] == other.id
