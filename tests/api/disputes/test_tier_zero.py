"""What the rules settle by themselves, and advice (系统判客、裁决建议): DSP-04, DSP-08, DSP-11."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.disputes.test_a_case import Case
from tests.support.answers import refused
from tests.support.company import Company
from tests.support.office import clocks, done, moment, read


@pytest.fixture
def case(company: Company) -> Case:
    """甲 reported first, 乙 after; the general policy settles at tier 0."""
    return Case(company, policy={"dispute.auto_settle": True})


def proposed(case: Case) -> dict[str, Any]:
    found = case.open()
    assert (found["state"], found["tier"]) == ("proposed", 0)
    assert found["outcome"] == {"outcome": "party", "owner": case.first.id, "shares": [], "same": None}
    return found


def test_recorded_facts_that_separate_the_parties_settle_the_case(case: Case) -> None:
    """DSP-04: the earlier report wins; unobjected, it is final when `dispute.objection_wh` is over."""
    before = read(case.first, case.held)
    found = proposed(case)
    assert case.states() == ("disputed", "disputed")
    (window,) = found["windows"]
    assert window["window"] == "objection"
    case.pass_to(window["deadline"])
    final = done(case.leader.get(f"/v1/disputes/{found['id']}"))
    assert (final["state"], final["ended_at"]) == ("final", window["deadline"])
    assert [(r["tier"], r["by"], r["final"]) for r in final["rulings"]] == [(0, None, True)]
    kept, lost = read(case.first, case.held), read(case.second, case.refused)
    assert (kept["state"], kept["owner"]) == ("active", case.first.id)
    assert (lost["state"], lost["reason"]) == ("rejected", "ruled_out")
    stopped = moment(final["ended_at"]) - moment(found["opened_at"])
    assert moment(clocks(kept)["protection"]) == moment(clocks(before)["protection"]) + stopped


def test_an_objection_that_names_a_fact_moves_the_case_to_negotiation(case: Case) -> None:
    """DSP-04: which recorded fact is disputed, or which one is missing."""
    found = proposed(case)
    answer = done(case.second.post(f"/v1/disputes/{found['id']}/object", {"missing": "缺少周六的到访接待记录"}))
    assert (answer["state"], answer["tier"], answer["outcome"]) == ("negotiating", None, None)
    assert [w["window"] for w in answer["windows"]] == ["negotiation"]


def test_an_objection_that_names_none_is_kept_and_changes_nothing(case: Case) -> None:
    """DSP-04: it is in the history, and the result becomes final."""
    found = proposed(case)
    answer = done(case.second.post(f"/v1/disputes/{found['id']}/object", {"reason": "不公平"}))
    assert answer["state"] == "proposed"
    told = case.leader.get(f"/v1/disputes/{found['id']}/timeline").json()["items"]
    assert [(e["kind"], e["data"]["counts"]) for e in told if e["kind"] == "objected"] == [("objected", False)]


def test_a_fact_contested_at_the_opening_goes_to_people(case: Case) -> None:
    """DSP-04: contested facts go straight to negotiation."""
    found = case.open(contests=[case.held["id"]])
    assert found["state"] == "negotiating"


def test_advice_says_what_of_it_rests_on_a_contested_fact(case: Case) -> None:
    """DSP-04, DSP-11: in the advice as it is read, and as a ruling keeps it."""
    found = proposed(case)
    path = f"/v1/disputes/{found['id']}"
    (point,) = done(case.second.get(f"{path}/advice"))["points"]
    assert (point["evidence"], point["contested"]) == ([case.held["id"]], [])
    done(case.second.post(f"{path}/object", {"contests": [case.held["id"]]}))
    advice = done(case.second.get(f"{path}/advice"))
    (point,) = advice["points"]
    assert point["contested"] == [case.held["id"]]
    assert "有争议" in point["text"]["zh"]
    assert "contested" in point["text"]["en"]
    for step in ("waive", "heard"):
        for party in (case.first, case.second):
            done(party.post(f"{path}/{step}"))
    kept = done(case.ruling(found, case.leader))["rulings"][0]["advice"]
    assert [p["contested"] for p in kept["points"]] == [[case.held["id"]]]
    assert kept["facts_digest"] == advice["facts_digest"]


def test_who_joins_may_contest_too(case: Case) -> None:
    """DSP-01, DSP-04."""
    found = proposed(case)
    third = case.company.rep("丁", team=case.office.team)
    late = case.office.claim(third)
    body = {"claim": late["id"], "grounds": "refused_report", "statement": "?", "contests": [case.held["id"]]}
    done(third.post("/v1/disputes", body))
    (point,) = done(case.second.get(f"/v1/disputes/{found['id']}/advice"))["points"]
    assert point["contested"] == [case.held["id"]]


def test_what_was_contested_does_not_decide_by_itself_in_the_next_case(case: Case) -> None:
    """DSP-04: nobody has decided about it; the rules settle nothing by it when the case is opened anew."""
    found = proposed(case)
    path = f"/v1/disputes/{found['id']}"
    done(case.second.post(f"{path}/object", {"contests": [case.held["id"]]}))
    withdrawn = done(case.second.post(f"{path}/withdraw", {}))
    case.pass_to(next(w["deadline"] for w in withdrawn["windows"] if w["window"] == "continue"))
    again = case.open()
    assert (again["id"] != found["id"], again["state"]) == (True, "negotiating")


def test_advice_says_who_and_why_in_both_languages(case: Case) -> None:
    """DSP-11, POL-07: rule, evidence and policy version of every point, the same twice."""
    found = proposed(case)
    advice = done(case.second.get(f"/v1/disputes/{found['id']}/advice"))
    assert advice["outcome"]["owner"] == case.first.id
    (first, *_) = advice["points"]
    assert (first["rule"], first["rule_id"], first["person"]) == ("first_report", "CLM-05", case.first.id)
    assert first["evidence"] == [case.held["id"]]
    assert "甲" in first["text"]["zh"]
    assert "policy version 1" in first["text"]["en"]
    assert done(case.first.get(f"/v1/disputes/{found['id']}/advice")) == advice


def test_a_mediator_is_named_and_cannot_arbitrate(case: Case) -> None:
    """DSP-08, DSP-13: 张主管 mediates, so the director arbitrates."""
    found = proposed(case)
    path = f"/v1/disputes/{found['id']}"
    refused(case.first.post(f"{path}/mediator", {"person": case.leader.id}), 403, "not_allowed")
    done(case.above.post(f"{path}/mediator", {"person": case.leader.id}))
    done(case.second.post(f"{path}/object", {"missing": "缺少接待记录"}))
    for party in (case.first, case.second):
        answer = done(party.post(f"{path}/waive"))
    assert (answer["state"], answer["mediator"]) == ("mediating", case.leader.id)
    case.pass_to(answer["deadline"])
    after = done(case.above.get(path))
    assert (after["state"], after["arbitrator"]) == ("arbitrating", case.above.id)
