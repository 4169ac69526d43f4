"""The names of all companies, in the memory of a process that compares them, kept current by what is new (CUS-05)."""

from __future__ import annotations

import threading
import time

import sqlalchemy as sa

from domain.customers.company_index import CloseCompany, CompanyIndex
from storage import tables as t
from storage.database import Transaction

#: More hints than a person looks at are none. The closest are told.
MOST_HINTS = 20
#: A number that was given out but is not there yet may still be saved: every statement has its limit, and so has this.
_AWAITED_S = 60.0
#: So many transactions at most are under way at once.
_IN_FLIGHT = 500
_NONE = -1


class CompanyNames:
    """An index of names, one per process. Each question first reads the names that were written since the last one.

    Names are numbered before they are saved, so on PostgreSQL a smaller number may appear after a greater one: numbers
    that are missed are asked for again until they come, or are too old to come. SQLite has one writer and no gaps.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._index = CompanyIndex()
        self._seen = _NONE
        self._awaited: dict[int, float] = {}

    def refresh(self, tx: Transaction) -> None:
        """Read what is new; at first everything, some seconds for 100,000 names."""
        with self._lock:
            self._refresh(tx)

    def close_to(self, tx: Transaction, name: str, *, threshold: float) -> tuple[CloseCompany, ...]:
        """The companies whose name is close to ``name``, the closest first, at most :data:`MOST_HINTS`.

        To be asked before the transaction writes names of its own: what it reads stays, whatever becomes of it.
        """
        with self._lock:
            self._refresh(tx)
            return self._index.close_to(name, threshold=threshold)[:MOST_HINTS]

    def _refresh(self, tx: Transaction) -> None:
        asked = {"seen": self._seen, "awaited": sorted(self._awaited) or [_NONE]}
        came: set[int] = set()
        for row in tx.execute(_NEW, asked):
            came.add(row.name_revision)
            if row.company_name is None:
                self._index.drop(row.id)
            else:
                self._index.put(row.id, row.company_name)
        newest = max(came, default=self._seen)
        now = time.monotonic()
        for missed in range(max(self._seen + 1, newest - _IN_FLIGHT), newest):
            self._awaited[missed] = now + _AWAITED_S
        self._awaited = {n: until for n, until in self._awaited.items() if n not in came and until > now}
        self._seen = max(self._seen, newest)


_NEW = sa.select(t.customer.c.id, t.customer.c.company_name, t.customer.c.name_revision).where(
    sa.or_(
        t.customer.c.name_revision > sa.bindparam("seen"),
        t.customer.c.name_revision.in_(sa.bindparam("awaited", expanding=True)),
    )
)
