"""Acts that are counted per person and time: look-ups (CUS-08), reveals (AUD-03), reads of others' records (AUD-04).

An hour is a clock hour of UTC, a day one of the company's zone. A bucket's name begins with its date, so that old ones
are found by comparing text.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.dialects import postgresql, sqlite

from domain.calendar.duration import DAY_US
from domain.calendar.wall_clock import WallClock
from storage import tables as t
from storage.database import Transaction


class Act(StrEnum):
    """What is counted."""

    PROBE = "probe"
    REVEAL = "reveal"
    READ = "read"
    VIEW = "view"  # details of a pooled customer opened


def count(tx: Transaction, person: str, act: Act, bucket: str, *, by: int = 1) -> int:
    """Add ``by`` and return what the bucket holds now. Its row stays locked: two at once count one after the other."""
    insert = (sqlite.insert if tx.is_sqlite else postgresql.insert)(t.usage)
    statement = insert.values(person=person, kind=act.value, bucket=bucket, count=by).on_conflict_do_update(
        index_elements=[t.usage.c.person, t.usage.c.kind, t.usage.c.bucket],
        set_={"count": t.usage.c.count + insert.excluded.count},
    )
    return int(tx.execute(statement.returning(t.usage.c.count)).scalar_one())


def hour_of(at: datetime) -> str:
    """The bucket of the hour: ``2026-11-22T14``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H")


def next_hour(at: datetime) -> datetime:
    """When the present hour of counting is over."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def day_of(at: datetime, *, zone: str) -> str:
    """The bucket of the local day: ``2026-11-22``."""
    return WallClock(zone).date_of(at).isoformat()


def next_day(at: datetime, *, zone: str) -> datetime:
    """When the next local day begins."""
    clock = WallClock(zone)
    return clock.find((clock.read(at) // DAY_US + 1) * DAY_US, seen_from=at)
