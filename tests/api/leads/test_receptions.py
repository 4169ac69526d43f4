"""Arrivals and who receives them (contract section 15: LEAD-08 to LEAD-10, LEAD-15, POOL-03)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from domain.disputes.facts import Reception
from storage import tables as t
from storage.case_facts import facts
from storage.house import DatabaseHouse
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import NOTE, act, customer, decide, done, entry, moves, notices, read, tasks, work
from tests.support.visits import NOTED, Visits, step


def test_a_free_customer_who_is_received_becomes_the_servers(company: Company) -> None:
    """LEAD-08, LEAD-10: by turn; a missing step makes no claim; the visit is on record step by step."""
    office = Visits(company, policy={"claim.judgement_mode": "manual"})
    one = office.visitor(1)
    assert (one["state"], one["way"], one["server"]) == ("called", "turn", office.first.id)
    assert notices(office.first) == ["reception.called"]
    again = office.arrive(1)
    assert (again.status_code, again.json()["id"]) == (200, one["id"])
    refused(step(office.second, one, "greet"), 404, "not_found")
    refused(step(office.first, one, "complete"), 409, "illegal_transition")
    done(step(office.first, one, "greet"))
    missing = refused(step(office.first, one, "complete"), 409, "reception_incomplete")
    assert missing["facts"]["missing"] == ["record"]
    assert done(step(office.first, one, "record", need=NOTE))["missing"] == ["record"]
    assert done(step(office.first, one, "record", features=["戴眼镜"]))["missing"] == []
    made = done(step(office.first, one, "complete"))
    assert (made["state"], made["missing"], made["need"]) == ("completed", [], NOTE)
    claim = read(office.first, made["claim"])
    assert (claim["state"], claim["owner"]) == ("protected", office.first.id)
    assert moves(office.first, claim) == [("received", None, None), ("accepted", "reported", "protected")]
    kinds = [item["kind"] for item in listed(office.first.get(f"/v1/receptions/{one['id']}/timeline"))]
    assert kinds == ["completed", "recorded", "recorded", "greeted", "called", "registered"]
    refused(step(office.first, one, "complete"), 409, "illegal_transition")
    # The next visitor is the other one's; the first is back in the order.
    assert office.visitor(2)["server"] == office.second.id
    assert office.visitor(3)["server"] == office.first.id


def test_the_owner_receives_without_a_turn_and_the_visit_is_a_follow_up(company: Company) -> None:
    """LEAD-08: a returning customer uses no turn; who serves their own and is passed over has the next turn first."""
    office = Visits(company)
    claim = office.claim(office.first, customer=customer(1))
    one = office.visitor(1)
    assert (one["way"], one["owner"], one["server"]) == ("owner", office.first.id, office.first.id)
    assert office.visitor(2)["server"] == office.second.id
    site = done(office.first.get(f"/v1/sites/{office.site}"))
    assert [(q["person"], q["serving"], q["makeup"]) for q in site["queue"]] == [
        (office.first.id, True, 1),
        (office.second.id, True, 0),
    ]
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    assert done(step(office.first, one, "complete"))["claim"] == claim["id"]
    worked = read(office.first, claim)
    assert (worked["state"], moves(office.first, claim)[-1][0]) == ("active", "received_for")
    back = office.visitor(3)
    assert (back["server"], back["makeup"]) == (office.first.id, True)
    turns = [i for i in listed(office.second.get(f"/v1/sites/{office.site}/timeline")) if i["kind"] == "turn"]
    assert turns[-1]["data"]["skipped"] == [{"person": office.first.id, "reason": "busy"}]


def test_a_stand_in_serves_for_the_owner_and_gains_nothing(company: Company) -> None:
    """LEAD-15: the visit is the owner's follow-up, the owner is told at once, the stand-in is owed the turn."""
    office = Visits(company)
    claim = office.claim(office.first, customer=customer(1))
    office.say(office.first, "out")
    one = office.visitor(1)
    assert (one["way"], one["server"], one["owner"]) == ("stand_in", office.second.id, office.first.id)
    assert "reception.stand_in" in notices(office.first)
    done(step(office.second, one, "greet"))
    done(step(office.second, one, "record", **NOTED))
    assert done(step(office.second, one, "complete"))["claim"] == claim["id"]
    entry = listed(office.first.get(f"/v1/claims/{claim['id']}/follow-ups"))[0]
    assert (entry["kind"], entry["author"], entry["qualified"]) == ("visit", office.first.id, True)
    assert (read(office.first, claim)["owner"], read(office.first, claim)["state"]) == (office.first.id, "active")
    site = done(office.second.get(f"/v1/sites/{office.site}"))
    assert [(q["person"], q["makeup"]) for q in site["queue"]] == [(office.second.id, 1)]
    with company.database.reading() as tx:
        matter = tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == claim["id"])).scalar_one()
        judged_by = [fact.person for fact in facts(tx, matter) if isinstance(fact, Reception)]
    assert judged_by == [office.first.id]
    # Standing in gives none of one's own (DSP-02).
    opening = {"claim": claim["id"], "grounds": "ownership", "statement": "我接待的"}
    refused(office.second.post("/v1/disputes", opening), 422, "field_invalid", "claim")


