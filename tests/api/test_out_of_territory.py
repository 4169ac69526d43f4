"""Reports of customers in somebody else's territory: refused, warned of, or heard and judged (TER-05)."""

from __future__ import annotations

import pytest

from tests.api.test_territories import Divided, of, territory
from tests.support.answers import listed, refused
from tests.support.company import Company
from tests.support.office import act, done, entry, moment, moves, notices, read, tasks

EAST = {"region": "华东"}


def test_without_a_plan_in_force_nothing_is_out_of_territory(company: Company) -> None:
    """TER-05: a draft, a plan that was ended, a gap, one's own territory and one's own team's."""
    office = Divided(company, claim__out_of_territory="refuse")
    office.plan(territory("东区", {"person": office.first.id}, {"region": ["华东"]}))
    claim = office.claim(office.second, customer=of(1, **EAST))
    assert (claim["state"], claim["out_of_territory"]) == ("protected", None)
    plan = office.divide()
    assert office.claim(office.first, customer=of(2, **EAST))["state"] == "protected"
    assert office.claim(office.other, customer=of(3, region="华西"))["state"] == "protected"
    assert office.claim(office.other_leader_sells(), customer=of(4, region="华西"))["state"] == "protected"
    assert office.claim(office.second, customer=of(5, region="华北"))["state"] == "protected"
    company.admin.made(f"/v1/territories/{plan}/archive")
    assert office.claim(office.second, customer=of(6, **EAST))["state"] == "protected"


def test_a_refused_report_leaves_nothing(company: Company) -> None:
    """TER-05: before receipt, with the territory's name and the plan's version; the record itself is not made."""
    office = Divided(company, claim__out_of_territory="refuse")
    office.divide()
    problem = refused(office.report(office.second, customer=of(1, **EAST)), 409, "outside_territory")
    assert (problem["facts"], problem["rule"]) == ({"territory": "东区", "version": 1}, "TER-05")
    assert company.admin.get("/v1/claims").json()["items"] == []
    assert company.admin.get("/v1/customers").json()["items"] == []
    assert notices(office.first) == ["territory.activated"]


def test_a_trial_notes_what_would_be_refused(company: Company) -> None:
    """TER-05, POL-08: received and accepted all the same."""
    office = Divided(company, claim__out_of_territory="refuse", program__mode="trial")
    office.divide()
    claim = office.claim(office.second, customer=of(1, **EAST))
    path = f"/v1/programs/{office.program}/trial/results"
    found = [(r["claim"], r["kind"], r["code"], r["rule"]) for r in listed(company.admin.get(path))]
    assert (claim["id"], "refuse", "outside_territory", "TER-05") in found
    assert claim["state"] == "protected"


def test_a_warned_report_is_accepted_and_told(company: Company) -> None:
    """TER-05: to whoever speaks for the territory, here the leader of its team, and the reporter's supervisor."""
    office = Divided(company, claim__out_of_territory="warn")
    plan = office.divide()
    claim = office.claim(office.second, customer=of(1, region="华西"))
    assert claim["state"] == "protected"
    assert claim["out_of_territory"] == {"territory": "西区", "plan": plan, "holder": None, "comment": None}
    assert notices(office.other_leader, claim) == ["claim.out_of_territory"]
    assert notices(office.leader, claim) == ["claim.out_of_territory"]
    assert notices(office.first, claim) == []
    assert entry(office.second, claim, "received")["data"]["territory"] == "西区"


