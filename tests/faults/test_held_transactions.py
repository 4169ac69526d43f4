"""Two transactions that want the same thing, one held in the middle: exactly one outcome, whoever is first.

Both are real ones of two processes on both databases. Their stamps are put on either side of a deadline to the
microsecond: a stamp is later than every stamp its matter ever gave, so the last one given decides where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from activities.matters import DrainInput, MatterActivities
from storage import matters
from storage import tables as t
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots
from tests.conftest import Store
from tests.faults.held import CAP_COUNT, MATTER_LOCK, Held, contest
from tests.support.company import Company, Person
from tests.support.office import NOTE, Office, act, customer, moment, moves, read, work

#: No grace: a lapse is the end of it.
POLICY = {"claim.grace_days": 0, "claim.first_follow_up_wh": "PT1H", "claim.idle_days": "PT2H"}
US = timedelta(microseconds=1)


@pytest.fixture
def other(store: Store) -> Iterator[Database]:
    """The same database as another process has it."""
    opened = store.open(patient=True)
    yield opened
    opened.close()


@pytest.fixture
def office(here: Company) -> Office:
    return Office(here, policy=POLICY)


@dataclass
class Race:
    """A claim shortly before its deadline, its owner at the API, its drain in another process."""

    office: Office
    other: Database
    claim: str
    deadline: datetime

    def last_stamp(self, at: datetime) -> None:
        """The next stamp of the matter is a microsecond later than ``at``."""

        def write(tx: Any) -> None:
            matter = tx.execute(sa.select(t.claim.c.matter).where(t.claim.c.id == self.claim)).scalar_one()
            matters.touch(tx, str(matter), at)

        self.office.company.database.transact(write)

    def follow_up(self) -> httpx2.Response:
        return act(self.office.first, self.claim, "follow-ups", kind="call", note=f"{NOTE}，第二次")

    def drain(self) -> str:
        drains = MatterActivities(DatabaseMatters(self.other, Snapshots()))
        return drains.drain(DrainInput(self.claim)).state

    def received_at(self) -> datetime:
        """When the latest follow-up was received, kept or refused."""
        with self.office.company.database.reading() as tx:
            kept = tx.execute(sa.select(sa.func.max(t.follow_up.c.received_at))).scalar()
            asked = tx.execute(
                sa.select(sa.func.max(t.command.c.received_at)).where(t.command.c.kind == "follow_up")
            ).scalar()
        return max(at for at in (kept, asked) if at is not None)


@pytest.fixture(params=["protected", "active"])
def race(request: pytest.FixtureRequest, office: Office, other: Database) -> Race:
    """A first follow-up is a command; a later one only moves the idle deadline, in the API's own transaction."""
    claim = office.claim(office.first)
    if request.param == "active":
        work(office.first, claim)
    found = read(office.first, claim)
    assert found["state"] == request.param
    return Race(office, other, claim["id"], moment(found["deadline"]))


@pytest.mark.parametrize("early", [timedelta(), US], ids=["at", "before"])
def test_a_follow_up_that_has_the_lock_first_keeps_the_claim(race: Race, early: timedelta) -> None:
    """CLM-19: received at the deadline or before it counts, though the drain behind it is later than the deadline."""
    received = race.deadline - early
    race.last_stamp(received - US)
    held = Held(race.office.company.database, MATTER_LOCK)
    answer, _ = contest(race.follow_up, race.drain, of_first=held, of_second=race.other)
    assert answer.status_code == 201, answer.text
    assert race.received_at() == received
    race.last_stamp(race.deadline + US)
    assert race.drain() == "active", "nothing of the old deadline is left"
    claim = read(race.office.first, race.claim)
    assert (claim["state"], moment(claim["deadline"])) == ("active", received + timedelta(hours=2))
    assert [move[2] for move in moves(race.office.first, race.claim)].count("lapsed") == 0


@pytest.mark.parametrize("late", [timedelta(), US], ids=["at", "after"])
def test_a_drain_that_has_the_lock_first_ends_the_claim(race: Race, late: timedelta) -> None:
    """CLM-19: the follow-up behind it is later than the deadline: `deadline_passed`, whether the drain that went
    before found the deadline past already, or was itself at the deadline and found nothing due."""
    stamped = race.deadline + late
    race.last_stamp(stamped - US)
    held = Held(race.other, MATTER_LOCK)
    _, answer = contest(race.drain, race.follow_up, of_first=held, of_second=race.office.company.database)
    assert (answer.status_code, answer.json()["code"]) == (409, "deadline_passed"), answer.text
    assert race.received_at() > stamped, "it was stamped before it had the lock"
    assert race.drain() == "lapsed"
    claim = read(race.office.first, race.claim)
    assert (claim["state"], moment(claim["ended_at"])) == ("lapsed", race.deadline)
    assert [move[2] for move in moves(race.office.first, race.claim)].count("lapsed") == 1


def test_of_two_reports_under_a_cap_of_one_the_second_is_refused(
    store: Store, admin_token: str, other: Database, office: Office, tmp_path: Path
) -> None:
    """CLM-25: two customers, two processes, one person; the second counts after the first has been written."""
    program = office.company.program("Capped", policy={**POLICY, "claim.cap_person": 1})
    beside = Company(other, admin_token, tmp_path)
    same = Person(beside, office.first.id, office.first.token)

    def report(person: Person, number: int) -> httpx2.Response:
        return person.post("/v1/claims", {"program": program, "customer": customer(number)})

    try:
        accepted, refused = contest(
            lambda: report(office.first, 1),
            lambda: report(same, 2),
            of_first=Held(office.company.database, CAP_COUNT),
            of_second=other,
        )
    finally:
        beside.close()
    assert (accepted.status_code, accepted.json().get("state")) == (201, "protected")
    assert (refused.status_code, refused.json()["code"]) == (409, "claim_cap")
    assert (refused.json()["facts"]["cap"], refused.json()["facts"]["count"]) == (1, 1)
    with office.company.database.reading() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(t.claim)).scalar_one() == 1
