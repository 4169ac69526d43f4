"""The idle clock stands still on long closures of the calendar (CLM-17)."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import CalendarYear, Deadline, Duration, Scale, WorkingCalendar

MONDAY_TO_FRIDAY = frozenset(range(1, 6))


@pytest.mark.parametrize(
    ("start", "days", "closure_days", "due"),
    [
        # National Day 2025 closes 1-8 October: eight days that do not count; weekends do.
        ("2025-09-01 15:00", 60, 3, "2025-11-08 15:00"),
        ("2025-09-01 15:00", 60, 8, "2025-11-08 15:00"),
        ("2025-09-01 15:00", 60, 9, "2025-10-31 15:00"),
        ("2025-09-01 15:00", 60, 0, "2025-10-31 15:00"),
        ("2025-09-29 00:00", 2, 3, "2025-10-01 00:00"),
        ("2025-09-29 00:00", 2.5, 3, "2025-10-09 12:00"),
        ("2025-09-30 23:59", 1, 3, "2025-10-09 23:59"),
        ("2025-10-03 12:00", 1, 3, "2025-10-10 00:00"),
        ("2025-10-08 23:59", 1, 3, "2025-10-10 00:00"),
        ("2025-10-09 00:00", 1, 3, "2025-10-10 00:00"),
        # Qingming 2025 is exactly three days, Friday to Sunday.
        ("2025-04-03 15:00", 1, 3, "2025-04-07 15:00"),
        ("2025-04-03 15:00", 1, 4, "2025-04-04 15:00"),
        # A make-up Saturday leaves a Sunday, which is no closure of two.
        ("2025-10-10 15:00", 3, 2, "2025-10-13 15:00"),
        ("2025-10-17 15:00", 3, 2, "2025-10-22 15:00"),
        # Spring Festival 2024 closes 10-17 February.
        ("2024-01-10 15:00", 60, 3, "2024-03-18 15:00"),
        # 31 December 2022 (Saturday) to 2 January 2023: one closure over the turn of the year.
        ("2022-12-30 15:00", 1, 3, "2023-01-03 15:00"),
        ("2022-12-31 15:00", 1, 3, "2023-01-04 00:00"),
        ("2023-01-01 15:00", 1, 3, "2023-01-04 00:00"),
        ("2022-12-30 15:00", 1, 4, "2022-12-31 15:00"),
    ],
)
def test_a_calendar_day_inside_a_long_closure_does_not_count(
    china: WorkingCalendar, start: str, days: float, closure_days: int, due: str
) -> None:
    """CLM-17: runs of at least `calendar.closure_days` free dates; 0 switches it off."""
    length = Duration.of(days, "days")
    assert china.add_outside_closures(at(start), length, closure_days) == Deadline(at(due), provisional=False)
    assert china.between(at(start), at(due), Scale.CALENDAR, closure_days) == length


@pytest.mark.parametrize("unit", ["h", "wh", "oh"])
def test_closures_stop_the_calendar_scale_only(china: WorkingCalendar, unit: str) -> None:
    """CLM-17: working and office time skip free days anyway, elapsed time passes."""
    start, length = at("2025-09-26 15:00"), Duration.of(72, unit)
    assert china.add_outside_closures(start, length, 3) == china.add(start, length)
    due = china.add(start, length).at
    assert china.between(start, due, length.scale, closure_days=3) == length


@pytest.mark.parametrize(
    ("start", "days", "due", "provisional"),
    [
        # Only 2022 is loaded. Whether its last Saturday belongs to a closure is for 2023 to say.
        ("2022-12-29 15:00", 1, "2022-12-30 15:00", False),
        ("2022-12-30 00:00", 1, "2022-12-31 00:00", False),
        ("2022-12-30 15:00", 1, "2022-12-31 15:00", True),
        ("2022-12-29 15:00", 5, "2023-01-03 15:00", True),
        # And whether 1 January 2022 (Saturday) opens one, 2021 has a say in.
        ("2022-01-01 15:00", 3, "2022-01-07 00:00", True),
        ("2022-01-04 15:00", 3, "2022-01-07 15:00", False),
        # A single free day is measured between the worked days on its two sides, no further.
        ("2022-01-05 15:00", 1, "2022-01-06 15:00", False),
        ("2022-12-28 15:00", 1, "2022-12-29 15:00", False),
    ],
)
def test_a_closure_that_an_unpublished_year_may_lengthen_is_provisional(
    start: str, days: int, due: str, provisional: bool
) -> None:
    """TER-06: every date that influences the result counts, also one after the deadline."""
    free_days = frozenset({date(2022, 1, 3), date(2022, 1, 5), date(2022, 12, 29)})
    year = CalendarYear(2022, free_days, frozenset())
    calendar = WorkingCalendar("Asia/Shanghai", MONDAY_TO_FRIDAY, 540, 1080, {2022: year})
    found = calendar.add_outside_closures(at(start), Duration.of(days, "days"), 3)
    assert found == Deadline(at(due), provisional)


def test_a_year_without_any_working_day_is_one_closure() -> None:
    """CLM-17: a run longer than its own year is measured to the working days around it."""
    days = frozenset(date.fromordinal(day) for day in range(date(2025, 1, 1).toordinal(), date(2026, 1, 1).toordinal()))
    closed = CalendarYear(2025, frozenset(day for day in days if day.isoweekday() in MONDAY_TO_FRIDAY), frozenset())
    calendar = WorkingCalendar("Asia/Shanghai", MONDAY_TO_FRIDAY, 540, 1080, {2025: closed})
    start = at("2024-12-31 15:00")
    assert calendar.add_outside_closures(start, Duration.of(1, "days"), 365).at == at("2026-01-01 15:00")
    assert calendar.add(start, Duration.of(1, "wd")).at == at("2026-01-01 15:00")
    assert calendar.subtract(at("2026-01-01 15:00"), Duration.of(1, "wd")) == start


def test_a_closure_of_negative_length_is_a_value_error(china: WorkingCalendar) -> None:
    """CLM-17: `calendar.closure_days` is 0 or more."""
    with pytest.raises(ValueError, match="negative"):
        china.add_outside_closures(at("2025-09-01 15:00"), Duration.of(1, "days"), -1)


def test_closures_beyond_the_years_served_are_a_value_error(china: WorkingCalendar) -> None:
    """INT-01: a closure may reach into the year before and the year after."""
    day = Duration.of(1, "days")
    assert china.add_outside_closures(at("1971-01-01 15:00"), day, 3).at == at("1971-01-02 15:00")
    for start in ("1970-01-01 15:00", "9999-12-29 15:00"):
        with pytest.raises(ValueError, match="1970 to 9999"):
            china.add_outside_closures(at(start), day, 3)


def at(text: str) -> datetime:
    """A clock time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