def test_the_named_buddy_stands_in_though_another_is_next(company: Company) -> None:
    """LEAD-15: `buddy` of the owner's presence; who is busy then is passed over."""
    office = Visits(company)
    third = company.rep("丁", team=office.team)
    office.say(third, "free")
    for number in (1, 2):
        office.claim(office.first, customer=customer(number))
    site = office.say(office.first, "free", buddy=third.id)
    assert [(q["person"], q["buddy"]) for q in site["queue"] if q["buddy"] is not None] == [(office.first.id, third.id)]
    office.say(office.first, "out")
    one = office.visitor(1)
    assert (one["way"], one["server"], one["owner"]) == ("stand_in", third.id, office.first.id)
    assert "reception.called" in notices(third)
    other = office.visitor(2)
    assert (other["way"], other["server"]) == ("stand_in", office.second.id), "the buddy serves already"
    done(step(third, one, "greet"))
    done(step(third, one, "record", **NOTED))
    done(step(third, one, "complete"))
    assert (
        read(office.first, done(office.first.get(f"/v1/receptions/{one['id']}"))["claim"])["owner"] == office.first.id
    )


def test_who_is_handed_a_visitor_serves_on_and_owns_nobody_by_it(company: Company) -> None:
    """LEAD-10: from, to and reason are on record; only the server hands over, to somebody else who is signed in."""
    office = Visits(company)
    claim = office.claim(office.first, customer=customer(1))
    one = office.visitor(1)
    over = {"to": office.second.id, "reason": "临时会议"}
    refused(step(office.first, one, "hand-over", **over), 409, "illegal_transition")
    done(step(office.first, one, "greet"))
    refused(step(office.first, one, "hand-over", **{**over, "to": office.first.id}), 422, "field_invalid", "to")
    refused(step(office.first, one, "hand-over", **{**over, "to": office.leader.id}), 422, "field_invalid", "to")
    refused(step(office.first, one, "hand-over", to=office.second.id), 422, "reason_required", "reason")
    refused(step(office.leader, one, "hand-over", **over), 403, "not_allowed")
    handed = done(step(office.first, one, "hand-over", **over))
    assert (handed["state"], handed["server"], handed["owner"]) == ("serving", office.second.id, office.first.id)
    assert "reception.called" in notices(office.second)
    kept = listed(office.leader.get(f"/v1/receptions/{one['id']}/timeline"))[0]
    assert (kept["kind"], kept["actor"]) == ("handed_over", office.first.id)
    assert kept["data"] | {"text": "", "reason": ""} == {
        "former": office.first.id,
        "to": office.second.id,
        "text": "",
        "reason": "",
    }
    done(step(office.second, one, "record", **NOTED))
    assert done(step(office.second, one, "complete"))["claim"] == claim["id"]
    assert read(office.first, claim)["owner"] == office.first.id
    refused(office.second.get(f"/v1/claims/{claim['id']}"), 404, "not_found")


def test_two_reps_who_both_ask_change_places(company: Company) -> None:
    """LEAD-09: a swap needs both; it is on record, and once only."""
    office = Visits(company)
    swap = f"/v1/sites/{office.site}/swap"

    def queue(site: dict[str, Any]) -> list[tuple[str, str | None]]:
        return [(q["person"], q["swap_with"]) for q in site["queue"]]

    asked = done(office.first.post(swap, {"with": office.second.id}))
    assert queue(asked) == [(office.first.id, office.second.id), (office.second.id, None)]
    refused(office.first.post(swap, {"with": office.first.id}), 422, "field_invalid", "with")
    refused(office.first.post(swap, {"with": office.leader.id}), 422, "field_invalid", "with")
    agreed = done(office.second.post(swap, {"with": office.first.id}))
    assert queue(agreed) == [(office.second.id, None), (office.first.id, None)]
    assert agreed["next"] == office.second.id
    kinds = [item["kind"] for item in listed(office.first.get(f"/v1/sites/{office.site}/timeline"))]
    assert kinds[:2] == ["swapped", "swap_asked"]
    assert [office.visitor(number)["server"] for number in (1, 2)] == [office.second.id, office.first.id]


def test_a_pooled_customer_who_is_there_is_served_at_once(company: Company) -> None:
    """POOL-03: windows, cool-off, the former owner's wait and caps do not bind; the excess is the supervisor's task."""
    policy = {"pool.windows": [], "pool.cool_off_h": 72, "pool.holding_cap": 1, "pool.daily_takes": 1}
    office = Visits(company, policy=policy)
    office.claim(office.first, customer=customer(9))
    lost = office.claim(office.second, customer=customer(1))
    done(act(office.second, lost, "release", reason="need_unmet"))
    refused(office.report(office.first, customer=customer(1)), 409, "cooling_off")
    made = office.served(1, by=office.first)
    claim = read(office.first, made["claim"])
    assert (claim["state"], claim["owner"]) == ("protected", office.first.id)
    assert tasks(office.leader) == [("reception_excess", claim["id"])]
    received = listed(office.first.get(f"/v1/claims/{claim['id']}/timeline"))[-1]
    assert received["data"]["exceeded"] == ["holding_cap"]


