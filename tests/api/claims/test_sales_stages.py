"""Sales stages (销售阶段) of a claim: conditions, who answers, deadlines (CLM-30, contract section 18)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.support.answers import refused
from tests.support.company import Company
from tests.support.office import (
    Office,
    act,
    after,
    clock,
    clocks,
    done,
    entry,
    moment,
    notices,
    read,
    tasks,
    timeline,
    work,
)

LIST: list[Any] = [
    "contact",
    {"name": "need", "conditions": ["need", "meeting"]},
    {"name": "proposal", "role": "service", "conditions": ["budget approved"], "outputs": ["quotation"]},
    "close",
]
#: No clock but that of the stage.
ALONE = {
    "claim.protection_days": 0,
    "claim.first_follow_up_wh": 0,
    "claim.idle_days": 0,
    "claim.no_deal_days": 0,
}


def test_a_claim_moves_by_its_conditions_or_by_a_reason_to_skip_them(company: Company) -> None:
    """CLM-30: `stage_conditions` names what is unmet; a skip is on record, and seen until the next move."""
    office = Office(company, policy={"stage.list": LIST})
    claim = office.claim(office.first)
    first = claim["stage"]
    assert (first["name"], first["responsible"], first["since"]) == ("contact", office.first.id, claim["accepted_at"])
    assert first["next"] == {"name": "need", "role": None, "conditions": ["need", "meeting"]}
    work(office.first, claim, "meeting", note="见过")  # too short a note to qualify
    problem = refused(act(office.first, claim, "stage", stage="need"), 422, "stage_conditions")
    assert (problem["rule"], problem["policy_version"]) == ("CLM-30", 1)
    assert problem["facts"] == {"stage": "need", "unmet": ["need", "meeting"]}
    work(office.first, claim, "call")
    work(office.first, claim, "meeting", note="在客户办公室谈了两个小时的需求")
    problem = refused(act(office.first, claim, "stage", stage="proposal"), 422, "stage_conditions")
    assert problem["facts"]["unmet"] == ["need", "budget approved"]
    told = {"version": read(office.first, claim)["version"], "need": "三居室"}
    assert office.first.patch(f"/v1/claims/{claim['id']}", told).status_code == 200
    moved = done(act(office.first, claim, "stage", stage="need"))["stage"]
    assert (moved["name"], moved["skipped"], moved["due"], moved["missed"]) == ("need", [], None, False)
    refused(act(office.first, claim, "stage", stage="close", met=["客户很满意"]), 422, "field_invalid", "met")
    refused(act(office.first, claim, "stage", stage="won"), 422, "field_invalid", "stage")
    skipped = done(act(office.first, claim, "stage", stage="close", reason="客户急着要"))["stage"]
    assert (skipped["name"], skipped["skipped"], skipped["next"]) == ("close", ["budget approved"], None)
    item = entry(office.leader, claim, "stage_reached")
    assert (item["actor"], item["data"]["before"], item["data"]["skipped"]) == (
        office.first.id,
        "need",
        ["budget approved"],
    )
    assert item["data"]["text"] is not None
    assert "客户急着要" not in str(item)
    again = done(act(office.first, claim, "stage", stage="close"))["stage"]
    back = done(act(office.first, claim, "stage", stage="contact"))["stage"]
    assert (again["since"], back["name"], back["skipped"]) == (skipped["since"], "contact", [])
    stated = done(act(office.first, claim, "stage", stage="proposal", met=["budget approved"]))["stage"]
    assert (stated["skipped"], stated["outputs"]) == ([], ["quotation"])
    assert [i["data"]["stage"] for i in timeline(office.first, claim) if i["kind"] == "stage_reached"] == [
        "need",
        "close",
        "contact",
        "proposal",
    ]
    done(act(office.first, claim, "release", reason="need_unmet"))
    assert read(office.first, claim)["stage"] is None
    refused(act(office.first, claim, "stage", stage="need"), 409, "illegal_transition")


def test_who_answers_for_the_stage_is_shown_told_and_may_move_it_on(company: Company) -> None:
    """CLM-30: whoever was named of the stage's role, else the owner if they wear it, else the role alone."""
    office = Office(company, policy={"stage.list": LIST})
    service = company.person("售后", team=office.team, roles=("service",))
    claim = office.claim(office.first)
    refused(act(service, claim, "stage", stage="close"), 404, "not_found")
    unnamed = done(act(office.leader, claim, "stage", stage="proposal", reason="领导已经谈好"))["stage"]
    assert (unnamed["role"], unnamed["responsible"]) == ("service", None)
    assert notices(office.first, claim)[-1] == "claim.stage_reached"
    for other in (office.second, office.leader):  # of the program, but not of the role
        refused(act(office.first, claim, "stage", stage="proposal", person=other.id), 422, "field_invalid", "person")
    named = done(act(office.first, claim, "stage", stage="proposal", person=service.id))["stage"]
    assert (named["responsible"], named["since"]) == (service.id, unnamed["since"])
    assert entry(office.first, claim, "corrected")["data"] == {
        "cause": "stage_person",
        "stage": "proposal",
        "person": service.id,
    }
    assert notices(service, claim) == ["claim.stage_reached"]
    assert tasks(service) == [("stage", claim["id"])]
    assert done(act(service, claim, "stage", stage="close"))["stage"]["responsible"] == office.first.id
    assert tasks(service) == []
    refused(act(service, claim, "stage", stage="need"), 404, "not_found")
    done(act(office.first, claim, "stage", stage="proposal", person=service.id, met=["budget approved"]))
    done(act(office.first, claim, "release", reason="need_unmet"))
    assert tasks(service) == []


