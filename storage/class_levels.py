"""The levels that classes bring, kept with the customers for rules that go by a level (CUS-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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


def changed(tx: Transaction, setting: Setting, *, after: str) -> tuple[Mapping[str, str | None], str]:
    """Records whose level is another by now, and the id to go on after: of those who ever had a deal, in rounds."""
    d, now = t.deal.c, tx.now()
    dealt = sa.select(d.customer).where(d.customer > after).distinct().order_by(d.customer).limit(_PORTION)
    found = tx.execute(dealt).scalars().all()
    records = {its[0]: its for its in merges.records_of_all(tx, found).values()} if found else {}
    policy = setting.company_policy_at(now)
    calendar = next(iter(setting.calendars.values()))
    levels = {
        record: level_of(dealt, policy=policy, calendar=calendar, at=now)
        for root, dealt in dealings.of_all(tx, records, setting=setting).items()
        for record in records[root]
    }
    c = t.customer.c
    kept = tx.execute(sa.select(c.id, c.class_level).where(c.id.in_(sorted(levels))))
    new = {row.id: levels[row.id] for row in kept if row.class_level != levels[row.id]}
    return new, found[-1] if len(found) == _PORTION else FIRST


def keep(record: str, level: str | None, tx: Transaction) -> None:
    """Write it. That is no edit by anybody: the version stays, and so do running clocks."""
    tx.update(t.customer, {"id": record}, {"class_level": level})