def test_a_pooled_customer_who_calls_is_the_receivers_at_once(company: Company) -> None:
    """POOL-03: as if they were there, with less to do; no visit by it. Whoever registers a call has nothing by it."""
    office = Visits(company, policy={"pool.windows": [], "pool.cool_off_h": 72, "claim.protection_shape": "visit_deal"})
    lost = office.claim(office.second, customer=customer(1))
    work(office.second, lost, "visit")
    done(act(office.second, lost, "release", reason="need_unmet"))
    office.say(office.second, "out")
    refused(office.first.post("/v1/receptions", {"site": office.site, "customer": customer(1)}), 403, "not_allowed")
    one = office.visitor(1, source="call")
    assert (one["way"], one["server"], one["missing"]) == ("turn", office.first.id, ["greet"])
    done(step(office.first, one, "greet"))
    claim = read(office.first, done(step(office.first, one, "complete"))["claim"])
    assert (claim["state"], claim["owner"]) == ("protected", office.first.id)
    refused(office.desk.get(f"/v1/receptions/{one['id']}/visit"), 404, "not_found")
    # In no pool: a visit has to accept the claim, as ever in this shape.
    fresh = office.visitor(2, source="call")
    done(step(office.first, fresh, "greet"))
    made = read(office.first, done(step(office.first, fresh, "complete"))["claim"])
    assert (made["state"], made["waits_for"]) == ("reported", "visit")


def test_who_calls_may_ask_for_who_had_them_and_nobody_calls_for_themselves(company: Company) -> None:
    """POOL-03: `pool.named_days`; the duty manager registers calls as well, for others."""
    office = Visits(company)
    lost = office.claim(office.second, customer=customer(1))
    done(act(office.second, lost, "release", reason="need_unmet"))
    call = {"site": office.site, "customer": customer(1), "source": "call", "served_before": None}
    refused(office.leader.post("/v1/receptions", {**call, "asks_for": office.leader.id}), 403, "not_allowed")
    refused(office.first.post("/v1/receptions", {**call, "asks_for": office.second.id}), 403, "not_allowed")
    one = done(office.leader.post("/v1/receptions", {**call, "asks_for": office.second.id}))
    assert (one["way"], one["owner"], one["server"]) == ("owner", office.second.id, office.second.id)
    done(step(office.second, one, "greet"))
    again = read(office.second, done(step(office.second, one, "complete"))["claim"])
    assert (again["id"] != lost["id"], again["owner"]) == (True, office.second.id)
    worked = office.visitor(1, source="call")
    done(step(office.second, worked, "greet"))
    done(step(office.second, worked, "record", **NOTED))
    done(step(office.second, worked, "complete"))
    assert entry(office.second, again, "follow_up")["data"]["kind"] == "call"
    # Of somebody who is there a call is another thing.
    office.visitor(2)
    assert office.visitor(2, source="call")["source"] == "call"


def test_nobody_takes_a_pooled_customer_by_registering_their_visit_themselves(company: Company) -> None:
    """POOL-03, POOL-09: a desk that sells: one's own word alone is a take; a colleague's greeting is another's word."""
    office = _Kept(company, policy={"pool.cool_off_h": 72})
    told = {"site": office.site, "served_before": None}
    one = _received_alone(office, office.kept(1))
    assert refused(step(office.first, one, "complete"), 403, "not_allowed")["rule"] == "POOL-03"
    done(step(office.first, one, "hand-over", to=office.second.id, reason="换人"))
    assert done(step(office.second, one, "complete"))["state"] == "completed"
    # Of somebody in no pool nothing is passed by.
    office.say(office.second, "out")
    fresh = done(office.first.post("/v1/receptions", {**told, "customer": customer(2)}))
    done(step(office.first, fresh, "greet"))
    done(step(office.first, fresh, "record", **NOTED))
    claim = done(step(office.first, fresh, "complete"))["claim"]
    assert read(office.first, claim)["owner"] == office.first.id
    # A call leaves nothing to see but a word, whoever calls.
    called = done(office.first.post("/v1/receptions", {**told, "customer": customer(3), "source": "call"}))
    done(step(office.first, called, "greet"))
    refused(step(office.first, called, "complete"), 403, "not_allowed")


def _received_alone(office: _Kept, entry: str) -> dict[str, Any]:
    """The first rep sells and is the desk: of a customer in the pool all but the end is by their own word."""
    path = f"/v1/people/{office.first.id}/grants"
    office.company.admin.made(path, {"role": "reception", "scope": {"kind": "company"}})
    assert office.lies_in_the_pool(entry)
    told = {"site": office.site, "served_before": None, "customer": customer(1)}
    one = done(office.first.post("/v1/receptions", told))
    assert one["server"] == office.first.id
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    return one


