"""Reporting a customer (客户报备): fields, identity, duplicates, own open claims (CLM-02, CLM-03, CLM-07, CUS-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.schemas.claims import ClaimOut
from tests.support.answers import listed, refused
from tests.support.company import Company, person_customer
from tests.support.office import (
    Office,
    act,
    after,
    clocks,
    customer,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    tasks,
    work,
)

#: A unified social credit code with a right check digit.
CODE = "91350100M000100Y43"


def company_customer(name: str = "上海云图科技有限公司", **more: Any) -> dict[str, Any]:
    return {"kind": "company", "name": name, **more}


def test_a_clear_case_is_protected_at_receipt_and_shows_every_field_of_the_contract(company: Company) -> None:
    """CLM-03, contract section 5: owned from the receipt on; no field is missing in the answer."""
    office = Office(company)
    claim = office.claim(office.first)
    ClaimOut.model_validate(claim)
    assert (claim["state"], claim["owner"], claim["reporter"]) == ("protected", office.first.id, office.first.id)
    assert claim["accepted_at"] == claim["received_at"]
    assert (claim["team"], claim["program"], claim["track"]) == (office.team, office.program, "sales")
    assert (claim["reason"], claim["ended_at"], claim["queue_position"], claim["dispute"]) == (None, None, None, None)
    assert (claim["deals"], claim["requests"], claim["paused"], claim["collaborators"]) == ([], [], [], [])
    assert (claim["provisional"], claim["held"], claim["conflict"], claim["pending"]) == (False, False, None, None)
    assert (claim["policy_version"], claim["channel"], claim["version"]) == (1, "in_house", 1)
    assert moves(office.first, claim) == [("received", None, "reported"), ("accepted", "reported", "protected")]
    assert notices(office.first, claim) == ["claim.accepted"]


def test_a_report_keeps_what_it_says_and_masks_contacts_even_for_the_owner(company: Company) -> None:
    """CLM-02, AUD-03: name in full for readers, number and address masked for everybody."""
    office = Office(company)
    said = {
        "need": "三房，学区",
        "progress": "已电话沟通",
        "next_follow_up_at": "2031-03-05T10:00:00+08:00",
        "expected_close": "2031-06-30",
        "expected_amount": {"amount_minor": 350_000_000, "currency": "CNY"},
        "source": "官网",
        "channel": "partner",
    }
    who = person_customer() | {"email": "zhang.wei@example.com", "level": "A"}
    claim = office.claim(office.first, customer=who, **said)
    assert {k: claim[k] for k in said} == said | {"next_follow_up_at": "2031-03-05T02:00:00Z"}
    assert claim["missing"] == []
    assert claim["complete_by"] is None
    shown = {k: v for k, v in claim["customer"].items() if k != "id"}
    assert shown == {
        "kind": "person",
        "name": "王小明",
        "phone": "+86138****5678",
        "email": "z***@example.com",
        "company_code": None,
        "level": "A",
    }


def test_the_source_of_the_customer_is_the_source_of_a_report_that_names_none(company: Company) -> None:
    """CLM-02."""
    office = Office(company, policy={"claim.required_fields": ["identity", "source"]})
    claim = office.claim(office.first, customer=person_customer() | {"source": "展会"})
    assert claim["source"] == "展会"


def test_completion_fields_may_follow_and_the_report_time_stays(company: Company) -> None:
    """CLM-02: `missing` until a correction completes it before receipt + `claim.complete_h` (72 h elapsed)."""
    office = Office(company)
    claim = office.claim(office.first)
    assert claim["missing"] == ["need", "next_follow_up_at", "expected_close"]
    assert moment(claim["complete_by"]) == after(claim["received_at"], hours=72)
    company.advance(hours=1)
    some = done(
        office.first.patch(
            f"/v1/claims/{claim['id']}", {"version": claim["version"], "need": "三房", "expected_close": "2031-06-30"}
        )
    )
    assert some["missing"] == ["next_follow_up_at"]
    whole = done(
        office.first.patch(
            f"/v1/claims/{claim['id']}", {"version": some["version"], "next_follow_up_at": "2031-03-05T02:00:00Z"}
        )
    )
    assert (whole["missing"], whole["complete_by"]) == ([], None)
    assert (whole["received_at"], clocks(whole)) == (claim["received_at"], clocks(claim))
    assert [m[0] for m in moves(office.first, claim)] == ["received", "accepted", "corrected", "completed"]
    company.advance(hours=80)
    company.remind()
    assert tasks(office.leader) == []


def test_fields_still_missing_are_listed_for_the_supervisor_and_nothing_lapses(company: Company) -> None:
    """CLM-02: after `claim.complete_h`; the claim may still be completed, which closes the task."""
    office = Office(
        company, policy={"claim.complete_h": 24, "claim.complete_fields": ["need"], "claim.first_follow_up_wh": 0}
    )
    claim = office.claim(office.first)
    assert moment(claim["complete_by"]) == after(claim["received_at"], hours=24)
    company.advance(hours=23)
    company.remind()
    assert tasks(office.leader) == []
    company.advance(hours=2)
    company.remind()
    assert [subject for _, subject in tasks(office.leader)] == [claim["id"]]
    assert read(office.first, claim)["state"] == "protected"
    patch = {"version": claim["version"], "need": "三房"}
    late = done(office.first.patch(f"/v1/claims/{claim['id']}", patch))
    assert (late["state"], late["missing"], late["received_at"]) == ("protected", [], claim["received_at"])
    assert tasks(office.leader) == []
    assert entry(office.first, claim, "completed")["actor"] == office.first.id


def test_nobody_is_asked_to_complete_a_claim_that_is_over(company: Company) -> None:
    """CLM-02: however it ended, the task goes with it."""
    policy = {"claim.complete_h": 1, "claim.complete_fields": ["need"], "claim.judgement_mode": "manual"}
    office = Office(company, policy=policy)
    released, rejected, withdrawn = (office.claim(office.first, customer=customer(n)) for n in range(3))
    done(act(office.leader, released, "accept"))
    company.advance(hours=2)
    company.remind()
    assert [kind for kind, _ in tasks(office.leader)].count("complete_report") == 3
    done(act(office.first, released, "release", reason="lost"))
    done(act(office.leader, rejected, "reject", reason="资料不实"))
    done(act(office.first, withdrawn, "withdraw"))
    assert tasks(office.leader) == []


def test_fields_missing_from_a_report_that_waits_for_its_judge_are_listed_too(company: Company) -> None:
    """CLM-02: the completion time runs from receipt, whatever the report waits for."""
    policy = {"claim.complete_h": 24, "claim.complete_fields": ["need"], "claim.judgement_mode": "manual"}
    office = Office(company, policy=policy)
    claim = office.claim(office.first)
    company.advance(hours=25)
    company.remind()
    assert ("complete_report", claim["id"]) in tasks(office.leader)
    assert read(office.first, claim)["state"] == "reported"


def test_what_the_policy_needs_at_once_is_refused_when_it_is_left_out(company: Company) -> None:
    """CLM-02: `field_missing` names every field; there is no claim and no receipt number."""
    office = Office(company, policy={"claim.required_fields": ["identity", "program", "need", "expected_amount"]})
    amount = {"amount_minor": 1, "currency": "CNY"}
    before = office.claim(office.first, customer=customer(1), need="三房", expected_amount=amount)
    problem = refused(office.report(office.first), 422, "field_missing", "need", "expected_amount")
    assert problem["rule"] == "CLM-02"
    refused(office.report(office.first, need="   ", expected_amount=amount), 422, "field_missing", "need")
    assert [c["id"] for c in listed(office.first.get("/v1/claims"))] == [before["id"]]
    assert office.claim(office.first, need="三房", expected_amount=amount)["receipt"] == before["receipt"] + 1


def test_identity_is_at_least_one_whole_key_group(company: Company) -> None:
    """Contract section 5: a person without number has none by default; a company's name alone is one."""
    office = Office(company)
    refused(
        office.report(office.first, customer={"kind": "person", "name": "王小明"}),
        422,
        "field_missing",
        "customer.phone",
    )
    assert office.claim(office.first, customer=company_customer())["state"] == "protected"


