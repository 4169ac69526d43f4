"""One customer under two records (同一客户认定): CUS-13, DSP-01, DSP-03, DSP-15."""

from __future__ import annotations

import uuid

import pytest

from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import Office, act, clocks, customer, done, moment, read, work
from tests.support.records import Records


@pytest.fixture
def records(company: Company) -> Records:
    return Records(company)


def test_opening_freezes_the_claims_on_both_records(records: Records) -> None:
    """CUS-13, DSP-03: the case lives with the older record; both owners are parties, one of them serves."""
    found = records.open()
    assert (found["customer"], found["other_customer"]) == (
        records.old["customer"]["id"],
        records.new["customer"]["id"],
    )
    assert (found["state"], found["grounds"], found["served_by"]) == ("negotiating", "identity", records.first.id)
    assert {(p["person"], p["claim"], p["role"]) for p in found["parties"]} == {
        (records.second.id, records.new["id"], "opener"),
        (records.first.id, records.old["id"], "respondent"),
    }
    for claim, owner in zip(records.both(), (records.first, records.second), strict=True):
        assert (claim["state"], claim["owner"], claim["dispute"]) == ("disputed", owner.id, found["id"])
        assert all(c["paused"] for c in claim["clocks"])
        refused(act(owner, claim, "release", reason="lost"), 409, "claim_disputed")
    work(records.first, records.old)
    items = listed(records.first.get(f"/v1/disputes/{found['id']}/evidence"))
    assert {i["id"] for i in items if i["kind"] == "report"} == {records.old["id"], records.new["id"]}
    assert done(records.first.get(f"/v1/disputes/{found['id']}/advice"))["outcome"] == "no_recommendation"


def test_two_customers_leave_everything_as_it_was(records: Records) -> None:
    """CUS-13: `same` false changes nothing; both clocks have their stopped time back."""
    before = records.both()
    found = records.to_ruling()
    refused(records.ruling(found, outcome="no_change"), 422, "field_missing", "same")
    refused(records.ruling(found, outcome="pool", same=False), 422, "field_invalid", "outcome")
    ruled = done(records.ruling(found, outcome="no_change", same=False))
    assert ruled["rulings"][0]["outcome"]["same"] is False
    records.pass_to(ruled["deadline"])
    final = done(records.leader.get(f"/v1/disputes/{found['id']}"))
    assert final["state"] == "final"
    stopped = moment(final["ended_at"]) - moment(found["opened_at"])
    for was, now in zip(before, records.both(), strict=True):
        assert (now["state"], now["owner"]) == (was["state"], was["owner"])
        assert moment(clocks(now)["protection"]) == moment(clocks(was)["protection"]) + stopped
    work(records.second, records.new)


def test_one_customer_goes_to_whoever_reported_first(records: Records) -> None:
    """CUS-13, DSP-15: nobody else can be ruled owner; the later claim ends when it is final."""
    found = records.to_ruling()
    answer = records.ruling(found, outcome="party", owner=records.second.id, same=True)
    refused(answer, 422, "field_invalid", "owner")
    ruled = done(records.ruling(found, outcome="party", owner=records.first.id, same=True))
    old, new = records.both()
    assert (old["state"], old["owner"]) == ("arbitrated", records.first.id)
    assert (new["state"], new["owner"]) == ("arbitrated", records.second.id)
    assert ruled["served_by"] == records.first.id
    late = records.office.claim(records.company.rep("丁", team=records.office.team), customer=customer(2))
    assert late["reason"] == "customer_owned"
    records.pass_to(ruled["deadline"])
    old, new = records.both()
    assert (old["state"], old["owner"], old["reason"]) == ("protected", records.first.id, None)
    assert (new["state"], new["owner"], new["reason"]) == ("released", None, "ruled_out")
    work(records.first, records.old)


def test_the_first_report_may_be_on_the_newer_record(company: Company) -> None:
    """CUS-13: claims are ranked, not records. The older record's first owner gave it up; 丁 has it since."""
    records = Records(company)
    done(act(records.first, records.old, "release", reason="lost"))
    third = company.rep("丁", team=records.office.team)
    late = records.office.claim(third, customer=customer(1))
    assert late["state"] == "protected"
    answer = records.asked(third, late, records.new)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert found["customer"] == records.old["customer"]["id"]
    assert found["served_by"] == records.second.id
    assert work(records.second, records.new)["why"] == "dispute.service_by"
    for step in ("waive", "heard"):
        for party in (third, records.second):
            found = done(party.post(f"/v1/disputes/{found['id']}/{step}"))
    ruled = done(records.ruling(found, outcome="party", owner=records.second.id, same=True))
    records.pass_to(ruled["deadline"])
    assert (read(records.leader, records.new)["state"], read(records.leader, records.new)["owner"]) == (
        "protected",
        records.second.id,
    )
    ended = read(records.leader, late)
    assert (ended["state"], ended["reason"]) == ("released", "ruled_out")


