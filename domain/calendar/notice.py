"""Minimum notice: what a recomputed deadline may become (TER-06)."""

from __future__ import annotations

from datetime import datetime

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar


def recomputed_deadline(
    *, old: datetime, new: datetime, now: datetime, calendar: WorkingCalendar, min_notice: Duration
) -> datetime:
    """The deadline that holds after a calendar year was loaded and ``old`` was computed again as ``new`` (TER-06).

    A deadline reached by ``now`` stays. A later one never moves to less than ``min_notice`` ahead of ``now``; one
    that was nearer already does not move nearer.
    """
    if old <= now:
        return old
    return max(new, min(old, calendar.add(now, min_notice).at))
