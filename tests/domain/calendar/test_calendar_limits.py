"""What a working calendar refuses, and where its years end (TER-06, INT-01)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import CalendarYear, Duration, Scale, WorkingCalendar

EVERY_DAY = frozenset(range(1, 8))
_FAR_WEST = ZoneInfo("Etc/GMT+12")


@pytest.mark.parametrize("scale", list(Scale))
def test_an_instant_outside_the_years_served_is_a_value_error(china: WorkingCalendar, scale: Scale) -> None:
    """INT-01: the API answers ``field_invalid``, so no overflow may come out of the arithmetic."""
    length = Duration(3_653 * 86_400_000_000, scale)
    old, early, late = (datetime(year, 6, 1, tzinfo=UTC) for year in (1969, 1970, 9999))
    first, last = datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")), datetime(9999, 12, 31, 23, tzinfo=_FAR_WEST)
    for refused in (
        lambda: china.add(old, length),
        lambda: china.subtract(old, length),
        lambda: china.subtract(early, length),
        lambda: china.add(late, length),
        lambda: china.add(last, length),
        lambda: china.between(first, late, scale),
        lambda: china.between(early, last, scale),
    ):
        with pytest.raises(ValueError, match=r"1970 to 9999|too far"):
            refused()


@pytest.mark.parametrize(
    ("zone", "instant"),
    [("Asia/Shanghai", "9999-12-31T20:00Z"), ("America/New_York", "1970-01-01T02:00Z")],
)
def test_an_instant_whose_local_date_is_outside_the_years_served_is_a_value_error(
    weekdays_in: Callable[..., WorkingCalendar], zone: str, instant: str
) -> None:
    """INT-01: in Shanghai it is the year 10000 by then, in New York still 1969."""
    calendar, edge = weekdays_in(zone), datetime.fromisoformat(instant)
    for refused in (calendar.next_working_start, calendar.next_office_opening, calendar.local_date):
        with pytest.raises(ValueError, match="1970 to 9999"):
            refused(edge)


def test_a_deadline_a_century_of_office_days_ahead_is_a_value_error(
    weekdays_in: Callable[..., WorkingCalendar],
) -> None:
    """TER-06: an office open one minute a day turns a short amount into centuries."""
    calendar = weekdays_in("Asia/Shanghai", office="09:00-09:01")
    century = Duration(36_525 * 60_000_000, Scale.OFFICE)
    opening, end = at("2024-05-17 09:00"), at("2170-01-01 08:00")
    assert calendar.add(opening, century).at > at("2160-01-01 00:00")
    assert calendar.subtract(end, century) < at("2040-01-01 00:00")
    longer = Duration(century.microseconds + 1, Scale.OFFICE)
    for refused in (lambda: calendar.add(opening, longer), lambda: calendar.subtract(end, longer)):
        with pytest.raises(ValueError, match="too far"):
            refused()


def test_an_instant_without_a_zone_is_a_value_error(china: WorkingCalendar) -> None:
    """0.1: a deadline is an absolute instant."""
    naive = datetime(2024, 5, 17, 15, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        china.add(naive, Duration.of(1, "h"))


def test_a_date_outside_the_years_served_is_a_value_error(china: WorkingCalendar) -> None:
    """INT-01: the list of days answers ``field_invalid`` there."""
    assert china.is_working(date(1970, 1, 1))
    assert china.is_working(date(9999, 12, 31))
    with pytest.raises(ValueError, match="1970 to 9999"):
        china.day(date(1969, 12, 31))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Asia", "../etc/passwd", "/etc/localtime", "Asia/Shanghai\0"])
def test_a_calendar_in_an_unknown_zone_is_a_value_error(weekdays_in: Callable[..., WorkingCalendar], zone: str) -> None:
    """TER-06: the zone is an IANA name."""
    with pytest.raises(ValueError, match="time zone"):
        weekdays_in(zone)


@pytest.mark.parametrize("weekdays", [frozenset(), frozenset({0, 1}), frozenset({8})])
def test_a_calendar_without_a_working_weekday_is_a_value_error(
    weekdays_in: Callable[..., WorkingCalendar], weekdays: frozenset[int]
) -> None:
    """TER-06: a deadline in working days must exist."""
    with pytest.raises(ValueError, match="weekdays"):
        weekdays_in("Asia/Shanghai", weekdays=weekdays)


def test_a_calendar_year_stands_under_its_own_number() -> None:
    """TER-06: a year loaded twice or misplaced would silently answer for another."""
    year = CalendarYear(2026, frozenset(), frozenset())
    with pytest.raises(ValueError, match="own number"):
        WorkingCalendar("Asia/Shanghai", EVERY_DAY, 540, 1080, {2027: year})


def test_a_calendar_year_holds_only_its_own_dates_and_each_once() -> None:
    """TER-06: free or worked, not both, and of that year."""
    new_year, day = date(2027, 1, 1), date(2026, 10, 1)
    with pytest.raises(ValueError, match="that year only"):
        CalendarYear(2026, frozenset({new_year}), frozenset())
    with pytest.raises(ValueError, match="not both"):
        CalendarYear(2026, frozenset({day}), frozenset({day}))


def test_calendars_of_the_same_data_are_equal_and_of_another_version_are_not() -> None:
    """TER-06: what a calendar worked out in between is no part of it."""
    year = CalendarYear(2026, frozenset({date(2026, 10, 1)}), frozenset())
    one, same, next_one = (
        WorkingCalendar("Asia/Shanghai", EVERY_DAY, 540, 1080, {2026: year}, version) for version in (1, 1, 2)
    )
    one.add_outside_closures(at("2026-09-30 15:00"), Duration.of(1, "days"), 1)
    assert one == same
    assert hash(one) == hash(same)
    assert one != next_one


def test_a_year_put_into_the_mapping_later_does_not_change_the_calendar() -> None:
    """TER-06: a calendar is one version; a loaded year makes the next one."""
    years: dict[int, CalendarYear] = {}
    calendar = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, years)
    years[2027] = CalendarYear(2027, frozenset({date(2027, 1, 1)}), frozenset())
    assert calendar.is_working(date(2027, 1, 1))


def at(text: str) -> datetime:
    """A clock time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))
