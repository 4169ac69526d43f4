"""A database whose clock stands still unless it is moved, so that a walk is the same every time it is walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from storage import tables as t
from storage.database import Database, Transaction
from storage.keys import KeyRing

T = TypeVar("T")

#: Monday, 9 o'clock in Shanghai.
START = datetime(2031, 3, 3, 1, tzinfo=UTC)
_SHIFT = sa.select(t.clock.c.shift_us)


class StoppedTransaction(Transaction):
    """Reads the start and the shift instead of the host's clock; everything else is the product's."""

    def now(self) -> datetime:
        return START + timedelta(microseconds=int(self.execute(_SHIFT).scalar_one()))


class StoppedDatabase(Database):
    """A database on the stopped clock. What it holds is thrown away, so it waits for no disk."""

    def __init__(self, url: str, *, keys: KeyRing) -> None:
        super().__init__(url, keys=keys)
        if self.is_sqlite:
            for engine in (self.engine, self._writer):
                sa.event.listen(engine, "connect", _do_not_sync)
        else:
            self.engine.pool._pre_ping = False  # this server stays

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        with super().reading() as tx:
            yield StoppedTransaction(tx.database, tx.connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        with super().writing() as tx:
            yield StoppedTransaction(tx.database, tx.connection)

    def transact(self, work: Callable[[Transaction], T]) -> T:
        return super().transact(lambda tx: work(StoppedTransaction(tx.database, tx.connection)))


def _do_not_sync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF").close()
