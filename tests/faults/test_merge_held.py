"""Records are merged while somebody reports, takes or works one of them: one owner, whoever is first (CUS-13).

Both are real transactions of two processes on both databases, the first one held once it has its locks.
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from storage import tables as t
from tests.api.test_merges import Base
from tests.faults.held import MATTER_LOCK, Held, contest
from tests.support.answers import listed, refused
from tests.support.company import Company, Person
from tests.support.office import act, customer, done, read

#: The statement by which a merge moves claims, or an undoing moves them back: every lock is taken by then.
MOVING = "UPDATE claim SET matter"


@pytest.fixture
def base(here: Company) -> Base:
    return Base(here)


def owners(base: Base) -> list[tuple[str, str]]:
    """Who holds the customer, and in which matter."""
    with base.company.database.reading() as tx:
        c = t.claim.c
        return [(r.owner, r.matter) for r in tx.execute(sa.select(c.owner, c.matter).where(c.holds))]


def test_a_report_behind_a_merge_meets_the_owner(base: Base, beside: Company) -> None:
    """CUS-02: nothing lies in the program under the merged record, so it is its keys that the report waits for."""
    held = base.report(base.first, 1)
    known = base.admin.made("/v1/customers", customer(2))
    elsewhere = Person(beside, base.second.id, base.second.token)
    body = {"program": base.office.program, "customer": customer(2)}
    merged, report = contest(
        lambda: base.merge({"customer": known}, held),
        lambda: elsewhere.post("/v1/claims", body),
        of_first=Held(base.company.database, "INSERT INTO customer_merge"),
        of_second=beside.database,
    )
    assert (merged.status_code, done(report)["reason"]) == (200, "customer_owned")
    assert [owner for owner, _ in owners(base)] == [base.first.id]


def test_a_take_behind_a_merge_comes_too_late(base: Base, beside: Company) -> None:
    """POOL-03: the entry that was reached for lies with an owned customer by then."""
    held, free = base.report(base.first, 1), base.released(base.first, 2)
    elsewhere = Person(beside, base.second.id, base.second.token)
    pool = next(p["id"] for p in listed(base.admin.get("/v1/pools", program=base.office.program)))
    (entry,) = listed(base.second.get(f"/v1/pools/{pool}/customers"))
    merged, take = contest(
        lambda: base.merge(free, held),
        lambda: elsewhere.post(f"/v1/pools/{pool}/customers/{entry['id']}/take"),
        of_first=Held(base.company.database, MOVING),
        of_second=beside.database,
    )
    assert merged.status_code == 200, merged.text
    refused(take, 409, "already_taken")
    assert [owner for owner, _ in owners(base)] == [base.first.id]


def test_a_merge_behind_a_report_robs_nobody(base: Base, beside: Company) -> None:
    """CUS-13: the report was first, so both records are claimed, and the question goes to a case."""
    held, free = base.report(base.first, 1), base.released(base.first, 2)
    keeper = Person(beside, base.admin.id, base.admin.token)
    into = {"into": free["customer"]["id"], "reason": "客户换了号码"}
    report, merged = contest(
        lambda: base.office.report(base.second, customer=customer(2)),
        lambda: keeper.post(f"/v1/customers/{held['customer']['id']}/merge", into),
        of_first=Held(base.company.database, MATTER_LOCK),
        of_second=beside.database,
    )
    assert report.status_code == 201, report.text
    refused(merged, 409, "merge_conflict")
    base.company.ring_bells()
    assert [read(base.admin, claim)["state"] for claim in (held, done(report))] == ["disputed"] * 2


def test_work_behind_an_unmerge_is_decided_where_its_claim_lies_by_then(base: Base, beside: Company) -> None:
    """CUS-13: what was read before the lock is read again, so no command is left where nobody looks for it."""
    held, free = base.report(base.first, 1), base.released(base.second, 2)
    done(base.merge(held, free))
    elsewhere = Person(beside, base.first.id, base.first.token)
    parted, released = contest(
        lambda: base.unmerge(held),
        lambda: act(elsewhere, held, "release", reason="need_unmet"),
        of_first=Held(base.company.database, MOVING),
        of_second=beside.database,
    )
    assert (parted.status_code, done(released)["state"]) == (200, "released")
    with base.company.database.reading() as tx:
        asked = sa.select(t.command.c.decided_at, t.matter.c.customer).join(
            t.matter, t.matter.c.id == t.command.c.matter
        )
        ((decided, record),) = tx.execute(asked.where(t.command.c.kind == "release", t.command.c.claim == held["id"]))
    assert decided is not None
    assert record == held["customer"]["id"]
