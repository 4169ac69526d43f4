"""Two processes at one database, one of them stopped in the middle of its transaction.

Nothing sleeps for luck: the first is held at a statement of its own, the second is seen waiting for the first one's
lock, and only then does the first go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import sqlalchemy as sa

from storage.database import Database
from tests.support.waiting import eventually

T = TypeVar("T")
U = TypeVar("U")

LIMIT_S = 20.0
#: A part of the statement that takes a matter's lock, and of the one that counts what a person holds.
MATTER_LOCK = "FROM matter JOIN customer"
CAP_COUNT = "coalesce(claim.owner, claim.reporter)"


class Held:
    """A database as one process has it. Its next transaction that runs ``statement`` stops there, once."""

    def __init__(self, database: Database, statement: str) -> None:
        self.database = database
        self.reached = threading.Event()
        self._go_on = threading.Event()
        self._statement = statement
        self._armed = threading.Lock()
        sa.event.listen(database._writer, "after_cursor_execute", self._ran)

    def go_on(self) -> None:
        self._go_on.set()

    def _ran(self, _connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if self._statement in statement and self._armed.acquire(blocking=False):
            self.reached.set()
            assert self._go_on.wait(2 * LIMIT_S), "nobody let the held transaction go on"


def contest(first: Callable[[], T], second: Callable[[], U], *, of_first: Held, of_second: Database) -> tuple[T, U]:
    """``first`` gets the lock and is held; ``second`` comes and waits for it; then both run to their end."""
    somebody_waits = _turned_away(of_second) if of_second.is_sqlite else lambda: _stands_before_a_lock(of_second)
    with ThreadPoolExecutor(max_workers=2) as pool:
        try:
            one = pool.submit(first)
            assert of_first.reached.wait(LIMIT_S), "the first never came to where it is held"
            two = pool.submit(second)
            eventually(
                lambda: two.done() or somebody_waits(),
                within_s=LIMIT_S,
                what="the second waits for the lock of the first",
            )
            went_past = two.done()
        finally:
            of_first.go_on()
        ends = _ended(one), _ended(two)
    assert not went_past, f"the second did not wait for the first: {ends}"
    return ends


def _ended(running: Future[T]) -> T:
    return running.result(LIMIT_S)


def _turned_away(database: Database) -> Callable[[], bool]:
    """SQLite: whether a writer of this process has been told that another one writes, and has asked again."""
    asked: list[str] = []

    def asks(_connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE":
            asked.append(statement)

    sa.event.listen(database._writer, "before_cursor_execute", asks)
    return lambda: len(asked) > 1


def _stands_before_a_lock(database: Database) -> bool:
    """PostgreSQL: whether a connection to this database waits for somebody else's lock."""
    with database.engine.connect() as connection:
        waiting = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(connection.execute(waiting).scalar_one())
