"""The evidence timeline (证据时间线): DSP-09, DSP-10, DSP-11, DSP-14, DSP-16."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.api.disputes.test_a_case import Case
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import NOTE, act, done, entry

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(40)
RECORDING = b"OggS" + bytes(60)


@pytest.fixture
def case(company: Company) -> Case:
    return Case(company)


def upload(who: Person, name: str, content: bytes) -> str:
    sent = {"file": (name, content, "application/octet-stream")}
    answer = who.company.call("POST", "/v1/files", token=who.token, key=str(uuid.uuid4()), files=sent)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def evidence(case: dict[str, Any], by: Person) -> list[dict[str, Any]]:
    return listed(by.get(f"/v1/disputes/{case['id']}/evidence"))


def test_what_is_on_record_is_evidence_by_itself(case: Case) -> None:
    """DSP-09: both reports, the work of the holder, the refused attempt; with origin, hash, and ids that stay."""
    opened = case.open()
    items = evidence(opened, case.second)
    assert [(i["kind"], i["author"]) for i in items] == [
        ("attempt", case.second.id),
        ("follow_up", case.first.id),
        ("report", case.first.id),
    ]
    assert [i["id"] for i in items if i["kind"] != "follow_up"] == [case.refused["id"], case.held["id"]]
    assert {(i["automatic"], i["origin"], i["after_opening"]) for i in items} == {(True, "system", False)}
    assert len({i["sha256"] for i in items}) == 3
    said = case.first.made(f"/v1/disputes/{opened['id']}/evidence", {"kind": "statement", "text": "我一直在跟"})
    assert (said["automatic"], said["after_opening"], said["origin"]) == (False, True, "party")
    assert evidence(opened, case.leader) == [said, *items]


def test_a_refused_follow_up_is_an_attempt_on_record(case: Case) -> None:
    """DSP-09, DSP-19: told by the owner's history only; it can be referred to like any other item."""
    refused(act(case.second, case.refused, "follow-ups", kind="call", note=NOTE), 409, "customer_owned")
    tried = entry(case.first, case.held, "attempt")
    opened = case.open()
    (item, *others) = evidence(opened, case.second)
    assert (item["id"], item["kind"], item["author"]) == (tried["data"]["follow_up"], "attempt", case.second.id)
    assert (item["at"], item["automatic"], item["origin"]) == (tried["at"], True, "system")
    assert [i["kind"] for i in others] == ["attempt", "follow_up", "report"]
    assert len({i["sha256"] for i in (item, *others)}) == 4
    for party in (case.first, case.second):
        done(party.post(f"/v1/disputes/{opened['id']}/waive"))
    case.heard(opened)
    assert done(case.ruling(opened, case.leader, evidence=[item["id"]]))["rulings"][0]["evidence"] == [item["id"]]


def test_what_happens_after_the_end_is_no_evidence(case: Case) -> None:
    """DSP-09: the file of a case that ended stays as it was when it ended, however long its owner goes on working."""
    opened = case.open()
    before = evidence(opened, case.leader)
    withdrawn = done(case.second.post(f"/v1/disputes/{opened['id']}/withdraw", {}))
    case.pass_to(next(w["deadline"] for w in withdrawn["windows"] if w["window"] == "continue"))
    assert done(case.second.get(f"/v1/disputes/{opened['id']}"))["state"] == "withdrawn"
    note = {"kind": "visit", "note": "第二次看房，客户想要东户"}
    case.first.made(f"/v1/claims/{case.held['id']}/follow-ups", note)
    assert evidence(opened, case.leader) == before


def test_the_timeline_is_read_a_page_at_a_time(case: Case) -> None:
    """Contract section 1, Lists: newest first by cursor, over entered and automatic items."""
    opened = case.open()
    case.first.made(f"/v1/disputes/{opened['id']}/evidence", {"kind": "statement", "text": "我一直在跟"})
    path, found, cursor = f"/v1/disputes/{opened['id']}/evidence", [], None
    while True:
        answer = case.first.get(path, limit=1, **({"cursor": cursor} if cursor else {})).json()
        found += answer["items"]
        cursor = answer["next"]
        if cursor is None:
            break
    assert found == evidence(opened, case.first)
    assert len(found) == 4