def test_a_group_of_keys_counts_only_when_all_of_it_agrees(company: Company) -> None:
    """CUS-02: AND inside a group, OR between groups; here name AND email, or external_id."""
    keys = {"person": [["name", "email"], ["external_id"]], "company": [["company_code"]]}
    office = Office(company, policy={"match.keys": keys})
    refused(
        office.report(office.first, customer={"kind": "person", "name": "王小明"}),
        422,
        "field_missing",
        "customer.email",
    )
    office.claim(
        office.first,
        customer={"kind": "person", "name": "王小明", "email": "wang@example.com", "external_id": "crm-1"},
    )
    other_name = {"kind": "person", "name": "李明", "email": "wang@example.com"}
    assert office.claim(office.second, customer=other_name)["state"] == "protected"
    both = {"kind": "person", "name": "王小明", "email": "Wang@Example.com"}
    assert office.claim(office.second, customer=both)["reason"] == "customer_owned"
    by_id = {"kind": "person", "name": "王小二", "external_id": "crm-1"}
    assert office.claim(office.second, customer=by_id)["reason"] == "customer_owned"


def test_a_number_is_the_same_however_it_is_written(company: Company) -> None:
    """CUS-03: full width, blanks, separators, 0086/+86 and extensions."""
    office = Office(company)
    office.claim(office.first)
    for written in (
        "138 1234 5678",
        "１３８１２３４５６７８",
        "0086-138-1234-5678",
        "+86 (138) 1234-5678",
        "13812345678转12",
    ):
        assert office.claim(office.second, customer=person_customer("王先生", written))["reason"] == "customer_owned"


