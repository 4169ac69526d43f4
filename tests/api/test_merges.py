"""Two records of one customer are joined, and parted again (CUS-13)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from storage import tables as t
from storage.verification import verify
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import Office, act, customer, done, notices, read, timeline
from tests.support.records import Records


class Base:
    """An office whose administrator keeps the customer base, in which 王小明 has several numbers."""

    def __init__(self, company: Company, *, office: Office | None = None) -> None:
        self.office = office or Office(company, policy={"claim.reclaim_wait_h": {"person": 0, "company": 0}})
        self.company, self.admin = company, company.admin
        self.first, self.second = self.office.first, self.office.second

    def report(self, by: Person, number: int) -> dict[str, Any]:
        return self.office.claim(by, customer=customer(number))

    def released(self, by: Person, number: int) -> dict[str, Any]:
        """A customer whom somebody had and gave back: it lies in the pool."""
        claim = self.report(by, number)
        done(act(by, claim, "release", reason="need_unmet"))
        return claim

    def merge(self, one: Mapping[str, Any], into: Mapping[str, Any], **more: Any) -> httpx2.Response:
        body = {"into": into["customer"]["id"], "reason": "客户换了号码"}
        return self.admin.post(f"/v1/customers/{one['customer']['id']}/merge", body, **more)

    def unmerge(self, one: Mapping[str, Any]) -> httpx2.Response:
        return self.admin.post(f"/v1/customers/{one['customer']['id']}/unmerge", {"reason": "其实是两个人"})

    def record(self, claim: Mapping[str, Any]) -> dict[str, Any]:
        return done(self.admin.get(f"/v1/customers/{claim['customer']['id']}"))

    def pooled(self) -> list[str]:
        """The records that lie in the pool."""
        with self.company.database.reading() as tx:
            return list(tx.execute(sa.select(t.matter.c.customer).where(t.matter.c.pooled)).scalars())

    def answer(self, by: Person, number: int) -> str:
        body = {"program": self.office.program, "customer": customer(number)}
        return str(done(by.post("/v1/ownership/lookup", body))["answer"])


@pytest.fixture
def base(company: Company) -> Base:
    return Base(company)


def test_either_record_leads_to_the_owner_and_nothing_of_the_history_changes(base: Base) -> None:
    """CUS-13, CUS-02, TER-01: by either number the customer is the owner's; the other record's pool entry is gone."""
    held, free = base.report(base.first, 1), base.released(base.second, 2)
    before = timeline(base.first, held)
    merged = done(base.merge(held, free))
    assert (merged["id"], merged["merged_from"]) == (free["customer"]["id"], [held["customer"]["id"]])
    assert (base.record(held)["merged_into"], base.record(held)["merged_from"]) == (merged["id"], [])
    for number in (1, 2):
        assert base.report(base.second, number)["reason"] == "customer_owned"
        assert base.answer(base.second, number) == "conflict"
        own = base.office.report(base.first, customer=customer(number))
        assert (own.status_code, own.json()["id"]) == (200, held["id"]), "the owner's own claim is given back"
        assert done(base.admin.post("/v1/customers", {**customer(number)}))["id"] == merged["id"]
    by_id = base.office.report(base.second, customer={"id": held["customer"]["id"]})
    assert done(by_id)["reason"] == "customer_owned"
    assert base.pooled() == []
    assert timeline(base.first, held)[: len(before)] == before
    assert read(base.first, held)["state"] == "protected"
    assert "customer.merged" in notices(base.first)
    with base.company.database.reading() as tx:
        kinds = list(tx.execute(sa.select(t.event.c.kind).where(t.event.c.stream == merged["id"])).scalars())
    assert kinds[-1] == "merged_from"


def test_lists_find_the_customer_by_any_of_its_records(base: Base) -> None:
    """CUS-01, CUS-13: one row stands for both, for whoever reads a claim under either; deals, claims and leads too."""
    held, free = base.report(base.first, 1), base.report(base.second, 2)
    done(act(base.second, free, "release", reason="need_unmet"))
    merged = done(base.merge(held, free))
    for reader, q in ((base.admin, "13800000001"), (base.first, "13800000002"), (base.second, "13800000001")):
        found = listed(reader.get("/v1/customers", q=q))
        assert [(one["id"], one["name"]) for one in found] == [(merged["id"], "王小明")]
    for record in (held, free):
        claims = listed(base.admin.get("/v1/claims", customer=record["customer"]["id"]))
        assert {one["id"] for one in claims} == {held["id"], free["id"]}


def test_merging_again_changes_nothing(base: Base) -> None:
    """INT-01: under another key the answer is the same record, under the same key the same answer."""
    held, free = base.report(base.first, 1), base.released(base.second, 2)
    once = done(base.merge(held, free, key="k"))
    again = base.merge(held, free)
    assert (again.status_code, again.json()) == (200, once)
    assert base.merge(held, free, key="k").headers["Idempotency-Replayed"] == "true"
    third = base.released(base.second, 3)
    problem = refused(base.merge(held, third), 409, "illegal_transition")
    assert problem["facts"] == {"merged_into": once["id"]}
    refused(base.merge(free, held), 422, "field_invalid", "into")


def test_what_was_joined_goes_back_and_what_happened_since_stays(base: Base, tmp_path: Path) -> None:
    """CUS-13, AUD-02: the claim of before goes with its record, that of after is the surviving record's; no history
    was rewritten by either."""
    held, free = base.report(base.first, 1), base.released(base.first, 2)
    done(base.merge(held, free))
    done(act(base.first, held, "release", reason="need_unmet"))
    since = base.report(base.second, 1)
    assert (since["state"], since["customer"]["id"]) == ("protected", free["customer"]["id"])
    separate = done(base.unmerge(held))
    assert (separate["id"], separate["merged_into"]) == (held["customer"]["id"], None)
    assert base.record(free)["merged_from"] == []
    assert (base.answer(base.first, 1), base.answer(base.first, 2)) == ("free", "conflict")
    mine = base.report(base.first, 1)
    assert (mine["state"], mine["customer"]["id"]) == ("protected", held["customer"]["id"])
    assert "customer.unmerged" in notices(base.second)
    refused(base.unmerge(held), 409, "illegal_transition")
    assert verify(base.company.database, base.company.database.keys, tmp_path).ok


def test_the_owner_and_the_pool_entry_of_before_are_there_again(base: Base) -> None:
    """CUS-13, POOL-02: undone at once, everything is as it was."""
    held, free = base.report(base.first, 1), base.released(base.second, 2)
    assert base.pooled() == [free["customer"]["id"]]
    done(base.merge(held, free))
    done(base.unmerge(held))
    assert base.pooled() == [free["customer"]["id"]]
    assert (base.answer(base.second, 1), base.answer(base.second, 2)) == ("conflict", "pooled")
    done(act(base.first, held, "release", reason="need_unmet"))
    assert read(base.first, held)["state"] == "released", "its claim is decided where it lies again"


def test_a_merge_is_undone_in_time_only(base: Base) -> None:
    """CUS-13: `customer.unmerge_days`, 30 of the company's policy."""
    held, free = base.released(base.first, 1), base.released(base.second, 2)
    done(base.merge(held, free))
    base.company.advance(days=31)
    assert refused(base.unmerge(held), 409, "deadline_passed")["rule"] == "CUS-13"


