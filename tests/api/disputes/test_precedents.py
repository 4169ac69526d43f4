"""Final rulings become precedents without names (判例): DSP-18."""

from __future__ import annotations

from typing import Any

from tests.api.disputes.test_a_case import NEW_FACT, Case
from tests.support.answers import listed, refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import done


def precedents(by: Person, **filters: Any) -> list[dict[str, Any]]:
    return listed(by.get("/v1/precedents", **filters))


def appealed(case: Case) -> dict[str, Any]:
    """张主管 rules for 乙; on appeal the director rules for the pool."""
    found = case.to_arbitration()
    case.heard(found)
    done(case.ruling(found, case.leader))
    path = f"/v1/disputes/{found['id']}"
    item = case.first.made(f"{path}/evidence", {"kind": "statement", "text": NEW_FACT})
    again = done(case.first.post(f"{path}/appeal", {"reason": "有新证据", "evidence": [item["id"]]}))
    case.heard(again)
    return done(case.ruling(again, case.above, outcome="pool", owner=None))


def test_final_rulings_are_found_without_names(company: Company) -> None:
    """DSP-18: by kind, rule and outcome; an overturned one is shown as overturned; a pending one is not shown."""
    case = Case(company)
    found = case.to_arbitration()
    case.heard(found)
    done(case.ruling(found, case.leader))
    assert precedents(case.first) == []
    company.advance(days=10)
    (first,) = precedents(case.first)
    assert (first["grounds"], first["outcome"], first["tier"]) == ("refused_report", "party", 1)
    assert (first["overturned"], first["rules"], first["blurred"]) == (False, ["first_report"], False)
    assert first["at"] is not None
    told = str(first)
    for secret in (case.first.id, case.second.id, case.leader.id, found["id"], found["customer"]):
        assert secret not in told
    assert precedents(case.first, rule="first_report", outcome="party", q="撞单") == [first]
    for filters in ({"rule": "first"}, {"outcome": "pool"}, {"q": "抢单"}, {"q": "poaching"}):
        assert precedents(case.first, **filters) == []
    refused(case.first.get("/v1/precedents", outcome="nobody"), 422, "field_invalid", "outcome")


def test_an_overturned_ruling_is_shown_as_overturned(company: Company) -> None:
    """DSP-18, DSP-16."""
    case = Case(company)
    assert appealed(case)["state"] == "final"
    found = {p["tier"]: (p["outcome"], p["overturned"]) for p in precedents(case.first)}
    assert found == {1: ("party", True), 2: ("pool", False)}


def test_advice_names_similar_ones_that_stand(company: Company) -> None:
    """DSP-18: `precedent.similar`; kept with the ruling."""
    case = Case(company)
    appealed(case)
    (stands,) = [p["id"] for p in precedents(case.first) if not p["overturned"]]
    customer = person_customer("李四", "13900000001")
    case.held = case.office.claim(case.first, customer=customer)
    case.refused = case.office.claim(case.second, customer=customer)
    found = case.to_arbitration()
    assert done(case.first.get(f"/v1/disputes/{found['id']}/advice"))["similar"] == [stands]
    case.heard(found)
    assert done(case.ruling(found, case.leader))["rulings"][0]["advice"]["similar"] == [stands]


def test_in_a_small_program_they_are_undated_and_outsiders_see_none(company: Company) -> None:
    """DSP-18: `precedent.group_min`, here more people than there are."""
    case = Case(company, policy={"precedent.group_min": 50})
    appealed(case)
    assert {(p["at"], p["blurred"]) for p in precedents(case.first)} == {(None, True)}
