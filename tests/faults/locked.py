"""The database locked by somebody else for a while, under callers who want something done (AUD-07)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa

from storage import tables as t
from tests.faults.histories import event_kinds
from tests.faults.load import Act, Journal, a_phone, deliver, differences, follow_up, report, undecided
from tests.support.company import Person
from tests.support.service import RemoteCompany, Service
from tests.support.waiting import eventually

#: What is locked: the whole file; a table; the rows of some claims, which drains alone write to.
LOCKS = ("sqlite", "table", "rows")
CALLERS = 8
_HOLD_SQLITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@dataclass
class Result:
    """What callers met. ``more_events``: per claim, what its history has beyond that of an undisturbed one."""

    answered: list[tuple[int, float]] = field(default_factory=list)  # status and seconds, while it was locked
    wrong: list[str] = field(default_factory=list)
    more_events: dict[str, int] = field(default_factory=dict)
    histories: dict[str, list[str]] = field(default_factory=dict)
    decided_after_s: float = 0.0


def run_locked(service: Service, *, lock: str, seed: int, locked_s: float) -> Result:
    """Lock the store of ``service`` for ``locked_s`` seconds in the way of ``lock``."""
    company = service.company()
    try:
        office = _Office(company, random.Random(seed), locked_s=locked_s)
        calm = office.calm_lives()
        held = office.reported(office.reps, office.program)
        dying = office.reported(office.reps[:3], office.soon)
        result = Result()
        with ThreadPoolExecutor(max_workers=2 * CALLERS) as pool:
            with _locked(service, lock, [*held, *dying]):
                until = time.monotonic() + locked_s
                work = [pool.submit(office.follow_up_and_try, *pair) for pair in zip(office.reps, held, strict=True)]
                work += [pool.submit(office.report_patiently, rep) for rep in office.reps]
                time.sleep(until - time.monotonic())
                tries = [one for act in office.journal.acts for one in act.took]
                result.answered = [(code, took) for begun, took, code in tries if begun > until - locked_s]
            released = time.monotonic()
            for future in work:
                future.result()
        eventually(
            lambda: undecided(company.database, before=datetime.now(UTC)) == 0 and not office.still_open(dying),
            within_s=60,
            what="everything is decided once the lock is gone",
        )
        result.decided_after_s = time.monotonic() - released
        result.wrong += differences(office.journal, company)
        result.histories = event_kinds(service.engine_address, [*calm, *held, *dying])
        worked, lapsed = (len(result.histories[c]) for c in calm)
        result.more_events = {c: len(result.histories[c]) - worked for c in held}
        result.more_events |= {c: len(result.histories[c]) - lapsed for c in dying}
    finally:
        company.close()
    return result


class _Office:
    """Reps and programs: one where nothing falls due, one where claims lapse while the store is locked."""

    def __init__(self, company: RemoteCompany, dice: random.Random, *, locked_s: float) -> None:
        self.company = company
        self.journal = Journal()
        self.program = company.program("Long")
        self.soon = company.program("Soon", policy={"claim.first_follow_up_wh": f"PT{round(locked_s / 2)}S"})
        self.quick = company.program("Quick", policy={"claim.first_follow_up_wh": "PT2S"})
        self.reps = [company.rep(f"销售{place}") for place in range(CALLERS)]
        self._dice = dice

    def calm_lives(self) -> tuple[str, str]:
        """A claim that was reported and worked on, and one that lapsed, both without any trouble."""
        (worked,) = self.reported(self.reps[:1], self.program)
        self._send(self.reps[0], follow_up(self.reps[0], worked))
        (lapsed,) = self.reported(self.reps[:1], self.quick)
        eventually(lambda: not self.still_open([lapsed]), within_s=30, what="the calm claim lapses")
        return worked, lapsed

    def reported(self, reps: Sequence[Person], program: str) -> list[str]:
        acts = [report(rep, program=program, phone=a_phone(self._dice)) for rep in reps]
        for rep, act in zip(reps, acts, strict=True):
            self._send(rep, act)
        return [act.answer["id"] for act in acts]

    def report_patiently(self, rep: Person) -> None:
        self.reported([rep], self.program)

    def follow_up_and_try(self, rep: Person, claim: str) -> None:
        """Something done with patience, and before it a report given up at the first 503: it must leave nothing."""
        tried = report(rep, program=self.program, phone=a_phone(self._dice))
        self.journal.add(tried)
        deliver(rep, tried, self.journal, patient=False)
        self._send(rep, follow_up(rep, claim))

    def still_open(self, claims: Sequence[str]) -> int:
        with self.company.database.reading() as tx:
            chosen = sa.select(sa.func.count()).where(t.claim.c.id.in_(claims), t.claim.c.ended_at.is_(None))
            return int(tx.execute(chosen).scalar_one())

    def _send(self, rep: Person, act: Act) -> None:
        self.journal.add(act)
        assert deliver(rep, act, self.journal), self.journal.strange


@contextmanager
def _locked(service: Service, lock: str, claims: Sequence[str]) -> Iterator[None]:
    if lock == "sqlite":
        argv = [sys.executable, "-I", "-c", _HOLD_SQLITE, str(service.data / "fairclaim.db")]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"locked\n"
            yield
            holder.stdin.close()
        return
    url = sa.make_url(service.database_url)
    with psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as connection:
        if lock == "table":
            connection.execute("LOCK TABLE matter")
        else:
            connection.execute("SELECT id FROM claim WHERE id = ANY(%s) FOR UPDATE", [list(claims)])
        yield
        connection.rollback()
