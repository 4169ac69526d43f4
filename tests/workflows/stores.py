"""Matters whose store misbehaves in a way that real ones do, for the port that drains run on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from activities.ports import OpenMatter, StoreTroubleError
from storage.database import Database
from storage.drain_store import DatabaseMatters
from storage.setting import Snapshots

T = TypeVar("T")

LIMIT_S = 20.0


class HeldAfterCommit(DatabaseMatters):
    """The drain of ``stream`` has committed, and its worker is held before it can say so: once, when it is armed.

    ``away``: so many tries before it fail, so that the local activity is given up and a normal one takes over.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database, Snapshots())
        self.reached = threading.Event()
        self._go_on = threading.Event()
        self._stream: str | None = None
        self._away = 0

    def arm(self, stream: str, *, away: int = 0) -> None:
        self._stream, self._away = stream, away

    def go_on(self) -> None:
        self._go_on.set()

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        if stream != self._stream or self.reached.is_set():
            return super().within(stream, work)
        if self._away:
            self._away -= 1
            raise StoreTroubleError
        done = super().within(stream, work)
        self.reached.set()
        assert self._go_on.wait(LIMIT_S), "nobody let the held drain go on"
        return done


class DiesAfterCommit(DatabaseMatters):
    """Of each drain the first ``deaths`` tries commit and are not heard of again: what a worker's death looks like."""

    def __init__(self, database: Database, *, deaths: int) -> None:
        super().__init__(database, Snapshots())
        self.died = 0
        self._deaths = deaths
        self._left = deaths

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        done = super().within(stream, work)
        if self._left:
            self._left -= 1
            self.died += 1
            raise StoreTroubleError
        self._left = self._deaths
        return done
