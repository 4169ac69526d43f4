"""Acts of a pool's admin on several customers take their locks in the one order (design section 2, POOL-01).

The writers are real transactions of two processes on both databases, the first one held once it has its first locks.
A database that finds two of them in each other's way ends one, which is then run again: that is seen here as well.
"""

from __future__ import annotations

import httpx2
import pytest
import sqlalchemy as sa

from activities.matters import DrainInput, MatterActivities
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots
from tests.api.test_merges import Base
from tests.faults.held import MATTER_LOCK, Held, contest
from tests.support.answers import listed
from tests.support.company import Company, Person
from tests.support.office import done

#: A part of the statement that counts what somebody took out of pools: whoever is counted is locked by then.
TAKEN_SO_FAR = "FROM pool_take"


@pytest.fixture
def base(here: Company) -> Base:
    return Base(here)


def thwarted(*databases: Database) -> list[str]:
    """What the databases end because two transactions wait for one another."""
    seen: list[str] = []

    def told(context: sa.engine.ExceptionContext) -> None:
        if "deadlock" in str(context.original_exception):
            seen.append(str(context.statement))

    for database in databases:
        sa.event.listen(database._writer, "handle_error", told)
    return seen


def pool_of(base: Base) -> str:
    """The path of the pool in which whatever was released lies."""
    (pool,) = listed(base.admin.get("/v1/pools", program=base.office.program))
    return f"/v1/pools/{pool['id']}"


def entries_of(base: Base) -> list[str]:
    """What lies in the pool, by id."""
    return sorted(entry["id"] for entry in listed(base.second.get(f"{pool_of(base)}/customers")))


def test_two_batches_meet_where_records_were_merged(base: Base, beside: Company) -> None:
    """CUS-13, POOL-01: of merged records the order of the entries is not that of the matters they lie in."""
    first, _, third = (base.released(base.first, number) for number in (61, 62, 63))
    one, other, into = entries_of(base)
    done(base.merge(first, third))
    pool, keeper = pool_of(base), Person(beside, base.admin.id, base.admin.token)

    def assigned(by: Person, *entries: str) -> httpx2.Response:
        body = {"customers": list(entries), "to": base.second.id, "reason": "老客户"}
        return by.post(f"{pool}/assign", body)

    ended = thwarted(base.company.database, beside.database)
    answers = contest(
        lambda: assigned(base.admin, one, other),
        lambda: assigned(keeper, into, other),
        of_first=Held(base.company.database, MATTER_LOCK),
        of_second=beside.database,
    )
    assert [[row["code"] for row in done(answer)["rows"]] for answer in answers] == [[None, None]] * 2
    assert ended == []


@pytest.mark.parametrize("act", ["assign", "lock", "add"])
def test_a_batch_and_a_decision_about_one_of_its_customers(base: Base, beside: Company, act: str) -> None:
    """Design section 2, lock order: who judges the first locks people, so nobody may be waited for at the second."""
    both = [base.released(base.first, number)["customer"]["id"] for number in (61, 62)]
    pool, entries = pool_of(base), entries_of(base)
    given = {"customers": entries, "to": base.second.id, "reason": "老客户"}
    waiting = done(base.admin.post(f"{pool}/assign", given))["rows"]
    bodies = {
        "assign": given,
        "lock": {"customers": entries, "reason": "整理公海"},
        "add": {"customers": both, "track": "sales", "reason": "老客户"},
    }
    drains = MatterActivities(DatabaseMatters(beside.database, Snapshots()))
    ended = thwarted(base.company.database, beside.database)
    answer, _ = contest(
        lambda: base.admin.post(f"{pool}/{act}", bodies[act]),
        lambda: drains.drain(DrainInput(waiting[1]["claim"])),
        of_first=Held(base.company.database, TAKEN_SO_FAR),
        of_second=beside.database,
    )
    assert len(done(answer)["rows"]) == 2
    assert ended == []
