"""kill -9 of API, worker and engine in turn, under callers who never stop (AUD-07)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from storage import tables as t
from tests.faults.load import SHORT_POLICY, Caller, Doomed, Journal, a_phone, differences, lapses, undecided
from tests.support.company import Person
from tests.support.service import RemoteCompany, Service, is_ready
from tests.support.waiting import eventually
from worker.engine.server import last_lines

PARTS = ("api", "worker", "engine")
RECOVERY_LIMIT_S = 60.0


@dataclass
class Outage:
    """One killed part. ``decided_at``: when everything that was received or due before ``ready_at`` was decided."""

    part: str
    killed_at: datetime
    ready_at: datetime
    decided_at: datetime
    deadlines: int = 0  # how many claims' deadlines fell into it

    def __str__(self) -> str:
        ready, decided = self.ready_at - self.killed_at, self.decided_at - self.killed_at
        return (
            f"{self.part}: ready after {ready.total_seconds():.1f} s, all decided after {decided.total_seconds():.1f} s, "
            f"{self.deadlines} deadlines meanwhile"
        )


@dataclass
class Result:
    """What happened. ``wrong`` is empty when nothing was lost and nothing took effect twice."""

    outages: list[Outage] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    acts: int = 0
    retried: int = 0
    claims: int = 0
    lapsed: int = 0


def run_kills(
    service: Service,
    *,
    seed: int,
    kills_each: int,
    parts: Sequence[str] = PARTS,
    callers: int = 8,
    note: Callable[[str], None] = lambda _line: None,
) -> Result:
    """Kill each part ``kills_each`` times, in an order drawn from ``seed``, and compare afterwards."""
    dice = random.Random(seed)
    order = [part for part in parts for _ in range(kills_each)]
    dice.shuffle(order)
    company = service.company()
    try:
        work = _Work(company, seed=seed, callers=callers)
        result = Result()
        with work.going_on():
            for part in order:
                work.wait_until_flowing()
                outage = _outage(service, company, part)
                result.outages.append(outage)
                note(str(outage))
        eventually(
            lambda: undecided(company.database, before=datetime.now(UTC)) == 0 and not work.open_doomed(),
            within_s=RECOVERY_LIMIT_S,
            what="everything is decided after the last caller has gone",
        )
        _compare(result, work)
    except AssertionError as error:
        end = "\n".join(last_lines(service.log, 30))
        raise AssertionError(f"{error}\nrunning: {service.pids()}\nthe end of {service.log}:\n{end}") from error
    finally:
        company.close()
    return result


class _Work:
    """The company's people, and the threads that play them."""

    def __init__(self, company: RemoteCompany, *, seed: int, callers: int) -> None:
        self.company = company
        self.journal = Journal()
        self.program = company.program("Long")
        self.short = company.program("Short", policy=SHORT_POLICY)
        dice = random.Random(seed + 1)
        contested = [a_phone(dice) for _ in range(10)]
        reps = [_rep(company, place) for place in range(callers + 1)]
        self.callers = [
            Caller(rep, journal=self.journal, program=self.program, seed=seed * 1000 + place, contested=contested)
            for place, rep in enumerate(reps[1:])
        ]
        self.doomed = Doomed(reps[0], journal=self.journal, program=self.short, seed=seed + 2)

    @contextmanager
    def going_on(self):  # type: ignore[no-untyped-def]
        threads: list[threading.Thread] = [*self.callers, self.doomed]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for caller in self.callers:
                caller.finish()
            self.doomed.finish()
            for thread in threads:
                thread.join(150)

    def wait_until_flowing(self) -> None:
        """Every caller has been answered since, and deadlines fall due every moment."""
        begun = self.journal.decided()
        eventually(
            lambda: self.journal.decided() >= begun + 2 * len(self.callers) and self._due_soon() >= 2,
            within_s=RECOVERY_LIMIT_S,
            what="callers are answered",
        )

    def open_doomed(self) -> int:
        with self.company.database.reading() as tx:
            states = ("reported", "protected", "active")
            return int(
                tx.execute(
                    sa.select(sa.func.count()).where(t.claim.c.program == self.short, t.claim.c.state.in_(states))
                ).scalar_one()
            )

    def _due_soon(self) -> int:
        with self.company.database.reading() as tx:
            now = tx.now()
            return int(
                tx.execute(
                    sa.select(sa.func.count()).where(
                        t.claim.c.program == self.short,
                        t.claim.c.deadline > now,
                        t.claim.c.deadline < now + timedelta(seconds=1),
                    )
                ).scalar_one()
            )


def _rep(company: RemoteCompany, place: int) -> Person:
    return company.rep(f"销售{place}")


def _outage(service: Service, company: RemoteCompany, part: str) -> Outage:
    killed_at = datetime.now(UTC)
    former = service.kill_part(part)
    eventually(
        lambda: service.pids().get(part, former) != former and is_ready(service.url),
        within_s=RECOVERY_LIMIT_S,
        what=f"/readyz answers 200 after kill -9 of the {part}",
    )
    ready_at = datetime.now(UTC)
    eventually(
        lambda: undecided(company.database, before=ready_at) == 0,
        within_s=RECOVERY_LIMIT_S,
        what=f"everything from before is decided after kill -9 of the {part}",
    )
    return Outage(part, killed_at, ready_at, datetime.now(UTC))


def _compare(result: Result, work: _Work) -> None:
    result.wrong += differences(work.journal, work.company)
    ends = lapses(work.company, work.short)
    for deadline, ended_at, state in ends:
        if state != "lapsed" or ended_at != deadline:
            result.wrong.append(f"a claim with the deadline {deadline} is {state} since {ended_at}")
    for outage in result.outages:
        outage.deadlines = sum(outage.killed_at <= deadline <= outage.decided_at for deadline, _, _ in ends)
        if not outage.deadlines:
            result.wrong.append(f"no deadline fell into the outage of the {outage.part}")
    result.acts = len(work.journal.acts)
    result.retried = sum(act.tries > 1 for act in work.journal.acts)
    result.claims = len({i for act in work.journal.acts if act.kind == "report" for i in act.named})
    result.lapsed = len(ends)
