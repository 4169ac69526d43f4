"""A lead from its arrival to a claim, or back (LEAD-01, LEAD-03, LEAD-04, LEAD-11, LEAD-16)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer
from tests.support.leads import Leads, act, moves, read
from tests.support.office import NOTE, customer, done, moment, notices, tasks, work
from tests.support.office import read as read_claim


def test_an_accepted_lead_is_a_protected_claim_of_its_receiver(company: Company) -> None:
    """LEAD-16, contract section 13: offered to one person, whose acceptance starts the claim in the same drain."""
    office = Leads(company)
    lead = office.lead(campaign="秋季展", need="三居室")
    assert (lead["state"], lead["source"], lead["campaign"], lead["need"]) == ("offered", "展会", "秋季展", "三居室")
    receiver = office.receiver(lead)
    assert [(o["person"], o["way"], o["end"]) for o in lead["offers"]] == [(receiver.id, "rotation", None)]
    assert (lead["score"]["score"], lead["grade"]) == (50, "C")
    assert lead["score"]["missing"] == ["chain", "fit", "power"]
    assert notices(receiver, lead) == ["lead.offered"]
    # Eight office hours from Monday 10:00, the office closing at 18:00.
    assert moment(lead["respond_by"]).isoformat() >= "2031-03-03T10:00:00+00:00"
    assert "accept" in read(receiver, lead)["allowed"]
    refused(act(office.other(receiver), lead, "accept"), 404, "not_found")
    refused(act(office.sender, lead, "accept"), 403, "not_allowed")
    taken = done(act(receiver, lead, "accept"))
    assert (taken["state"], taken["receiver"], taken["offers"][0]["end"]) == ("accepted", receiver.id, "accepted")
    claim = read_claim(receiver, taken["claim"])
    assert (claim["state"], claim["owner"], claim["source"]) == ("protected", receiver.id, "展会")
    assert claim["customer"]["id"] == lead["customer"]["id"]
    assert moves(office.sender, lead) == [
        ("received", None, "received"),
        ("offered", "received", "offered"),
        ("accepted", "offered", "accepted"),
    ]
    refused(act(receiver, lead, "accept"), 409, "illegal_transition")


def test_a_lead_nobody_contacts_goes_round_and_then_to_the_supervisor(company: Company) -> None:
    """LEAD-11: told, offered to the next who has not had it, then a task; late acceptance is `deadline_passed`."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}})
    others = [company.rep(name, team=office.team) for name in ("丁", "戊", "己")]
    lead = office.lead()
    company.advance(hours=3.5)
    missed = read(office.sender, lead)
    assert [o["end"] for o in missed["offers"]] == ["missed", "missed", "missed"]
    had = {o["person"] for o in missed["offers"]}
    assert len(had) == 3
    assert had < {office.first.id, office.second.id, *(rep.id for rep in others)}
    assert (missed["state"], missed["breaches"], missed["receiver"]) == ("escalated", 3, None)
    assert missed["received_at"] == lead["received_at"]
    assert tasks(office.leader) == [("lead_escalated", lead["id"])]
    first = office.receiver(lead)
    assert notices(first, lead) == ["lead.offered", "lead.response_missed"]
    problem = refused(act(first, lead, "accept"), 409, "deadline_passed")
    assert problem["facts"]["until"] == missed["offers"][0]["ended_at"] == lead["respond_by"]
    named = done(act(office.leader, lead, "assign", person=first.id))
    assert (named["state"], named["receiver"], named["offers"][-1]["way"]) == ("offered", first.id, "named")
    assert tasks(office.leader) == []
    assert done(act(first, lead, "accept"))["state"] == "accepted"


