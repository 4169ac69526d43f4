"""Activities of the house called twice, or by two workers at once, have the effect of once (AUD-07, style habit 4)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from temporalio.testing import ActivityEnvironment

from activities.keeping import KeepingActivities
from activities.matters import DrainInput, MatterActivities
from activities.notifications import CourierActivities
from activities.ports import Bell, Message, StoreTroubleError
from storage import tables as t
from storage.bells import DatabaseBells
from storage.database import Database, mint
from storage.drain_store import DatabaseMatters
from storage.house import DatabaseHouse
from storage.outbox import DatabaseOutbox
from storage.setting import Snapshots
from tests.conftest import Store
from tests.faults.held import Held, contest
from tests.support.company import Company, person_customer
from tests.support.live import LiveCompany
from tests.support.office import Office, act, work
from worker.advance import advance
from worker.serve import ensure_singletons
from workflows.keeping import SINGLETONS
from workflows.names import singleton_id

#: A shift as short as this is one round.
ONE_ROUND_S = 0.001
Rows = dict[str, list[str]]


@pytest.fixture
def office(store: Store, admin_token: str, tmp_path: Path) -> Iterator[Office]:
    """An office with one outside channel."""
    database = store.open(patient=True, channels=("webhook",))
    company = Company(database, admin_token, tmp_path)
    yield Office(company, policy={"claim.grace_days": 0})
    company.close()
    database.close()


class Channel:
    """Remembers what was sent through it."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, message: Message) -> None:
        self.sent.append(message.delivery)


class Unheard(DatabaseOutbox):
    """The worker dies after its first delivery, before it can say so."""

    died = 0

    def sent(self, delivery: str) -> None:
        if not self.died:
            self.died += 1
            raise StoreTroubleError
        super().sent(delivery)


class UnheardBells(DatabaseBells):
    """The worker dies after it has rung, before it can take the bells off the table."""

    died = 0

    def rung(self, bells: Sequence[Bell]) -> None:
        if not self.died and bells:
            self.died += 1
            raise StoreTroubleError
        super().rung(bells)


def test_a_drain_called_twice_writes_nothing_the_second_time(office: Office) -> None:
    """Design section 2: also the matter's stamp is all that moves."""
    claim = office.claim(office.first)
    office.company.direct.down = True
    assert act(office.first, claim, "release", reason="lost").status_code == 202
    drains = MatterActivities(DatabaseMatters(office.company.database, Snapshots()))
    first = drains.drain(DrainInput(claim["id"]))
    once = rows(office.company.database)
    assert drains.drain(DrainInput(claim["id"])) == first
    assert first.state == "released"
    assert differing(once, rows(office.company.database)) <= {"matter"}


def test_a_relay_that_dies_after_ringing_leaves_nothing_to_ring_for(office: Office) -> None:
    """Commands whose sender did not get through, and bells of other streams."""
    company = office.company
    company.direct.down = True
    claims = [office.report(rep).json()["id"] for rep in (office.first, office.second)]
    company.shift(seconds=5)
    hang(company, claims)
    bells, rung = UnheardBells(company.database), Counter[str]()
    keeping = keeping_of(company, bells, rung)
    shift(keeping.relay)
    once = rows(company.database)
    shift(keeping.relay)
    assert bells.died == 1
    assert rung == Counter(claims), "the drains themselves took the bells off the table"
    assert not once["bell"]
    assert not differing(once, rows(company.database))
    assert [office.company.admin.get(f"/v1/claims/{c}").json()["state"] for c in claims] == ["protected", "rejected"]


def test_a_sweep_called_twice_hangs_the_bells_of_a_fact_about_many_once(office: Office) -> None:
    """Design section 2, "Bulk changes": an absence concerns every claim of its person."""
    company = office.company
    for number in range(3):
        work(office.first, office.claim(office.first, customer=person_customer(phone=f"1380000000{number}")))
    company.admin.made(
        f"/v1/people/{office.first.id}/absences", {"from": "2031-03-10T00:00:00Z", "to": "2031-03-20T00:00:00Z"}
    )
    keeping = keeping_of(company, DatabaseBells(company.database), Counter())
    shift(keeping.sweep)
    once = rows(company.database)
    assert len(once["bell"]) == 3
    shift(keeping.sweep)
    assert not differing(once, rows(company.database))


def test_a_courier_that_dies_after_a_delivery_delivers_it_again_under_the_same_id(office: Office) -> None:
    """NTF-01: at least once; receivers tell a repeat by the delivery's id, and nobody is noticed twice."""
    company, channel = office.company, Channel()
    office.claim(office.first)
    company.shift(hours=1)
    outbox = Unheard(company.database, Snapshots())
    courier = CourierActivities(outbox, {"webhook": channel}, shift_s=ONE_ROUND_S)
    shift(courier.courier)
    notices = rows(company.database)["notice"]
    shift(courier.courier)
    assert outbox.died == 1
    assert sorted(Counter(channel.sent).values()) == [1] * (len(set(channel.sent)) - 1) + [2]
    once = rows(company.database)
    shift(courier.courier)
    assert not differing(once, rows(company.database))
    assert (len(channel.sent) - 1, once["notice"]) == (len(once["outbox"]), notices)


