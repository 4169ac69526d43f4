"""Deadlines worked out by hand, in Shanghai around 调休 (TER-06, 0.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from domain.calendar import DayKind, Deadline, Duration, Scale, WorkingCalendar

FINAL, PROVISIONAL = False, True

SHANGHAI_DEADLINES = [
    # An ordinary May 2024, free weekends.
    ("2024-05-17 15:00", "48 wh", "2024-05-21 15:00", FINAL),
    ("2024-05-17 15:00", "2 wd", "2024-05-21 15:00", FINAL),
    ("2024-05-20 00:00", "24 wh", "2024-05-21 00:00", FINAL),
    ("2024-05-24 00:00", "1 wd", "2024-05-25 00:00", FINAL),
    ("2024-05-18 11:00", "24 wh", "2024-05-21 00:00", FINAL),
    ("2024-05-20 09:00", "9 oh", "2024-05-20 18:00", FINAL),
    ("2024-05-20 08:00", "1 oh", "2024-05-20 10:00", FINAL),
    ("2024-05-20 18:00", "1 oh", "2024-05-21 10:00", FINAL),
    ("2024-05-18 11:00", "0.5 oh", "2024-05-20 09:30", FINAL),
    ("2024-05-20 12:00", "48 h", "2024-05-22 12:00", FINAL),
    ("2024-05-20 12:00", "0.5 days", "2024-05-21 00:00", FINAL),
    ("2024-05-20 23:59", "2 min", "2024-05-21 00:01", FINAL),
    # Spring Festival 2024: 10-17 February free, 4 and 18 February (Sundays) worked.
    ("2024-02-02 15:00", "48 wh", "2024-02-05 15:00", FINAL),
    ("2024-02-03 12:00", "1 wd", "2024-02-05 00:00", FINAL),
    ("2024-02-08 15:00", "48 wh", "2024-02-18 15:00", FINAL),
    ("2024-02-09 15:00", "2 wd", "2024-02-19 15:00", FINAL),
    ("2024-02-09 23:59", "1 wh", "2024-02-18 00:59", FINAL),
    ("2024-02-12 10:00", "24 wh", "2024-02-19 00:00", FINAL),
    ("2024-02-10 00:00", "5 wd", "2024-02-23 00:00", FINAL),
    ("2024-02-09 17:00", "2 oh", "2024-02-18 10:00", FINAL),
    ("2024-02-08 15:00", "30 days", "2024-03-09 15:00", FINAL),
    # Qingming 2024: 4-6 April free, Sunday 7 April worked.
    ("2024-04-03 15:00", "48 wh", "2024-04-08 15:00", FINAL),
    ("2024-04-03 17:30", "1 oh", "2024-04-07 09:30", FINAL),
    ("2024-04-07 10:00", "24 wh", "2024-04-08 10:00", FINAL),
    # Labour Day 2024: 1-5 May free, Sunday 28 April and Saturday 11 May worked.
    ("2024-04-26 15:00", "48 wh", "2024-04-29 15:00", FINAL),
    ("2024-04-30 18:00", "4 oh", "2024-05-06 13:00", FINAL),
    ("2024-05-10 15:00", "3 wd", "2024-05-14 15:00", FINAL),
    # Dragon Boat 2024: Monday 10 June free. Mid-Autumn 2024: 15-17 September free, Saturday 14 worked.
    ("2024-06-07 15:00", "48 wh", "2024-06-12 15:00", FINAL),
    ("2024-09-13 12:00", "2 wd", "2024-09-18 12:00", FINAL),
    ("2024-09-14 17:00", "3 oh", "2024-09-18 11:00", FINAL),
    # National Day 2024: 1-7 October free, Sunday 29 September and Saturday 12 October worked.
    ("2024-09-27 15:00", "96 wh", "2024-10-09 15:00", FINAL),
    ("2024-09-30 15:00", "24 wh", "2024-10-08 15:00", FINAL),
    ("2024-09-30 15:00", "7 days", "2024-10-07 15:00", FINAL),
    ("2024-10-01 00:00", "1 wh", "2024-10-08 01:00", FINAL),
    ("2024-10-11 09:00", "18 oh", "2024-10-12 18:00", FINAL),
    ("2024-10-11 15:00", "48 wh", "2024-10-14 15:00", FINAL),
    # New Year 2025: Wednesday 1 January free.
    ("2024-12-31 15:00", "1 wd", "2025-01-02 15:00", FINAL),
    ("2024-12-31 15:00", "9 wh", "2025-01-01 00:00", FINAL),
    ("2024-12-31 23:30", "60 min", "2025-01-01 00:30", FINAL),
    # Spring Festival 2025: 28 January to 4 February free, Sunday 26 January and Saturday 8 February worked.
    ("2025-01-24 15:00", "72 wh", "2025-02-05 15:00", FINAL),
    ("2025-01-27 16:00", "9 oh", "2025-02-05 16:00", FINAL),
    ("2025-02-07 15:00", "2 wd", "2025-02-10 15:00", FINAL),
    # Qingming, Labour Day and Dragon Boat 2025; Sunday 27 April worked.
    ("2025-04-03 15:00", "24 wh", "2025-04-07 15:00", FINAL),
    ("2025-04-30 15:00", "24 wh", "2025-05-06 15:00", FINAL),
    ("2025-04-25 18:00", "9 oh", "2025-04-27 18:00", FINAL),
    ("2025-05-30 15:00", "48 wh", "2025-06-04 15:00", FINAL),
    # National Day 2025: 1-8 October free, Sunday 28 September and Saturday 11 October worked.
    ("2025-09-26 15:00", "5 wd", "2025-10-10 15:00", FINAL),
    ("2025-09-30 15:00", "48 wh", "2025-10-10 15:00", FINAL),
    ("2025-10-10 15:00", "48 wh", "2025-10-13 15:00", FINAL),
    ("2025-10-05 12:00", "4 oh", "2025-10-09 13:00", FINAL),
    # New Year and Spring Festival 2026: Sunday 4 January, Saturdays 14 and 28 February worked.
    ("2025-12-31 15:00", "48 wh", "2026-01-05 15:00", FINAL),
    ("2026-02-13 15:00", "48 wh", "2026-02-24 15:00", FINAL),
    ("2026-02-27 15:00", "48 wh", "2026-03-02 15:00", FINAL),
    ("2026-02-28 17:59", "0.05 oh", "2026-03-02 09:02", FINAL),
    # Qingming, Labour Day (Saturday 9 May worked) and Dragon Boat 2026.
    ("2026-04-03 15:00", "24 wh", "2026-04-07 15:00", FINAL),
    ("2026-04-30 15:00", "24 wh", "2026-05-06 15:00", FINAL),
    ("2026-05-08 15:00", "24 wh", "2026-05-09 15:00", FINAL),
    ("2026-06-18 17:00", "1.5 oh", "2026-06-22 09:30", FINAL),
    # Mid-Autumn and National Day 2026: Sunday 20 September and Saturday 10 October worked.
    ("2026-09-18 15:00", "24 wh", "2026-09-20 15:00", FINAL),
    ("2026-09-24 15:00", "24 wh", "2026-09-28 15:00", FINAL),
    ("2026-09-30 15:00", "3 wd", "2026-10-10 15:00", FINAL),
    # Month ends and leap days.
    ("2024-01-31 10:00", "30 days", "2024-03-01 10:00", FINAL),
    ("2024-02-28 10:00", "1 days", "2024-02-29 10:00", FINAL),
    ("2023-02-28 10:00", "1 days", "2023-03-01 10:00", FINAL),
    ("2024-02-29 10:00", "366 days", "2025-03-01 10:00", FINAL),
    ("2024-02-29 15:00", "24 wh", "2024-03-01 15:00", FINAL),
    ("2024-02-29 23:59", "1 min", "2024-03-01 00:00", FINAL),
    # Out of the years that are loaded, at both ends; New Year's Day 2027 is a Friday nobody has published yet.
    ("2026-12-31 15:00", "24 wh", "2027-01-01 15:00", PROVISIONAL),
    ("2026-12-31 15:00", "9 wh", "2027-01-01 00:00", FINAL),
    ("2026-12-31 17:00", "1 oh", "2026-12-31 18:00", FINAL),
    ("2026-12-31 17:00", "2 oh", "2027-01-01 10:00", PROVISIONAL),
    ("2026-12-31 15:00", "30 days", "2027-01-30 15:00", FINAL),
    ("2026-12-31 15:00", "720 h", "2027-01-30 15:00", FINAL),
    ("2027-02-05 15:00", "48 wh", "2027-02-09 15:00", PROVISIONAL),
    ("2003-12-31 15:00", "24 wh", "2004-01-02 15:00", PROVISIONAL),
]


@pytest.mark.parametrize(("start", "amount", "due", "provisional"), SHANGHAI_DEADLINES)
def test_a_deadline_in_shanghai_falls_where_the_holidays_put_it(
    china: WorkingCalendar, start: str, amount: str, due: str, provisional: bool
) -> None:
    """TER-06, 0.1: Friday 15:00 + 48 wh = Tuesday 15:00 with a free weekend, and every 调休 that breaks it."""
    assert china.add(at(start), duration(amount)) == Deadline(at(due), provisional)


@pytest.mark.parametrize(("start", "amount", "due", "provisional"), SHANGHAI_DEADLINES)
def test_what_lies_before_a_deadline_is_the_amount_that_made_it(
    china: WorkingCalendar, start: str, amount: str, due: str, provisional: bool
) -> None:
    """CLM-21: the remaining time of a paused clock, in the clock's own unit."""
    length = duration(amount)
    assert china.between(at(start), at(due), length.scale) == length


