"""The levels that classes bring, kept with the customers for rules that go by a level (CUS-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import sqlalchemy as sa

from domain.customers.classes import level_of
from domain.matters.setting import Setting
from storage import dealings, merges
from storage import tables as t
from storage.database import Transaction

#: So many at most are looked at in one round; the next round goes on behind them.
_PORTION = 200

#: Before every record.
FIRST: Final = "00000000-0000-0000-0000-000000000000"

#: The level that a record had, and has.
Change: TypeAlias = tuple[str | None, str | None]


def changed(tx: Transaction, setting: Setting, *, after: str) -> tuple[Mapping[str, Change], str]:
    """Records whose level is another by now, and the id to go on after: of those who ever had a deal, in rounds."""
    d = t.deal.c
    dealt = sa.select(d.customer).where(d.customer > after).distinct().order_by(d.customer).limit(_PORTION)
    found = tx.execute(dealt).scalars().all()
    return _changes(tx, setting, found), found[-1] if len(found) == _PORTION else FIRST


def count(tx: Transaction, setting: Setting, customers: Sequence[str]) -> None:
    """Count those of ``customers`` anew whose records this transaction holds: they were joined or parted (CUS-13)."""
    for record, change in _changes(tx, setting, customers).items():
        keep(record, change, tx)


def keep(record: str, change: Change, tx: Transaction) -> None:
    """Write it, if the former one still stands. That is no edit by anybody: the version stays, and so do clocks."""
    c, (former, level) = t.customer.c, change
    same = c.class_level.is_not_distinct_from(former)
    tx.execute(t.customer.update().where(c.id == record, same).values(class_level=level))


def _changes(tx: Transaction, setting: Setting, found: Sequence[str]) -> dict[str, Change]:
    records = {its[0]: its for its in merges.records_of_all(tx, found).values()} if found else {}
    now = tx.now()
    policy = setting.company_policy_at(now)
    calendar = next(iter(setting.calendars.values()))
    levels = {
        record: level_of(dealt, policy=policy, calendar=calendar, at=now)
        for root, dealt in dealings.of_all(tx, records, setting=setting).items()
        for record in records[root]
    }
    c = t.customer.c
    kept = tx.execute(sa.select(c.id, c.class_level).where(c.id.in_(sorted(levels))))
    return {row.id: (row.class_level, levels[row.id]) for row in kept if row.class_level != levels[row.id]}
