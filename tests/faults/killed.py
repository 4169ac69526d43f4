"""Processes that die by kill -9 at a chosen moment: in the middle of a drain, or while they ring."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context
from typing import Any, TypeVar

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.matters import DrainInput, MatterActivities
from activities.ports import OpenMatter, StoreTroubleError
from storage import tables as t
from storage.bells import DatabaseBells
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.keys import KeyRing
from storage.setting import Snapshots
from tests.support.live import LiveCompany
from worker.serve import ringer
from workflows.connection import connect

T = TypeVar("T")

WAIT_S = 60.0
#: Of a drain: everything is written but not committed; it is committed but nobody has heard of it.
BEFORE_COMMIT, AFTER_COMMIT = "before its commit", "after its commit"
#: Of a ring: not yet sent; the stream has drained, the answer is on its way; answered, the bell still hangs.
RINGS = ("before the ring", "during the ring", "after the ring")

_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Place:
    """A database, as another process can be told of it."""

    url: str
    master: bytes
    index: bytes
    chain: bytes
    signing: bytes

    @classmethod
    def of(cls, database: Database) -> Place:
        keys = database.keys
        url = database.url.render_as_string(hide_password=False)
        return cls(url, keys.master, keys.index, keys.chain, keys.signing.private_bytes_raw())

    def open(self) -> Database:
        signing = Ed25519PrivateKey.from_private_bytes(self.signing)
        return Database(self.url, keys=KeyRing(master=self.master, index=self.index, chain=self.chain, signing=signing))


class KilledDrains(DatabaseMatters):
    """Each drain of a case is begun by a process that is killed before its commit, then by one that is killed after.

    Its third try finds what they left. ``claims``: those of claims too.
    """

    def __init__(self, database: Database, *, claims: bool = False) -> None:
        super().__init__(database, Snapshots())
        self._claims = claims
        self.killed: Counter[str] = Counter()
        self._streams = database
        self._place = Place.of(database)
        self._to_die: dict[str, list[str]] = {}
        # The first process takes seconds to start, the others are its forks; a drain has no seconds.
        assert not _killed(_nothing)

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        if not (self._claims or self._is_case(stream)):
            return super().within(stream, work)
        to_die = self._to_die.setdefault(stream, [BEFORE_COMMIT, AFTER_COMMIT])
        if to_die:
            moment = to_die.pop(0)
            assert _killed(_drain_and_die, self._place, stream, moment)
            self.killed[moment] += 1
            raise StoreTroubleError
        done = super().within(stream, work)
        del self._to_die[stream]
        return done

    def _is_case(self, stream: str) -> bool:
        with self._streams.reading() as tx:
            kind = tx.execute(sa.select(t.stream.c.kind).where(t.stream.c.id == stream)).scalar_one()
        return bool(kind == "dispute")


class KilledRelay:
    """Rings for every bell of a company on the engine; each process that rings is killed, each at another moment."""

    def __init__(self, live: LiveCompany, *, address: str, namespace: str) -> None:
        self.killed: Counter[str] = Counter()
        self._live = live
        self._engine = (address, namespace, live.task_queue)
        self._moments = cycle(RINGS)

    def __call__(self) -> None:
        while DatabaseBells(self._live.database).waiting(1):
            moment = next(self._moments)
            if _killed(_ring_and_die, Place.of(self._live.database), *self._engine, moment):
                self.killed[moment] += 1


def _killed(work: Callable[..., None], *given: Any) -> bool:
    """Whether the process that did ``work`` was killed; if not, it must have ended in order."""
    process = _PROCESSES.Process(target=work, args=given, daemon=True)
    process.start()
    process.join(WAIT_S)
    assert process.exitcode in (0, -signal.SIGKILL), f"{given[-1:]}: {process.exitcode}"
    return process.exitcode != 0


def _nothing() -> None:
    """Started, and over."""


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Dying(DatabaseMatters):
    def __init__(self, database: Database, moment: str) -> None:
        super().__init__(database, Snapshots())
        self._moment = moment

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        def doomed(case: OpenMatter) -> T:
            done = work(case)
            if self._moment == BEFORE_COMMIT:
                _die()
            return done

        done = super().within(stream, doomed)
        _die()
        return done


def _drain_and_die(place: Place, stream: str, moment: str) -> None:
    MatterActivities(_Dying(place.open(), moment)).drain(DrainInput(stream))


def _ring_and_die(place: Place, address: str, namespace: str, task_queue: str, moment: str) -> None:
    async def relay() -> None:
        database = place.open()
        ring = ringer(await connect(address, namespace=namespace), task_queue)
        for bell in DatabaseBells(database).waiting(1):
            if moment == RINGS[0]:
                _die()
            ringing = asyncio.ensure_future(ring(bell))
            while moment == RINGS[1] and not ringing.done() and _hangs(database, bell.id):
                await asyncio.sleep(0.005)
            if moment == RINGS[2]:
                assert await ringing
            _die()

    asyncio.run(relay())


def _hangs(database: Database, bell: str | None) -> bool:
    with database.reading() as tx:
        return tx.execute(sa.select(t.bell.c.id).where(t.bell.c.id == bell)).first() is not None
