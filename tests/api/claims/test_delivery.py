"""Delivery hand-off (交付交接): what was won goes to the team that delivers (CLM-31, contract section 18)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import MONDAY, Office, act, decide, done, notices, read, tasks, timeline

CHECKLIST = ["合同原件", "付款计划"]


class Delivery:
    """甲 won the customer; 交付组 under 交付主管 is to deliver."""

    def __init__(self, company: Company) -> None:
        self.office = Office(company)
        self.team = company.team("交付组")
        self.leader = company.leader(self.team, "交付主管")
        self.claim = self.office.claim(self.office.first)
        self.owner = self.office.first

    def win(self) -> None:
        amount = {"amount_minor": 5_000_000, "currency": "CNY"}
        done(act(self.owner, self.claim, "win", amount=amount, contract_at=MONDAY))

    def open(self, by: Person | None = None) -> dict[str, Any]:
        answer = done(act(by or self.owner, self.claim, "delivery", team=self.team, checklist=CHECKLIST))
        (request,) = [r for r in answer["requests"] if r["kind"] == "delivery" and r["state"] == "open"]
        found: dict[str, Any] = request
        return found

    def request(self, request: dict[str, Any]) -> dict[str, Any]:
        """As the owner sees it now."""
        (found,) = [r for r in read(self.owner, self.claim)["requests"] if r["id"] == request["id"]]
        return dict(found)

    def steps(self) -> list[str]:
        """What history says of it, oldest first."""
        items = [i["data"] for i in timeline(self.owner, self.claim) if i["kind"] == "corrected"]
        return [data["step"] for data in items if data["cause"] == "delivery"]


@pytest.fixture
def delivery(company: Company) -> Delivery:
    return Delivery(company)


def test_a_won_deal_is_handed_to_the_delivering_team_which_returns_or_accepts_it(delivery: Delivery) -> None:
    """CLM-31: a reason for the return; the owner stays owner and sees what became of it."""
    body = {"team": delivery.team, "checklist": CHECKLIST}
    refused(act(delivery.owner, delivery.claim, "delivery", **body), 409, "illegal_transition")
    delivery.win()
    leaderless = delivery.office.company.team("无主管组")
    refused(
        act(delivery.owner, delivery.claim, "delivery", **body | {"team": leaderless}), 422, "field_invalid", "team"
    )
    request = delivery.open()
    assert request["waiting_for"] == [delivery.leader.id]
    assert request["delivery"] == {
        "team": delivery.team,
        "checklist": CHECKLIST,
        "ticked": [],
        "late": False,
        "answer": None,
    }
    problem = refused(act(delivery.owner, delivery.claim, "delivery", **body), 409, "illegal_transition")
    assert (problem["rule"], problem["facts"]) == ("CLM-31", {"request": "delivery"})
    assert tasks(delivery.leader) == [("request.delivery", request["id"])]
    refused(decide(delivery.owner, request), 403, "not_allowed")
    refused(decide(delivery.leader, request, "refuse"), 422, "reason_required", "reason")
    done(decide(delivery.leader, request, "refuse", reason="缺少合同原件"))
    back = delivery.request(request)
    assert (back["state"], back["delivery"]["answer"]) == ("refused", "缺少合同原件")
    assert tasks(delivery.leader) == []
    refused(delivery.leader.get(f"/v1/claims/{delivery.claim['id']}"), 404, "not_found")
    again = delivery.open(by=delivery.office.leader)
    done(decide(delivery.leader, again))
    assert delivery.request(again)["state"] == "accepted"
    held = read(delivery.leader, delivery.claim)
    assert (held["state"], held["owner"]) == ("won", delivery.owner.id)
    assert held["collaborators"] == [{"person": delivery.leader.id, "rights": "read"}]
    assert notices(delivery.owner, delivery.claim).count("request.delivery") == 2
    assert notices(delivery.office.leader, delivery.claim).count("request.delivery") == 1
    assert delivery.steps() == ["opened", "returned", "opened", "accepted"]
    assert "缺少合同原件" not in str(timeline(delivery.owner, delivery.claim))


def test_both_leaders_are_told_once_of_one_that_nobody_accepted_in_time(delivery: Delivery) -> None:
    """CLM-31, CLM-32: `handoff.accept_wd`; it goes on waiting, until the deal is off."""
    delivery.win()
    request = delivery.open()
    assert request["decide_by"][:13] == "2031-03-06T02"  # Thursday, three working days after Monday 10:00
    told = [notices(p, delivery.claim).count("request.delivery") for p in (delivery.office.leader, delivery.leader)]
    for _ in range(2):
        delivery.office.company.advance(days=4)
        late = delivery.request(request)
        assert (late["state"], late["delivery"]["late"], late["decide_by"]) == ("open", True, request["decide_by"])
    after = [notices(p, delivery.claim).count("request.delivery") for p in (delivery.office.leader, delivery.leader)]
    assert (told, after) == ([0, 1], [1, 2])
    assert delivery.steps() == ["opened", "late"]
    done(act(delivery.office.finance(), delivery.claim, "cancel_deal", reason="退房"))
    assert delivery.request(request)["state"] == "withdrawn"
    assert tasks(delivery.leader) == []
    assert notices(delivery.leader, delivery.claim).count("request.delivery") == 3


def test_a_hand_off_goes_to_whoever_leads_the_delivering_team_now(delivery: Delivery) -> None:
    """CLM-31, PPL-06: a leader who has left, or leads no more, keeps nobody waiting; who came instead accepts it."""
    company = delivery.office.company
    delivery.win()
    request = delivery.open()

    def asked() -> list[str]:
        company.spread()
        found: list[str] = delivery.request(request)["waiting_for"]
        return found

    company.advance(hours=1)
    done(company.admin.post(f"/v1/people/{delivery.leader.id}/leave"))
    assert asked() == [delivery.leader.id], "nobody leads the team, or any above it"
    second = company.leader(delivery.team, "接任主管")
    assert asked() == [second.id]
    assert tasks(second) == [("request.delivery", request["id"])]
    third = company.leader(delivery.team, "再任主管")
    assert asked() == [third.id]
    assert (tasks(second), tasks(third)) == ([], [("request.delivery", request["id"])])
    refused(decide(second, request), 404, "not_found")
    head = company.leader(company.root, "总经理")
    company.advance(hours=1)
    done(company.admin.post(f"/v1/people/{third.id}/leave"))
    assert asked() == [head.id]
    fourth = company.leader(delivery.team, "新主管")
    assert asked() == [fourth.id]
    assert delivery.request(request)["decide_by"] == request["decide_by"]
    done(decide(fourth, request))
    held = read(fourth, delivery.claim)
    assert (held["owner"], held["collaborators"]) == (delivery.owner.id, [{"person": fourth.id, "rights": "read"}])
    assert delivery.steps() == ["opened", "accepted"]


def test_a_won_deal_opens_the_hand_off_of_the_policy_whose_items_are_ticked(company: Company) -> None:
    """CLM-31: in the answer to the deal it is there; the owner sees what is done, and who reads no claim ticks none."""
    team = company.team("交付组")
    leader = company.leader(team, "交付主管")
    office = Office(company, policy={"handoff.team": team, "handoff.checklist": CHECKLIST})
    claim = office.claim(office.first)
    amount = {"amount_minor": 5_000_000, "currency": "CNY"}
    won = done(act(office.first, claim, "win", amount=amount, contract_at=MONDAY))
    (request,) = won["requests"]
    assert (request["kind"], request["by"], request["waiting_for"]) == ("delivery", None, [leader.id])
    assert request["decide_by"][:13] == "2031-03-06T02"  # Thursday, three working days after Monday 10:00
    handed = {"team": team, "checklist": CHECKLIST, "late": False, "answer": None}
    assert request["delivery"] == handed | {"ticked": []}
    assert tasks(leader) == [("request.delivery", request["id"])]
    path = f"/v1/requests/{request['id']}/tick"
    assert done(leader.post(path, {"item": 2}))["delivery"] == handed | {"ticked": [2]}
    done(decide(leader, request))
    done(leader.post(path, {"item": 1}))
    done(leader.post(path, {"item": 1}))
    done(leader.post(path, {"item": 2, "done": False}))
    (seen,) = read(office.first, claim)["requests"]
    assert (seen["state"], seen["delivery"]) == ("accepted", handed | {"ticked": [1]})
    refused(leader.post(path, {"item": 3}), 422, "field_invalid", "item")
    refused(office.first.post(path, {"item": 2}), 403, "not_allowed")
    refused(office.second.post(path, {"item": 2}), 404, "not_found")
    told = [i["data"] for i in timeline(office.first, claim) if i["kind"] == "corrected"]
    assert [(d["step"], d.get("item")) for d in told if d["cause"] == "delivery"] == [
        ("opened", None),
        ("ticked", 2),
        ("accepted", None),
        ("ticked", 1),
        ("unticked", 2),
    ]


def test_a_policy_hands_over_to_a_team_of_the_company_only(company: Company) -> None:
    """CLM-31, POL-04: a name misspelt would hand over nothing, without a word."""
    program = company.program()
    body = {"parameters": {"handoff.team": "交付组"}, "reason": "交付", "base_version": None}
    refused(company.admin.post(f"/v1/programs/{program}/policies", body), 422, "policy_invalid", "handoff.team")
    made = {"name": "新项目", "members": [{"team": company.root}], "policy": body["parameters"]}
    refused(company.admin.post("/v1/programs", made), 422, "policy_invalid", "handoff.team")
