"""Who may open a case, until when, and who has to ask first (DSP-02)."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, decide, done, work

BY_PEOPLE = {"dispute.auto_settle": False}


def opened(by: Person, claim: Any, grounds: str = "ownership") -> httpx2.Response:
    return by.post("/v1/disputes", {"claim": claim, "grounds": grounds, "statement": "我先接待的客户"})


def test_after_dismissed_cases_the_supervisor_opens_the_next_one(company: Company) -> None:
    """DSP-02: `consent_needed`; the supervisor's opening is the consent, and counts against nobody."""
    office = Office(company, policy={**BY_PEOPLE, "dispute.frivolous_max": 1})
    office.claim(office.first)
    lost = office.claim(office.second)["id"]
    first = done(opened(office.second, lost))
    done(company.admin.post(f"/v1/disputes/{first['id']}/dismiss", {"reason": "没有依据"}))
    problem = refused(opened(office.second, lost), 403, "consent_needed")
    assert (problem["facts"], problem["rule"], problem["policy_version"]) == ({"cap": 1, "count": 1}, "DSP-02", 1)
    for _ in range(2):
        answer = opened(office.leader, lost)
        assert answer.status_code == 201, answer.text
        case = answer.json()
        assert [(p["person"], p["role"]) for p in case["parties"]] == [
            (office.second.id, "opener"),
            (office.first.id, "respondent"),
        ]
        assert opened(office.second, lost).status_code == 200  # an open case is joined without asking
        done(company.admin.post(f"/v1/disputes/{case['id']}/dismiss", {"reason": "没有依据"}))


def test_a_deal_is_contested_within_its_time(company: Company) -> None:
    """DSP-02: `dispute.after_deal_days` from its recording; the refusal of a report has its own time."""
    office = Office(company, policy={**BY_PEOPLE, "dispute.after_deal_days": 2})
    held = office.claim(office.first)
    office.claim(office.second)
    deal = {"amount": {"amount_minor": 1_000_00, "currency": "CNY"}, "contract_at": company.now().isoformat()}
    done(act(office.first, held, "win", **deal))
    company.shift(days=1)
    case = done(opened(office.first, held["id"]))
    done(company.admin.post(f"/v1/disputes/{case['id']}/dismiss", {"reason": "没有依据"}))
    company.shift(days=1)
    problem = refused(opened(office.first, held["id"]), 409, "dispute_too_late")
    assert problem["policy_version"] == 1
    lost = office.claim(office.second)["id"]
    assert opened(office.second, lost).status_code == 201
    assert opened(office.first, held["id"]).status_code == 200


def test_a_logged_follow_up_is_standing_enough(company: Company) -> None:
    """DSP-02: the former owner worked with the customer and has no claim any more."""
    office = Office(company, policy=BY_PEOPLE)
    held = office.claim(office.first)
    named = {"program": office.program, "customer": held["customer"]["id"]}
    work(office.first, held)
    asked = done(act(office.first, held, "transfer", to=office.second.id))
    done(decide(office.second, asked["requests"][0]))
    refused(opened(company.rep("丁", team=office.team), named), 409, "no_standing")
    case = done(opened(office.first, named))
    assert [(p["person"], p["claim"], p["role"]) for p in case["parties"]] == [
        (office.first.id, None, "opener"),
        (office.second.id, held["id"], "respondent"),
    ]
    assert done(office.first.get(f"/v1/disputes/{case['id']}"))["allowed"].count("withdraw") == 1