@pytest.mark.parametrize("mode", ["auto", "auto_then_manual"])
def test_the_holder_is_heard_before_the_judge_decides(company: Company, mode: str) -> None:
    """TER-05, CLM-04: the comment ends the hearing; only then is the judge asked, with a limit of their own."""
    office = Divided(company, claim__out_of_territory="approve", claim__judgement_mode=mode)
    plan = office.divide()
    claim = office.claim(office.second, customer=of(1, **EAST))
    assert (claim["state"], claim["owner"]) == ("reported", None)
    assert tasks(office.first) == [("comment", claim["id"])]
    assert tasks(office.leader) == []
    assert read(office.first, claim)["allowed"] == ["comment"]
    assert "accept" not in read(office.leader, claim)["allowed"]
    for command, body in (("accept", {}), ("reject", {"reason": "不行"}), ("send_back", {"reason": "补"})):
        problem = refused(act(office.leader, claim, command, **body), 409, "illegal_transition")
        assert problem["facts"] == {"waits_for": "holder", "until": claim["deadline"]}
    refused(act(office.leader, claim, "comment", text="我来说"), 403, "not_allowed")
    company.shift(hours=3)
    done(act(office.first, claim, "comment", text="该客户上周已由我拜访"))
    assert tasks(office.first) == []
    assert office.first.get(f"/v1/claims/{claim['id']}").status_code == 404  # the task is done
    assert tasks(office.leader) == [("judge", claim["id"])]
    seen = read(office.leader, claim)
    assert seen["out_of_territory"] == {
        "territory": "东区",
        "plan": plan,
        "holder": office.first.id,
        "comment": "该客户上周已由我拜访",
    }
    assert moment(seen["deadline"]) > moment(claim["deadline"])
    mine = read(office.second, claim)["out_of_territory"]
    assert (mine["holder"], mine["comment"]) == (None, None)
    for reader, told in ((office.leader, office.first.id), (office.second, None)):
        asked, commented = (entry(reader, claim, kind) for kind in ("holder_asked", "commented"))
        assert (asked["data"].get("person"), commented["actor"]) == (told, told)
    assert done(act(office.leader, claim, "accept"))["owner"] == office.second.id
    assert [kind for kind, *_ in moves(office.second, claim)] == ["received", "holder_asked", "commented", "accepted"]


def test_a_silent_holder_holds_nothing_up(company: Company) -> None:
    """TER-05: after `claim.approval_wh` the judge is asked, and moves up only after as long again (CLM-04)."""
    office = Divided(company, claim__out_of_territory="approve", claim__approval_wh=9)
    office.divide()
    claim = office.claim(office.second, customer=of(1, **EAST))
    company.advance(hours=10)
    assert (tasks(office.first), tasks(office.leader)) == ([], [("judge", claim["id"])])
    refused(act(office.first, claim, "comment", text="迟了"), 404, "not_found")
    company.advance(hours=10)
    assert [task for task in tasks(company.admin) if task[1] == claim["id"]] == [("judge", claim["id"])]
    assert done(act(company.admin, claim, "accept"))["state"] == "protected"


def test_who_holds_the_territory_is_no_judge_of_the_report(company: Company) -> None:
    """TER-05, CLM-04: the leader has the territory themselves, so somebody above judges."""
    office = Divided(company, claim__out_of_territory="approve", claim__approval_wh=0)
    office.divide(territory("南区", {"person": office.leader.id}, {"region": ["华南"]}))
    claim = office.claim(office.second, customer=of(1, region="华南"))
    # Without a limit nobody waits for the holder, who may comment all the same.
    assert ("judge", claim["id"]) in tasks(company.admin)
    assert tasks(office.leader) == [("comment", claim["id"])]
    refused(act(office.leader, claim, "accept"), 403, "recusal_required")
    done(act(office.leader, claim, "comment", text="我的客户"))
    refused(act(office.leader, claim, "comment", text="再说一次"), 409, "illegal_transition")
    done(act(company.admin, claim, "reject", reason="属于南区"))
    assert read(office.second, claim)["state"] == "rejected"


def test_a_case_is_settled_by_the_division_in_force_at_the_first_report(company: Company) -> None:
    """TER-02, DSP-04: the plan is the evidence, and a later one changes nothing."""
    rules = [{"rule": "territory", "weight": 40}, {"rule": "first_report", "weight": 20}]
    office = Divided(company, claim__out_of_territory="warn", ownership__rules=rules)
    plan = office.divide()
    office.claim(office.second, customer=of(1, **EAST))
    late = office.claim(office.first, customer=of(1))
    assert late["reason"] == "customer_owned"
    later = office.plan(territory("东区", {"person": office.second.id}, {"region": ["华东"]}))["id"]
    company.admin.made(f"/v1/territories/{later}/activate")
    opening = {"claim": late["id"], "grounds": "refused_report", "statement": "属于我的区域"}
    case = office.first.made("/v1/disputes", opening)
    assert (case["state"], case["tier"], case["outcome"]["owner"]) == ("proposed", 0, office.first.id)
    advice = office.leader.get(f"/v1/disputes/{case['id']}/advice").json()
    assert advice["outcome"]["owner"] == office.first.id
    points = [(p["rule"], p["person"], p["evidence"]) for p in advice["points"] if p["rule"] == "territory"]
    assert points == [("territory", office.first.id, [plan])]
