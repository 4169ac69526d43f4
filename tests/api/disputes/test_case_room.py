"""Who hears what is said in a case (沟通渠道): DSP-06, NTF-01."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.codec import rfc3339
from tests.api.disputes.test_a_case import Case
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import done, notices


@pytest.fixture
def case(company: Company) -> Case:
    return Case(company)


def said(case: dict[str, Any], by: Person, text: str, **more: Any) -> dict[str, Any]:
    return by.made(f"/v1/disputes/{case['id']}/messages", {"text": text, **more})


def heard(case: dict[str, Any], by: Person) -> list[str]:
    return [m["text"] for m in listed(by.get(f"/v1/disputes/{case['id']}/messages"))]


def test_the_room_is_for_everybody_in_the_case(case: Case) -> None:
    """DSP-06: parties, supervisors and mediator, newest first; the others are told (NTF-01); outsiders get 404."""
    opened = case.open()
    first = said(opened, case.second, "客户上周六来过")
    said(opened, case.leader, "请把接待单发上来")
    assert (first["line"], first["author"], first["party"]) == ("room", case.second.id, None)
    for reader in (case.first, case.second, case.leader, case.above):
        assert heard(opened, reader) == ["请把接待单发上来", "客户上周六来过"]
    assert notices(case.first)[-2:] == ["dispute.message", "dispute.message"]
    outsider = case.office.outsider()
    refused(outsider.get(f"/v1/disputes/{opened['id']}/messages"), 404, "not_found")
    refused(outsider.post(f"/v1/disputes/{opened['id']}/messages", {"text": "?"}), 404, "not_found")


def test_a_party_never_hears_the_line_of_the_other(case: Case) -> None:
    """DSP-06: only the arbitrator hears both; what the arbitrator says on it, all parties hear."""
    found = case.to_arbitration()
    said(found, case.first, "甲的话", line="arbitrator")
    said(found, case.second, "乙的话", line="arbitrator")
    said(found, case.leader, "请双方提供接待单", line="arbitrator")
    assert heard(found, case.first) == ["请双方提供接待单", "甲的话"]
    assert heard(found, case.second) == ["请双方提供接待单", "乙的话"]
    assert heard(found, case.leader) == ["请双方提供接待单", "乙的话", "甲的话"]
    for reader in (case.above, case.company.admin):
        assert heard(found, reader) == []
    refused(
        case.above.post(f"/v1/disputes/{found['id']}/messages", {"text": "?", "line": "arbitrator"}),
        403,
        "not_allowed",
    )


def test_a_delegation_does_not_open_the_line_of_the_other(case: Case) -> None:
    """DSP-06, PPL-05: 甲 is named the delegate of 乙, then of the arbitrator; neither lets 甲 hear what 乙 said."""
    found = case.to_arbitration()
    said(found, case.second, "乙的话", line="arbitrator")
    now = case.company.now()
    for person in (case.second, case.leader):
        span = {"from": rfc3339(now), "to": rfc3339(now + timedelta(days=5))}
        case.company.admin.made(f"/v1/people/{person.id}/delegations", {**span, "delegate": case.first.id})
        assert heard(found, case.first) == []
    assert heard(found, case.leader) == ["乙的话"]


def test_the_history_of_the_case_does_not_give_a_line_away(case: Case) -> None:
    """DSP-06, AUD-01: what was said is in the history of whoever said it, by the id of its text."""
    found = case.to_arbitration()
    made = said(found, case.first, "甲的话", line="arbitrator")
    told = listed(case.second.get(f"/v1/disputes/{found['id']}/timeline"))
    assert "message" not in {e["kind"] for e in told}
    assert "甲的话" not in str(told)
    kept = listed(case.company.admin.get("/v1/audit/events", stream=case.first.id, kind="message"))
    assert [e["data"]["message"] for e in kept] == [made["id"]]


def test_what_was_said_in_mediation_reaches_the_arbitrator_only_if_released(case: Case) -> None:
    """DSP-06: 总监 mediates, 张主管 arbitrates afterwards."""
    opened = case.open()
    path = f"/v1/disputes/{opened['id']}"
    message = {"text": "?", "line": "mediation"}
    refused(case.first.post(f"{path}/messages", message), 409, "illegal_transition")
    done(case.company.admin.post(f"{path}/mediator", {"person": case.above.id}))
    refused(case.leader.post(f"{path}/messages", message), 403, "not_allowed")
    said(opened, case.first, "我可以让一半", line="mediation")
    said(opened, case.second, "我有录音", line="mediation", release=True)
    said(opened, case.above, "各让一步", line="mediation")
    for reader in (case.first, case.second, case.above):
        assert heard(opened, reader) == ["各让一步", "我有录音", "我可以让一半"]
    assert heard(opened, case.leader) == ["我有录音"]
    for party in (case.first, case.second):
        done(party.post(f"{path}/waive"))
    case.pass_to(done(case.first.get(path))["deadline"])
    assert done(case.leader.get(path))["arbitrator"] == case.leader.id
    assert heard(opened, case.leader) == ["我有录音"]


def test_only_mediation_is_released_and_an_ended_case_is_silent(case: Case) -> None:
    """DSP-06: `release` elsewhere is refused; messages stay as record after the end."""
    opened = case.open()
    path = f"/v1/disputes/{opened['id']}"
    body = {"text": "?", "release": True}
    refused(case.first.post(f"{path}/messages", body), 422, "field_not_allowed", "release")
    said(opened, case.first, "算了")
    done(case.company.admin.post(f"{path}/dismiss", {"reason": "没有依据"}))
    refused(case.first.post(f"{path}/messages", {"text": "?"}), 409, "illegal_transition")
    assert heard(opened, case.second) == ["算了"]
