"""Release (释放): the owner's at once, the supervisor's after hearing the owner; where the customer goes (CLM-23)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import (
    FRIDAY,
    Office,
    act,
    after,
    decide,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    tasks,
    work,
)


def looked_up(person: Person, program: str) -> str:
    """What a blind check answers about 王小明 (CUS-08)."""
    answer = person.post("/v1/ownership/lookup", {"program": program, "customer": person_customer()})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["answer"])


def test_the_owner_gives_a_customer_up_at_once(company: Company) -> None:
    """CLM-23: reason `by_owner` with the word of the list; the customer is free for others."""
    office = Office(company)
    claim = office.claim(office.first)
    released = done(act(office.first, claim, "release", reason="need_unmet", text="想要别墅"))
    assert (released["state"], released["reason"], released["release_reason"]) == ("released", "by_owner", "need_unmet")
    assert (released["reason_text"], released["owner"]) == ("想要别墅", None)
    assert (released["clocks"], released["deadline"]) == ([], None)
    item = entry(office.first, claim, "released")
    assert (item["actor"], item["from"], item["to"]) == (office.first.id, "protected", "released")
    assert item["at"] == released["ended_at"]
    assert "别墅" not in str(item)
    assert office.claim(office.second)["state"] == "protected"


def test_an_active_customer_is_released_too_and_an_ended_one_is_not(company: Company) -> None:
    """Table 0.2."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    done(act(office.first, claim, "release", reason="lost"))
    assert moves(office.first, claim)[-1] == ("released", "active", "released")
    problem = refused(act(office.first, claim, "release", reason="lost"), 409, "illegal_transition")
    assert problem["current_state"] == "released"


def test_a_reason_of_the_list_is_needed(company: Company) -> None:
    """CLM-23: `reason_required` without one; a word that the policy does not list is `field_invalid`."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(act(office.first, claim, "release"), 422, "reason_required", "reason")
    refused(act(office.first, claim, "release", reason=""), 422, "reason_required", "reason")
    refused(act(office.first, claim, "release", reason="tired"), 422, "field_invalid", "reason")
    office.program = company.program("Own words", policy={"release.reasons": ["tired"]})
    other = office.claim(office.first)
    refused(act(office.first, other, "release", reason="lost"), 422, "field_invalid", "reason")
    assert done(act(office.first, other, "release", reason="tired"))["release_reason"] == "tired"


def test_a_reported_or_won_customer_is_not_released(company: Company) -> None:
    """Table 0.2: `illegal_transition`, for owner and supervisor, before anything is asked."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    problem = refused(act(office.leader, claim, "release", reason="lost"), 409, "illegal_transition")
    assert problem["current_state"] == "reported"
    done(act(office.leader, claim, "accept"))
    amount = {"amount_minor": 100, "currency": "CNY"}
    done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    for person in (office.first, office.leader):
        problem = refused(act(person, claim, "release", reason="lost"), 409, "illegal_transition")
        assert problem["current_state"] == "won"
    assert read(office.first, claim)["requests"] == []


def test_a_supervisors_release_is_a_request_that_takes_effect_after_the_objection_time(company: Company) -> None:
    """CLM-23: `release.objection_wh` 24: asked Friday 15:00, until Monday 15:00; reason `by_supervisor`."""
    office = Office(company, opened=FRIDAY)
    claim = office.claim(office.first)
    asked = done(act(office.leader, claim, "release", reason="not_worked", text="三天没有联系"))
    assert asked["state"] == "protected"
    (request,) = asked["requests"]
    assert (request["kind"], request["by"], request["waiting_for"]) == ("release", office.leader.id, [office.first.id])
    gap = moment(request["decide_by"]) - after(claim["received_at"], days=3)
    assert timedelta() <= gap < timedelta(seconds=30)
    assert tasks(office.first) == [("request.release", request["id"])]
    assert "request.release" in notices(office.first, claim)
    company.advance(days=2, hours=23)
    assert read(office.first, claim)["state"] == "protected"
    company.advance(hours=2)
    released = read(office.first, claim)
    assert (released["state"], released["reason"], released["release_reason"]) == (
        "released",
        "by_supervisor",
        "not_worked",
    )
    assert released["ended_at"] == request["decide_by"]
    assert tasks(office.first) == []
    assert "claim.released" in notices(office.first, claim)


