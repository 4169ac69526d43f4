"""When customers were last dealt with, and since when they buy (CUS-12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from domain.customers.classes import Dealings
from domain.matters.setting import Setting
from storage import tables as t
from storage.database import Transaction


def of_all(tx: Transaction, records: Mapping[str, Sequence[str]], *, setting: Setting) -> dict[str, Dealings]:
    """The dealings with several customers, of whom ``records`` names all records each, in three statements.

    A sign of life is a report, a qualified follow-up, a deal that stands and as long as its contract runs; of somebody
    who has none, the day the record was made.
    """
    ids = sorted({record for its in records.values() for record in its})
    c, d = t.claim.c, t.deal.c
    made = tx.execute(sa.select(t.customer.c.id, t.customer.c.created_at).where(t.customer.c.id.in_(ids)))
    created: dict[str, datetime] = {row.id: row.created_at for row in made}
    worked: dict[str, list[datetime]] = {}
    met = sa.select(
        c.customer, sa.func.max(c.received_at).label("reported"), sa.func.max(c.last_qualified_at).label("qualified")
    ).where(c.customer.in_(ids))
    for row in tx.rows(met.group_by(c.customer)):
        worked[row["customer"]] = [at for at in (row["reported"], row["qualified"]) if at is not None]
    bought: dict[str, list[datetime]] = {}
    standing = sa.select(d.customer, d.program, d.contract_at, d.contract_end, d.recorded_at).where(
        d.customer.in_(ids), d.state != "cancelled"
    )
    for deal in tx.rows(standing):
        bought.setdefault(deal["customer"], []).append(deal["contract_at"])
        worked.setdefault(deal["customer"], []).append(last_instant(deal, setting))
    return {
        one: Dealings(
            first_deal=min(_all_of(bought, its), default=None),
            last=max(_all_of(worked, its), default=None) or max(created[record] for record in its),
        )
        for one, its in records.items()
    }


def last_instant(deal: Mapping[str, Any], setting: Setting) -> datetime:
    """When a deal was last of any effect: signed, recorded, or the day its contract ends."""
    instants: list[datetime] = [deal["contract_at"], deal["recorded_at"]]
    if deal["contract_end"] is not None:
        zone = ZoneInfo(setting.calendar(deal["program"]).zone)
        instants.append(datetime.combine(deal["contract_end"], time(), zone))
    return max(instants)


def _all_of(known: Mapping[str, Sequence[datetime]], records: Iterable[str]) -> list[datetime]:
    return [instant for record in records for instant in known.get(record, ())]