def test_ones_own_word_is_enough_where_nothing_is_taken_by_it(company: Company) -> None:
    """POOL-03, POOL-08: a customer kept for others stays where they lie, the reception on record."""
    office = _Kept(company)
    entry = office.kept(1)
    one = _received_alone(office, entry)
    office.restrict(entry, office.second)
    completed = done(step(office.first, one, "complete"))
    assert (completed["state"], completed["claim"], office.lies_in_the_pool(entry)) == ("completed", None, True)


def test_a_case_lets_ones_own_word_be(company: Company) -> None:
    """POOL-03, DSP-03: nobody gets a customer by it while a case is about them; the reception is on record."""
    office = _Kept(company, policy={"claim.first_follow_up_wh": "PT1H", "dispute.auto_settle": False})
    held, _ = (office.claim(rep, customer=customer(1)) for rep in (office.second, office.first))
    company.advance(hours=2)
    one = _received_alone(office, str(listed(office.leader.get(f"/v1/pools/{office.pool}/customers"))[0]["id"]))
    opening = {"claim": held["id"], "grounds": "contested_lapse", "statement": "我在跟进"}
    done(office.second.post("/v1/disputes", opening))
    assert done(step(office.first, one, "complete"))["state"] == "completed"


def test_in_a_trial_ones_own_word_is_noted(company: Company) -> None:
    """POL-08, POOL-03."""
    office = _Kept(company, policy={"program.mode": "trial"})
    one = _received_alone(office, office.kept(1))
    claim = read(office.first, done(step(office.first, one, "complete"))["claim"])
    assert (claim["state"], claim["would_refuse"]) == ("protected", "not_allowed")


def test_who_comes_back_to_whom_they_had_by_a_colleagues_word_is_reported(company: Company) -> None:
    """CLM-26, POOL-03: whether they came or called; `claim.return_flag_days`; what a call exceeds is listed as well."""
    office = Visits(company, policy={"pool.holding_cap": 1, "claim.return_flag_days": 10})

    def told() -> list[str]:
        found = listed(company.admin.get("/v1/me/notices"))
        return [n["subject"]["id"] for n in found if (n["kind"], n["rule"]) == ("claim.accepted", "CLM-26")]

    for number, source in ((1, "natural"), (2, "call")):
        lost = office.claim(office.second, customer=customer(number))
        done(act(office.second, lost, "release", reason="need_unmet"))
        made = office.served(number, by=office.second, asks_for=office.second.id, source=source)["claim"]
        assert told()[0] == made
        done(act(office.second, made, "release", reason="need_unmet"))
    company.shift(days=11)
    office.say(office.second, "free")
    late = office.served(1, by=office.second, asks_for=office.second.id)
    assert late["claim"] not in told()
    called = office.served(3, by=office.second, source="call")["claim"]
    assert tasks(office.leader) == [("reception_excess", called)]


def test_a_customer_who_was_received_need_not_come_again_for_a_number(company: Company) -> None:
    """POOL-03, CLM-12, CUS-07: the number of another record was in the way of what the visit accepts."""
    policy = {
        "claim.protection_shape": "visit_deal",
        "match.complete_by": "deal",
        "match.phone_mode": "3+4",
        "claim.judgement_mode": "manual",
    }
    office = Visits(company, policy=policy)
    held = office.claim(office.second, customer=person_customer(phone="138****0001"))
    work(office.second, held, "visit")
    claim = office.served(1, by=office.first)["claim"]
    assert read(office.first, claim)["waits_for"] == "number"
    body = {"version": held["version"], "customer": {"phone": "13811110001"}}
    done(office.second.patch(f"/v1/claims/{held['id']}", body))
    company.ring_bells()
    assert read(office.first, claim)["state"] == "protected"