def test_the_owner_may_agree_at_once(company: Company) -> None:
    """CLM-23, contract section 5: accepted by the one it waits for; the supervisor cannot accept it."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.leader, claim, "release", reason="customer_request"))["requests"][0]
    refused(decide(office.leader, request), 403, "not_allowed")
    assert done(decide(office.first, request))["state"] == "accepted"
    assert read(office.first, claim)["reason"] == "by_supervisor"


def test_an_objection_in_time_becomes_a_dispute(company: Company) -> None:
    """CLM-23: between owner and supervisor, decided by somebody above both; the rules settle nothing."""
    office = Office(company, policy={"release.objection_wh": 48})
    claim = office.claim(office.first)
    request = done(act(office.leader, claim, "release", reason="not_worked"))["requests"][0]
    company.advance(days=1, hours=23)
    assert done(decide(office.first, request, "refuse", reason="我昨天刚见过"))["state"] == "refused"
    disputed = read(office.first, claim)
    assert (disputed["state"], disputed["owner"], disputed["deadline"]) == ("disputed", office.first.id, None)
    assert "request.release" in notices(office.leader, claim)
    case = done(office.first.get(f"/v1/disputes/{disputed['dispute']}"))
    assert (case["state"], case["statement"], case["served_by"]) == ("negotiating", "我昨天刚见过", office.first.id)
    assert [(p["person"], p["claim"], p["role"]) for p in case["parties"]] == [
        (office.first.id, claim["id"], "opener"),
        (office.leader.id, None, "respondent"),
    ]
    for party in (office.first, office.leader):
        case = done(party.post(f"/v1/disputes/{case['id']}/waive"))
    assert case["arbitrator"] not in (office.leader.id, office.first.id)
    done(company.admin.post(f"/v1/disputes/{case['id']}/dismiss", {"reason": "主管撤回"}))
    assert read(office.first, claim)["state"] == "protected"


def test_a_second_release_waits_for_the_first_and_the_supervisor_may_withdraw_it(company: Company) -> None:
    """CLM-23."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.leader, claim, "release", reason="not_worked"))["requests"][0]
    refused(act(office.leader, claim, "release", reason="need_unmet"), 409, "illegal_transition")
    assert done(decide(office.leader, request, "withdraw"))["state"] == "withdrawn"
    company.advance(days=1, hours=1)
    assert read(office.first, claim)["state"] == "protected"
    assert done(act(office.leader, claim, "release", reason="need_unmet"))["requests"][0]["state"] == "open"


def test_only_owner_and_supervisor_release(company: Company) -> None:
    """Contract section 9."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(act(office.finance(), claim, "release", reason="lost"), 403, "not_allowed")
    refused(act(office.second, claim, "release", reason="lost"), 404, "not_found")


def test_a_customer_may_go_to_a_named_colleague(company: Company) -> None:
    """CLM-23: held by the colleague at once, as a claim of their own; nobody else gets it."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.first, claim, "release", reason="customer_request", to=office.second.id))
    (theirs,) = office.second.get("/v1/claims", owner=office.second.id).json()["items"]
    assert (theirs["state"], theirs["customer"]["id"]) == ("protected", claim["customer"]["id"])
    assert theirs["id"] != claim["id"]
    assert theirs["receipt"] > claim["receipt"]
    assert moves(office.second, theirs)[-1] == ("accepted", "reported", "protected")
    assert "claim.accepted" in notices(office.second, theirs)
    assert read(office.first, claim)["state"] == "released"
    assert office.claim(office.outsider())["reason"] == "customer_owned"


def test_the_named_colleague_must_be_an_active_member_who_sells(company: Company) -> None:
    """CLM-23, PPL-01: `field_invalid` and `person_inactive`; nothing is released."""
    office = Office(company)
    claim = office.claim(office.first)
    clerk = company.person("文员", team=office.team)
    for to in (clerk.id, office.first.id, claim["id"]):
        refused(act(office.first, claim, "release", reason="lost", to=to), 422, "field_invalid", "to")
    done(company.admin.post(f"/v1/people/{office.second.id}/leave"))
    refused(act(office.first, claim, "release", reason="lost", to=office.second.id), 422, "person_inactive", "to")
    refused(act(office.first, claim, "release", reason="lost", pool=claim["id"]), 422, "field_invalid", "pool")
    assert read(office.first, claim)["state"] == "protected"


@pytest.mark.parametrize(
    ("word", "at_once", "later"),
    [
        ("not_worked", "pooled", "pooled"),
        ("need_unmet", "pooled", "pooled"),
        ("customer_request", "pooled", "pooled"),
        # A lost customer is nurtured for `release.nurture_days` before it enters the pool.
        ("lost", "free", "pooled"),
        ("invalid", "free", "free"),
        ("false_report", "free", "free"),
    ],
)
def test_the_reason_decides_where_the_customer_goes(company: Company, word: str, at_once: str, later: str) -> None:
    """CLM-23, POOL-02: pooled, nurtured for ninety days, or closed."""
    office = Office(company)
    claim = office.claim(office.first)
    assert looked_up(office.second, office.program) == "conflict"
    done(act(office.first, claim, "release", reason=word))
    assert looked_up(office.second, office.program) == at_once
    company.advance(days=91)
    assert looked_up(office.second, office.program) == later


def test_a_release_ends_what_was_asked_about_the_claim(company: Company) -> None:
    """CLM-23: open requests have no object any more."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "extend", reason="出差"))["requests"][0]
    released = done(act(office.first, claim, "release", reason="lost"))
    assert [r["state"] for r in released["requests"]] == ["withdrawn"]
    assert tasks(office.leader) == []
    assert decide(office.leader, request).status_code == 409
    assert read(office.first, claim)["state"] == "released"


def test_a_release_asked_for_before_a_deal_does_not_undo_it(company: Company) -> None:
    """CLM-23, CLM-32: the deal came in within the objection time."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.leader, claim, "release", reason="not_worked"))
    amount: dict[str, Any] = {"amount_minor": 100, "currency": "CNY"}
    done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    company.advance(days=3)
    assert read(office.first, claim)["state"] == "won"
