"""Everything a worker does may be done again, because it died before it could say that it was done (AUD-07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from activities.matters import DrainInput, DrainOutcome, MatterActivities
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.keys import KeyRing
from tests.faults.killed import AFTER_COMMIT, BEFORE_COMMIT, RINGS, KilledDrains, KilledRelay
from tests.faults.story import SOON_S, Waits, balances, ending, posted, tell, tell_of_cases, tell_of_money
from tests.support.company import Company
from tests.support.engine import Engine
from tests.support.live import LiveCompany
from tests.support.waiting import eventually
from tests.workflows.stores import DiesAfterCommit

LIMIT_S = 20.0


@pytest.fixture(scope="session")
def undisturbed(
    sqlite_template: tuple[Path, str], keys: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """How the story ends when nothing happens to it."""
    with _a_company(sqlite_template, keys, tmp_path_factory.mktemp("undisturbed")) as company:
        tell(company, _on_its_clock(company))
        return ending(company)


@pytest.fixture(scope="session")
def undisturbed_cases(
    sqlite_template: tuple[Path, str], keys: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The same of the story of cases."""
    with _a_company(sqlite_template, keys, tmp_path_factory.mktemp("undisturbed")) as company:
        tell_of_cases(company, _on_its_clock(company), relay=company.ring_bells)
        return ending(company)


@contextmanager
def _a_company(template: tuple[Path, str], keys: KeyRing, folder: Path) -> Iterator[Company]:
    (folder / "fairclaim.db").write_bytes(template[0].read_bytes())
    database = Database(f"sqlite:///{folder / 'fairclaim.db'}", keys=keys)
    company = Company(database, template[1], folder)
    try:
        yield company
    finally:
        company.close()
        database.close()


def test_a_story_whose_drains_are_all_done_twice_ends_the_same(company: Company, undisturbed: dict[str, Any]) -> None:
    """AUD-07, design section 2: the second drain finds nothing; histories, notices, receipts, answers are the same."""
    company.direct.drains = EverythingTwice(DatabaseMatters(company.database, company.snapshots))
    tell(company, _on_its_clock(company))
    assert ending(company) == undisturbed


@pytest.mark.parametrize("deaths", [1, 2], ids=["retried at once", "taken over by a normal activity"])
def test_a_story_whose_drains_all_die_after_their_commit_ends_the_same(
    live: LiveCompany, undisturbed: dict[str, Any], deaths: int
) -> None:
    """AUD-07: on the real engine, rung for and woken by timers; nothing twice and nothing missing."""
    live.settings.wait_s = LIMIT_S
    store = DiesAfterCommit(live.database, deaths=deaths)
    live.worker.stop()
    live.worker.store = store
    live.worker.start()
    tell(live, _by_the_engines_timers)
    assert ending(live) == undisturbed
    assert store.died >= 10 * deaths, "hardly anything died"


def test_cases_whose_drains_are_all_done_twice_end_the_same(
    company: Company, undisturbed_cases: dict[str, Any]
) -> None:
    """DSP-15: owner, states, clocks and notices exactly once."""
    company.direct.drains = EverythingTwice(DatabaseMatters(company.database, company.snapshots))
    tell_of_cases(company, _on_its_clock(company), relay=company.ring_bells)
    assert ending(company) == undisturbed_cases


def test_cases_all_of_whose_drains_and_rings_are_killed_end_the_same(
    live: LiveCompany, undisturbed_cases: dict[str, Any], engine: Engine
) -> None:
    """DSP-15: kill -9 before and after the commit of every drain, and before, during and after every ring."""
    live.settings.wait_s = LIMIT_S
    store = KilledDrains(live.database)
    live.worker.stop()
    live.worker.store = store
    live.worker.start()
    relay = KilledRelay(live, address=engine.address, namespace=engine.namespace)
    claims = tell_of_cases(live, _by_the_engines_timers, relay=relay)
    assert ending(live) == undisturbed_cases
    assert store.killed[BEFORE_COMMIT] == store.killed[AFTER_COMMIT] >= 19
    assert set(relay.killed) == set(RINGS)
    told = {claim: live.worker.run(live.handle(claim).query("state")) for claim in claims}
    assert told == {claim: live.admin.get(f"/v1/claims/{claim}").json()["state"] for claim in claims}


#: By hand, of 50,000 in all: 10,000 were paid to 甲 before the case and are owed; 乙 has earned the whole.
MONEY = {("甲", "paid"): 10_000, ("甲", "receivable"): -10_000, ("乙", "payable"): 50_000}
ENTRIES = {
    "accrual": 1,
    "release": 3,
    "payment": 1,
    "hold": 1,
    "reallocation": 1,
    "hold_release": 1,
    "reversal": 1,
}


def test_money_whose_drains_are_all_done_twice_ends_the_same(company: Company) -> None:
    """COM-06, COM-09: every business event posts once."""
    company.direct.drains = EverythingTwice(DatabaseMatters(company.database, company.snapshots))
    tell_of_money(company, _on_its_clock(company), relay=company.ring_bells)
    assert (balances(company), posted(company)) == (MONEY, ENTRIES)


def test_money_all_of_whose_drains_and_rings_are_killed_ends_the_same(live: LiveCompany, engine: Engine) -> None:
    """COM-06, COM-08, COM-09: kill -9 around every commit from the deal over payout and hold to the reversal."""
    live.settings.wait_s = LIMIT_S
    store = KilledDrains(live.database, claims=True)
    live.worker.stop()
    live.worker.store = store
    live.worker.start()
    relay = KilledRelay(live, address=engine.address, namespace=engine.namespace)
    tell_of_money(live, _by_the_engines_timers, relay=relay)
    assert (balances(live), posted(live)) == (MONEY, ENTRIES)
    assert store.killed[BEFORE_COMMIT] == store.killed[AFTER_COMMIT] >= 14


class EverythingTwice(MatterActivities):
    """Runs each drain a second time, as a retry would; the workflow hears of the second one."""

    def drain(self, given: DrainInput) -> DrainOutcome:
        super().drain(given)
        return super().drain(given)


def _on_its_clock(company: Company) -> Waits:
    def wait(seen: Callable[[], object], *, what: str) -> None:
        company.advance(seconds=SOON_S + 1)
        assert seen(), what

    return wait


def _by_the_engines_timers(seen: Callable[[], object], *, what: str) -> None:
    eventually(seen, within_s=LIMIT_S, what=what)