def test_numbers_and_codes_that_cannot_be_are_refused_before_receipt(company: Company) -> None:
    """CUS-03, CUS-04: `phone_invalid`, `credit_code_invalid` (length, character, check digit), with the field."""
    office = Office(company)
    for phone in ("12345", "1381234567", "号码"):
        refused(
            office.report(office.first, customer=person_customer(phone=phone)), 422, "phone_invalid", "customer.phone"
        )
    for code in (CODE[:-1], CODE[:-1] + "I", CODE[:-1] + "4"):
        answer = office.report(office.first, customer=company_customer(company_code=code))
        refused(answer, 422, "credit_code_invalid", "customer.company_code")
    assert listed(office.first.get("/v1/claims")) == []


def test_a_credit_code_is_a_key_whatever_its_case_and_width(company: Company) -> None:
    """CUS-04: normalised, then exact; the name may differ. Codes stay in clear."""
    office = Office(company)
    claim = office.claim(office.first, customer=company_customer(company_code=CODE))
    assert claim["customer"]["company_code"] == CODE
    written = "９１３５０１００m000100y43"
    again = office.claim(office.second, customer=company_customer("别的名字有限公司", company_code=written))
    assert again["reason"] == "customer_owned"


def test_an_own_mail_domain_is_a_key_and_a_public_one_never_is(company: Company) -> None:
    """CUS-02."""
    office = Office(company)
    office.claim(office.first, customer=company_customer("云图科技有限公司", email="li@yuntu-tech.example"))
    same = company_customer("云图华东分公司", email="zhao@yuntu-tech.example")
    assert office.claim(office.second, customer=same)["reason"] == "customer_owned"
    office.claim(office.first, customer=company_customer("甲子贸易有限公司", email="jiazi@qq.com"))
    stranger = office.claim(office.second, customer=company_customer("长江物流有限公司", email="jiazi@qq.com"))
    assert stranger["state"] == "protected"


def test_a_company_is_known_by_its_full_name_after_clean_up_and_not_by_its_region(company: Company) -> None:
    """CUS-02, CUS-05: width, brackets and blanks do not matter; another region is another company."""
    office = Office(company)
    office.claim(office.first, customer=company_customer("云图科技（上海）有限公司"))
    same = office.claim(office.second, customer=company_customer("云图科技(上海) 有限公司"))
    assert same["reason"] == "customer_owned"
    other = office.claim(office.second, customer=company_customer("云图科技（北京）有限公司"))
    assert other["state"] == "protected"


def test_a_shared_line_is_only_possible_and_both_supervisors_are_told(company: Company) -> None:
    """CUS-02, CUS-03: landlines are accepted with an alert to both supervisors (`claim.on_possible` accept_alert)."""
    office = Office(company)
    elsewhere = company.team("二组")
    other_leader = company.leader(elsewhere, "李主管")
    rival = company.rep("丙", team=elsewhere)
    office.claim(office.first, customer=person_customer("王小明", "021-62345678"))
    before = (len(notices(office.leader)), len(notices(other_leader)))
    claim = office.claim(rival, customer=person_customer("王小红", "02162345678"))
    assert (claim["state"], claim["owner"]) == ("protected", rival.id)
    assert len(notices(office.leader)) == before[0] + 1
    assert len(notices(other_leader)) == before[1] + 1