@pytest.mark.parametrize("most", [0, 1])
def test_the_policy_says_how_often_a_lead_goes_round(company: Company, most: int) -> None:
    """LEAD-11: `lead.reassign_max`; 0: to the supervisor at the first breach, though others are there."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}, "lead.reassign_max": most})
    company.rep("丁", team=office.team)
    lead = office.lead()
    company.advance(hours=0.5 + most)
    assert read(office.sender, lead)["state"] == "offered"
    company.advance(hours=1)
    missed = read(office.sender, lead)
    assert (missed["state"], missed["breaches"]) == ("escalated", most + 1)
    assert [o["end"] for o in missed["offers"]] == ["missed"] * (most + 1)
    assert tasks(office.leader) == [("lead_escalated", lead["id"])]


def test_a_contact_stops_the_limit_and_silence_then_accepts(company: Company) -> None:
    """LEAD-11: a failed call with its note counts; LEAD-16: silence accepts, after which it cannot be returned."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}, "lead.accept_oh": "PT4H"})
    lead = office.lead()
    receiver = office.receiver(lead)
    spoken = done(act(receiver, lead, "contact", kind="call", answered=False, note="响铃无人接听"))
    assert (spoken["state"], spoken["respond_by"]) == ("offered", None)
    assert spoken["responded_at"] is not None
    company.advance(hours=5)
    taken = read(receiver, lead)
    assert (taken["state"], taken["by_silence"], taken["ended_at"]) == ("accepted", True, lead["accept_by"])
    assert read_claim(receiver, taken["claim"])["accepted_at"] == lead["accept_by"]
    refused(act(receiver, lead, "return", reason="no_need"), 409, "deadline_passed")


def test_a_returned_lead_goes_back_to_its_sender_and_an_invalid_one_gives_the_turn_back(company: Company) -> None:
    """LEAD-16: a listed reason only; `wrong_number` gives the turn back, `no_need` does not. POOL-02: whom nobody
    follows up any more lies in the pool, and is taken from there.
    """
    office = Leads(company)
    lead = office.lead()
    receiver = office.receiver(lead)
    refused(act(receiver, lead, "return", reason="too_far"), 422, "field_invalid", "reason")
    back = done(act(receiver, lead, "return", reason="wrong_number"))
    assert (back["state"], back["receiver"], back["return_reason"]) == ("returned", None, "wrong_number")
    assert tasks(office.sender) == [("lead_returned", lead["id"])]
    again = office.lead()
    assert (again["receiver"], again["offers"][0]["makeup"]) == (receiver.id, True)
    done(act(receiver, again, "return", reason="no_need"))
    assert office.lead()["receiver"] == office.other(receiver).id
    sent = done(act(office.sender, lead, "assign"))
    assert (sent["state"], sent["receiver"]) == ("offered", office.other(receiver).id)
    assert done(act(office.sender, again, "close", reason="客户不再需要"))["state"] == "closed"
    assert tasks(office.sender) == []
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    (entry,) = listed(office.leader.get(f"/v1/pools/{pool}/customers"))
    done(act(office.other(receiver), lead, "return", reason="duplicate"))
    done(act(office.sender, lead, "close", reason="重复"))
    assert listed(office.leader.get(f"/v1/pools/{pool}/customers")) == [entry], "who was no lead lies in no pool"
    taken = done(office.second.post(f"/v1/pools/{pool}/customers/{entry['id']}/take", {}))
    assert taken["customer"]["id"] == again["customer"]["id"]


def test_a_lead_on_an_owned_customer_is_the_owners_and_a_second_one_is_attached(company: Company) -> None:
    """LEAD-01: no rotation, no second lead; whoever comes to hold the customer has the lead as well."""
    office = Leads(company)
    held = office.claim(office.second)
    lead = office.lead(customer=person_customer())
    assert (lead["state"], lead["claim"], lead["offers"]) == ("attached", held["id"], [])
    assert notices(office.second, lead) == ["lead.attached"]
    assert read(office.second, lead)["state"] == "attached"
    free = office.lead()
    twice = office.lead(customer={"id": free["customer"]["id"]})
    assert (twice["state"], twice["duplicate_of"], twice["claim"]) == ("attached", free["id"], None)
    receiver = office.receiver(free)
    assert notices(receiver, twice) == ["lead.attached"]
    # Somebody reports the customer while the lead is out: it is theirs now.
    outside = done(office.report(office.other(receiver), customer={"id": free["customer"]["id"]}))
    gone = read(office.sender, free)
    assert (outside["state"], gone["state"], gone["claim"]) == ("protected", "attached", outside["id"])
    assert gone["offers"][0]["end"] == "attached"
    refused(act(receiver, free, "accept"), 403, "not_allowed")