def test_only_items_of_the_case_can_be_referred_to(case: Case) -> None:
    """DSP-04, DSP-14, DSP-16: by an opening, a ruling, an appeal; else `field_invalid`."""
    strange = str(uuid.uuid4())
    body = {"claim": case.refused["id"], "grounds": "refused_report", "statement": "?", "contests": [strange]}
    refused(case.second.post("/v1/disputes", body), 422, "field_invalid", "contests.0")
    asks = {"outcome": "party", "owner": case.leader.id}
    refused(case.second.post("/v1/disputes", {**body, "contests": [], "asks": asks}), 422, "field_invalid", "asks")
    found = case.to_arbitration()
    case.heard(found)
    used = [case.held["id"], strange]
    refused(case.ruling(found, case.above, evidence=used), 403, "not_allowed")
    refused(case.ruling(found, case.leader, evidence=used), 422, "field_invalid", "evidence.1")
    ruled = done(case.ruling(found, case.leader, evidence=used[:1]))
    assert ruled["rulings"][0]["evidence"] == used[:1]
    appeal = {"reason": "不服", "evidence": [strange]}
    refused(case.first.post(f"/v1/disputes/{found['id']}/appeal", appeal), 422, "field_invalid", "evidence.0")
    known = {"reason": "不服", "evidence": [case.held["id"]]}
    refused(case.first.post(f"/v1/disputes/{found['id']}/appeal", known), 422, "no_new_evidence")


def test_a_ruling_keeps_the_advice_as_it_stood(case: Case) -> None:
    """DSP-11, DSP-14."""
    found = case.to_arbitration()
    case.heard(found)
    shown = done(case.leader.get(f"/v1/disputes/{found['id']}/advice"))
    kept = done(case.ruling(found, case.leader))["rulings"][0]["advice"]
    assert kept["outcome"] == shown["outcome"]
    assert kept["facts_digest"] == shown["facts_digest"]
    assert [p["evidence"] for p in kept["points"]] == [p["evidence"] for p in shown["points"]]


def test_a_file_is_read_by_the_readers_of_the_case_only(case: Case) -> None:
    """DSP-09: finance reads both claims, and not the case."""
    opened = case.open()
    file = upload(case.second, "接待单.png", PICTURE)
    path = f"/v1/disputes/{opened['id']}/evidence"
    refused(case.first.get(f"/v1/files/{file}"), 404, "not_found")
    item = case.second.made(path, {"kind": "file", "file": file})
    for reader in (case.first, case.second, case.leader, case.above):
        assert case.company.call("GET", f"/v1/files/{file}", token=reader.token).content == PICTURE
    finance = case.office.finance()
    assert finance.get(f"/v1/claims/{case.held['id']}").status_code == 200
    refused(finance.get(f"/v1/files/{file}"), 404, "not_found")
    assert item["file"] == file


def test_a_recording_needs_the_word_on_consent(case: Case) -> None:
    """DSP-09: marked with the consent given."""
    opened = case.open()
    file = upload(case.second, "通话.ogg", RECORDING)
    path = f"/v1/disputes/{opened['id']}/evidence"
    refused(case.second.post(path, {"kind": "file", "file": file}), 422, "field_missing", "consent")
    assert case.second.made(path, {"kind": "file", "file": file, "consent": True})["consent"] is True


def test_the_policy_of_the_case_says_which_files_are_taken(company: Company) -> None:
    """DSP-09: `dispute.file_types`; the company takes more."""
    case = Case(company, policy={"dispute.file_types": ["pdf"]})
    opened = case.open()
    file = upload(case.second, "接待单.png", PICTURE)
    body = {"kind": "file", "file": file}
    problem = refused(case.second.post(f"/v1/disputes/{opened['id']}/evidence", body), 422, "file_not_allowed", "file")
    assert problem["facts"]["types"] == ["pdf"]
