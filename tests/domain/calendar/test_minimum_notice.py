"""What becomes of a deadline when a calendar year is loaded (TER-06)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Duration, WorkingCalendar, recomputed_deadline

ONE_WORKING_DAY = Duration.of(1, "wd")


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        # Now is Friday 17 May 2024, 15:00; one working day ahead is Monday 20 May, 15:00.
        ("2024-05-17 14:59", "2024-06-03 15:00", "2024-05-17 14:59"),
        ("2024-05-17 15:00", "2024-06-03 15:00", "2024-05-17 15:00"),
        ("2024-05-30 15:00", "2024-06-03 15:00", "2024-06-03 15:00"),
        ("2024-05-30 15:00", "2024-05-29 15:00", "2024-05-29 15:00"),
        ("2024-05-30 15:00", "2024-05-20 15:00", "2024-05-20 15:00"),
        ("2024-05-30 15:00", "2024-05-20 14:59", "2024-05-20 15:00"),
        ("2024-05-30 15:00", "2024-05-16 15:00", "2024-05-20 15:00"),
        ("2024-05-20 10:00", "2024-05-17 16:00", "2024-05-20 10:00"),
        ("2024-05-20 10:00", "2024-05-20 12:00", "2024-05-20 12:00"),
        ("2024-05-20 10:00", "2024-05-21 15:00", "2024-05-21 15:00"),
        ("2024-05-20 10:00", "2024-05-20 10:00", "2024-05-20 10:00"),
    ],
)
def test_a_recomputed_deadline_leaves_its_owner_the_notice(
    china: WorkingCalendar, old: str, new: str, holds: str
) -> None:
    """TER-06: none moves to less than the minimum notice ahead, and passed deadlines stay passed."""
    found = recomputed_deadline(
        old=at(old), new=at(new), now=at("2024-05-17 15:00"), calendar=china, min_notice=ONE_WORKING_DAY
    )
    assert found == at(holds)


minutes = st.integers(-20_000, 20_000).map(lambda count: timedelta(minutes=count))


@given(minutes, minutes)
def test_no_recomputed_deadline_moves_nearer_than_the_notice(
    china: WorkingCalendar, old_after: timedelta, new_after: timedelta
) -> None:
    """TER-06: a deadline moves back to `new`, to the notice, or not at all."""
    now = at("2024-05-17 15:00")
    old, new, notice = now + old_after, now + new_after, china.add(now, ONE_WORKING_DAY).at
    found = recomputed_deadline(old=old, new=new, now=now, calendar=china, min_notice=ONE_WORKING_DAY)
    assert found in (old, new, notice)
    assert found >= old or (found >= notice and found >= new)
    assert found == old or old > now


def at(text: str) -> datetime:
    """A clock time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