def test_a_withdrawn_question_gives_both_records_back(records: Records) -> None:
    """Table 0.3, DSP-03."""
    found = records.open()
    # The negotiation runs out a moment before the time to carry on does, as long before as it was opened earlier.
    records.company.shift(minutes=5)
    withdrawn = done(records.second.post(f"/v1/disputes/{found['id']}/withdraw", {}))
    records.pass_to(next(w["deadline"] for w in withdrawn["windows"] if w["window"] == "continue"))
    assert [claim["state"] for claim in records.both()] == ["protected", "protected"]
    assert records.asked(records.first, records.old, records.new).status_code == 201


def test_an_appeal_freezes_both_again(records: Records) -> None:
    """DSP-16."""
    found = records.to_ruling()
    done(records.ruling(found, outcome="party", owner=records.first.id, same=True))
    path = f"/v1/disputes/{found['id']}"
    item = records.second.made(f"{path}/evidence", {"kind": "statement", "text": "两个人同名"})
    appealed = done(records.second.post(f"{path}/appeal", {"reason": "不是同一人", "evidence": [item["id"]]}))
    assert (appealed["state"], appealed["arbitrator"]) == ("arbitrating", records.above.id)
    assert [claim["state"] for claim in records.both()] == ["disputed", "disputed"]
    for party in (records.first, records.second):
        done(party.post(f"{path}/heard"))
    ruling = {"facts": "身份证号不同", "reason": "同名", "follows_advice": False, "outcome": "no_change", "same": False}
    assert done(records.above.post(f"{path}/ruling", ruling))["state"] == "final"
    assert [claim["state"] for claim in records.both()] == ["protected", "protected"]
    assert [claim["owner"] for claim in records.both()] == [records.first.id, records.second.id]


def test_the_question_needs_two_records_and_two_people(records: Records) -> None:
    """CUS-13, DSP-01."""
    unknown = {"customer": {"id": str(uuid.uuid4())}}
    refused(records.asked(records.second, records.new, unknown), 422, "field_invalid", "other_customer")
    refused(records.asked(records.second, records.new, records.new), 422, "field_invalid", "other_customer")
    body = {"claim": records.new["id"], "grounds": "identity", "statement": "?"}
    refused(records.second.post("/v1/disputes", body), 422, "field_missing", "other_customer")
    stray = {"grounds": "ownership", "other_customer": records.old["customer"]["id"]}
    refused(records.second.post("/v1/disputes", {**body, **stray}), 422, "field_invalid", "other_customer")
    mine = records.office.claim(records.second, customer=customer(3))
    refused(records.asked(records.second, records.new, mine), 422, "party_missing")
    assert read(records.second, mine)["state"] == "protected"


def test_one_case_at_a_time_concerns_a_record(records: Records) -> None:
    """DSP-01: the same question joins; another case on either record has to wait."""
    found = records.open()
    again = records.asked(records.first, records.old, records.new)
    assert (again.status_code, again.json()["id"]) == (200, found["id"])
    third = records.office.claim(records.company.rep("丁", team=records.office.team), customer=customer(3))
    for by, claim in ((records.first, records.old), (records.second, records.new)):
        refused(records.asked(by, claim, third), 409, "illegal_transition")
    joining = records.company.rep("戊", team=records.office.team)
    theirs = records.office.claim(joining, customer=customer(2))
    joined = records.asked(joining, theirs, records.old)
    assert (joined.status_code, joined.json()["id"]) == (200, found["id"])
    assert [p["role"] for p in joined.json()["parties"]] == ["opener", "respondent", "joined"]
    assert read(joining, theirs)["state"] == "disputed"
    late = records.office.claim(records.first, customer=customer(2))
    assert (late["state"], late["reason"]) == ("rejected", "customer_owned")
    body = {"claim": late["id"], "grounds": "ownership", "statement": "?"}
    refused(records.first.post("/v1/disputes", body), 409, "illegal_transition")


def test_a_collision_makes_no_case_of_its_own_on_a_frozen_record(company: Company) -> None:
    """CLM-27, DSP-01."""
    policy = {"claim.on_collision": "dispute", "dispute.auto_settle": False}
    records = Records(company, **policy)
    records.open()
    late = records.office.claim(company.rep("丁", team=records.office.team), customer=customer(2))
    assert (late["state"], late["reason"]) == ("rejected", "customer_owned")


def test_what_fell_due_on_the_other_record_is_decided_first(records: Records) -> None:
    """CLM-19: a case does not save a claim that had lapsed before it."""
    work(records.first, records.old)
    records.company.shift(days=8)
    refused(records.asked(records.first, records.old, records.new), 422, "party_missing")
    assert read(records.leader, records.new)["state"] == "lapsed"


def test_same_is_for_this_kind_only(company: Company) -> None:
    """Contract section 6: `same` elsewhere is `field_invalid`."""
    office = Office(company, policy={"dispute.auto_settle": False})
    office.claim(office.first)
    lost = office.claim(office.second)
    body = {"claim": lost["id"], "grounds": "refused_report", "statement": "?"}
    found = office.second.made("/v1/disputes", body)
    for step in ("waive", "heard"):
        for party in (office.first, office.second):
            done(party.post(f"/v1/disputes/{found['id']}/{step}"))
    ruling = {"outcome": "no_change", "same": True, "facts": "?", "reason": "?", "follows_advice": False}
    refused(office.leader.post(f"/v1/disputes/{found['id']}/ruling", ruling), 422, "field_invalid", "same")
