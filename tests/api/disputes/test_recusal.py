"""Who may not decide, and who takes over (回避、代理、离职): DSP-12, DSP-13, PPL-05, PPL-06."""

from __future__ import annotations

from typing import Any

import pytest

from storage.codec import rfc3339
from tests.api.disputes.test_a_case import Case
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import done, moment, notices, tasks


@pytest.fixture
def case(company: Company) -> Case:
    return Case(company)


def path(case: dict[str, Any], *rest: str) -> str:
    return "/".join((f"/v1/disputes/{case['id']}", *rest))


def challenge(case: Case, found: dict[str, Any], by: Person) -> dict[str, Any]:
    body = {"person": case.leader.id, "reason": "他和对方合租"}
    return by.made(path(found, "recusals"), body)


def window(found: dict[str, Any], name: str) -> str | None:
    return next((w["deadline"] for w in found["windows"] if w["window"] == name), None)


def away(case: Case, person: Person, *, delegate: Person | None = None) -> None:
    """From now on, entered now."""
    span = {"from": rfc3339(case.company.now()), "to": rfc3339(case.company.now().replace(year=2032))}
    if delegate is not None:
        until = {"to": rfc3339(case.company.now().replace(month=4, day=1))}
        case.company.admin.made(f"/v1/people/{person.id}/delegations", {**span, **until, "delegate": delegate.id})
    case.company.admin.made(f"/v1/people/{person.id}/absences", span)
    case.company.spread()


def delegated(case: Case, person: Person, delegate: Person) -> None:
    span = {"from": rfc3339(case.company.now()), "to": rfc3339(case.company.now().replace(day=20))}
    case.company.admin.made(f"/v1/people/{person.id}/delegations", {**span, "delegate": delegate.id})


def test_a_request_is_decided_one_tier_up_and_hands_the_case_on(case: Case) -> None:
    """DSP-13: 总监 decides about 张主管; accepted, the next neutral superior has the case."""
    found = case.to_arbitration()
    asked = challenge(case, found, case.first)
    assert (asked["state"], asked["by"], asked["decider"]) == ("open", case.first.id, case.above.id)
    assert ("decide_recusal", found["id"]) in tasks(case.above)
    assert "dispute.recusal_asked" in notices(case.leader)
    now = done(case.second.get(path(found)))
    assert window(now, "recusal") == asked["until"]
    again = case.first.made(path(found, "recusals"), {"person": case.leader.id, "reason": "还是他"})
    assert again["id"] == asked["id"]
    answer = {"accepted": True, "reason": "属实"}
    decide = path(found, "recusals", asked["id"], "decide")
    refused(case.leader.post(decide, answer), 403, "not_allowed")
    refused(case.above.post(decide, {"accepted": True, "reason": " "}), 422, "reason_required")
    after = done(case.above.post(decide, answer))
    assert [(r["state"], r["decision"]) for r in after["recusals"]] == [("accepted", "属实")]
    assert (after["state"], after["arbitrator"]) == ("arbitrating", case.above.id)
    assert window(after, "recusal") is None
    refused(case.ruling(found, case.leader), 403, "not_allowed")
    assert done(case.above.post(decide, answer))["version"] == after["version"]
    refused(case.above.post(decide, {**answer, "accepted": False}), 409, "illegal_transition")


def test_a_request_that_nobody_decides_in_time_is_refused(case: Case) -> None:
    """DSP-13: `dispute.recusal_wh`; the arbitrator cannot rule meanwhile, and can afterwards."""
    found = case.to_arbitration()
    case.heard(found)
    asked = challenge(case, found, case.first)
    refused(case.ruling(found, case.leader), 409, "hearing_open")
    case.pass_to(asked["until"])
    after = done(case.first.get(path(found)))
    assert [(r["state"], r["decided_at"]) for r in after["recusals"]] == [("refused", asked["until"])]
    assert after["arbitrator"] == case.leader.id
    assert "decide_recusal" not in [kind for kind, _ in tasks(case.above)]
    again = {"person": case.leader.id, "reason": "再来"}
    refused(case.first.post(path(found, "recusals"), again), 409, "illegal_transition")
    assert done(case.ruling(found, case.leader))["state"] == "ruled"


def test_only_who_decides_or_mediates_can_be_challenged_and_only_by_parties(case: Case) -> None:
    """DSP-13: anybody else is `field_invalid`."""
    found = case.to_arbitration()
    body = {"person": case.above.id, "reason": "不公"}
    refused(case.first.post(path(found, "recusals"), body), 422, "field_invalid", "person")
    refused(case.above.post(path(found, "recusals"), {**body, "person": case.leader.id}), 403, "not_allowed")