def test_records_joined_in_steps_part_in_any_order(base: Base) -> None:
    """CUS-13: what was merged into a record goes with it, and each may leave by itself."""
    one, two, three = base.report(base.first, 1), base.released(base.first, 2), base.released(base.second, 3)
    done(base.merge(one, two))
    assert set(done(base.merge(two, three))["merged_from"]) == {c["customer"]["id"] for c in (one, two)}
    assert [base.answer(base.second, n) for n in (1, 2, 3)] == ["conflict"] * 3
    assert done(base.unmerge(two))["merged_from"] == [one["customer"]["id"]]
    assert [base.answer(base.second, n) for n in (1, 2, 3)] == ["conflict", "conflict", "pooled"]
    done(base.unmerge(one))
    assert [base.answer(base.second, n) for n in (1, 2, 3)] == ["conflict", "pooled", "pooled"]


def test_the_one_customer_is_forgotten_as_a_whole_and_edited_in_one_place(base: Base) -> None:
    """CUS-01, AUD-05: the merged record takes no edits; erasing either of them erases both."""
    old, new = base.released(base.first, 1), base.released(base.second, 2)
    merged = done(base.merge(old, new))
    path = f"/v1/customers/{old['customer']['id']}"
    problem = refused(base.admin.patch(path, {"version": 2, "source": "展会"}), 409, "illegal_transition")
    assert (problem["current_state"], problem["facts"]) == ("merged", {"merged_into": merged["id"]})
    done(base.admin.post(f"{path}/erase", {"reason": "客户要求"}))
    for claim, number in ((old, 1), (new, 2)):
        assert base.record(claim)["name"] is None
        assert base.answer(base.first, number) == "free"