def test_what_a_reception_made_takes_no_room_under_the_cap_of_open_claims(company: Company) -> None:
    """CLM-25: for reports and leads; customers held are held however they came (POOL-07)."""
    office = Visits(company, policy={"claim.cap_person": 1, "claim.cap_team": 1})
    office.served(1, by=office.first)
    assert done(office.first.get(f"/v1/people/{office.first.id}/load"))["held"] == 1
    pool = str(company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"])
    lost = office.claim(office.second, customer=customer(4))
    done(act(office.second, lost, "release", reason="need_unmet"))
    (entry,) = listed(office.first.get(f"/v1/pools/{pool}/customers"))
    taken = done(office.first.post(f"/v1/pools/{pool}/customers/{entry['id']}/take"))
    refused(office.report(office.second, customer=customer(5)), 409, "claim_cap")
    done(act(office.first, taken, "release", reason="need_unmet"))
    sender = company.person("丙", team=office.team, roles=("marketing",))
    lead = done(sender.post("/v1/leads", {"program": office.program, "source": "展会", "customer": customer(6)}))
    assert (lead["receiver"], lead["offers"][0]["skipped"]) == (office.first.id, [])
    done(office.first.post(f"/v1/leads/{lead['id']}/return", {"reason": "no_need"}))
    office.claim(office.first, customer=customer(2))
    refused(office.report(office.first, customer=customer(3)), 409, "claim_cap")


def test_what_a_reception_made_takes_room_under_the_cap_of_whoever_it_is_transferred_to(company: Company) -> None:
    """CLM-25, CLM-24: one came in to be served by them; anybody else has the customer as by a report."""
    office = Visits(company, policy={"claim.cap_person": 1})
    made = office.served(1, by=office.first)["claim"]
    asked = done(act(office.first, made, "transfer", to=office.second.id, reason="调岗"))
    done(decide(office.second, asked["requests"][-1]))
    assert read(office.second, made)["owner"] == office.second.id
    refused(office.report(office.second, customer=customer(2)), 409, "claim_cap")
    office.claim(office.first, customer=customer(3))


def test_a_reporter_who_receives_a_pooled_customer_has_them_whatever_the_pool_says(company: Company) -> None:
    """POOL-03, shape visit_deal: a completed reception of whoever reported them is no take, and no lock binds it."""
    policy = {"claim.protection_shape": "visit_deal", "pool.daily_takes": 1}
    office = Visits(company, policy={**policy, "claim.reclaim_wait_h": {"person": 0, "company": 0}})
    pool = company.admin.get(f"/v1/programs/{office.program}").json()["default_pool"]
    work(office.second, lost := office.claim(office.second, customer=customer(1)), "visit")
    done(act(office.second, lost, "release", reason="need_unmet"))
    reported = office.claim(office.first, customer=customer(1))
    entry = listed(company.admin.get(f"/v1/pools/{pool}/customers"))[0]["id"]
    done(company.admin.post(f"/v1/pools/{pool}/lock", {"customers": [entry], "reason": "整理"}))
    refused(act(office.first, reported, "follow-ups", kind="visit", note=NOTE), 403, "restricted")
    assert office.served(1, by=office.first)["claim"] == reported["id"]
    assert read(office.first, reported)["state"] == "protected"
    assert done(office.first.get(f"/v1/people/{office.first.id}/load"))["takes_today"] == 0


def test_a_customer_may_name_who_had_them_before(company: Company) -> None:
    """POOL-03, `pool.named_days`: within the days it is theirs again, whoever serves; later it is the server's."""
    office = Visits(company)
    for number, days, way, owner in ((1, 89, "owner", office.second), (2, 91, "turn", office.first)):
        lost = office.claim(office.second, customer=customer(number))
        done(act(office.second, lost, "release", reason="need_unmet"))
        company.shift(days=days)
        office.say(office.first, "free")
        office.say(office.second, "free")
        one = office.visitor(number, asks_for=office.second.id)
        server = office.second if way == "owner" else office.first
        assert (one["way"], one["server"]) == (way, server.id)
        done(step(server, one, "greet"))
        done(step(server, one, "record", **NOTED))
        claim = done(step(server, one, "complete"))["claim"]
        assert read(owner, claim)["owner"] == owner.id


def test_a_completed_reception_gives_standing_and_is_evidence(company: Company) -> None:
    """DSP-02, DSP-09, LEAD-10: whoever received a customer whom somebody else got meanwhile may open a case on it."""
    office = Visits(company, policy={"dispute.auto_settle": False})
    one = office.visitor(1)
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    claim = office.claim(office.second, customer=customer(1))
    opening = {"claim": claim["id"], "grounds": "ownership", "statement": "我先接待的客户"}
    refused(office.first.post("/v1/disputes", opening), 422, "field_invalid", "claim")
    assert done(step(office.first, one, "complete"))["claim"] is None
    case = done(office.first.post("/v1/disputes", opening))
    items = listed(office.first.get(f"/v1/disputes/{case['id']}/evidence"))
    received = next(item for item in items if item["kind"] == "reception")
    assert (received["id"], received["about"], received["automatic"]) == (one["id"], office.first.id, True)
    assert received["at"] == one["arrived_at"]


def test_a_reception_goes_where_its_record_is_merged_into(company: Company) -> None:
    """CUS-13, LEAD-10: whoever turns out to be somebody's customer while being received makes no second claim."""
    office = Visits(company, policy={"dispute.auto_settle": False})
    one = office.visitor(1)
    done(step(office.first, one, "greet"))
    held = office.claim(office.second, customer=customer(2))
    merge = {"into": held["customer"]["id"], "reason": "客户换了号码"}
    done(company.admin.post(f"/v1/customers/{one['customer']['id']}/merge", merge))
    done(step(office.first, one, "record", **NOTED))
    made = done(step(office.first, one, "complete"))
    assert (made["state"], made["claim"]) == ("completed", None)
    assert read(office.second, held)["owner"] == office.second.id
    opening = {"claim": held["id"], "grounds": "ownership", "statement": "我先接待的客户"}
    case = done(office.first.post("/v1/disputes", opening))
    items = listed(office.first.get(f"/v1/disputes/{case['id']}/evidence"))
    assert one["id"] in [item["id"] for item in items]


def test_nobody_is_there_and_the_duty_manager_decides(company: Company) -> None:
    """LEAD-08: empty queue: with a reason; LEAD-15: who serves now, and nothing else."""
    office = Visits(company)
    for rep in (office.first, office.second):
        office.say(office.leader, "duty", person=rep.id)
    one = office.visitor(1)
    assert (one["state"], one["server"]) == ("waiting", None)
    assert notices(office.leader) == ["reception.waiting"]
    refused(step(office.desk, one, "assign", person=office.first.id, reason="闲"), 403, "not_allowed")
    refused(step(office.leader, one, "assign", person=office.desk.id, reason="闲"), 422, "field_invalid", "person")
    named = done(step(office.leader, one, "assign", person=office.second.id, reason="离得近"))
    assert (named["state"], named["way"], named["server"]) == ("called", "named", office.second.id)
    done(step(office.second, one, "close", reason="送货的"))
    assert done(office.first.get(f"/v1/sites/{office.site}"))["next"] is None


def test_nobody_earns_a_make_up_turn_by_their_own_word_alone(company: Company) -> None:
    """LEAD-09: who is called away the duty manager says; who is busy names a customer of their own, or receives one."""
    office = Visits(company)
    own, other = office.claim(office.first, customer=customer(1)), office.claim(office.second, customer=customer(2))
    path = f"/v1/sites/{office.site}/presence"
    refused(office.first.post(path, {"presence": "duty"}), 403, "not_allowed")
    refused(office.first.post(path, {"presence": "duty", "person": office.second.id}), 403, "not_allowed")
    refused(office.leader.post(path, {"presence": "duty", "person": office.leader.id}), 403, "not_allowed")
    refused(office.leader.post(path, {"presence": "duty", "person": office.desk.id}), 422, "field_invalid", "person")
    refused(office.first.post(path, {"presence": "busy"}), 422, "field_missing", "claim")
    refused(office.first.post(path, {"presence": "busy", "claim": other["id"]}), 422, "field_invalid", "claim")
    office.say(office.first, "busy", claim=own["id"])
    assert office.visitor(3)["server"] == office.second.id
    office.say(office.first, "free")
    assert office.visitor(4)["makeup"] is True
    office.say(office.leader, "duty", person=office.first.id)
    told = [
        i["data"] for i in listed(office.leader.get(f"/v1/sites/{office.site}/timeline")) if i["kind"] == "presence"
    ]
    assert {"person": office.first.id, "presence": "duty", "by": office.leader.id} in told
    assert any(one.get("claim") == own["id"] for one in told)


def test_where_a_site_has_no_duty_manager_oversight_is_told(company: Company) -> None:
    """LEAD-08: an empty queue is somebody's to decide in every case."""
    office = Visits(company)
    site = done(company.admin.get(f"/v1/sites/{office.site}"))
    body = {"version": site["version"], "lead": None}
    done(company.admin.patch(f"/v1/sites/{office.site}", body))
    for rep in (office.first, office.second):
        office.say(rep, "out")
    before = len(notices(company.admin))
    office.visitor(1)
    assert notices(company.admin)[before:] == ["reception.waiting"]


class _Kept(Visits):
    """A site whose program's pool has customers who are kept for somebody; its lead is admin of the pool."""

    def __init__(self, company: Company, *, policy: Mapping[str, Any] | None = None) -> None:
        super().__init__(company, policy=policy)
        self.pool = str(company.admin.get(f"/v1/programs/{self.program}").json()["default_pool"])
        path = f"/v1/pools/{self.pool}"
        admins = {"version": company.admin.get(path).json()["version"], "admins": [self.leader.id]}
        done(company.admin.patch(path, admins))

    def kept(self, number: int, *people: Person) -> str:
        """A customer whom the second rep gave up, left to ``people`` alone; the entry."""
        lost = self.claim(self.second, customer=customer(number))
        done(act(self.second, lost, "release", reason="need_unmet"))
        entry = str(listed(self.leader.get(f"/v1/pools/{self.pool}/customers"))[0]["id"])
        self.restrict(entry, *people)
        return entry

    def restrict(self, entry: str, *people: Person) -> None:
        body = {"customers": [entry], "people": [one.id for one in people], "reason": "仅限专人"}
        (row,) = done(self.leader.post(f"/v1/pools/{self.pool}/restrict", body))["rows"]
        assert row["ok"], row

    def lies_in_the_pool(self, entry: str) -> bool:
        return entry in [one["id"] for one in listed(self.leader.get(f"/v1/pools/{self.pool}/customers"))]


def test_a_restricted_customer_who_is_there_is_received_by_the_listed_alone(company: Company) -> None:
    """POOL-08, POOL-03: by turn past the others, who keep theirs; a former owner asked for by name is one of them."""
    office = _Kept(company)
    third = company.rep("丁", team=office.team)
    office.say(third, "free")
    entry = office.kept(1, third)
    one = office.visitor(1, asks_for=office.second.id)
    assert (one["way"], one["server"], one["owner"]) == ("turn", third.id, None)
    turn = listed(office.first.get(f"/v1/sites/{office.site}/timeline"))[0]
    assert turn["data"]["skipped"] == [
        {"person": rep.id, "reason": "restricted"} for rep in (office.first, office.second)
    ]
    done(step(third, one, "greet"))
    for rep in (office.first, office.second):
        problem = refused(step(third, one, "hand-over", to=rep.id, reason="换人"), 403, "restricted")
        assert problem["rule"] == "POOL-08"
    refused(step(office.leader, one, "assign", person=office.first.id, reason="换人"), 403, "restricted")
    done(step(third, one, "record", **NOTED))
    claim = read(third, done(step(third, one, "complete"))["claim"])
    assert (claim["state"], claim["owner"]) == ("protected", third.id)
    assert not office.lies_in_the_pool(entry)
    # Whoever was passed over comes before who has just served, in their order.
    assert [office.visitor(number)["server"] for number in (2, 3)] == [office.first.id, office.second.id]


def test_a_restricted_customer_nobody_may_receive_waits_and_somebody_in_charge_is_asked(
    company: Company, tmp_path: Path
) -> None:
    """POOL-08, LEAD-08: the lead is told and may name none of the others; the task is that of takes, at once."""
    office = _Kept(company)
    third = company.rep("丁", team=office.team)
    entry = office.kept(1, third)
    house = DatabaseHouse(company.database, company.snapshots, tmp_path)

    def asked() -> list[tuple[str, str]]:
        house.restricted_waits()
        return [task for task in tasks(office.leader) if task[0] == "pool_restricted"]

    assert asked() == []
    one = office.visitor(1)
    assert (one["state"], one["server"]) == ("waiting", None)
    assert notices(office.leader)[-1] == "reception.waiting"
    refused(step(office.leader, one, "assign", person=office.first.id, reason="闲着"), 403, "restricted")
    assert asked() == asked() == [("pool_restricted", entry)]
    office.say(third, "free")
    assert asked() == []
    called = done(step(office.desk, one, "next"))
    assert (called["state"], called["server"]) == ("called", third.id)


def test_who_may_not_have_the_customer_by_the_end_gets_none_for_the_reception(company: Company) -> None:
    """POOL-08, LEAD-10: no claim, and no visit on a report of theirs; the reception is on record; a trial notes it."""
    office = _Kept(company)
    entry = office.kept(1, office.first)
    one = office.visitor(1)
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    office.restrict(entry, office.second)
    completed = done(step(office.first, one, "complete"))
    assert (completed["state"], completed["claim"]) == ("completed", None)
    assert office.lies_in_the_pool(entry)
    office.say(office.second, "free")
    made = office.served(1, by=office.second)
    assert read(office.second, made["claim"])["owner"] == office.second.id


def test_a_trial_keeps_no_visitor_for_anybody_and_notes_who_would_have_been_kept_out(company: Company) -> None:
    """POOL-08, POL-08."""
    office = _Kept(company, policy={"program.mode": "trial"})
    office.kept(1, office.second)
    claim = read(office.first, office.served(1, by=office.first)["claim"])
    assert (claim["state"], claim["would_refuse"]) == ("protected", "restricted")


def test_a_partner_led_visit_counts_for_the_report_once_it_is_confirmed(company: Company) -> None:
    """LEAD-14: by server and desk, in time; a report too close before the arrival, or after it, earns no credit; the
    partner reads the visit and nothing of the reception.
    """
    policy = {
        "ownership.tracks": ["sales", "channel"],
        "claim.protection_shape": "report_visit_deal",
        "claim.stage_length": {"report_visit": "15d", "visit_deal": "30d"},
        "claim.first_follow_up_wh": 0,
    }
    office = Visits(company, policy=policy)
    manager = company.person("渠道经理", team=office.team)
    partner = company.admin.made(
        "/v1/partners", {"name": "渠道", "manager": manager.id, "from": company.now().date().isoformat()}
    )
    code = company.admin.made(f"/v1/partners/{partner['id']}/invitations")["code"]
    joined = company.call("POST", "/v1/join", token=None, json={"code": code, "name": "经纪人"}).json()
    broker = Person(company, joined["person"]["id"], joined["token"])
    led = {"source": "partner_led", "broker": broker.id}
    early = office.claim(broker, customer=customer(1), track="channel")
    company.shift(minutes=30)
    late = office.claim(broker, customer=customer(2), track="channel")
    refused(office.arrive(3, source="partner_led"), 422, "field_missing", "broker")
    refused(office.arrive(3, broker=broker.id), 422, "field_not_allowed", "broker")
    refused(office.arrive(3, **{**led, "broker": office.first.id}), 422, "field_invalid", "broker")
    for number, why in ((2, "intercepted"), (3, "no_report")):
        other = office.visitor(number, **led)
        visit = done(broker.get(f"/v1/receptions/{other['id']}/visit"))
        assert (visit["state"], visit["why"]) == ("none", why)
        refused(office.desk.post(f"/v1/receptions/{other['id']}/visit/confirm"), 409, "illegal_transition")
    assert listed(broker.get(f"/v1/claims/{late['id']}/follow-ups")) == []
    company.shift(days=1)
    office.say(office.first, "free")
    one = office.visitor(1, **led)
    path = f"/v1/receptions/{one['id']}"
    assert notices(broker)[-1] == "reception.partner_led"
    refused(broker.get(path), 404, "not_found")
    company.shift(hours=23)
    assert done(office.desk.post(f"{path}/visit/confirm"))["state"] == "open"
    company.shift(hours=1)
    refused(office.first.post(f"{path}/visit/confirm"), 409, "deadline_passed")
    assert done(broker.get(f"{path}/visit"))["state"] == "missed"
    office.say(office.first, "free")
    one = office.visitor(1, **led)
    path = f"/v1/receptions/{one['id']}"
    assert done(office.desk.post(f"{path}/visit/confirm"))["state"] == "open"
    done(step(office.first, one, "greet"))
    done(step(office.first, one, "record", **NOTED))
    counted = done(office.first.post(f"{path}/visit/confirm"))
    assert (counted["state"], counted["report"], counted["needed"]) == ("counted", early["id"], ["server", "desk"])
    visits = listed(broker.get(f"/v1/claims/{early['id']}/follow-ups"))
    assert [(v["kind"], v["author"], v["note"]) for v in visits] == [("visit", broker.id, "")]
    assert moves(broker, early)[-1][0] == "stage_reached"
    again = office.desk.post(f"{path}/visit/confirm")
    assert (again.status_code, len(listed(broker.get(f"/v1/claims/{early['id']}/follow-ups")))) == (200, 1)


def test_a_confirmed_visit_counts_though_the_reporting_broker_has_left(company: Company) -> None:
    """LEAD-14, PPL-08: the partner owns the report; another of its brokers leads the customer, the house confirms."""
    policy = {
        "ownership.tracks": ["sales", "channel"],
        "claim.protection_shape": "report_visit_deal",
        "claim.stage_length": {"report_visit": "15d", "visit_deal": "30d"},
        "claim.first_follow_up_wh": 0,
    }
    office = Visits(company, policy=policy)
    manager = company.person("渠道经理", team=office.team)
    body = {"name": "渠道", "manager": manager.id, "from": company.now().date().isoformat()}
    partner = company.admin.made("/v1/partners", body)
    brokers = []
    for name in ("经纪人一", "经纪人二"):
        code = company.admin.made(f"/v1/partners/{partner['id']}/invitations")["code"]
        joined = company.call("POST", "/v1/join", token=None, json={"code": code, "name": name}).json()
        brokers.append(Person(company, joined["person"]["id"], joined["token"]))
    reporter, other = brokers
    claim = office.claim(reporter, customer=customer(1), track="channel")
    company.admin.made(f"/v1/people/{reporter.id}/leave")
    company.shift(days=1)
    office.say(office.first, "free")
    one = office.visitor(1, source="partner_led", broker=other.id)
    path = f"/v1/receptions/{one['id']}"
    done(office.desk.post(f"{path}/visit/confirm"))
    done(step(office.first, one, "greet"))
    counted = done(office.first.post(f"{path}/visit/confirm"))
    assert (counted["state"], counted["report"]) == ("counted", claim["id"])
    visits = listed(manager.get(f"/v1/claims/{claim['id']}/follow-ups"))
    assert [(v["kind"], v["author"]) for v in visits] == [("visit", reporter.id)]
    assert moves(manager, claim)[-1][0] == "stage_reached"


def test_two_desks_at_once_never_give_out_the_same_turn(company: Company) -> None:
    """LEAD-08: eight visitors from two desks at a time: everybody is called once in each lap."""
    office = Visits(company)
    other = company.person("前台二", team=office.team, roles=("reception",), company_wide=True)
    reps = [office.first, office.second, *(company.rep(f"销售{n}", team=office.team) for n in range(6))]
    for rep in reps[2:]:
        office.say(rep, "free")
    answers = company.together(
        *(
            company.acall(
                "POST",
                "/v1/receptions",
                token=desk.token,
                key=str(uuid.uuid4()),
                json={"site": office.site, "customer": customer(10 * place + number)},
            )
            for number in range(4)
            for place, desk in enumerate((office.desk, other), start=1)
        )
    )
    assert [a.status_code for a in answers] == [201] * 8
    assert sorted(a.json()["server"] for a in answers) == sorted(rep.id for rep in reps)
    assert {a.json()["state"] for a in answers} == {"called"}
