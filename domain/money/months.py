"""Calendar months as they are written, ``2031-03``: what runs and performance are counted by (COM-12, COM-13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def month_of(at: datetime, zone: str) -> str:
    """The month that ``at`` lies in on the clock of ``zone``."""
    return written(at.astimezone(ZoneInfo(zone)).date())


def written(day: date) -> str:
    """The month of ``day``."""
    return f"{day.year:04d}-{day.month:02d}"


def following(month: str) -> date:
    """The first day of the month after ``month``."""
    year, number = (int(part) for part in month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)


def before(day: date) -> str:
    """The month before that of ``day``."""
    return written(day.replace(day=1) - timedelta(days=1))


def over_at(month: str, zone: str) -> datetime:
    """The first instant after ``month``, in UTC."""
    return midnight(following(month), zone)


def in_the_next(month: str, day: int) -> date:
    """The ``day``-th, 1 to 28, of the month after ``month``."""
    return following(month).replace(day=day)


def midnight(day: date, zone: str) -> datetime:
    """When ``day`` begins on the clock of ``zone``, in UTC."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone)).astimezone(UTC)
