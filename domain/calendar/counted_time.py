"""Counting days, and the time inside them, along a calendar (TER-06).

``CountedDays`` knows which days count (working days, or days outside long closures) and finds the n-th from a given
one. ``CountedTime`` adds the hours of such a day that count. Days are proleptic ordinals, times are wall time in
microseconds (see ``wall_clock``). Years are looked at one by one, when they are needed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from domain.calendar.duration import DAY_US
from domain.calendar.wall_clock import FIRST_YEAR, LAST_YEAR, OutOfRangeError

MAX_DAYS: Final = 36_525
"""No deadline lies more than a century of counted days ahead: ten years of office hours may be centuries of days."""


class CountedDays:
    """``of_year(year)`` gives the days of a year that count, ascending, as offsets from 1 January."""

    __slots__ = ("_of_year", "_years")

    def __init__(self, of_year: Callable[[int], Sequence[int]]) -> None:
        self._of_year = of_year
        self._years: dict[int, tuple[int, Sequence[int]]] = {}

    def includes(self, day: int) -> bool:
        first, offsets = self._year(year_of(day))
        at = bisect_left(offsets, day - first)
        return at < len(offsets) and offsets[at] == day - first

    def between(self, first_day: int, last_day: int) -> int:
        """How many days count from ``first_day`` on and before ``last_day``."""
        year, last_year = year_of(first_day), year_of(last_day)
        total = -self._rank(year, first_day) + self._rank(last_year, last_day)
        return total + sum(len(self._year(passed)[1]) for passed in range(year, last_year))

    def nth_from(self, day: int, n: int) -> int:
        """The ``n``-th day that counts, n ≥ 1, ``day`` itself included. ValueError: too far ahead."""
        if n > MAX_DAYS:
            raise ValueError("the deadline lies too far ahead")
        year = year_of(day)
        n += self._rank(year, day)
        first, offsets = self._year(year)
        while n > len(offsets):
            n -= len(offsets)
            year += 1
            first, offsets = self._year(year)
        return first + offsets[n - 1]

    def nth_before(self, day: int, n: int) -> int:
        """The ``n``-th day that counts, going back from the day before ``day``; 0 is ``day`` itself, if it counts.

        ValueError: too far back.
        """
        if n > MAX_DAYS:
            raise ValueError("the instant lies too far back")
        year = year_of(day)
        n -= self._rank(year, day)
        while n > 0:
            year -= 1
            n -= len(self._year(year)[1])
        first, offsets = self._year(year)
        return first + offsets[-n]

    def _rank(self, year: int, day: int) -> int:
        first, offsets = self._year(year)
        return bisect_left(offsets, day - first)

    def _year(self, year: int) -> tuple[int, Sequence[int]]:
        known = self._years.get(year)
        if known is None:
            if not FIRST_YEAR <= year <= LAST_YEAR:
                raise OutOfRangeError
            known = date(year, 1, 1).toordinal(), self._of_year(year)
            self._years[year] = known
        return known


@dataclass(frozen=True, slots=True)
class CountedTime:
    """Time that passes only on ``days``, from ``opens_us`` after midnight for ``length_us``."""

    days: CountedDays
    opens_us: int = 0
    length_us: int = DAY_US

    def forward(self, wall: int, amount_us: int) -> tuple[int, int]:
        """The first wall time by which ``amount_us`` > 0 has passed since ``wall``, and the day that used it up.

        The two differ when the amount ends with its day: that is 00:00 of the next date.
        """
        day = wall // DAY_US
        amount_us += self._passed(wall)
        n = -(-amount_us // self.length_us)
        last = self.days.nth_from(day, n)
        return last, last * DAY_US + self.opens_us + amount_us - (n - 1) * self.length_us

    def backward(self, wall: int, amount_us: int) -> int:
        """The last wall time from which ``amount_us`` > 0 passes until ``wall``."""
        day = wall // DAY_US
        missing = amount_us - self._passed(wall)
        # No earlier day is needed where the time that passed today is enough.
        n = -(-missing // self.length_us)
        return self.days.nth_before(day, n) * DAY_US + self.opens_us + n * self.length_us - missing

    def between(self, start: int, end: int) -> int:
        """How much passes from one wall time to a later one."""
        days = self.days.between(start // DAY_US, end // DAY_US)
        return days * self.length_us + self._passed(end) - self._passed(start)

    def next_start(self, wall: int) -> int:
        """``wall`` if time passes then, else the wall time at which it begins to."""
        day, clock = divmod(wall, DAY_US)
        closes_us = self.opens_us + self.length_us
        if self.days.includes(day) and clock < closes_us:
            return max(wall, day * DAY_US + self.opens_us)
        return self.days.nth_from(day + 1, 1) * DAY_US + self.opens_us

    def _passed(self, wall: int) -> int:
        day, clock = divmod(wall, DAY_US)
        if not self.days.includes(day):
            return 0
        return min(max(clock - self.opens_us, 0), self.length_us)


def year_of(day: int) -> int:
    """The year of a proleptic ordinal. ValueError: outside the years 1970 to 9999."""
    try:
        return date.fromordinal(day).year
    except (OverflowError, ValueError):
        raise OutOfRangeError from None
