"""A case about two records changes two matters in one transaction, whoever else is at either of them (CUS-13)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from activities.matters import DrainInput, DrainOutcome, MatterActivities
from activities.ports import StoreTroubleError
from storage import tables as t
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.keys import KeyRing
from storage.setting import Snapshots
from tests.faults.held import MATTER_LOCK, Held, contest
from tests.faults.killed import AFTER_COMMIT, BEFORE_COMMIT, KilledDrains
from tests.faults.story import SOON_S, Waits, ending, tell_of_two_records
from tests.support.company import Company, Person
from tests.support.records import Records


@pytest.fixture
def records(here: Company) -> Records:
    return Records(here)


def locked_by(database: Database) -> list[str]:
    """The matters whose lock ``database`` asks for from now on, in this order."""
    asked: list[str] = []

    def asks(_connection: sa.Connection, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if MATTER_LOCK in statement:
            asked.extend(uuid.UUID(str(v)).hex for v in (given.values() if isinstance(given, dict) else given))

    sa.event.listen(database._writer, "before_cursor_execute", asks)
    return asked


def matters_of(records: Records) -> list[str]:
    with records.company.database.reading() as tx:
        found = tx.rows(sa.select(t.claim.c.id, t.claim.c.matter).order_by(t.claim.c.receipt))
    return [uuid.UUID(row["matter"]).hex for row in found]


@pytest.mark.parametrize("older_first", [True, False])
def test_of_two_questions_that_cross_one_makes_the_case_and_the_other_joins(
    records: Records, beside: Company, older_first: bool
) -> None:
    """CUS-13, DSP-01: both lock the older record first, so neither is ever turned back."""
    sides = [(records.first, records.old, records.new), (records.second, records.new, records.old)]
    (one, mine, theirs), (two, others, about) = sides if older_first else sides[::-1]
    elsewhere = Person(beside, two.id, two.token)
    asked = locked_by(beside.database)
    made, joined = contest(
        lambda: records.asked(one, mine, theirs),
        lambda: records.asked(elsewhere, others, about),
        of_first=Held(records.company.database, MATTER_LOCK),
        of_second=beside.database,
    )
    assert {made.status_code, joined.status_code} == {200, 201}, (made.text, joined.text)
    assert made.json()["id"] == joined.json()["id"]
    assert asked[:2] == sorted(matters_of(records)), "it asked for them in another order, or once more"
    assert [claim["state"] for claim in records.both()] == ["disputed", "disputed"]


def test_drains_of_both_records_do_not_stand_in_each_others_way(records: Records, beside: Company) -> None:
    """Design section 2, lock order: who comes by the newer record gives it back and begins with the older one."""
    case = records.open()["id"]
    older, newer = sorted(matters_of(records))
    claim = records.new["id"]
    drains = [MatterActivities(DatabaseMatters(d, Snapshots())) for d in (records.company.database, beside.database)]
    first, second = (locked_by(d) for d in (records.company.database, beside.database))
    ends = contest(
        lambda: drains[0].drain(DrainInput(claim)).state,
        lambda: drains[1].drain(DrainInput(case)).state,
        of_first=Held(records.company.database, MATTER_LOCK),
        of_second=beside.database,
    )
    assert ends == ("disputed", "negotiating")
    assert (first, second) == ([newer, older, newer, newer], [older, newer])


class Restarted(MatterActivities):
    """A drain whose process died is begun again, as the engine does."""

    def drain(self, given: DrainInput) -> DrainOutcome:
        while True:
            try:
                return super().drain(given)
            except StoreTroubleError:
                continue


def on_its_clock(company: Company) -> Waits:
    def wait(seen: Callable[[], object], *, what: str) -> None:
        company.advance(seconds=SOON_S + 1)
        assert seen(), what

    return wait


@pytest.fixture(scope="module")
def undisturbed(
    sqlite_template: tuple[Path, str], keys: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """How the story ends when nobody dies."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "fairclaim.db").write_bytes(sqlite_template[0].read_bytes())
    database = Database(f"sqlite:///{folder / 'fairclaim.db'}", keys=keys)
    company = Company(database, sqlite_template[1], folder)
    try:
        tell_of_two_records(company, on_its_clock(company), relay=company.ring_bells)
        return ending(company)
    finally:
        company.close()
        database.close()


def test_a_case_about_two_records_all_of_whose_drains_are_killed_ends_the_same(
    company: Company, undisturbed: dict[str, Any]
) -> None:
    """CUS-13, DSP-15: kill -9 before and after the commit of every drain that changes both matters."""
    store = KilledDrains(company.database)
    company.direct.drains = Restarted(store)
    tell_of_two_records(company, on_its_clock(company), relay=company.ring_bells)
    assert ending(company) == undisturbed
    assert undisturbed["answers"] == [True, False]
    assert store.killed[BEFORE_COMMIT] == store.killed[AFTER_COMMIT] >= 8
