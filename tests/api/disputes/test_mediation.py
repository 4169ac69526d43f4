"""A mediator who cannot go on (调解员离职、缺席): DSP-08, PPL-05, PPL-06."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.disputes.test_a_case import Case
from tests.api.disputes.test_naming import leaves
from tests.api.disputes.test_recusal import away, path, window
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import done, notices, tasks


@pytest.fixture
def case(company: Company) -> Case:
    return Case(company)


def named(case: Case, found: dict[str, Any], person: Person) -> dict[str, Any]:
    return done(case.above.post(path(found, "mediator"), {"person": person.id}))


def mediated(case: Case, person: Person) -> dict[str, Any]:
    found = case.open()
    named(case, found, person)
    for party in (case.first, case.second):
        found = done(party.post(path(found, "waive")))
    assert (found["state"], found["mediator"]) == ("mediating", person.id)
    return found


def test_a_mediator_who_leaves_is_replaced_by_those_who_may_name_one(case: Case) -> None:
    """DSP-08, PPL-06: everybody is told; the window goes on, and the next one has what is left of it."""
    neutral = case.company.person("调解员", team=case.company.root)
    found = mediated(case, neutral)
    leaves(case, neutral)
    waits = done(case.first.get(path(found)))
    assert (waits["state"], waits["mediator"]) == ("mediating", None)
    assert window(waits, "mediation") == window(found, "mediation")
    for party in (case.first, case.second):
        assert "dispute.mediator_gone" in notices(party)
    assert ("name_mediator", found["id"]) in tasks(case.leader)
    another = case.company.person("另一位", team=case.company.root)
    after = named(case, found, another)
    assert (after["state"], after["mediator"]) == ("mediating", another.id)
    assert ("name_mediator", found["id"]) not in tasks(case.leader)
    assert notices(case.first)[-1] == "dispute.mediating"
    assert [e["kind"] for e in listed(case.leader.get(path(found, "timeline")))].count("mediator_gone") == 1


def test_what_is_allowed_while_somebody_mediates(case: Case) -> None:
    """DSP-13, DSP-14, contract section 6: a party may challenge the mediator; nobody dismisses between two steps."""
    found = mediated(case, case.company.person("调解员", team=case.company.root))
    assert {"recusals", "proposals"} <= set(found["allowed"])
    assert "dismiss" not in done(case.company.admin.get(path(found)))["allowed"]
    refused(case.company.admin.post(path(found, "dismiss"), {"reason": "没有依据"}), 409, "illegal_transition")
    asked = case.second.made(path(found, "recusals"), {"person": found["mediator"], "reason": "他和对方合租"})
    assert asked["state"] == "open"
    assert "recusals" not in done(case.second.get(path(found)))["allowed"]


def test_without_another_mediator_the_case_goes_on_to_arbitration(case: Case) -> None:
    """DSP-08: "No mediator in time: arbitration"; who is away since mediation began does not decide the case."""
    found = mediated(case, case.leader)
    away(case, case.leader)
    assert done(case.first.get(path(found)))["mediator"] is None
    case.pass_to(window(found, "mediation") or "")
    after = done(case.first.get(path(found)))
    assert (after["state"], after["arbitrator"]) == ("arbitrating", case.above.id)
    assert tasks(case.leader) == []


def test_absence_before_mediation_begins_changes_nothing_until_then(case: Case) -> None:
    """DSP-08: whether the mediator is there counts when they are needed."""
    found = case.open()
    named(case, found, case.company.admin)
    away(case, case.company.admin)
    assert done(case.first.get(path(found)))["mediator"] == case.company.admin.id
    for party in (case.first, case.second):
        done(party.post(path(found, "waive")))
    case.company.advance(seconds=1)
    after = done(case.first.get(path(found)))
    assert (after["state"], after["mediator"]) == ("mediating", None)


def test_a_request_against_a_mediator_who_left_is_moot(case: Case) -> None:
    """DSP-13: there is nothing to decide any more."""
    neutral = case.company.person("调解员", team=case.company.root)
    found = mediated(case, neutral)
    body = {"person": neutral.id, "reason": "和对方是亲戚"}
    asked = case.first.made(path(found, "recusals"), body)
    assert ("decide_recusal", found["id"]) in tasks(case.leader)
    leaves(case, neutral)
    after = done(case.first.get(path(found)))
    assert [r["state"] for r in after["recusals"]] == ["moot"]
    assert ("decide_recusal", found["id"]) not in tasks(case.leader)
    answer = {"accepted": True, "reason": "是"}
    refused(case.leader.post(path(found, "recusals", asked["id"], "decide"), answer), 409, "illegal_transition")
