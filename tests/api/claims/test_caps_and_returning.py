"""Caps on open claims, the former owner's wait, resubmission, grace (CLM-20, CLM-25, CLM-26)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.support.answers import refused
from tests.support.company import Company, person_customer
from tests.support.office import (
    NOTE,
    Office,
    act,
    after,
    clocks,
    customer,
    decide,
    done,
    entry,
    moment,
    moves,
    notices,
    read,
    tasks,
    work,
)

# --- caps ----------------------------------------------------------------------------------------------------------


def test_open_claims_of_a_person_are_capped_over_all_programs(company: Company) -> None:
    """CLM-25: `claim_cap` names cap and count; nothing is received; an end makes room."""
    office = Office(company, policy={"claim.cap_person": 2})
    first = office.claim(office.first, customer=customer(1))
    elsewhere = company.program("Other", policy={"claim.cap_person": 2})
    second = office.first.made("/v1/claims", {"program": elsewhere, "customer": customer(2)})
    problem = refused(office.report(office.first, customer=customer(3)), 409, "claim_cap")
    assert (problem["rule"], problem["facts"]["cap"], problem["facts"]["count"]) == ("CLM-25", 2, 2)
    assert office.report(office.first, customer=customer(1)).json()["id"] == first["id"]
    assert office.claim(office.second, customer=customer(3))["state"] == "protected"
    done(act(office.first, second, "release", reason="lost"))
    assert office.claim(office.first, customer=customer(4))["receipt"] > second["receipt"]


def test_won_and_rejected_claims_take_no_room_paused_and_undecided_ones_do(company: Company) -> None:
    """CLM-25: counted over `reported`, `protected`, `active`; provisional and paused ones count too."""
    office = Office(company, policy={"claim.cap_person": 2})
    office.claim(office.second, customer=customer(9))
    won = office.claim(office.first, customer=customer(1))
    amount = {"amount_minor": 100, "currency": "CNY"}
    done(act(office.first, won, "win", amount=amount, contract_at="2031-03-03T02:00:00Z"))
    assert office.claim(office.first, customer=customer(9))["reason"] == "customer_owned"
    paused = office.claim(office.first, customer=customer(2), provisional=True)
    done(act(office.leader, paused, "pause", kind="legal", reason="诉讼"))
    manual = company.program("Manual", policy={"claim.cap_person": 2, "claim.judgement_mode": "manual"})
    waiting = office.first.made("/v1/claims", {"program": manual, "customer": customer(3)})
    assert waiting["state"] == "reported"
    refused(office.report(office.first, customer=customer(4)), 409, "claim_cap")
    done(act(office.first, waiting, "withdraw"))
    assert office.claim(office.first, customer=customer(4))["state"] == "protected"


def test_a_team_is_capped_too(company: Company) -> None:
    """CLM-25: `claim.cap_team` 2; another team has its own room."""
    office = Office(company, policy={"claim.cap_team": 2})
    office.claim(office.first, customer=customer(1))
    office.claim(office.second, customer=customer(2))
    problem = refused(office.report(office.first, customer=customer(3)), 409, "claim_cap")
    assert (problem["facts"]["cap"], problem["facts"]["count"], problem["facts"]["per"]) == (2, 2, "team")
    assert office.claim(office.outsider(), customer=customer(3))["state"] == "protected"


def test_two_reports_at_once_do_not_pass_the_cap_together(company: Company) -> None:
    """CLM-25: counted under a lock on the person."""
    office = Office(company, policy={"claim.cap_person": 1})
    answers = company.together(
        *(
            company.acall(
                "POST",
                "/v1/claims",
                token=office.first.token,
                key=str(uuid.uuid4()),
                json={"program": office.program, "customer": customer(n)},
            )
            for n in range(3)
        )
    )
    assert sorted(a.status_code for a in answers) == [201, 409, 409]


def test_a_reporter_whose_reports_lead_nowhere_has_half_the_cap(company: Company) -> None:
    """CLM-25 (恶意报备): under `guard.rate_pct` of at least `guard.min_reports`, from a working day later on."""
    policy = {"claim.cap_person": 6, "guard.min_reports": 3, "guard.rate_pct": 50}
    office = Office(company, policy=policy | {"claim.first_follow_up_wh": 0})
    claims = [office.claim(office.first, customer=customer(n)) for n in range(4)]
    # Shown a working day ahead: nothing is halved yet.
    assert notices(office.first).count("alarm.cap") == 1
    claims.append(office.claim(office.first, customer=customer(4)))
    company.advance(days=1, hours=1)
    problem = refused(office.report(office.first, customer=customer(5)), 409, "claim_cap")
    assert (problem["facts"]["cap"], problem["facts"]["count"]) == (3, 5)
    assert "rate_pct" in problem["facts"]
    # An answered call or a visit on half of them, and the cap is whole again.
    for number, claim in enumerate(claims[:3]):
        work(office.first, claim, "visit" if number else "call", note=f"{NOTE}{number}")
    assert office.claim(office.first, customer=customer(5))["state"] == "protected"


def test_a_poor_rate_that_nobody_was_told_of_halves_nothing(company: Company) -> None:
    """CLM-25: the report that reaches half the cap tells its reporter; from a working day later it counts."""
    policy = {"claim.cap_person": 6, "guard.min_reports": 4, "guard.rate_pct": 50, "claim.first_follow_up_wh": 0}
    office = Office(company, policy=policy | {"claim.reclaim_wait_h": {"person": 0, "company": 0}})
    for number in range(4):
        done(act(office.first, office.claim(office.first, customer=customer(number)), "release", reason="lost"))
    assert "alarm.cap" not in notices(office.first)
    company.advance(days=2)
    for number in range(3):
        office.claim(office.first, customer=customer(number))
    assert notices(office.first).count("alarm.cap") == 1
    office.claim(office.first, customer=customer(3))
    company.advance(days=1, minutes=1)
    refused(office.report(office.first, customer=customer(4)), 409, "claim_cap")


# --- the former owner's wait -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "hours"),
    [(person_customer(), 1), ({"kind": "company", "name": "甲子贸易有限公司"}, 12)],
)
def test_a_former_owner_waits_by_customer_kind(company: Company, who: dict[str, Any], hours: int) -> None:
    """CLM-26: a person 1 h, a company 12 h after a release; others at once."""
    office = Office(company)
    claim = office.claim(office.first, customer=who)
    released = done(act(office.first, claim, "release", reason="lost"))
    problem = refused(office.report(office.first, customer=who), 409, "reclaim_wait")
    assert problem["rule"] == "CLM-26"
    assert moment(problem["facts"]["until"]) == after(released["ended_at"], hours=hours)
    company.advance(hours=hours, minutes=-1)
    refused(office.report(office.first, customer=who), 409, "reclaim_wait")
    company.advance(minutes=2)
    again = office.claim(office.first, customer=who)
    assert (again["state"], again["id"] == claim["id"]) == ("protected", False)


def test_others_need_not_wait(company: Company) -> None:
    """CLM-26."""
    office = Office(company)
    done(act(office.first, office.claim(office.first), "release", reason="lost"))
    assert office.claim(office.second)["state"] == "protected"


@pytest.mark.parametrize(
    ("waits", "hours"), [(None, 168), ({"person": 1, "company": 12}, 1), ({"person": 0, "company": 0, "idle": 5}, 5)]
)
def test_after_an_idle_lapse_the_wait_is_its_own(company: Company, waits: dict[str, int] | None, hours: int) -> None:
    """CLM-26: 168 h by default, from the recorded lapse; without the key `idle` no difference."""
    policy = {"claim.idle_days": 2, "claim.first_follow_up_wh": 0}
    office = Office(company, policy=policy | ({"claim.reclaim_wait_h": waits} if waits else {}))
    claim = office.claim(office.first)
    company.advance(days=2, minutes=1)
    assert read(office.first, claim)["reason"] == "idle"
    problem = refused(office.report(office.first), 409, "reclaim_wait")
    assert moment(problem["facts"]["until"]) == after(claim["deadline"], hours=hours)
    company.advance(hours=hours)
    assert office.claim(office.first)["state"] == "protected"


def test_another_lapse_waits_like_a_release_and_zero_is_no_wait(company: Company) -> None:
    """CLM-26: `no_first_follow_up` of a person: one hour; `person: 0`: none."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    company.advance(hours=1, minutes=10)
    problem = refused(office.report(office.first), 409, "reclaim_wait")
    assert moment(problem["facts"]["until"]) == after(claim["deadline"], hours=1)
    office.program = company.program("None", policy={"claim.reclaim_wait_h": {"person": 0, "company": 0}})
    done(act(office.first, office.claim(office.first), "release", reason="lost"))
    assert office.claim(office.first)["state"] == "protected"


