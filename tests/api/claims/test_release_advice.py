"""Who fits a customer that is to go to somebody else (LEAD-07)."""

from __future__ import annotations

from typing import Any

from tests.api.disputes.test_a_case import Case
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, customer, done, notices, read


def _people(person: Person, claim: dict[str, Any]) -> list[str]:
    advice = done(person.get(f"/v1/claims/{claim['id']}/recommendation"))
    assert all(one["parts"] for one in advice["people"])
    return [one["person"] for one in advice["people"]]


def _released(person: Person, claim: dict[str, Any]) -> dict[str, Any]:
    items = person.get(f"/v1/claims/{claim['id']}/timeline").json()["items"]
    found: dict[str, Any] = next(item["data"] for item in items if item["kind"] == "released")
    return found


def test_advice_for_a_release_names_the_fitting_and_is_on_record(company: Company) -> None:
    """LEAD-07: `recommend.count` at most, never the owner; taken or ignored, the history says what it was."""
    office = Office(company, policy={"recommend.count": 1})
    third = company.rep("丁", team=office.team)
    busy = [office.claim(office.second, customer=customer(number)) for number in (11, 12)]
    taken, ignored = (office.claim(office.first, customer=customer(number)) for number in (13, 14))
    assert _people(office.first, taken) == [third.id]
    refused(office.second.get(f"/v1/claims/{taken['id']}/recommendation"), 404, "not_found")
    before = notices(third), read(office.first, taken)
    assert _people(office.leader, taken) == [third.id]
    assert (notices(third), read(office.first, taken)["version"]) == (before[0], before[1]["version"])
    done(act(office.first, taken, "release", reason="need_unmet", to=third.id))
    assert (_released(office.leader, taken)["to"], _released(office.leader, taken)["recommended"]) == (
        third.id,
        [third.id],
    )
    done(act(office.first, ignored, "release", reason="need_unmet", to=office.second.id))
    assert _released(office.leader, ignored)["recommended"] == [third.id]
    assert busy[0]["owner"] == office.second.id


def test_in_a_case_the_parties_are_asked_about_like_everybody(company: Company) -> None:
    """LEAD-07, DSP-02: for an overlap; the advice is computed from matching, no ownership rule is asked."""
    office = Office(company, policy={"recommend.count": 9, "claim.on_collision": "dispute"})
    claim = office.claim(office.first)
    assert office.first.id not in _people(office.leader, claim)
    office.claim(office.second)
    assert read(office.leader, claim)["state"] == "disputed"
    assert {office.first.id, office.second.id} <= set(_people(office.leader, claim))


def test_a_ruling_has_on_record_whom_the_advice_named(company: Company) -> None:
    """LEAD-07: beside who got the customer; neither the ruling nor its advice tells of it as a ground."""
    case = Case(company, policy={"recommend.count": 2})
    found = case.to_arbitration()
    named = _people(case.leader, case.held)
    case.heard(found)
    ruled = done(case.ruling(found, case.leader))
    items = case.leader.get(f"/v1/disputes/{found['id']}/timeline").json()["items"]
    data = next(item["data"] for item in items if item["kind"] == "ruled")
    assert (data["recommended"], data["owner"]) == (named, case.second.id)
    assert len(named) == 2
    assert "recommended" not in str(ruled["rulings"])
