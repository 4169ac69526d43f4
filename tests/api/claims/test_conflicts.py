"""Latent conflicts (潜在冲突), told early to those in charge: DSP-19."""

from __future__ import annotations

from typing import Any

from tests.support.answers import refused
from tests.support.company import Company, Person, person_customer
from tests.support.office import NOTE, Office, act, notices, read, work


def met(reader: Person, /, **filters: Any) -> list[dict[str, Any]]:
    answer = reader.get("/v1/conflicts", **filters)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_attempts_are_listed_once_per_pair_and_window_for_those_in_charge(company: Company) -> None:
    """Contract section 6: with how often; neither of the two finds it, nor does anybody else."""
    office = Office(company)
    held = office.claim(office.first)
    for _ in range(3):
        office.claim(office.second)
    (found,) = met(office.leader)
    assert (found["kind"], found["times"], found["claim"]) == ("attempt", 3, held["id"])
    assert set(found["people"]) == {office.first.id, office.second.id}
    assert found["customer"] == held["customer"]["id"]
    assert met(office.first) == met(office.second) == met(office.outsider()) == []
    assert met(company.admin, program=office.program, person=office.second.id) == [found]
    assert met(company.admin, person=office.leader.id) == []
    assert read(office.first, held)["state"] == "protected"


def test_a_follow_up_on_anothers_customer_is_an_attempt_too(company: Company) -> None:
    """CLM-11: whoever logs it, by whichever way they see the claim."""
    office = Office(company)
    held = office.claim(office.first)
    manager = office.manager()
    company.admin.made(f"/v1/people/{manager.id}/grants", {"role": "rep", "scope": {"kind": "own"}})
    refused(act(manager, held, "follow-ups", kind="call", note=NOTE), 409, "customer_owned")
    assert notices(office.leader).count("claim.attempt") == 1
    (found,) = met(office.leader)
    assert set(found["people"]) == {office.first.id, manager.id}


def test_two_people_who_log_on_one_customer_are_told_of(company: Company) -> None:
    """The owner and somebody who queues for the customer, whoever of them logs last."""
    office = Office(company, policy={"claim.on_collision": "queue", "conflict.window_days": 0})
    held = office.claim(office.first)
    work(office.first, held)
    queued = office.claim(office.second)
    before = len(met(office.leader))
    work(office.second, queued)
    assert [c["kind"] for c in met(office.leader)][:-before] == ["logging"]
    work(office.first, held, note="又谈了一次付款方式和交房时间")
    assert [c["kind"] for c in met(office.leader)][:-before] == ["logging", "logging"]


def test_close_names_among_open_claims_are_listed(company: Company) -> None:
    """CUS-02: accepted as possibly the same, both supervisors were told; the list keeps it."""
    office = Office(company)
    office.claim(office.first, customer=person_customer("王小明", "021-62345678"))
    claim = office.claim(office.second, customer=person_customer("王小红", "02162345678"))
    assert claim["state"] == "protected"
    (found,) = met(office.leader)
    assert (found["kind"], found["claim"]) == ("close_name", claim["id"])
    assert set(found["people"]) == {office.first.id, office.second.id}
