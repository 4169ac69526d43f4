"""Provisional claims (预报备) and corrections by PATCH (CLM-28, CLM-02, CUS-01, CUS-02 on edit)."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, person_customer
from tests.support.office import Office, act, after, clock, clocks, customer, done, entry, moment, moves, notices, read

#: Only the provisional clock; a full report needs a need and an expected amount.
FULL: dict[str, Any] = {
    "claim.required_fields": ["identity", "program", "expected_amount"],
    "claim.complete_fields": ["need"],
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
}
AMOUNT = {"amount_minor": 100, "currency": "CNY"}


def patch(office: Office, claim: dict[str, Any], **body: Any) -> Any:
    return office.first.patch(f"/v1/claims/{claim['id']}", {"version": claim["version"], **body})


def test_a_provisional_report_needs_identity_and_program_only(company: Company) -> None:
    """CLM-28: ten days from its receipt to complete it; it shows what is missing, and has no `complete_by`."""
    office = Office(company, policy=FULL)
    refused(office.report(office.first), 422, "field_missing", "expected_amount")
    refused(
        office.report(office.first, customer={"kind": "person", "name": "王小明"}, provisional=True),
        422,
        "field_missing",
        "customer.phone",
    )
    claim = office.claim(office.first, provisional=True)
    assert (claim["state"], claim["provisional"]) == ("protected", True)
    assert set(claim["missing"]) == {"expected_amount", "need"}
    assert moment(clocks(claim)["provisional"]) == after(claim["received_at"], days=10)
    assert clock(claim, "provisional")["rule"] == "claim.provisional_days"
    assert claim["complete_by"] is None


def test_a_provisional_claim_protects_like_a_full_one(company: Company) -> None:
    """CLM-28."""
    office = Office(company, policy=FULL)
    office.claim(office.first, provisional=True)
    assert office.claim(office.second, provisional=True)["reason"] == "customer_owned"


def test_completed_in_time_it_is_a_full_claim_with_its_old_report_time(company: Company) -> None:
    """CLM-28: the clock is gone, the timeline says `completed`."""
    office = Office(company, policy=FULL)
    claim = office.claim(office.first, provisional=True)
    company.advance(days=9)
    half = done(patch(office, claim, need="三房"))
    assert (half["provisional"], half["missing"]) == (True, ["expected_amount"])
    assert clocks(half) == clocks(claim)
    assert entry(office.first, claim, "corrected")["actor"] == office.first.id
    whole = done(patch(office, half, expected_amount=AMOUNT))
    assert (whole["provisional"], whole["missing"], whole["clocks"]) == (False, [], [])
    assert whole["received_at"] == claim["received_at"]
    assert moves(office.first, claim)[-1] == ("completed", None, None)
    company.advance(days=10)
    assert read(office.first, claim)["state"] == "protected"


def test_not_completed_it_lapses_as_incomplete(company: Company) -> None:
    """CLM-28: `claim.provisional_days` 3; it may not be completed afterwards."""
    office = Office(company, policy=FULL | {"claim.provisional_days": 3})
    claim = office.claim(office.first, provisional=True)
    company.advance(days=4)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "incomplete", claim["deadline"])
    problem = refused(patch(office, claim, need="三房", expected_amount=AMOUNT), 409, "illegal_transition")
    assert problem["current_state"] == "lapsed"


def test_a_late_completion_with_the_engine_away_is_too_late(company: Company) -> None:
    """CLM-19, CLM-28: recorded times decide."""
    office = Office(company, policy=FULL)
    claim = office.claim(office.first, provisional=True)
    company.shift(days=11)
    assert patch(office, claim, need="三房", expected_amount=AMOUNT).status_code == 409
    assert read(office.first, claim)["ended_at"] == claim["deadline"]


def test_a_provisional_report_with_everything_is_complete_at_once(company: Company) -> None:
    """CLM-28: nothing is missing, so nothing is left to lapse for."""
    office = Office(company, policy=FULL)
    claim = office.claim(office.first, provisional=True, need="三房", expected_amount=AMOUNT)
    assert claim["missing"] == []
    company.advance(days=11)
    assert read(office.first, claim)["state"] == "protected"


def test_a_provisional_clock_of_zero_is_off(company: Company) -> None:
    """CLM-17, CLM-28."""
    office = Office(company, policy=FULL | {"claim.provisional_days": 0})
    claim = office.claim(office.first, provisional=True)
    assert claim["clocks"] == []
    company.advance(days=100)
    assert read(office.first, claim)["state"] == "protected"


def test_an_edit_of_an_old_version_is_a_conflict(company: Company) -> None:
    """CUS-01, contract section 1: `version_conflict` with both versions; nothing is written."""
    office = Office(company)
    claim = office.claim(office.first)
    edited = done(patch(office, claim, need="三房"))
    assert edited["version"] == claim["version"] + 1
    problem = refused(patch(office, claim, need="两房"), 409, "version_conflict")
    assert sorted(problem["facts"]["versions"]) == [claim["version"], edited["version"]]
    assert read(office.first, claim)["need"] == "三房"
    assert office.first.patch(f"/v1/claims/{claim['id']}", {"need": "两房"}).status_code == 422


def test_every_correctable_field_is_changed_and_the_history_names_it_without_its_words(company: Company) -> None:
    """CLM-02, AUD-01: free text never enters the history."""
    office = Office(company, policy={"claim.complete_fields": []})
    claim = office.claim(office.first)
    fields = {
        "need": "三房，学区",
        "progress": "已带看",
        "next_follow_up_at": "2031-03-09T02:00:00Z",
        "expected_close": "2031-05-01",
        "expected_amount": AMOUNT,
    }
    edited = done(patch(office, claim, **fields))
    assert {name: edited[name] for name in fields} == fields
    item = entry(office.first, claim, "corrected")
    assert set(item["data"]["fields"]) >= {"need", "progress"}
    assert "三房" not in str(item)
    assert "已带看" not in str(item)
    refused(patch(office, edited, expected_close="2031-03-02"), 422, "date_invalid", "expected_close")
    refused(patch(office, edited, receipt=1), 422, "field_not_allowed", "receipt")


def test_owner_and_reporter_correct_and_others_do_not(company: Company) -> None:
    """Contract section 5."""
    office = Office(company)
    claim = office.claim(office.first)
    body = {"version": claim["version"], "need": "改"}
    refused(office.leader.patch(f"/v1/claims/{claim['id']}", body), 403, "not_allowed")
    refused(office.second.patch(f"/v1/claims/{claim['id']}", body), 404, "not_found")


def test_a_claim_that_is_over_is_corrected_no_more(company: Company) -> None:
    """CLM-01."""
    office = Office(company)
    claim = office.claim(office.first)
    done(act(office.first, claim, "release", reason="lost"))
    problem = refused(patch(office, read(office.first, claim), need="三房"), 409, "illegal_transition")
    assert problem["current_state"] == "released"


def test_a_refused_correction_leaves_the_customers_record_alone(company: Company) -> None:
    """Requirements 0.1 "Refusal": nothing changes, with the lapse on paper or not yet (CLM-01, CLM-19)."""
    office = Office(company)
    claim = office.claim(office.first)
    collided = office.claim(office.second)
    other = {"phone": "13900001111", "name": "李明"}
    refused(
        office.second.patch(f"/v1/claims/{collided['id']}", {"version": collided["version"], "customer": other}),
        409,
        "illegal_transition",
    )
    company.shift(days=10)
    refused(patch(office, claim, customer=other), 409, "illegal_transition")
    customer = read(office.first, claim)["customer"]
    assert (customer["name"], customer["phone"]) == ("王小明", "+86138****5678")


def test_a_corrected_number_is_checked_like_a_reported_one(company: Company) -> None:
    """CUS-02, CUS-03: masked where the program wants full ones; blank is not given."""
    office = Office(company)
    claim = office.claim(office.first)
    refused(patch(office, claim, customer={"phone": "138****5678"}), 422, "phone_mode_mismatch", "customer.phone")
    edited = done(patch(office, claim, need="三房", customer={"phone": " ", "email": "wang@example.com"}))
    assert (edited["customer"]["phone"], edited["customer"]["email"]) == ("+86138****5678", "w***@example.com")


def test_a_number_given_later_is_a_key_from_then_on(company: Company) -> None:
    """CUS-02: the duplicate check knows the corrected record; a number of somebody else raises an alert."""
    office = Office(company)
    who = {"kind": "company", "name": "甲子贸易有限公司"}
    claim = office.claim(office.first, customer=who)
    edited = done(patch(office, claim, customer={"company_code": "91350100M000100Y43"}))
    assert edited["customer"]["company_code"] == "91350100M000100Y43"
    same = {"kind": "company", "name": "别的名字有限公司", "company_code": "91350100M000100Y43"}
    assert office.claim(office.second, customer=same)["reason"] == "customer_owned"
    refused(patch(office, edited, customer={"phone": "123"}), 422, "phone_invalid", "customer.phone")


def test_a_corrected_number_that_somebody_else_has_alerts_both_supervisors(company: Company) -> None:
    """CUS-02: checked on edit; neither claim moves."""
    office = Office(company)
    office.claim(office.second, customer=person_customer("李明", "13900001111"))
    claim = office.claim(office.first, customer=customer(1))
    told = len(notices(office.leader))
    edited = done(patch(office, claim, customer={"phone": "13900001111"}))
    assert edited["state"] == "protected"
    assert len(notices(office.leader)) > told
