"""The working calendar (工作日历) of a program: kinds of days, and deadlines on four time scales (TER-06).

Weekdays say which days are worked; a loaded year adds what differs: public holidays and make-up workdays (调休). A
year that is not loaded is taken from the weekdays alone, and what rests on it is provisional, never an error.

Instants go in aware and come out in UTC. Years 1970 to 9999; anything else is a ValueError, as is an instant
without a time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from domain.calendar.counted_time import CountedDays, CountedTime, year_of
from domain.calendar.duration import DAY_US, MINUTE_US, Duration, Scale
from domain.calendar.office_hours import check_office_hours
from domain.calendar.wall_clock import FIRST_YEAR, LAST_YEAR, OutOfRangeError, WallClock, to_utc


class DayKind(StrEnum):
    """What a date is: worked, free by weekday, free by holiday, or worked by make-up (调休)."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"

    @property
    def is_worked(self) -> bool:
        return self in (DayKind.WORKING, DayKind.MAKEUP)


@dataclass(frozen=True, slots=True)
class Day:
    """One date; ``provisional`` while its year is not loaded."""

    date: date
    kind: DayKind
    provisional: bool


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """What differs from the weekdays in one year: ``free_days`` (holidays) and ``work_days`` (make-up workdays).

    ValueError: a date of another year, or one that is both. Input of users goes through ``parse_year``.
    """

    year: int
    free_days: frozenset[date]
    work_days: frozenset[date]

    def __post_init__(self) -> None:
        if any(day.year != self.year for day in self.free_days | self.work_days):
            raise ValueError("a calendar year holds dates of that year only")
        if self.free_days & self.work_days:
            raise ValueError("a date is free or worked, not both")