def test_a_mediator_who_is_recused_is_out(case: Case) -> None:
    """DSP-13: requests against a mediator go to the first tier."""
    opened = case.open()
    done(case.company.admin.post(path(opened, "mediator"), {"person": case.above.id}))
    asked = case.first.made(path(opened, "recusals"), {"person": case.above.id, "reason": "不公"})
    assert asked["decider"] == case.leader.id
    after = done(case.leader.post(path(opened, "recusals", asked["id"], "decide"), {"accepted": True, "reason": "是"}))
    assert after["mediator"] is None
    refused(case.company.admin.post(path(opened, "mediator"), {"person": case.above.id}), 403, "recusal_required")


def test_an_arbitrator_who_is_away_hands_over_and_the_tier_keeps_its_limit(case: Case) -> None:
    """DSP-12, PPL-05: by itself, at the instant from which they are away; the new one is told."""
    found = case.to_arbitration()
    case.company.shift(hours=2)
    away(case, case.leader)
    after = done(case.first.get(path(found)))
    assert after["arbitrator"] == case.above.id
    assert window(after, "tier") == window(found, "tier")
    assert tasks(case.leader) == []
    assert ("arbitrate", found["id"]) in tasks(case.above)
    assert "dispute.reassigned" in notices(case.first)


def test_a_delegate_decides_on_behalf(case: Case) -> None:
    """PPL-05: shown as made for the arbitrator who is away."""
    found = case.to_arbitration()
    stand_in = case.company.person("代理", team=case.company.root)
    away(case, case.leader, delegate=stand_in)
    assert done(case.first.get(path(found)))["arbitrator"] == stand_in.id
    case.heard(found)
    done(case.ruling(found, stand_in))
    (ruled,) = [e for e in listed(case.leader.get(path(found, "timeline"))) if e["kind"] == "ruled"]
    assert (ruled["actor"], ruled["data"]["for"]) == (stand_in.id, case.leader.id)


def test_an_arbitrator_who_leaves_hands_over(case: Case) -> None:
    """DSP-12, PPL-06."""
    found = case.to_arbitration()
    case.company.admin.made(f"/v1/people/{case.leader.id}/leave")
    case.company.spread()
    assert done(case.first.get(path(found)))["arbitrator"] == case.above.id


def test_the_supervisor_takes_the_place_of_a_party_who_leaves(case: Case) -> None:
    """PPL-06: nobody who decides the case; the successor reads it, speaks in it, and is shown as speaking for them."""
    found = case.to_arbitration()
    case.company.admin.made(f"/v1/people/{case.second.id}/leave")
    case.company.spread()
    after = done(case.first.get(path(found)))
    party = next(p for p in after["parties"] if p["person"] == case.second.id)
    assert party["represented_by"] == case.above.id
    assert after["arbitrator"] == case.leader.id
    assert "dispute.succeeded" in notices(case.above)
    done(case.above.post(path(found, "heard")))
    heard = next(e for e in listed(case.above.get(path(found, "timeline"))) if e["kind"] == "heard")
    assert (heard["actor"], heard["data"]) == (case.above.id, {"for": case.second.id})
    body = {"person": case.above.id, "reason": "?"}
    refused(case.first.post(path(found, "recusals"), body), 422, "field_invalid", "person")


def test_a_delegate_acts_for_one_party(case: Case) -> None:
    """PPL-05: not for both; an arbitrator who is to speak for a party hands the case over."""
    found = case.to_arbitration()
    stand_in = case.company.person("代理", team=case.company.root)
    delegated(case, case.second, stand_in)
    answer = done(stand_in.post(path(found, "heard")))
    party = next(p for p in answer["parties"] if p["person"] == case.second.id)
    assert (party["heard"], party["represented_by"]) == (True, stand_in.id)
    delegated(case, case.first, stand_in)
    refused(stand_in.post(path(found, "evidence"), {"kind": "statement", "text": "?"}), 403, "recusal_required")
    assert done(case.first.get(path(found)))["arbitrator"] == case.leader.id


def test_an_arbitrator_who_is_to_speak_for_a_party_hands_over(case: Case) -> None:
    """DSP-13, PPL-05."""
    found = case.to_arbitration()
    delegated(case, case.first, case.leader)
    case.company.spread()
    assert done(case.first.post(path(found, "heard")))["arbitrator"] == case.above.id


def test_a_missed_tier_makes_open_requests_moot(case: Case) -> None:
    """DSP-12, DSP-13: whoever the request is about has lost the case anyway."""
    found = case.to_arbitration()
    tier = window(found, "tier")
    case.company.shift(seconds=(moment(tier) - case.company.now()).total_seconds() - 3600)
    challenge(case, found, case.first)
    case.pass_to(tier or "")
    after = done(case.first.get(path(found)))
    assert [r["state"] for r in after["recusals"]] == ["moot"]
    assert (after["tier"], window(after, "recusal")) == (2, None)