def test_a_missed_stage_is_warned_of_once_or_lapses_by_policy(company: Company) -> None:
    """CLM-30, CLM-21: `stage.on_miss`; stopped by a pause; warned of once, and without a limit until the next move."""
    limits = ALONE | {"stage.deadline_days": {"contact": 10, "need": 5}}
    office = Office(company, policy=limits)
    claim = office.claim(office.first)
    assert clocks(claim) == {"sales_stage": claim["stage"]["due"]}
    assert moment(claim["deadline"]) == after(claim["accepted_at"], days=10)
    assert clock(claim, "sales_stage")["rule"] == "stage.deadline_days"
    done(act(office.leader, claim, "pause", kind="legal", reason="等待法院文件"))
    company.advance(days=20)
    done(act(office.leader, claim, "unpause"))
    due = read(office.first, claim)["stage"]["due"]
    assert after(claim["stage"]["due"], days=20) <= moment(due) < after(claim["stage"]["due"], days=21)
    company.advance(days=30)
    warned = read(office.first, claim)
    assert (warned["state"], warned["clocks"], warned["deadline"]) == ("protected", [], None)
    assert (warned["stage"]["missed"], warned["stage"]["due"]) == (True, None)
    item = entry(office.first, claim, "corrected")
    assert (item["at"], item["data"]["cause"], item["data"]["stage"]) == (due, "stage_missed", "contact")
    for person in (office.first, office.leader):
        assert notices(person, claim).count("reminder.sales_stage") == 1
    moved = done(act(office.first, claim, "stage", stage="need"))
    assert (moved["stage"]["missed"], moment(moved["deadline"])) == (False, after(moved["stage"]["since"], days=5))
    office.program = company.program("Strict", policy=limits | {"stage.on_miss": "lapse"})
    strict = office.claim(office.first)
    company.advance(days=11)
    lapsed = read(office.first, strict)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "stage_missed", strict["deadline"])
    assert entry(office.first, strict, "lapsed")["data"]["rule"] == "stage.deadline_days"


def test_after_the_deal_a_late_stage_is_warned_of_and_takes_no_customer(company: Company) -> None:
    """CLM-30, CLM-32: payment and delivery come after the contract; `lapse` is not for a customer who is won."""
    limits = ALONE | {
        "stage.list": ["contact", "payment", "delivery"],
        "stage.deadline_days": {"contact": 10, "payment": 5},
        "stage.on_miss": "lapse",
        "claim.after_deal_days": 60,
        "collision.reveal": "end_date",
    }
    office = Office(company, policy=limits)
    claim = office.claim(office.first)
    deal = {"amount": {"amount_minor": 100_00, "currency": "CNY"}, "contract_at": claim["accepted_at"]}
    won = done(act(office.first, claim, "win", **deal))
    kept = after(claim["accepted_at"], days=60)
    assert {name: moment(at) for name, at in clocks(won).items()} == {
        "after_deal": kept,
        "sales_stage": after(claim["accepted_at"], days=10),
    }, "the deadline of the stage that it is in runs on"
    paying = done(act(office.first, claim, "stage", stage="payment"))
    assert moment(paying["stage"]["due"]) == after(paying["stage"]["since"], days=5)
    revealed = office.claim(office.second)["conflict"]["end_date"]
    assert revealed == (kept + timedelta(hours=8)).date().isoformat(), "a late payment frees no customer (CLM-27)"
    second = {**deal, "kind": "repurchase"}
    again = done(
        office.finance().post("/v1/deals", {"program": office.program, "customer": claim["customer"]["id"], **second})
    )
    assert again["claim"] == claim["id"]
    assert read(office.first, claim)["stage"]["due"] == paying["stage"]["due"], "a further deal leaves it alone"
    company.advance(days=6)
    late = read(office.first, claim)
    assert (late["state"], late["stage"]["missed"], late["stage"]["due"]) == ("won", True, None)
    assert {name: moment(at) for name, at in clocks(late).items()} == {"after_deal": kept}
    for person in (office.first, office.leader):
        assert notices(person, claim).count("reminder.sales_stage") == 1
    assert done(act(office.first, claim, "stage", stage="delivery"))["stage"]["due"] is None
    due = done(act(office.first, claim, "stage", stage="payment"))["stage"]["due"]
    for one in late["deals"]:
        done(act(office.leader, claim, "cancel_deal", reason="客户退订", deal=one))
    back = read(office.first, claim)
    assert (back["state"], list(clocks(back)), back["stage"]["due"]) == ("active", ["sales_stage"], due)
    company.advance(days=30)
    lapsed = read(office.first, claim)
    assert (lapsed["state"], lapsed["reason"], lapsed["ended_at"]) == ("lapsed", "stage_missed", due)


def test_a_claim_weighs_more_from_the_proposal_on(company: Company) -> None:
    """POOL-11, table 0.4: an active claim two points, at the proposal or later three, once each."""
    office = Office(company)
    claim = office.claim(office.first)
    work(office.first, claim)
    path = f"/v1/people/{office.first.id}/load"
    assert done(office.first.get(path))["points"] == 2
    for stage, points in (("negotiation", 3), ("need", 2), ("proposal", 3)):
        done(act(office.first, claim, "stage", stage=stage))
        load = done(office.first.get(path))
        assert load["points"] == points
        parts = {part["kind"]: part["count"] for part in load["parts"]}
        assert (parts["active"], parts["proposal"]) == ((1, 0) if points == 2 else (0, 1))