@dataclass(frozen=True, slots=True)
class Deadline:
    """``at`` in UTC; ``provisional`` if a date it rests on lies in a year that is not loaded."""

    at: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """``weekdays`` are the worked ones, ISO 1 (Monday) to 7; office hours are minutes after midnight, the end ≤ 1440.

    Built for many questions: it keeps what it worked out about a year. ValueError: an unknown zone, no weekday or an
    impossible one, office hours that do not open before they close, a year under another year's key.
    """

    zone: str
    weekdays: frozenset[int]
    office_start_min: int
    office_end_min: int
    years: Mapping[int, CalendarYear] = field(hash=False)
    version: int = 0
    _clock: WallClock = field(init=False, repr=False, compare=False)
    _worked: CountedDays = field(init=False, repr=False, compare=False)
    _open: dict[int, CountedDays] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= frozenset(range(1, 8)):
            raise ValueError("worked weekdays are some of 1 (Monday) to 7 (Sunday)")
        check_office_hours(start_min=self.office_start_min, end_min=self.office_end_min)
        if any(year != loaded.year for year, loaded in self.years.items()):
            raise ValueError("a calendar year stands under its own number")
        object.__setattr__(self, "years", MappingProxyType(dict(self.years)))
        object.__setattr__(self, "_clock", WallClock(self.zone))
        object.__setattr__(self, "_worked", CountedDays(self._worked_days))
        object.__setattr__(self, "_open", {})

    def day(self, day: date) -> Day:
        """What kind of day a date is. A free weekend day inside a holiday stays ``weekend``: years name differences."""
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise OutOfRangeError
        loaded = self.years.get(day.year)
        if loaded is not None and day in loaded.free_days:
            kind = DayKind.HOLIDAY
        elif loaded is not None and day in loaded.work_days:
            kind = DayKind.MAKEUP
        else:
            kind = DayKind.WORKING if day.isoweekday() in self.weekdays else DayKind.WEEKEND
        return Day(day, kind, provisional=loaded is None)

    def is_working(self, day: date) -> bool:
        return self.day(day).kind.is_worked

    def add(self, start: datetime, duration: Duration) -> Deadline:
        """The deadline ``duration`` after ``start``; a zero duration is ``start`` itself, on every scale.

        calendar: the same clock time n days on. A clock time that is skipped is the first instant after the gap, one
        that comes twice is the first, unless ``start`` is in the second pass itself.
        working, office: the first instant by which the amount has passed. From outside it begins with the next
        working day or office opening; an amount that ends with its day is due at 00:00 of the following date, or at
        closing time.
        """
        return self.add_outside_closures(start, duration, closure_days=0)

    def add_outside_closures(self, start: datetime, duration: Duration, closure_days: int) -> Deadline:
        """Like ``add``, but on the calendar scale the clock stands still on long closures (CLM-17).

        A closure is a run of at least ``closure_days`` dates in a row that are not worked, wherever the span meets
        it; 0 = off. An amount used up as a closure begins is due at that midnight. Closures are measured over the
        turn of the year, so they end with 1971 and 9998.
        """
        origin = to_utc(start)
        if duration.is_zero:
            return Deadline(origin, provisional=False)
        if duration.scale is Scale.ELAPSED:
            return Deadline(_shift(origin, duration.microseconds), provisional=False)
        wall = self._clock.read(origin)
        time = self._counted(duration.scale, closure_days)
        if time is None:
            return Deadline(self._clock.find(wall + duration.microseconds, seen_from=origin), provisional=False)
        last, due = time.forward(wall, duration.microseconds)
        first = wall // DAY_US
        if time.days is not self._worked:
            first, last = self._with_closures(first, last)
        return Deadline(self._clock.find(due, seen_from=origin), self._is_provisional(first, last))

    def subtract(self, end: datetime, duration: Duration) -> datetime:
        """The latest instant that lies ``duration`` before ``end`` on its scale, e.g. of a reminder (CLM-18)."""
        origin = to_utc(end)
        if duration.is_zero:
            return origin
        if duration.scale is Scale.ELAPSED:
            return _shift(origin, -duration.microseconds)
        wall = self._clock.read(origin)
        time = self._counted(duration.scale, 0)
        amount_us = duration.microseconds
        before = wall - amount_us if time is None else time.backward(wall, amount_us)
        return self._clock.find(before, seen_from=origin)

    def between(self, start: datetime, end: datetime, scale: Scale, closure_days: int = 0) -> Duration:
        """How much of ``scale`` lies between two instants, 0 if ``end`` is not after ``start`` (CLM-21).

        Adding it to ``start`` again gives every ``end`` that ``add`` or ``add_outside_closures`` gave.
        """
        since, until = to_utc(start), to_utc(end)
        if until <= since:
            return Duration(0, scale)
        if scale is Scale.ELAPSED:
            return Duration(_microseconds(until - since), scale)
        first, last = self._clock.read(since), self._clock.read(until)
        time = self._counted(scale, closure_days)
        passed = last - first if time is None else time.between(first, last)
        # Where the clock is set back, a later instant may show an earlier time.
        return Duration(max(passed, 0), scale)

    def next_working_start(self, instant: datetime) -> datetime:
        """``instant`` if its date is worked, else 00:00 of the next working day."""
        return self._next_start(instant, Scale.WORKING)

    def next_office_opening(self, instant: datetime) -> datetime:
        """``instant`` if it lies inside office hours, closing time excluded, else the next opening."""
        return self._next_start(instant, Scale.OFFICE)

    def local_date(self, instant: datetime) -> date:
        """The date of an instant in the calendar's zone."""
        return self._clock.date_of(to_utc(instant))

    def _next_start(self, instant: datetime, scale: Scale) -> datetime:
        origin = to_utc(instant)
        wall = self._clock.read(origin)
        time = self._counted(scale, 0)
        assert time is not None, "working and office time are counted"
        begins = time.next_start(wall)
        return origin if begins == wall else self._clock.find(begins, seen_from=origin)

    def _counted(self, scale: Scale, closure_days: int) -> CountedTime | None:
        """None where every day of the wall clock counts."""
        if closure_days < 0:
            raise ValueError("a closure has no negative length")
        if scale is Scale.WORKING:
            return CountedTime(self._worked)
        if scale is Scale.OFFICE:
            length_us = (self.office_end_min - self.office_start_min) * MINUTE_US
            return CountedTime(self._worked, opens_us=self.office_start_min * MINUTE_US, length_us=length_us)
        return CountedTime(self._outside(closure_days)) if closure_days else None

    def _outside(self, closure_days: int) -> CountedDays:
        days = self._open.get(closure_days)
        if days is None:
            days = self._open[closure_days] = CountedDays(lambda year: self._open_days(year, closure_days))
        return days

    def _worked_days(self, year: int) -> Sequence[int]:
        first = date(year, 1, 1)
        length = date(year, 12, 31).toordinal() - first.toordinal() + 1
        by_weekday = _days_on(self.weekdays, first.isoweekday(), length)
        loaded = self.years.get(year)
        if loaded is None:
            return by_weekday
        free, work = (
            {day.toordinal() - first.toordinal() for day in days} for days in (loaded.free_days, loaded.work_days)
        )
        return tuple(sorted(({*by_weekday} - free) | work))

    def _open_days(self, year: int, closure_days: int) -> Sequence[int]:
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        # A run of free days may cross the turn of the year, so it is measured from the worked days on both sides.
        before, after = self._worked.nth_before(first, 1), self._worked.nth_from(last + 1, 1)
        worked = (before, *(first + offset for offset in self._worked_days(year)), after)
        opened = [
            day
            for earlier, later in pairwise(worked)
            for day in range(earlier, later if later - earlier <= closure_days else earlier + 1)
        ]
        return tuple(day - first for day in opened if first <= day <= last)

    def _with_closures(self, first: int, last: int) -> tuple[int, int]:
        """The span widened to the worked days that end the runs of free days at its ends."""
        if not self._worked.includes(first):
            first = self._worked.nth_before(first, 1)
        if not self._worked.includes(last):
            last = self._worked.nth_from(last, 1)
        return first, last

    def _is_provisional(self, first: int, last: int) -> bool:
        return any(year not in self.years for year in range(year_of(first), year_of(last) + 1))


@lru_cache(maxsize=256)
def _days_on(weekdays: frozenset[int], first_weekday: int, length: int) -> tuple[int, ...]:
    return tuple(offset for offset in range(length) if (first_weekday - 1 + offset) % 7 + 1 in weekdays)


def _shift(instant: datetime, microseconds: int) -> datetime:
    try:
        shifted = instant + timedelta(microseconds=microseconds)
    except OverflowError:
        raise OutOfRangeError from None
    return to_utc(shifted)


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
