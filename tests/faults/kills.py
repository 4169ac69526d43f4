"""kill -9 of API, worker and engine in turn, under callers who never stop (AUD-07)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import sqlalchemy as sa

from storage import tables as t
from tests.faults.load import (
    GIVE_UP_S,
    SHORT_POLICY,
    SHORT_S,
    Caller,
    Journal,
    a_phone,
    differences,
    doom,
    lapses,
    undecided,
)
from tests.support.service import RemoteCompany, Service, is_ready
from tests.support.waiting import eventually
from worker.engine.server import last_lines

PARTS = ("api", "worker", "engine")
RECOVERY_LIMIT_S = 60.0
_DOOMED = 4
_DOOM_TRIES = 5
#: A part is killed so long before a deadline; the supervisor waits 0.2 s before it starts it again.
_MOMENT = timedelta(milliseconds=100)


@dataclass
class Outage:
    """One killed part. ``decided_at``: when everything that was received or due before ``ready_at`` was decided."""

    part: str
    killed_at: datetime
    ready_at: datetime
    decided_at: datetime
    deadlines: int = 0  # how many claims' deadlines fell into it, counted when all is over

    def __str__(self) -> str:
        ready, decided = self.ready_at - self.killed_at, self.decided_at - self.killed_at
        meanwhile = f", {self.deadlines} deadlines meanwhile" if self.deadlines else ""
        return (
            f"{self.part}: ready after {ready.total_seconds():.1f} s, "
            f"all decided after {decided.total_seconds():.1f} s{meanwhile}"
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
                work.wait_until_answered()
                work.wait_for_a_deadline()
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
        self._dice = random.Random(seed + 1)
        contested = [a_phone(self._dice) for _ in range(10)]
        reps = [company.rep(f"销售{place}") for place in range(callers + _DOOMED)]
        self._idle = reps[:_DOOMED]
        self._callers = [
            Caller(rep, journal=self.journal, program=self.program, seed=seed * 1000 + place, contested=contested)
            for place, rep in enumerate(reps[_DOOMED:])
        ]

    @contextmanager
    def going_on(self) -> Iterator[None]:
        for caller in self._callers:
            caller.start()
        try:
            yield
        finally:
            for caller in self._callers:
                caller.finish()
            for caller in self._callers:
                caller.join(2 * GIVE_UP_S)

    def wait_until_answered(self) -> None:
        """Callers have been answered since."""
        begun = self.journal.decided()
        eventually(
            lambda: self.journal.decided() >= begun + 2 * len(self._callers),
            within_s=GIVE_UP_S,
            what="callers are answered",
        )

    def wait_for_a_deadline(self) -> datetime:
        """Return a moment before the deadline of a claim that nobody works on; that deadline."""
        for _ in range(_DOOM_TRIES):
            deadlines = doom(self._idle, journal=self.journal, program=self.short, dice=self._dice)
            now = datetime.now(UTC)
            ahead = [d for d in deadlines if d - now > _MOMENT]
            if ahead:
                kill_at = min(ahead) - _MOMENT
                eventually(partial(_has_come, kill_at), within_s=2 * SHORT_S, what="the deadline is near")
                return min(ahead)
        raise AssertionError(f"{_DOOM_TRIES} times no report was answered before its deadline of {SHORT_S} s")

    def open_doomed(self) -> int:
        with self.company.database.reading() as tx:
            states = ("reported", "protected", "active")
            return int(
                tx.execute(
                    sa.select(sa.func.count()).where(t.claim.c.program == self.short, t.claim.c.state.in_(states))
                ).scalar_one()
            )


def _has_come(at: datetime) -> bool:
    return datetime.now(UTC) >= at


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