@pytest.mark.parametrize(("weak", "told"), [(["contact_phone"], 1), (["close_name"], 0)])
def test_a_contacts_mobile_is_a_hint_where_the_policy_says_so(company: Company, weak: list[str], told: int) -> None:
    """CUS-02, POL-01: `match.weak_keys`."""
    office = Office(company, policy={"match.weak_keys": weak})
    office.claim(office.first, customer={"kind": "company", "name": "甲子贸易有限公司", "phone": "13812345678"})
    claim = office.claim(office.second)
    assert claim["state"] == "protected"
    assert notices(office.leader, claim).count("claim.attempt") == told


@pytest.mark.parametrize(
    ("mode", "state"), [("auto_then_manual", "reported"), ("auto", "protected"), ("manual", "reported")]
)
def test_possible_goes_to_a_judge_only_where_policy_and_mode_say_so(company: Company, mode: str, state: str) -> None:
    """CUS-02, CLM-03: `claim.on_possible` judge; in `auto` every `possible` is accepted with an alert."""
    office = Office(company, policy={"claim.on_possible": "judge", "claim.judgement_mode": mode})
    first = office.claim(office.first, customer=company_customer("甲子贸易有限公司", phone="13812345678"))
    assert first["state"] == ("reported" if mode == "manual" else "protected")
    # The contact's mobile of a company is a weak key: another company's contact has the same.
    claim = office.claim(office.second, customer=company_customer("长江物流有限公司", phone="13812345678"))
    assert claim["state"] == state
    listed_for_judge = ("judge", claim["id"]) in tasks(office.leader)
    assert listed_for_judge == (state == "reported")


@pytest.mark.parametrize(("mode", "state"), [("auto_then_manual", "reported"), ("auto", "protected")])
def test_keys_that_match_two_customers_are_for_a_judge_except_in_auto(company: Company, mode: str, state: str) -> None:
    """CLM-03, contract section 5: the code of one and the mail domain of another."""
    office = Office(company, policy={"claim.judgement_mode": mode})
    office.claim(office.first, customer=company_customer("甲子贸易有限公司", email="a@jiazi.example"))
    done(act(office.first, listed(office.first.get("/v1/claims"))[0], "release", reason="invalid"))
    office.claim(office.second, customer=company_customer("长江物流有限公司", company_code=CODE))
    done(act(office.second, listed(office.second.get("/v1/claims"))[0], "release", reason="invalid"))
    rep = office.outsider()
    told = len(notices(company.admin))
    both = company_customer("新名字有限公司", email="b@jiazi.example", company_code=CODE)
    claim = office.claim(rep, customer=both)
    assert claim["state"] == state
    # Nobody leads the reporter's team, so the program's oversight is the supervisor.
    assert len(notices(company.admin)) == told + 1
    assert (("judge", claim["id"]) in tasks(company.admin)) == (state == "reported")


def test_a_masked_number_is_refused_where_the_program_wants_full_ones(company: Company) -> None:
    """CUS-06: `match.phone_mode` full."""
    office = Office(company)
    answer = office.report(office.first, customer=person_customer(phone="138****5678"))
    refused(answer, 422, "phone_mode_mismatch", "customer.phone")


def test_a_close_date_in_the_past_and_a_contact_in_the_future_are_refused(company: Company) -> None:
    """CLM-02: the day is that of the program's zone. 2031-03-03 17:00Z is 01:00 of the 4th in Shanghai."""
    office = Office(company, opened="2031-03-03T17:00:00Z")
    problem = refused(office.report(office.first, expected_close="2031-03-03"), 422, "date_invalid", "expected_close")
    assert problem["rule"] == "CLM-02"
    ahead = (company.now() + timedelta(minutes=5)).isoformat()
    contact = {"kind": "call", "at": ahead}
    refused(office.report(office.first, first_contact=contact), 422, "date_invalid", "first_contact.at")
    assert office.claim(office.first, expected_close="2031-03-04")["expected_close"] == "2031-03-04"


def test_the_first_contact_is_recorded_with_its_own_time_beside_the_receipt(company: Company) -> None:
    """CLM-07: a back-dated entry keeps its entry time beside the stated time; ownership counts from receipt."""
    office = Office(company)
    contact = {"kind": "visit", "at": "2031-03-02T15:30:00+08:00", "note": "到访售楼处"}
    claim = office.claim(office.first, first_contact=contact)
    received = entry(office.first, claim, "received")
    assert received["at"] == claim["received_at"]
    assert received["data"]["first_contact"]["kind"] == "visit"
    assert moment(received["data"]["first_contact"]["at"]) == moment("2031-03-02T07:30:00Z")
    assert "到访" not in str(received)


