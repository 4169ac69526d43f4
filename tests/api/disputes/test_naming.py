"""An arbitrator is named where nobody neutral is left (指定仲裁人): DSP-13."""

from __future__ import annotations

from typing import Any

import pytest

from storage.codec import rfc3339
from tests.api.disputes.test_a_case import Case
from tests.api.disputes.test_recusal import path, window
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import done, moment, notices, tasks

REASON = "其他人都有关联"


@pytest.fixture
def case(company: Company) -> Case:
    """张主管 is too near to both parties, the administrator mediates: 总监 alone may decide."""
    return Case(company, policy={"dispute.strict_neutral": True})


def mediated(case: Case) -> dict[str, Any]:
    """A case in mediation, both parties having waived negotiation."""
    opened = case.open()
    done(case.above.post(path(opened, "mediator"), {"person": case.company.admin.id}))
    for party in (case.first, case.second):
        opened = done(party.post(path(opened, "waive")))
    assert opened["state"] == "mediating"
    return opened


def leaves(case: Case, person: Person) -> None:
    case.company.admin.made(f"/v1/people/{person.id}/leave")
    case.company.spread()


def name(case: Case, found: dict[str, Any], person: Person, by: Person | None = None) -> Any:
    body = {"person": person.id, "reason": REASON}
    return (by or case.company.admin).post(path(found, "arbitrator"), body)


def test_an_admin_is_asked_and_names_who_decides(case: Case) -> None:
    """DSP-13: 总监 left before the case came to arbitration."""
    found = mediated(case)
    leaves(case, case.above)
    case.pass_to(found["deadline"])
    waits = done(case.company.admin.get(path(found)))
    assert (waits["state"], waits["tier"], waits["arbitrator"]) == ("arbitrating", None, None)
    assert "arbitrator" in waits["allowed"]
    assert ("name_arbitrator", found["id"]) in tasks(case.company.admin)
    assert "dispute.nobody_decides" in notices(case.company.admin)
    neutral = case.company.person("外部专家", team=case.company.root)
    refused(name(case, found, case.leader), 403, "recusal_required")
    refused(name(case, found, case.above), 422, "person_inactive")
    refused(name(case, found, neutral, by=case.leader), 403, "not_allowed")
    named = done(name(case, found, neutral))
    assert (named["tier"], named["arbitrator"]) == (3, neutral.id)
    assert {w["window"] for w in named["windows"]} == {"tier", "evidence"}
    assert tasks(case.company.admin) == []
    assert ("arbitrate", found["id"]) in tasks(neutral)
    assert done(name(case, found, neutral))["version"] == named["version"]
    refused(name(case, found, case.company.person("另一位", team=case.company.root)), 409, "illegal_transition")
    case.heard(found)
    assert done(case.ruling(found, neutral))["state"] == "final"
    said = next(e for e in listed(case.leader.get(path(found, "timeline"))) if e["kind"] == "arbitrator_named")
    assert (said["actor"], said["data"]["person"]) == (case.company.admin.id, neutral.id)


def test_a_case_whose_last_arbitrator_leaves_waits_and_is_handed_over(case: Case) -> None:
    """DSP-13, PPL-06: it is vacated once, nobody rules meanwhile, and the next one has the limit of a tier."""
    found = mediated(case)
    case.pass_to(found["deadline"])
    assert done(case.first.get(path(found)))["arbitrator"] == case.above.id
    leaves(case, case.above)
    waits = done(case.company.admin.get(path(found)))
    assert (waits["state"], waits["arbitrator"]) == ("arbitrating", None)
    neutral = case.company.person("外部专家", team=case.company.root)
    named = done(name(case, found, neutral))
    assert (named["tier"], named["arbitrator"]) == (3, neutral.id)
    kinds = [e["kind"] for e in listed(case.leader.get(path(found, "timeline")))]
    assert kinds.count("seat_vacated") == 1


def test_the_last_arbitrator_who_comes_back_goes_on(case: Case) -> None:
    """PPL-05: nobody took over meanwhile."""
    found = mediated(case)
    case.pass_to(found["deadline"])
    now = case.company.now()
    span = {"from": rfc3339(now), "to": rfc3339(now.replace(hour=now.hour + 2))}
    case.company.admin.made(f"/v1/people/{case.above.id}/absences", span)
    case.company.spread()
    waits = done(case.first.get(path(found)))
    assert (waits["arbitrator"], window(waits, "tier")) == (None, window(done(case.first.get(path(found))), "tier"))
    refused(case.ruling(found, case.above), 403, "not_allowed")
    case.pass_to(span["to"])
    back = done(case.first.get(path(found)))
    assert (back["arbitrator"], window(back, "tier")) == (case.above.id, window(waits, "tier"))
    assert moment(window(back, "tier")) > moment(span["to"])
    assert tasks(case.company.admin) == []
    case.heard(found)
    assert done(case.ruling(found, case.above))["state"] in ("ruled", "final")