def test_an_accepted_lead_nobody_contacts_is_told_of_and_a_worked_one_is_not(company: Company) -> None:
    """LEAD-11: the claim's own clocks decide about the customer; the supervisor learns of the missing contact."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT2H"}})
    idle, worked = office.lead(), office.lead()
    for lead in (idle, worked):
        done(act(office.receiver(lead), lead, "accept"))
    work(office.receiver(worked), read(office.sender, worked)["claim"], note=NOTE)
    company.advance(hours=3)
    assert tasks(office.leader) == [("lead_response_missed", idle["id"])]
    late = read(office.sender, idle)
    assert (late["state"], late["breaches"], late["responded_at"]) == ("accepted", 1, None)
    fine = read(office.sender, worked)
    assert (fine["state"], fine["breaches"]) == ("accepted", 0)
    assert fine["responded_at"] is not None


def test_nobody_eligible_is_never_nobody_told(company: Company) -> None:
    """LEAD-03: the fallback is the default pool, or the supervisor, and somebody is told."""
    office = Leads(company)
    until = company.now().replace(year=2032).isoformat()
    for rep in (office.first, office.second):
        rep.made(f"/v1/people/{rep.id}/absences", {"from": company.now().isoformat(), "to": until})
    pooled = office.lead()
    assert (pooled["state"], pooled["receiver"]) == ("pooled", None)
    assert notices(company.admin, pooled) == ["lead.pooled"]
    office.program = company.program("另一个", policy={"lead.fallback": "supervisor"})
    escalated = office.lead()
    assert escalated["state"] == "escalated"
    assert tasks(office.leader) == [("lead_escalated", escalated["id"])]


def test_what_refuses_a_lead_before_it_is_received(company: Company) -> None:
    """LEAD-01, contract section 13: no source, no member, nobody who brings leads in."""
    office = Leads(company)
    refused(
        office.sender.post("/v1/leads", {"program": office.program, "customer": person_customer()}),
        422,
        "field_missing",
        "source",
    )
    refused(office.send(person=office.sender.id), 422, "field_invalid", "person")
    refused(office.send(source="pool_unclaimed"), 422, "field_invalid", "source")
    finance = office.finance()
    refused(office.send(by=finance), 403, "not_allowed")
    first = office.send(external_id="crm-7").json()
    again = office.send(external_id="crm-7")
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    handed = office.lead(person=office.second.id)
    assert (handed["receiver"], handed["offers"][0]["way"]) == (office.second.id, "named")


def test_acceptance_waits_where_a_report_would_and_is_not_judged(company: Company) -> None:
    """LEAD-16, CLM-05, CLM-12: an earlier report first, a visit first; but nobody judges what the company gave."""
    office = Leads(company, policy={"claim.judgement_mode": "manual"})
    earlier = office.claim(office.first, customer=customer(900))
    assert earlier["state"] == "reported"
    behind = office.lead(customer={"id": earlier["customer"]["id"]}, person=office.second.id)
    waiting = done(act(office.second, behind, "accept"))
    assert read_claim(office.second, waiting["claim"])["state"] == "reported"
    free = office.lead(person=office.second.id)
    taken = done(act(office.second, free, "accept"))
    assert read_claim(office.second, taken["claim"])["state"] == "protected"
    office.program = company.program("看房", policy={"claim.protection_shape": "visit_deal"})
    unseen = office.lead(person=office.second.id)
    visited = done(act(office.second, unseen, "accept"))["claim"]
    assert read_claim(office.second, visited)["state"] == "reported"
    work(office.second, visited, kind="visit")
    assert read_claim(office.second, visited)["state"] != "reported"


def test_a_lead_that_waited_for_a_number_is_judged_by_nobody(company: Company) -> None:
    """LEAD-16, CUS-07: the number of an earlier report was in the way, and turns out to be another one."""
    office = Leads(company, policy={"claim.judgement_mode": "manual", "match.phone_mode": "3+4"})
    held = office.claim(office.first, customer=person_customer(phone="138****5678"))
    done(office.leader.post(f"/v1/claims/{held['id']}/accept"))
    lead = office.lead(customer=person_customer(phone="13822225678"), person=office.second.id)
    claim = done(act(office.second, lead, "accept"))["claim"]
    assert read_claim(office.second, claim)["waits_for"] == "number"
    body = {"version": held["version"], "customer": {"phone": "13811115678"}}
    done(office.first.patch(f"/v1/claims/{held['id']}", body))
    company.ring_bells()
    assert read_claim(office.second, claim)["state"] == "protected"


def test_a_customer_in_grace_is_offered_to_its_former_owner_and_to_nobody_elses_claim(company: Company) -> None:
    """LEAD-05, CLM-20: existing owner before all; while the grace lasts nobody else can hold the customer."""
    office = Leads(company, policy={"claim.first_follow_up_wh": "PT1H", "claim.grace_days": 30})
    lost = office.claim(office.second, customer=customer(901))
    company.advance(hours=2)
    assert read_claim(office.second, lost)["state"] == "lapsed"
    lead = office.lead(customer={"id": lost["customer"]["id"]})
    assert (lead["receiver"], lead["offers"][0]["way"]) == (office.second.id, "former_owner")
    # Whoever is named by the sender: nobody else could accept it.
    named = office.lead(customer={"id": lost["customer"]["id"]}, person=office.first.id)
    assert (named["state"], named["duplicate_of"]) == ("attached", lead["id"])
    refused(act(office.leader, lead, "assign", person=office.first.id), 409, "customer_owned")
    taken = done(act(office.second, lead, "accept"))
    assert read_claim(office.second, taken["claim"])["owner"] == office.second.id


def test_silence_gives_nothing_to_somebody_who_has_left(company: Company) -> None:
    """LEAD-16, PPL-06: the lead of a leaver goes to the supervisor."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": 0}, "lead.accept_oh": "PT2H"})
    lead = office.lead()
    receiver = office.receiver(lead)
    done(company.admin.post(f"/v1/people/{receiver.id}/leave"))
    company.advance(hours=3)
    left = read(office.sender, lead)
    assert (left["state"], left["claim"], left["offers"][0]["end"]) == ("escalated", None, "missed")
    assert tasks(office.leader) == [("lead_escalated", lead["id"])]
    assert office.lead()["receiver"] == office.other(receiver).id


