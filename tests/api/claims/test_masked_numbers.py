"""Masked-number reports (隐号报备): what a visit or a deal is worth before the number is complete (CUS-06)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.claims.test_visits_and_stages import STAGES, VISIT_DEAL
from tests.support.answers import refused
from tests.support.company import Company, person_customer
from tests.support.office import NOTE, Office, act, clock, done, entry, notices, read, work

MASKED = person_customer("王小明", "138****5678")
WHOLE = "13812345678"
#: Masked numbers are taken; by default they are to be complete by the visit.
MODE: dict[str, Any] = {"match.phone_mode": "3+4"}


def completed(office: Office, claim: dict[str, Any], phone: str = WHOLE) -> Any:
    """What giving the number is answered with."""
    version = read(office.first, claim)["version"]
    return office.first.patch(f"/v1/claims/{claim['id']}", {"version": version, "customer": {"phone": phone}})


def deal(office: Office, claim: dict[str, Any]) -> dict[str, Any]:
    return {
        "program": office.program,
        "customer": claim["customer"]["id"],
        "amount": {"amount_minor": 100_000, "currency": "CNY"},
        "contract_at": "2031-03-03T02:00:00Z",
    }


def test_a_visit_before_the_number_is_complete_is_not_credited_and_the_next_one_is(company: Company) -> None:
    """CUS-06 `match.complete_by` visit: no stage, no qualified work; completing it moves neither receipt nor place."""
    office = Office(company, policy=STAGES | MODE)
    claim = office.claim(office.first, customer=MASKED)
    assert (claim["state"], claim["customer"]["phone"]) == ("protected", "138****5678")
    early = work(office.first, claim, "visit")
    assert (early["qualified"], early["why"], early["state"]) == (False, "match.complete_by", "protected")
    assert clock(read(office.first, claim), "stage")["deadline"] == clock(claim, "stage")["deadline"]
    whole = done(completed(office, claim))
    assert whole["customer"]["phone"] == "+86138****5678"
    assert (whole["received_at"], whole["receipt"]) == (claim["received_at"], claim["receipt"])
    assert work(office.first, claim, "visit", NOTE + "，二次到访")["qualified"]
    assert entry(office.first, claim, "stage_reached")["data"]["stage"] == "visit"


def test_other_digits_complete_nothing(company: Company) -> None:
    """CUS-06: they are another customer's number; another pattern than the mode is none at all."""
    office = Office(company, policy=MODE)
    claim = office.claim(office.first, customer=MASKED)
    for phone in ("13912345678", "13812345679", "139****5678"):
        refused(completed(office, claim, phone), 422, "field_invalid", "customer.phone")
    refused(completed(office, claim, "1381***5678"), 422, "phone_mode_mismatch", "customer.phone")
    assert work(office.first, claim, "visit")["why"] == "match.complete_by"


def test_what_counts_is_how_the_number_stood_when_the_visit_was_received(company: Company) -> None:
    """CUS-06, CLM-19: decided late, after the number was completed, the visit is worth no more."""
    office = Office(company, policy=MODE)
    claim = office.claim(office.first, customer=MASKED)
    company.direct.down = True
    visit = act(office.first, claim, "follow-ups", kind="visit", note=NOTE)
    assert visit.status_code == 202
    assert completed(office, claim).status_code == 202
    company.direct.down = False
    company.direct.drain(claim["id"])
    assert entry(office.first, claim, "follow_up")["data"]["why"] == "match.complete_by"
    assert read(office.first, claim)["state"] == "protected"


def test_a_visit_with_a_masked_number_accepts_no_report(company: Company) -> None:
    """CUS-06, CLM-12 shape visit_deal."""
    office = Office(company, policy=VISIT_DEAL | MODE)
    claim = office.claim(office.first, customer=MASKED)
    assert work(office.first, claim, "visit")["state"] == "reported"
    done(completed(office, claim))
    assert work(office.first, claim, "visit", NOTE + "，二次到访")["state"] == "protected"


@pytest.mark.parametrize(("complete_by", "qualified"), [("visit", False), ("deal", True)])
def test_no_deal_is_credited_before_the_number_is_complete(company: Company, complete_by: str, qualified: bool) -> None:
    """CUS-06: `match.complete_by` deal lets visits count; the deal itself is refused, or waits to be allocated."""
    office = Office(company, policy=MODE | {"match.complete_by": complete_by})
    claim = office.claim(office.first, customer=MASKED)
    assert work(office.first, claim, "visit")["qualified"] is qualified
    won = {name: deal(office, claim)[name] for name in ("amount", "contract_at")}
    refused(act(office.first, claim, "win", **won), 422, "field_missing", "customer.phone")
    waiting = office.first.made("/v1/deals", deal(office, claim))
    assert (waiting["state"], waiting["claim"], waiting["owner"]) == ("unclaimed", None, None)
    allocate = f"/v1/deals/{waiting['id']}/allocate"
    refused(office.leader.post(allocate, {"claim": claim["id"]}), 422, "field_missing", "customer.phone")
    done(completed(office, claim))
    assert done(office.leader.post(allocate, {"claim": claim["id"]}))["owner"] == office.first.id
    assert read(office.first, claim)["state"] == "won"


def test_a_merge_that_completes_the_number_of_a_waiting_report_lets_it_meet_the_owner(company: Company) -> None:
    """CUS-07, CUS-13: the keeper joins a record of the whole number with the one whose report waits for it."""
    office = Office(company, policy=MODE)
    held = office.claim(office.second, customer=person_customer("王小明", WHOLE))
    waiting = office.claim(office.first, customer=MASKED)
    assert (waiting["state"], waiting["reason"]) == ("reported", None)
    other = office.claim(office.second, customer=person_customer("黄小明", "138****5678"))
    done(office.second.patch(f"/v1/claims/{other['id']}", {"version": 1, "customer": {"phone": WHOLE}}))
    done(act(office.second, other, "release", reason="need_unmet"))
    assert read(office.first, waiting)["state"] == "reported"
    body = {"into": waiting["customer"]["id"], "reason": "婚前姓氏"}
    done(company.admin.post(f"/v1/customers/{other['customer']['id']}/merge", body))
    company.ring_bells()
    assert [read(office.first, waiting)[name] for name in ("state", "reason")] == ["rejected", "customer_owned"]
    assert read(office.second, held)["state"] == "protected"


def test_two_reports_that_turn_out_to_be_one_customer_are_told_to_both_supervisors(company: Company) -> None:
    """CUS-06, CUS-02: under two surnames, the second completed number is somebody else's too; neither claim moves."""
    office = Office(company, policy=MODE)
    other_leader = company.leader(company.team("二组"), "李主管")
    rival = company.rep("丙", team=company.admin.get(f"/v1/people/{other_leader.id}").json()["team"])
    first = office.claim(office.first, customer=MASKED)
    second = office.claim(rival, customer=person_customer("黄小明", "138****5678"))
    done(completed(office, first))
    body = {"version": second["version"], "customer": {"phone": WHOLE}}
    whole = done(rival.patch(f"/v1/claims/{second['id']}", body))
    assert (whole["state"], read(office.first, first)["state"]) == ("protected", "protected")
    assert "claim.attempt" in notices(other_leader, second)
    seen = read(other_leader, second)["possible"]
    assert [(p["customer"], p["name"]) for p in seen] == [(first["customer"]["id"], "王*")]