def test_the_wait_is_the_former_owners_not_the_former_reporters(company: Company) -> None:
    """CLM-26, CLM-24: whoever handed the customer on before it was lost does not wait; who lost it does."""
    office = Office(company)
    claim = office.claim(office.first)
    request = done(act(office.first, claim, "transfer", to=office.second.id))["requests"][0]
    done(decide(office.second, request))
    done(act(office.second, claim, "release", reason="lost"))
    refused(office.report(office.second), 409, "reclaim_wait")
    assert office.claim(office.first)["state"] == "protected"


def test_a_lapse_that_is_not_decided_yet_counts_for_the_wait(company: Company) -> None:
    """CLM-19, CLM-26: the engine was away at the deadline."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT1H"})
    claim = office.claim(office.first)
    company.direct.down = True
    company.shift(hours=1, minutes=30)
    problem = refused(office.report(office.first), 409, "reclaim_wait")
    assert moment(problem["facts"]["until"]) == after(claim["deadline"], hours=1)


# --- resubmission ----------------------------------------------------------------------------------------------------


def test_a_report_a_judge_rejected_comes_again_only_with_changed_facts_and_so_often(company: Company) -> None:
    """CLM-26: `claim.resubmit_max` 2; `resubmit_limit` both for the same facts and for one more."""
    office = Office(company, policy={"claim.judgement_mode": "manual"})

    def rejected(need: str) -> None:
        done(act(office.leader, office.claim(office.first, need=need), "reject", reason="资料不实"))

    rejected("一")
    problem = refused(office.report(office.first, need="一"), 409, "resubmit_limit")
    assert problem["rule"] == "CLM-26"
    rejected("二")
    rejected("三")
    problem = refused(office.report(office.first, need="四"), 409, "resubmit_limit")
    assert problem["facts"]["cap"] == 2
    # It binds the one whose reports were rejected, not others.
    assert office.claim(office.second, need="一")["state"] == "reported"


def test_a_withdrawn_report_may_be_sent_again_unchanged(company: Company) -> None:
    """CLM-26 counts rejections by a judge only."""
    office = Office(company, policy={"claim.judgement_mode": "manual", "claim.resubmit_max": 0})
    for _ in range(2):
        done(act(office.first, office.claim(office.first), "withdraw"))
    assert office.claim(office.first)["state"] == "reported"


# --- grace -----------------------------------------------------------------------------------------------------------

GRACE: dict[str, Any] = {
    "claim.grace_days": 10,
    "claim.idle_days": 5,
    "claim.first_follow_up_wh": 0,
    "claim.no_deal_days": 0,
    "claim.protection_days": 0,
}


def test_in_the_grace_period_only_the_former_owner_rescues_by_qualified_work(company: Company) -> None:
    """CLM-20: timeline `rescued` lapsed → active, all clocks anew; unqualified work rescues nothing."""
    office = Office(company, policy=GRACE)
    claim = office.claim(office.first)
    company.advance(days=8)
    assert read(office.first, claim)["state"] == "lapsed"
    assert act(office.first, claim, "follow-ups", kind="call", note="短").status_code == 409
    assert read(office.first, claim)["state"] == "lapsed"
    made = work(office.first, claim)
    rescued = read(office.first, claim)
    assert (rescued["state"], rescued["owner"], rescued["ended_at"]) == ("active", office.first.id, None)
    assert (rescued["reason"], made["state"]) == (None, "active")
    assert moment(clocks(rescued)["idle"]) == after(made["received_at"], days=5)
    assert moves(office.first, claim)[-1] == ("rescued", "lapsed", "active")
    assert "follow_up" in rescued["allowed"]


def test_in_the_grace_period_others_find_the_customer_owned(company: Company) -> None:
    """CLM-20: a report of another is rejected as `customer_owned`; after the grace it is accepted."""
    office = Office(company, policy=GRACE)
    claim = office.claim(office.first)
    company.advance(days=8)
    assert office.claim(office.second)["reason"] == "customer_owned"
    assert read(office.first, claim)["state"] == "lapsed"
    company.advance(days=8)
    assert office.claim(office.second)["state"] == "protected"
    refused(act(office.first, claim, "follow-ups", kind="call", note=NOTE), 409, "deadline_passed")


def test_after_the_grace_period_nothing_is_rescued(company: Company) -> None:
    """CLM-20, contract section 5: in `lapsed` out of grace `deadline_passed`."""
    office = Office(company, policy=GRACE)
    claim = office.claim(office.first)
    company.advance(days=15, hours=1)
    refused(act(office.first, claim, "follow-ups", kind="call", note=NOTE), 409, "deadline_passed")
    assert read(office.first, claim)["state"] == "lapsed"


def test_a_claim_is_rescued_once(company: Company) -> None:
    """CLM-20: after its second lapse the customer is free at once."""
    office = Office(company, policy=GRACE)
    claim = office.claim(office.first)
    company.advance(days=6)
    work(office.first, claim)
    company.advance(days=6)
    assert read(office.first, claim)["state"] == "lapsed"
    refused(act(office.first, claim, "follow-ups", kind="call", note=f"{NOTE}再"), 409, "deadline_passed")
    assert office.claim(office.second)["state"] == "protected"


def test_a_lapsed_customer_goes_where_the_policy_says(company: Company) -> None:
    """CLM-20, POOL-02: to the pool, or as a task to the supervisor."""
    office = Office(company, policy={"claim.first_follow_up_wh": "PT1H", "claim.lapse_to": "supervisor"})
    claim = office.claim(office.first)
    company.advance(hours=2)
    assert [subject for _, subject in tasks(office.leader)] == [claim["id"]]
    other = office.claim(office.second)
    assert tasks(office.leader) == []
    office.program = company.program("Pool", policy={"claim.first_follow_up_wh": "PT1H"})
    office.claim(office.first)
    company.advance(hours=2)
    assert [subject for _, subject in tasks(office.leader)] == [other["id"]]
    answer = office.second.post("/v1/ownership/lookup", {"program": office.program, "customer": person_customer()})
    assert answer.json()["answer"] == "pooled"


def test_a_customer_that_comes_back_through_a_colleague_is_reported_to_oversight(company: Company) -> None:
    """CLM-26: `claim.return_flag_days` 30: released, claimed by a colleague, transferred back."""
    office = Office(company)
    done(act(office.first, office.claim(office.first), "release", reason="lost"))
    claim = office.claim(office.second)
    told = len(notices(company.admin))
    request = done(act(office.second, claim, "transfer", to=office.first.id))["requests"][0]
    done(decide(office.first, request))
    assert read(office.first, claim)["owner"] == office.first.id
    assert len(notices(company.admin)) == told + 1


@pytest.mark.parametrize(("days", "told"), [(2, 1), (31, 0)])
def test_a_customer_handed_back_by_a_release_is_reported_within_the_flag_days(
    company: Company, days: int, told: int
) -> None:
    """CLM-26: `claim.return_flag_days` 30 from the loss, whichever way the colleague takes."""
    office = Office(company, policy={"claim.first_follow_up_wh": 0})
    done(act(office.first, office.claim(office.first), "release", reason="lost"))
    claim = office.claim(office.second)
    company.advance(days=days)
    done(act(office.second, claim, "release", reason="customer_request", to=office.first.id))
    assert len([kind for kind in notices(company.admin) if kind == "claim.accepted"]) == told


def test_work_entered_at_the_end_of_the_grace_counts_if_it_was_received_in_it(company: Company) -> None:
    """CLM-19, CLM-20: the engine was away; lapse, rescue and their times are decided in order afterwards."""
    office = Office(company, policy=GRACE)
    claim = office.claim(office.first)
    company.direct.down = True
    company.shift(days=14)
    stored = act(office.first, claim, "follow-ups", kind="visit", note=NOTE)
    assert stored.status_code == 202
    company.shift(days=2)
    company.direct.down = False
    company.direct.drain(claim["id"])
    rescued = read(office.first, claim)
    assert rescued["state"] == "active"
    assert entry(office.first, claim, "lapsed")["at"] == claim["deadline"]
    assert entry(office.first, claim, "rescued")["at"] == stored.json()["received_at"]
    assert moment(rescued["deadline"]) - moment(stored.json()["received_at"]) == timedelta(days=5)