def test_two_couriers_at_once_remind_once(store: Store, office: Office) -> None:
    """CLM-18: one that was taken for dead still runs when the next one begins; each reminder is one notice."""
    claim = office.claim(office.first)
    office.company.at(due_of_last_reminder(office.company.database))
    before = reminders_told(office.company.database, claim["id"])
    other = store.open(patient=True, channels=("webhook",))
    try:
        contest(
            lambda: DatabaseOutbox(office.company.database, Snapshots()).remind(100),
            lambda: DatabaseOutbox(other, Snapshots()).remind(100),
            of_first=Held(office.company.database, "INSERT INTO notice"),
            of_second=other,
        )
    finally:
        other.close()
    assert before == Counter()
    told = reminders_told(office.company.database, claim["id"])
    assert told
    assert set(told.values()) == {1}, told


def test_housekeeping_called_twice_makes_one_checkpoint(office: Office, tmp_path: Path) -> None:
    """AUD-02: the second round finds that nothing is due."""
    office.claim(office.first)
    folder = tmp_path / "checkpoints"
    keeping = keeping_of(office.company, DatabaseBells(office.company.database), Counter(), folder=folder)
    shift(keeping.housekeeping)
    once, files = rows(office.company.database), sorted(p.name for p in folder.iterdir())
    assert files
    shift(keeping.housekeeping)
    assert sorted(p.name for p in folder.iterdir()) == files
    assert not differing(once, rows(office.company.database))


def test_singletons_started_twice_run_once(live: LiveCompany) -> None:
    """Design section 2: the engine is the lease; a worker that starts finds them running."""
    bells, client, nobodys = DatabaseBells(live.database), live.worker.client, f"{live.task_queue}-of-nobody"
    live.rep().made("/v1/claims", {"program": live.program(), "customer": person_customer()})

    def runs() -> dict[str, str | None]:
        return {
            name: live.worker.run(client.get_workflow_handle(singleton_id(name)).describe()).run_id
            for name in SINGLETONS
        }

    try:
        live.worker.run(ensure_singletons(client, bells, nobodys))
        once = runs()
        again = live.worker.run(ensure_singletons(client, bells, nobodys))
        assert again == 0, "bells were hung as if the engine's store were lost"
        assert runs() == once
    finally:
        for name in SINGLETONS:
            live.worker.run(client.get_workflow_handle(singleton_id(name)).terminate("the test is over"))


def test_bells_hung_for_a_lost_engine_twice_ring_to_the_effect_of_once(office: Office) -> None:
    """Design section 2, "expendable": a worker that dies between hanging and starting hangs them once more."""
    claims = [office.claim(office.first, customer=person_customer(phone=f"1380000000{n}"))["id"] for n in range(3)]
    bells = DatabaseBells(office.company.database)
    once = rows(office.company.database)
    assert (bells.hang_all(), bells.hang_all()) == (3, 3)
    rung: Counter[str] = Counter()
    shift(keeping_of(office.company, bells, rung).relay)
    assert rung == Counter(claims)
    assert differing(once, rows(office.company.database)) <= {"matter"}


def test_the_clock_moved_to_one_instant_twice_rings_once(live: LiveCompany) -> None:
    """Design section 2, `advance`: what fell due on the way is decided, and not again."""
    rep = live.rep()
    claim = rep.made("/v1/claims", {"program": live.program(), "customer": person_customer()})
    to = live.now().replace(year=live.now().year + 1)

    def move() -> int:
        return live.worker.run(advance(live.worker.client, live.database, to=to, task_queue=live.task_queue))

    assert move() == 1
    once = rows(live.database)
    assert move() == 0
    assert differing(once, rows(live.database)) <= {"clock"}
    assert rep.get(f"/v1/claims/{claim['id']}").json()["state"] == "lapsed"


def keeping_of(
    company: Company, bells: DatabaseBells, rung: Counter[str], *, folder: Path | None = None
) -> KeepingActivities:
    """The house's activities for one round each; a ring drains at once and is counted."""

    async def ring(bell: Bell) -> bool:
        rung[bell.stream] += 1
        company.direct.drain(bell.stream)
        return True

    house = DatabaseHouse(company.database, Snapshots(), folder or company.settings.checkpoint_folder)
    return KeepingActivities(bells, ring, house, shift_s=ONE_ROUND_S)


def shift(activity: Callable[[], Awaitable[None]]) -> None:
    """One shift of a keeping activity, as the engine would run it."""
    asyncio.run(asyncio.wait_for(ActivityEnvironment().run(activity), 30))


def rows(database: Database) -> Rows:
    """Every row of every table."""
    with database.reading() as tx:
        return {
            table.name: sorted(str(sorted(row.items(), key=lambda item: item[0])) for row in tx.rows(sa.select(table)))
            for table in t.metadata.sorted_tables
        }


def differing(before: Rows, after: Rows) -> set[str]:
    """Tables that are not the same."""
    return {name for name in before if before[name] != after[name]}


def hang(company: Company, claims: list[str]) -> None:
    """A bell for each claim, as another stream's drain would have left it."""
    at = company.now()
    company.database.transact(
        lambda tx: tx.insert(
            t.bell,
            [{"id": mint(), "stream": c, "kind": "claim", "not_before": at, "tries": 0} for c in claims],
        )
    )


def due_of_last_reminder(database: Database) -> str:
    """Just after the last planned reminder falls due."""
    with database.reading() as tx:
        at = tx.execute(sa.select(sa.func.max(t.reminder.c.due_at)).where(t.reminder.c.last)).scalar_one()
    return str(at.isoformat())


def reminders_told(database: Database, claim: str) -> Counter[tuple[str, str, str]]:
    """Who was reminded of what, how often."""
    with database.reading() as tx:
        found = tx.rows(sa.select(t.notice).where(t.notice.c.subject == claim, t.notice.c.kind.like("reminder.%")))
    return Counter((n["person"], n["kind"], str(n["facts"])) for n in found)
