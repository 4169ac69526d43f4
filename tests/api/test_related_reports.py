"""A report of a relative of somebody else's customer is a collision, where policy says so (CUS-14, CLM-27)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.test_customer_links import Kin, id_of
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.money import SIGNED, money
from tests.support.office import act, customer, done, moment, notices, read, work

DAUGHTER = customer(71, "王丽")


class Household(Kin):
    """甲 holds 王小明; his daughter is in the customer base, and nobody has reported her."""

    def __init__(self, company: Company, **policy: Any) -> None:
        super().__init__(company, policy={name.replace("__", ".", 1): value for name, value in policy.items()})
        self.daughter = {"customer": done(self.admin.post("/v1/customers", DAUGHTER))}

    def answer(self, by: Person) -> str:
        body = {"program": self.office.program, "customer": DAUGHTER}
        return str(done(by.post("/v1/ownership/lookup", body))["answer"])

    def report(self, by: Person, who: Mapping[str, Any] = DAUGHTER) -> dict[str, Any]:
        return self.office.claim(by, customer=who)


def state(claim: Mapping[str, Any]) -> tuple[str, str | None, str | None]:
    return claim["state"], claim["reason"], claim["waits_for"]


ACCEPTED, REFUSED, QUEUED = ("protected", None, None), ("rejected", "customer_owned", None), ("reported", None, "queue")


def test_a_relative_of_an_owned_customer_is_refused_once_the_link_is_approved(company: Company) -> None:
    """CUS-14, CLM-27, CUS-08: before the look-up says free; after it conflict, to the owner free; the owner gets both.
    What was accepted before stays."""
    kin = Household(company, match__related_scope="household")
    asked = done(kin.ask(kin.desk, kin.husband, kin.daughter))
    assert kin.answer(kin.second) == "free", "asked for is not linked"
    kin.linked(kin.husband, kin.father)
    assert read(kin.second, kin.father)["state"] == "protected", "linking takes nobody's customer"
    done(kin.admin.post(f"/v1/links/{asked['id']}/approve", {}))
    other = kin.office.outsider()
    assert (kin.answer(other), kin.answer(kin.first)) == ("conflict", "free")
    assert state(kin.report(other)) == REFUSED
    assert state(kin.report(kin.first)) == ACCEPTED


def test_the_supervisors_of_both_hear_once_of_a_report_that_a_relative_is_in_the_way_of(company: Company) -> None:
    """CUS-14, DSP-19: per pair and customer in the window, as an attempt on an owned customer; each of them at the
    claim that they read, and the list of those in charge counts how often."""
    kin = Household(company, match__related_scope="household")
    kin.linked(kin.husband, kin.daughter)
    other = kin.office.outsider()
    before = notices(kin.leader).count("claim.attempt")
    claims = [kin.report(other)["id"] for _ in range(2)]
    told = [n for n in listed(kin.leader.get("/v1/me/notices", limit=200)) if n["kind"] == "claim.attempt"]
    assert len(told) == before + 1
    assert (told[0]["subject"]["id"], told[0]["rule"]) == (kin.husband["id"], "DSP-19")
    (found,) = listed(company.admin.get("/v1/conflicts"))
    assert (found["kind"], found["times"], found["claim"]) == ("attempt", 2, claims[0])
    assert set(found["people"]) == {kin.first.id, other.id}
    assert notices(company.admin).count("claim.attempt") == 1, "nobody leads the other team"


def test_without_the_scope_a_household_is_so_many_customers(company: Company) -> None:
    """CUS-14: `match.related_scope` none, and a group does not count for a household's scope."""
    kin = Household(company)
    kin.linked(kin.husband, kin.daughter)
    assert kin.answer(kin.second) == "free"
    assert state(kin.report(kin.second)) == ACCEPTED


def test_in_the_queue_a_relative_has_its_turn_when_the_owner_lets_go(company: Company) -> None:
    """CUS-14, CLM-27: queued behind the owner of her father; accepted when he is released, not before."""
    kin = Household(company, match__related_scope="household", claim__on_collision="queue")
    kin.linked(kin.husband, kin.daughter)
    queued = kin.report(kin.second)
    assert state(queued) == QUEUED
    done(act(kin.first, kin.wife, "release", reason="need_unmet"))  # somebody else's customer, and no relative
    assert state(read(kin.second, queued)) == QUEUED
    refused(act(kin.leader, queued, "accept"), 409, "customer_owned")
    done(act(kin.first, kin.husband, "release", reason="need_unmet"))
    company.ring_bells()
    assert state(read(kin.second, queued)) == ACCEPTED


def test_a_trial_refuses_no_relative_and_has_her_accepted_when_the_owner_lets_go(company: Company) -> None:
    """CUS-14, POL-08: she would have been refused; when her father is released nothing is in her way any more."""
    kin = Household(company, match__related_scope="household", program__mode="trial")
    kin.linked(kin.husband, kin.daughter)
    beside = kin.report(kin.second)
    assert state(beside) == ("reported", None, "beside")
    results = listed(kin.admin.get(f"/v1/programs/{kin.office.program}/trial/results"))
    assert (beside["id"], "customer_owned") in [(r["claim"], r["code"]) for r in results]
    done(act(kin.first, kin.husband, "release", reason="need_unmet"))
    company.ring_bells()
    assert state(read(kin.second, beside)) == ACCEPTED


