"""A database whose clock stands still unless it is moved, so that a walk is the same every time it is walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from storage import tables as t
from storage.database import Database, Transaction

T = TypeVar("T")

#: Monday, 9 o'clock in Shanghai.
START = datetime(2031, 3, 3, 1, tzinfo=UTC)


class StoppedTransaction(Transaction):
    """Reads the start and the shift instead of the host's clock; everything else is the product's."""

    def now(self) -> datetime:
        shift = int(self.execute(sa.select(t.clock.c.shift_us)).scalar_one())
        return START + timedelta(microseconds=shift)


class StoppedDatabase(Database):
    """A database on the stopped clock."""

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