def test_the_holidays_of_the_table_are_those_that_were_published(china: WorkingCalendar) -> None:
    """TER-06: the dates above rest on facts, so the facts are checked day by day against the package."""
    days = [date.fromordinal(day) for day in range(date(2004, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert [china.is_working(day) for day in days] == [chinese_calendar.is_workday(day) for day in days]
    assert not any(china.day(day).provisional for day in days)


@pytest.mark.parametrize(
    ("day", "kind", "provisional"),
    [
        ("2024-02-08", DayKind.WORKING, FINAL),
        ("2024-02-12", DayKind.HOLIDAY, FINAL),
        ("2024-02-17", DayKind.WEEKEND, FINAL),
        ("2024-02-18", DayKind.MAKEUP, FINAL),
        ("2027-01-01", DayKind.WORKING, PROVISIONAL),
        ("2027-01-02", DayKind.WEEKEND, PROVISIONAL),
    ],
)
def test_a_day_says_why_it_is_free_or_worked(
    china: WorkingCalendar, day: str, kind: DayKind, provisional: bool
) -> None:
    """TER-06, contract section 3: an unpublished year is provisional, never an error."""
    found = china.day(date.fromisoformat(day))
    assert (found.kind, found.provisional) == (kind, provisional)


def test_a_zero_duration_is_due_at_its_start_on_every_scale(china: WorkingCalendar) -> None:
    """CLM-21: a clock paused at its deadline resumes with nothing left, also on a free day."""
    saturday = at("2024-05-18 11:00")
    for scale in Scale:
        nothing = Duration(0, scale)
        assert china.add(saturday, nothing) == Deadline(saturday, FINAL)
        assert china.add_outside_closures(saturday, nothing, 1) == Deadline(saturday, FINAL)
        assert china.subtract(saturday, nothing) == saturday


@pytest.mark.parametrize(
    ("end", "amount", "before"),
    [
        ("2024-10-09 15:00", "24 wh", "2024-10-08 15:00"),
        ("2024-10-08 15:00", "24 wh", "2024-09-30 15:00"),
        ("2024-10-08 15:00", "15 wh", "2024-10-08 00:00"),
        ("2024-10-08 00:00", "1 wh", "2024-09-30 23:00"),
        ("2024-10-05 12:00", "24 wh", "2024-09-30 00:00"),
        ("2024-10-08 10:00", "8 oh", "2024-09-30 11:00"),
        ("2024-10-08 20:00", "9 oh", "2024-10-08 09:00"),
        ("2024-10-08 08:00", "9 oh", "2024-09-30 09:00"),
        ("2024-10-08 10:00", "7 days", "2024-10-01 10:00"),
        ("2024-03-31 10:00", "31 days", "2024-02-29 10:00"),
        ("2024-10-08 10:00", "90 min", "2024-10-08 08:30"),
        ("2025-01-02 15:00", "16 wh", "2024-12-31 23:00"),
    ],
)
def test_a_reminder_lies_its_time_before_the_deadline(
    china: WorkingCalendar, end: str, amount: str, before: str
) -> None:
    """CLM-18: on the scale of the reminder, over the same closures."""
    assert china.subtract(at(end), duration(amount)) == at(before)


def test_no_time_lies_between_an_instant_and_an_earlier_one(china: WorkingCalendar) -> None:
    """CLM-21: a clock past its deadline has nothing left."""
    for scale in Scale:
        assert china.between(at("2024-05-21 15:00"), at("2024-05-21 14:00"), scale) == Duration(0, scale)


@pytest.mark.parametrize(
    ("instant", "day", "opening"),
    [
        ("2024-02-09 08:59", "2024-02-09 08:59", "2024-02-09 09:00"),
        ("2024-02-09 09:00", "2024-02-09 09:00", "2024-02-09 09:00"),
        ("2024-02-09 17:59", "2024-02-09 17:59", "2024-02-09 17:59"),
        ("2024-02-09 18:00", "2024-02-09 18:00", "2024-02-18 09:00"),
        ("2024-02-10 00:00", "2024-02-18 00:00", "2024-02-18 09:00"),
        ("2024-02-17 23:59", "2024-02-18 00:00", "2024-02-18 09:00"),
    ],
)
def test_the_next_working_time_is_now_or_the_next_that_begins(
    china: WorkingCalendar, instant: str, day: str, opening: str
) -> None:
    """TER-06: a make-up Sunday opens like any other day."""
    assert china.next_working_start(at(instant)) == at(day)
    assert china.next_office_opening(at(instant)) == at(opening)


def test_an_office_open_around_the_clock_counts_like_working_hours(
    weekdays_in: Callable[..., WorkingCalendar],
) -> None:
    """TER-06: closing at 24:00 is the end of the day, not its start."""
    calendar = weekdays_in("Asia/Shanghai", office="00:00-24:00")
    friday = at("2024-05-17 15:00")
    assert calendar.add(friday, Duration.of(33, "oh")) == calendar.add(friday, Duration.of(33, "wh"))
    assert calendar.add(friday, Duration.of(9, "oh")).at == at("2024-05-18 00:00")


def test_a_deadline_is_worked_out_in_any_offset_and_given_in_utc(china: WorkingCalendar) -> None:
    """Contract section 1: an instant comes in with any offset and goes out in UTC."""
    start = datetime(2024, 5, 17, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    due = china.add(start, Duration.of(48, "wh")).at
    assert due == at("2024-05-21 15:00")
    assert due.tzinfo is UTC
    assert china.subtract(due.astimezone(ZoneInfo("America/New_York")), Duration(0, Scale.WORKING)).tzinfo is UTC


def test_the_date_of_an_instant_is_the_one_on_the_wall(china: WorkingCalendar) -> None:
    """Contract section 1: a date is meant in the program's zone."""
    assert china.local_date(utc("2024-05-17T15:59Z")) == date(2024, 5, 17)
    assert china.local_date(utc("2024-05-17T16:00Z")) == date(2024, 5, 18)


def at(text: str) -> datetime:
    """A clock time in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


def duration(text: str) -> Duration:
    amount, unit = text.split()
    return Duration.of(amount, unit)