def test_whoever_may_own_no_customer_any_more_gets_none_by_a_lead_they_have_in_hand(company: Company) -> None:
    """PPL-02, LEAD-16: the grant ended after the offer; saying yes is refused, and silence brings the supervisor."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": 0}, "lead.accept_oh": "PT2H"})
    lead = office.lead(person=office.second.id)
    (grant,) = done(office.second.get("/v1/me"))["grants"]
    done(company.admin.post(f"/v1/grants/{grant['id']}/revoke"))
    assert refused(act(office.second, lead, "accept"), 403, "not_allowed")["rule"] == "PPL-02"
    company.advance(hours=3)
    assert read(office.sender, lead)["state"] == "escalated"


def test_what_was_decided_while_the_engine_was_away_keeps_its_limit_and_shortens_nobodys_time(
    company: Company,
) -> None:
    """Design section 2, LEAD-11: the miss stands at its limit, the next offer begins when it can be told."""
    office = Leads(company, policy={"lead.first_response_oh": {"C": "PT1H"}})
    lead = office.lead()
    company.shift(hours=7)
    company.direct.drain(lead["id"])
    found = read(office.sender, lead)
    assert [o["end"] for o in found["offers"]] == ["missed", None]
    assert found["offers"][0]["ended_at"] == lead["respond_by"]
    assert moment(found["offers"][1]["at"]) >= moment(lead["respond_by"]) + timedelta(hours=5)
    assert moment(found["respond_by"]) - moment(found["offers"][1]["at"]) == timedelta(hours=1)


def test_an_open_lead_keeps_its_customer_from_being_erased(company: Company) -> None:
    """AUD-05: whoever may still be asked to call must be known; afterwards nothing of the lead can be read."""
    office = Leads(company)
    lead = office.lead(need="三居室")
    path = f"/v1/customers/{lead['customer']['id']}/erase"
    problem = refused(company.admin.post(path, {"reason": "客户要求"}), 409, "erasure_blocked")
    assert problem["facts"]["leads"] == [lead["id"]]
    done(act(office.receiver(lead), lead, "return", reason="no_need"))
    done(act(office.sender, lead, "close", reason="不再需要"))
    done(company.admin.post(path, {"reason": "客户要求"}))
    gone = read(office.sender, lead)
    assert (gone["need"], gone["customer"]["name"]) == (None, None)
    with company.database.reading() as tx:
        kept = tx.execute(sa.select(t.idempotency.c.answer)).scalars()
        answers = [tx.keys.open_text(answer) or "" for answer in kept if answer is not None]
    assert not any(lead["customer"]["id"] in answer and "王" in answer for answer in answers)