def test_what_was_received_before_a_merge_is_decided_in_its_order(base: Base) -> None:
    """CUS-13, AUD-07: the engine was away. A release that makes room counts once it is decided; one that nobody waits
    for moves with its claim and is decided where that lies then."""
    held, taken = base.report(base.first, 1), base.report(base.second, 2)
    free = base.released(base.second, 3)
    base.company.direct.down = True
    assert act(base.first, held, "release", reason="need_unmet").status_code == 202
    refused(base.merge(held, taken), 503, "engine_unavailable")
    done(base.merge(held, free))
    base.company.direct.down = False
    base.company.direct.drain(held["id"])
    assert read(base.first, held)["state"] == "released"
    assert base.pooled() == [free["customer"]["id"]]
    done(base.merge(free, taken))
    assert [base.answer(base.first, n) for n in (1, 2, 3)] == ["conflict"] * 3


def test_a_question_about_a_record_that_was_merged_meanwhile_is_no_question(base: Base) -> None:
    """CUS-13: whoever asked about it is told, and their own claim goes on."""
    mine, held, free = base.report(base.second, 3), base.report(base.first, 1), base.released(base.first, 2)
    body = {"claim": mine["id"], "grounds": "identity", "other_customer": held["customer"]["id"], "statement": "换号"}
    base.company.direct.down = True
    asked = base.second.post("/v1/disputes", body, key="k")
    assert asked.status_code == 202
    done(base.merge(held, free))
    base.company.direct.down = False
    refused(base.second.post("/v1/disputes", body, key="k"), 409, "illegal_transition")
    assert [read(base.admin, claim)["state"] for claim in (mine, held)] == ["protected"] * 2


def test_two_owners_are_asked_in_a_case_and_neither_is_robbed(company: Company) -> None:
    """CUS-13: `merge_conflict` with the case of kind identity that it opened; ruled same, the records are one."""
    records = Records(company, **{"dispute.appeal_wd": 0, "dispute.auto_settle": False})
    base = Base(company, office=records.office)
    conflict = refused(base.merge(records.new, records.old, key="k"), 409, "merge_conflict")["facts"]["conflicts"]
    company.ring_bells()
    (case,) = (one["dispute"] for one in conflict)
    opened = done(records.leader.get(f"/v1/disputes/{case}"))
    assert {p["person"] for p in opened["parties"]} == {records.first.id, records.second.id}
    assert (opened["grounds"], [c["state"] for c in records.both()]) == ("identity", ["disputed"] * 2)
    assert refused(base.merge(records.new, records.old), 409, "merge_conflict")["facts"]["conflicts"] == conflict
    repeated = base.merge(records.new, records.old, key="k")
    assert (repeated.status_code, repeated.headers["Idempotency-Replayed"]) == (409, "true")
    for step in ("waive", "heard"):
        for party in (records.first, records.second):
            done(party.post(f"/v1/disputes/{case}/{step}"))
    done(records.ruling(opened, outcome="party", owner=records.first.id, same=True))
    assert "dispute.same" in notices(company.admin)
    third = company.rep("丁", team=records.office.team)
    assert records.office.claim(third, customer=customer(2))["reason"] == "customer_owned", "the gap is closed"
    merged = done(base.merge(records.new, records.old))
    assert merged["merged_from"] == [records.new["customer"]["id"]]
    assert refused(base.unmerge(records.new), 409, "illegal_transition")["facts"] == {"same": True}
    assert read(records.first, records.old)["state"] == "protected"


def test_found_different_they_stay_apart(company: Company) -> None:
    """CUS-13: a shared or re-issued number raises no alarm again, and joins nobody."""
    records = Records(company, **{"dispute.appeal_wd": 0})
    done(records.ruling(records.to_ruling(), outcome="no_change", same=False))
    base = Base(company, office=records.office)
    assert refused(base.merge(records.new, records.old), 409, "illegal_transition")["facts"] == {"same": False}
