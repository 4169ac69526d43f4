"""The database (SQLite or PostgreSQL): one unit of work for both, committed at the edge (INT-08, design section 6)."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
import uuid_utils
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.refusals import Refusal
from storage import tables as t
from storage.keys import KeyRing
from storage.types import from_us, to_us

T = TypeVar("T")

#: Busy, lock and statement limits, below the drain's own (style: 2 s < 5 s < 8 s).
TIMEOUT_S = 2.0
#: How many statements an engine keeps compiled. All operations together have more than the usual 500.
STATEMENTS = 2_000
_ATTEMPTS = 4
_RETRIED_STATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
#: The driver calls a missing table operational trouble too; it is a defect of ours.
_SQLITE_DEFECTS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_MISUSE})
_MICROSECOND = timedelta(microseconds=1)


def mint() -> str:
    """A new id: time-ordered, so that indexes grow at their end."""
    return str(uuid_utils.uuid7())


class StaleReadError(Exception):
    """What was read before a lock is not so any more: the whole transaction is run again."""


@dataclass(frozen=True)
class Transaction:
    """One open transaction. ``connection`` runs statements; nothing is kept unless it ends without an exception."""

    database: Database
    connection: sa.Connection
    _shift: list[int] = field(default_factory=list, repr=False)

    @property
    def keys(self) -> KeyRing:
        return self.database.keys

    @property
    def is_sqlite(self) -> bool:
        return self.database.is_sqlite

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        result: sa.CursorResult[Any] = self.connection.execute(statement, parameters)
        return result

    def rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        """All rows as plain dictionaries."""
        return [dict(row) for row in self.connection.execute(statement).mappings()]

    def row(self, statement: sa.Executable) -> dict[str, Any] | None:
        """The first row, or None."""
        found = self.connection.execute(statement).mappings().first()
        return dict(found) if found is not None else None

    def insert(self, table: sa.Table, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """Insert one row or several alike. The statement is made once per table: making one costs as much as it."""
        self.connection.execute(_insert(table), rows)

    def update(self, table: sa.Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        """Set ``values`` where the named columns equal; how many rows. Made once per set of columns, like inserts."""
        statement = _update(table, tuple(where), tuple(values))
        parameters = {**{f"of_{name}": value for name, value in where.items()}, **values}
        return self.execute(statement, parameters).rowcount

    def insert_new(self, table: sa.Table, rows: list[dict[str, Any]]) -> int:
        """Insert ``rows``, leaving out those whose key is there already; how many were new."""
        if not rows:
            return 0
        statement = _insert_new(table, self.is_sqlite)
        # One row is sent as one: only then every driver counts what it inserted.
        return self.execute(statement, rows if len(rows) > 1 else rows[0]).rowcount

    def now(self) -> datetime:
        """The database's clock with its shift, read at this moment (design section 2, "One clock")."""
        if self.is_sqlite:
            # A transaction of SQLite sees one state of the file, so the shift is read once.
            if not self._shift:
                self._shift.append(int(self.execute(_SHIFT).scalar_one()))
            return from_us(time.time_ns() // 1_000 + self._shift[0])
        read = self.execute(_PG_CLOCK).one()
        return from_us(to_us(read.clock) + int(read.shift_us))

    def stamp(self, last_at: datetime) -> datetime:
        """The next instant of a locked matter: now, and later than every stamp it ever gave."""
        return max(self.now(), last_at + _MICROSECOND)

    def next_number(self, name: str) -> int:
        """The next of a running number: receipts, people, deals, changes."""
        if self.is_sqlite:
            return int(self.execute(_COUNT, {"counter": name}).scalar_one())
        return int(self.execute(sa.select(sa.func.nextval(f"number_{name}"))).scalar_one())

    def locked(self, statement: sa.Select[Any]) -> sa.Select[Any]:
        """``statement`` with a row lock where the database has them; SQLite's writer is alone anyway."""
        return statement if self.is_sqlite else statement.with_for_update()


@cache
def _insert(table: sa.Table) -> sa.Insert:
    return table.insert()


@cache
def _insert_new(table: sa.Table, is_sqlite: bool) -> sa.Insert:
    dialect = sqlite.insert if is_sqlite else postgresql.insert
    return dialect(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _update(table: sa.Table, where: tuple[str, ...], values: tuple[str, ...]) -> sa.Update:
    return (
        table.update()
        .where(*(table.c[name] == sa.bindparam(f"of_{name}") for name in where))
        .values({name: sa.bindparam(name) for name in values})
    )


_SHIFT = sa.select(t.clock.c.shift_us).where(t.clock.c.id == 1)
_PG_CLOCK = sa.select(sa.func.clock_timestamp().label("clock"), t.clock.c.shift_us).where(t.clock.c.id == 1)
_COUNT = (
    t.counter.update()
    .where(t.counter.c.name == sa.bindparam("counter"))
    .values(value=t.counter.c.value + 1)
    .returning(t.counter.c.value)
)


class Database:
    """Connections to one database. ``patient`` lifts the time limits, for imports, checks and migrations."""

    def __init__(
        self,
        url: str,
        *,
        keys: KeyRing,
        pool_size: int = 20,
        patient: bool = False,
        channels: tuple[str, ...] = (),
    ) -> None:
        """``channels``: outside channels that are switched on; every notice is queued for each (NTF-01)."""
        self.url = sa.make_url(url)
        self.keys = keys
        self.channels = channels
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._write_lock = threading.Lock()
        self.engine = _engine(self.url, pool_size=pool_size, patient=patient)
        self._limit_s = 60.0 if patient else TIMEOUT_S
        self._writer = _sqlite_writer(self.url, limit_s=self._limit_s) if self.is_sqlite else self.engine

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A read-only transaction: one snapshot, no lock taken, rolled back at the end."""
        with translated(), self.engine.connect() as connection:
            yield Transaction(self, connection)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A writing transaction, committed at the end of the block."""
        with translated(), self._alone(), self._writer.begin() as connection:
            yield Transaction(self, connection)

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """``work`` in a writing transaction; deadlocks, serialization failures and stale reads run all of it again."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._alone(), self._writer.begin() as connection:
                    return work(Transaction(self, connection))
            except StaleReadError:
                if attempt == _ATTEMPTS:
                    raise Refusal("store_unavailable", rule="AUD-07") from None
            except DBAPIError as error:
                if attempt == _ATTEMPTS or not _is_transient(error):
                    raise _unavailable(error) from error
                time.sleep(0.01 * attempt)
        raise AssertionError("unreachable")

    def scrub(self) -> bool:
        """Take what an erasure deleted out of SQLite's write-ahead log too; False while a reader still needs it."""
        if not self.is_sqlite:
            return True
        with self._alone():
            connection = self.engine.raw_connection()
            try:
                cursor = connection.cursor()
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                cursor.close()
            finally:
                connection.close()
        return not busy

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        if self.is_sqlite:
            self._writer.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # SQLite has one writer. Queueing here instead of in its busy loop is fair and burns no time.
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=self._limit_s):
            raise Refusal("store_unavailable", rule="AUD-07")
        try:
            yield
        finally:
            self._write_lock.release()


@contextmanager
def translated() -> Iterator[None]:
    """Trouble with the database becomes the refusal ``store_unavailable`` (AUD-07)."""
    try:
        yield
    except DBAPIError as error:
        raise _unavailable(error) from error


def _unavailable(error: DBAPIError) -> Exception:
    """The refusal, if the database is away, busy or locked; else the error itself, which is a defect."""
    away = isinstance(error, OperationalError | sa.exc.InterfaceError) or error.connection_invalidated
    if away and getattr(error.orig, "sqlite_errorcode", None) not in _SQLITE_DEFECTS:
        return Refusal("store_unavailable", rule="AUD-07")
    return error


def _is_transient(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _RETRIED_STATES


def _engine(url: sa.URL, *, pool_size: int, patient: bool) -> sa.Engine:
    limit_ms = int(TIMEOUT_S * 1000)
    if url.get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            query_cache_size=STATEMENTS,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=TIMEOUT_S,
            connect_args={"timeout": 60 if patient else TIMEOUT_S},
        )
        sa.event.listen(engine, "connect", _sqlite_connected)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine
    options = "" if patient else f"-c lock_timeout={limit_ms} -c statement_timeout={limit_ms}"
    return sa.create_engine(
        url,
        hide_parameters=True,
        query_cache_size=STATEMENTS,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=TIMEOUT_S,
        pool_pre_ping=True,
        connect_args={"options": f"-c timezone=UTC {options}", "connect_timeout": 5, "prepare_threshold": 3},
    )


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event says BEGIN, not the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE slips past the guards on history
        "cache_size=-16000",
        "temp_store=MEMORY",
        "secure_delete=ON",  # what is erased leaves no bytes behind in the file (AUD-05)
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_writer(url: sa.URL, *, limit_s: float) -> sa.Engine:
    """Connections that write, one at a time.

    Other processes write too. SQLite's own busy loop sleeps longer and longer, up to 100 ms at a time, so whoever
    waits longest comes last; asking again every millisecond is fair enough and costs next to nothing.
    """
    engine = sa.create_engine(
        url, hide_parameters=True, query_cache_size=STATEMENTS, pool_size=2, connect_args={"timeout": 0}
    )
    sa.event.listen(engine, "connect", _sqlite_connected)

    def begin(connection: sa.Connection) -> None:
        until = time.monotonic() + limit_s
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > until:
                    raise
                time.sleep(0.001)
            else:
                return

    sa.event.listen(engine, "begin", begin)
    return engine
