"""Everything a worker does may be done again, because it died before it could say that it was done (AUD-07)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activities.matters import DrainInput, DrainOutcome, MatterActivities
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.keys import KeyRing
from tests.faults.story import SOON_S, Waits, ending, tell
from tests.support.company import Company
from tests.support.live import LiveCompany
from tests.support.waiting import eventually
from tests.workflows.stores import DiesAfterCommit

LIMIT_S = 20.0


@pytest.fixture(scope="session")
def undisturbed(
    sqlite_template: tuple[Path, str], keys: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """How the story ends when nothing happens to it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "fairclaim.db").write_bytes(sqlite_template[0].read_bytes())
    database = Database(f"sqlite:///{folder / 'fairclaim.db'}", keys=keys)
    company = Company(database, sqlite_template[1], folder)
    try:
        tell(company, _on_its_clock(company))
        return ending(company)
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