def test_only_members_with_a_selling_role_report_and_only_into_programs_that_exist(company: Company) -> None:
    """CLM-02, PPL-02: `not_member` names CLM-02; somebody without role is `not_allowed`; an unknown program is 422."""
    office = Office(company)
    closed_circle = company.program("VIP", members=[{"person": office.second.id}])
    body = {"program": closed_circle, "customer": person_customer()}
    problem = refused(office.first.post("/v1/claims", body), 403, "not_member")
    assert problem["rule"] == "CLM-02"
    assert office.second.post("/v1/claims", body).status_code == 201
    clerk = company.person("文员", team=office.team)
    refused(office.report(clerk), 403, "not_allowed")
    refused(office.report(company.admin), 403, "not_allowed")
    nowhere = body | {"program": "00000000-0000-0000-0000-000000000000"}
    refused(office.first.post("/v1/claims", nowhere), 422, "field_invalid", "program")


@pytest.mark.parametrize("role", ["account_manager", "broker"])
def test_account_managers_and_brokers_report_like_reps(company: Company, role: str) -> None:
    """Contract section 9."""
    office = Office(company)
    person = company.person("戊", team=office.team, roles=(role,))
    assert office.claim(person)["owner"] == person.id


def test_a_closed_program_takes_no_new_report_and_open_claims_run_on(company: Company) -> None:
    """TER-01: `program_closed`; one's own open claim is looked at first (contract section 5)."""
    office = Office(company)
    claim = office.claim(office.first)
    done(company.admin.post(f"/v1/programs/{office.program}/close"))
    problem = refused(office.report(office.second, customer=customer(2)), 409, "program_closed")
    assert problem["rule"] == "TER-01"
    assert office.report(office.first).json()["id"] == claim["id"]
    assert work(office.first, claim)["state"] == "active"
    done(company.admin.post(f"/v1/programs/{office.program}/open"))
    assert office.claim(office.second, customer=customer(2))["state"] == "protected"


def test_reporting_an_own_open_claim_again_gives_it_back_in_every_open_state(company: Company) -> None:
    """CLM-02: 200, no clock changes, nothing is added to its history."""
    office = Office(company)
    claim = office.claim(office.first)
    for command in (None, "work", "win"):
        if command == "work":
            work(office.first, claim)
        elif command == "win":
            amount = {"amount_minor": 100, "currency": "CNY"}
            done(act(office.first, claim, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
        present = read(office.first, claim)
        history = moves(office.first, claim)
        company.advance(minutes=5)
        again = office.report(office.first, customer=person_customer("王先生", "+86 138-1234-5678"))
        assert (again.status_code, again.json()["id"]) == (200, claim["id"])
        assert (again.json()["version"], clocks(again.json())) == (present["version"], clocks(present))
        assert moves(office.first, claim) == history


def test_an_undecided_own_report_is_given_back_too(company: Company) -> None:
    """CLM-02, contract section 5: `reported` is an open state."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})
    claim = office.claim(office.first)
    assert claim["state"] == "reported"
    again = office.report(office.first)
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, claim["id"], "reported")


def test_a_customer_of_the_base_is_reported_by_id(company: Company) -> None:
    """Contract section 5: an unknown id is 422 `field_invalid`."""
    office = Office(company)
    claim = office.claim(office.first)
    by_id = {"program": office.program, "customer": {"id": claim["customer"]["id"]}}
    assert office.second.made("/v1/claims", by_id)["reason"] == "customer_owned"
    unknown = by_id | {"customer": {"id": claim["id"]}}
    refused(office.second.post("/v1/claims", unknown), 422, "field_invalid", "customer.id")


def test_another_program_may_have_another_owner_of_the_same_customer(company: Company) -> None:
    """TER-01."""
    office = Office(company)
    office.claim(office.first)
    elsewhere = company.program("Other")
    other = office.second.made("/v1/claims", {"program": elsewhere, "customer": person_customer()})
    assert (other["state"], other["owner"]) == ("protected", office.second.id)


def test_receipt_numbers_rise_in_the_order_of_receipt(company: Company) -> None:
    """CLM-05: equal times are told apart by the lower number; a rejected report has one too."""
    office = Office(company)
    made = [office.claim(office.first, customer=customer(n)) for n in (1, 2)]
    made.append(office.claim(office.second, customer=customer(1)))
    numbers = [c["receipt"] for c in made]
    assert numbers == sorted(set(numbers))
    assert [moment(c["received_at"]) for c in made] == sorted(moment(c["received_at"]) for c in made)
