"""The dossier (客户档案) of a customer, and what it says of the work done: CUS-11, CLM-08, contract section 18."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from domain.customers.dossier import filled
from storage import tables as t
from tests.api.disputes.test_a_case import Case
from tests.support.answers import refused
from tests.support.company import Company, Person
from tests.support.office import NOTE, Office, act, customer, decide, done, entry, read, work

CONTENT: dict[str, Any] = {
    "budget": "五百万以内，首付三成",
    "decision_chain": "先生看房，太太定夺",
    "competitors": ["隔壁楼盘"],
    "floor": {"price": "九五折", "concessions": "送车位", "delivery": None},
}
EMPTY = {
    "decision_makers": [],
    "budget": None,
    "decision_chain": None,
    "competitors": [],
    "floor": {"price": None, "concessions": None, "delivery": None},
    "filled": [],
    "version": 1,
    "changed_at": None,
    "changed_by": None,
    "merged": [],
}


def dossier(person: Person, claim: dict[str, Any]) -> httpx2.Response:
    return person.get(f"/v1/claims/{claim['id']}/dossier")


def edit(person: Person, claim: dict[str, Any], version: int, **parts: Any) -> httpx2.Response:
    return person.patch(f"/v1/claims/{claim['id']}/dossier", {"version": version, **parts})


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ({}, ()),
        ({"budget": "  ", "competitors": [], "floor": {"price": None, "delivery": ""}}, ()),
        (
            {"floor": {"price": None, "delivery": "六月"}, "decision_makers": [{"name": "李总"}]},
            ("decision_makers", "floor"),
        ),
        ({"competitors": ["甲"], "decision_chain": "乙", "budget": "丙"}, ("budget", "decision_chain", "competitors")),
    ],
)
def test_a_part_is_filled_in_if_it_says_something(content: dict[str, Any], parts: tuple[str, ...]) -> None:
    """CUS-11: in the order of the parts; of the floor one of its own parts is enough."""
    assert filled(content) == parts


def test_a_dossier_is_kept_by_whoever_works_the_customer_and_goes_with_them(company: Company) -> None:
    """CUS-11: owner, collaborators and supervisors read it; after a transfer the new owner, the old one no longer."""
    office = Office(company, policy={"stage.list": ["contact", {"name": "proposal", "conditions": ["budget"]}]})
    claim = office.claim(office.first)
    assert done(dossier(office.first, claim)) == {"claim": claim["id"], **EMPTY}
    refused(act(office.first, claim, "stage", stage="proposal"), 422, "stage_conditions")
    kept = done(edit(office.first, claim, 1, **CONTENT))
    assert kept | CONTENT == kept
    assert (kept["version"], kept["changed_by"], kept["decision_makers"]) == (2, office.first.id, [])
    assert kept["filled"] == ["budget", "decision_chain", "competitors", "floor"]
    assert done(act(office.first, claim, "stage", stage="proposal"))["stage"]["skipped"] == []
    problem = refused(edit(office.first, claim, 1, budget="六百万"), 409, "version_conflict")
    assert problem["facts"] == {"versions": [1, 2]}
    told = entry(office.leader, claim, "corrected")["data"]
    parts = ["budget", "competitors", "decision_chain", "floor"]
    assert told == {"cause": "dossier", "fields": parts, "version": 2}

    refused(dossier(office.second, claim), 404, "not_found")
    reader = {"person": office.second.id, "rights": "read"}
    done(office.first.post(f"/v1/claims/{claim['id']}/collaborators", reader))
    for allowed in (office.second, office.leader, office.manager()):
        assert done(dossier(allowed, claim)) == kept
        refused(edit(allowed, claim, 2, budget=None), 403, "not_allowed")
    refused(dossier(office.finance(), claim), 403, "not_allowed")
    done(office.first.post(f"/v1/claims/{claim['id']}/collaborators", {**reader, "rights": "work"}))
    changed = done(edit(office.second, claim, 2, budget=None, floor=None))
    assert (changed["budget"], changed["floor"]["price"], changed["version"]) == (None, None, 3)
    assert changed["decision_chain"] == CONTENT["decision_chain"]
    done(act(office.first, claim, f"collaborators/{office.second.id}/remove"))

    (request,) = done(act(office.first, claim, "transfer", to=office.second.id))["requests"]
    done(decide(office.second, request))
    assert done(dossier(office.second, claim)) == changed
    assert office.first.get(f"/v1/claims/{claim['id']}").status_code == 200
    refused(dossier(office.first, claim), 403, "not_allowed")
    refused(edit(office.first, claim, 3, budget="？"), 403, "not_allowed")
    done(act(office.second, claim, "release", reason="need_unmet"))
    refused(dossier(office.second, claim), 403, "not_allowed")
    refused(edit(office.second, claim, 3, budget="？"), 409, "illegal_transition")


def test_after_a_merge_both_dossiers_are_read_and_that_of_the_own_record_is_kept(company: Company) -> None:
    """CUS-11, CUS-13: nothing that was known of the customer is lost to its owner; un-merged, each has its own."""
    stages = ["contact", {"name": "proposal", "conditions": ["budget", "competitors"]}]
    reclaim = {"person": 0, "company": 0}
    office = Office(company, policy={"stage.list": stages, "claim.reclaim_wait_h": reclaim})
    given_up, held = (office.claim(office.first, customer=customer(number)) for number in (1, 2))
    done(edit(office.first, given_up, 1, competitors=["隔壁楼盘"], decision_makers=[{"name": "李太太"}]))
    own = done(edit(office.first, held, 1, budget="五百万以内"))
    done(act(office.first, given_up, "release", reason="need_unmet"))
    records = [claim["customer"]["id"] for claim in (given_up, held)]
    merge = {"into": records[1], "reason": "客户换了号码"}
    done(company.admin.post(f"/v1/customers/{records[0]}/merge", merge))
    both = done(dossier(office.first, held))
    assert both | {"merged": []} == own
    (other,) = both["merged"]
    assert (other["customer"], other["competitors"], other["filled"]) == (
        records[0],
        ["隔壁楼盘"],
        ["decision_makers", "competitors"],
    )
    assert [one["name"] for one in other["decision_makers"]] == ["李太太"]
    changed = done(edit(office.first, held, 2, decision_chain="太太定夺"))
    assert (changed["version"], changed["merged"]) == (3, [other])
    assert done(act(office.first, held, "stage", stage="proposal"))["stage"]["skipped"] == []
    done(company.admin.post(f"/v1/customers/{records[0]}/unmerge", {"reason": "其实是两个人"}))
    assert done(dossier(office.first, held))["merged"] == []


def test_its_texts_are_sealed_and_go_with_an_erasure(company: Company) -> None:
    """CUS-11, AUD-05: no row holds them in the clear, and none is left of an erased customer."""
    office = Office(company)
    claim = office.claim(office.first)
    met = work(office.first, claim, "visit")
    done(edit(office.first, claim, 1, **CONTENT, decision_makers=[{"name": "李太太", "met": [met["id"]]}]))
    rows = company.database.transact(lambda tx: [dict(r) for r in tx.rows(sa.select(t.dossier))])
    assert len(rows) == 1
    assert "五百万".encode() not in rows[0]["sealed"]
    done(act(office.first, claim, "release", reason="need_unmet"))
    company.admin.made(f"/v1/customers/{claim['customer']['id']}/erase", {"reason": "客户要求"})

    def left(tx: Any) -> list[int]:
        return [len(tx.rows(sa.select(table.c.id))) for table in (t.dossier, t.decision_maker_met)]

    assert company.database.transact(left) == [0, 0]


def test_decision_makers_met_and_stages_reached_before_a_case_speak_in_it(company: Company) -> None:
    """CLM-08, DSP-11: with the evidence they rest on; what is no meeting, or not on the customer, proves none."""
    case = Case(company, policy={"ownership.rules": [{"rule": "deeper_relation", "weight": 20}]})
    first, claim = case.first, case.held
    call = work(first, claim, "call", note=NOTE + "，再约时间")
    visit = work(first, claim, "visit", note=NOTE + "，太太也来了")
    brief = work(first, claim, "meeting", note="见过")
    elsewhere = case.office.claim(first, customer={"kind": "company", "name": "别家有限公司"})
    other = work(first, elsewhere, "visit")
    for wrong in (call, brief, other):
        named = [{"name": "李太太", "met": [wrong["id"]]}]
        refused(edit(first, claim, 1, decision_makers=named), 422, "field_invalid", "decision_makers")
    unknown = [{"id": call["id"], "name": "李太太"}]
    refused(edit(first, claim, 1, decision_makers=unknown), 422, "field_invalid", "decision_makers")
    (wife,) = done(edit(first, claim, 1, decision_makers=[{"name": "李太太", "met": [visit["id"]]}]))["decision_makers"]
    assert wife["met"] == [visit["id"]]
    twice = [{"id": wife["id"], "name": "李太太", "met": [visit["id"]]}, {"id": wife["id"], "name": "李先生"}]
    refused(edit(first, claim, 2, decision_makers=twice), 422, "field_invalid", "decision_makers")
    again = done(edit(first, claim, 2, decision_makers=twice[:1]))["decision_makers"]
    assert again == [wife]
    done(act(first, claim, "stage", stage="need"))
    assert read(first, claim)["stage"]["name"] == "need"

    opened = case.open()
    refused(edit(first, claim, 3, decision_makers=[]), 409, "claim_disputed")
    (mine, theirs) = done(case.leader.get(f"/v1/disputes/{opened['id']}/advice"))["points"]
    assert (mine["person"], mine["rule"], mine["points"]) == (first.id, "deeper_relation", 1)
    assert "1 visit, 1 decision maker met, 1 stage reached" in mine["text"]["en"]
    assert (theirs["person"], theirs["points"]) == (case.second.id, 0)
    items = case.leader.get(f"/v1/disputes/{opened['id']}/evidence").json()["items"]
    kinds = {item["id"]: item["kind"] for item in items}
    assert {kinds[e] for e in mine["evidence"]} == {"follow_up", "stage"}