JUDGED, BY_VISIT = {"claim__judgement_mode": "manual"}, {"claim__protection_shape": "visit_deal"}
QUEUE, TRIAL = {"claim__on_collision": "queue"}, {"program__mode": "trial"}


@pytest.mark.parametrize(
    ("decided_by", "policy"), [("judge", JUDGED | QUEUE), ("visit", BY_VISIT | QUEUE), ("judge", JUDGED | TRIAL)]
)
def test_what_waited_for_a_relative_is_decided_like_any_report_afterwards(
    company: Company, decided_by: str, policy: Mapping[str, str]
) -> None:
    """CUS-14, CLM-27, CLM-04, CLM-12: once her father is released, a judge or the visit accepts her."""
    kin = Household(company, match__related_scope="household", **policy)
    if decided_by == "judge":
        done(act(kin.leader, kin.husband, "accept"))
    else:
        work(kin.first, kin.husband, "visit")
    kin.linked(kin.husband, kin.daughter)
    waits = kin.report(kin.second)
    done(act(kin.first, kin.husband, "release", reason="need_unmet"))
    company.ring_bells()
    assert state(read(kin.second, waits)) == ("reported", None, decided_by)
    if decided_by == "judge":
        done(act(kin.leader, waits, "accept"))
    else:
        work(kin.second, waits, "visit")
    assert state(read(kin.second, waits)) == ACCEPTED


def test_where_collisions_are_disputed_the_two_are_asked_about_in_one_case(company: Company) -> None:
    """CUS-14, CLM-27, CUS-13: the owner of the relative and whoever reported are its parties."""
    kin = Household(company, match__related_scope="household", claim__on_collision="dispute")
    kin.linked(kin.husband, kin.daughter)
    claim = kin.report(kin.second)
    company.ring_bells()
    (case,) = listed(kin.leader.get("/v1/disputes"))
    assert (case["grounds"], {p["person"] for p in case["parties"]}) == ("identity", {kin.first.id, kin.second.id})
    assert read(kin.second, claim)["state"] == "disputed"


def test_a_relative_who_was_reported_later_is_worked_together_where_households_share(company: Company) -> None:
    """CUS-14, DSP-15, CLM-29: the rules keep the customer with 甲; 乙, whose report ends, works along and has half of
    the deals to come, for none was there to be shared."""
    policy = {"match__related_scope": "household", "claim__on_collision": "dispute", "dispute__auto_settle": True}
    kin = Household(company, household__rule="equal_shares", **policy)
    kin.linked(kin.husband, kin.daughter)
    claim = kin.report(kin.second)
    company.ring_bells()
    (case,) = listed(kin.leader.get("/v1/disputes"))
    assert (case["state"], case["outcome"]["outcome"], case["outcome"]["owner"]) == ("proposed", "joint", kin.first.id)
    company.advance(seconds=(moment(case["deadline"]) - company.now()).total_seconds() + 1)
    assert read(kin.second, claim)["reason"] == "ruled_out"
    assert read(kin.first, kin.husband)["collaborators"] == [{"person": kin.second.id, "rights": "work"}]
    signed = {"amount": money(1_000_000), "contract_at": SIGNED}
    deal = done(act(kin.first, kin.husband, "win", **signed))["deals"][-1]
    shares = done(kin.leader.get(f"/v1/deals/{deal}"))["shares"]
    assert {s["person"]: s["share_bps"] for s in shares} == {kin.first.id: 5_000, kin.second.id: 5_000}


@pytest.mark.parametrize(
    ("covers", "named", "kept"), [("named_account", False, False), ("named_account", True, True), ("all", False, True)]
)
def test_a_group_counts_as_one_where_policy_covers_it(company: Company, covers: str, named: bool, kept: bool) -> None:
    """CUS-14, TER-02: members of a group are separate customers, but for a named key account's, or where all are."""
    kin = Household(company, match__related_scope="group", group__covers=covers)
    parent = kin.office.claim(kin.first, customer=firm("上海远景贸易有限公司", 61))
    child = {"customer": done(kin.admin.post("/v1/customers", firm("苏州恒信仪器有限公司", 62)))}
    kin.linked(parent, child, kind="group")
    if named:
        key = {"name": "大客户", "to": {"person": kin.first.id}, "rules": [], "accounts": [id_of(parent)]}
        plan = kin.admin.made("/v1/territories", {"program": kin.office.program, "territories": [key]})
        kin.admin.made(f"/v1/territories/{plan['id']}/activate")
    report = kin.report(kin.second, firm("苏州恒信仪器有限公司", 62))
    assert state(report) == (REFUSED if kept else ACCEPTED)


def firm(name: str, number: int) -> dict[str, Any]:
    return {"kind": "company", "name": name, "phone": f"138{number:08d}"}
