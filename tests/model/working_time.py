"""Time as the requirements count it (0.1, units by suffix; TER-06), once more and without the product's calendar.

Instants are microseconds since 1970. One zone is enough here: Asia/Shanghai, eight hours ahead, clocks never changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
ZONE = 8 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int:
    """RFC 3339 to microseconds."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def rfc3339(at: int) -> str:
    """Microseconds as the service is told them."""
    return (_EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


def readable(at: int | None) -> str | None:
    """An instant for somebody who looks for a difference: local date and time."""
    return None if at is None else (_EPOCH + timedelta(microseconds=at + ZONE)).strftime("%m-%d %H:%M:%S.%f")


def local_day(at: int) -> int:
    """The local date, as a number of days since 1970."""
    return (at + ZONE) // DAY


@dataclass(frozen=True)
class Span:
    """An amount of elapsed time, of calendar days, or of working time."""

    us: int
    scale: str  # elapsed, calendar, working


_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS = {
    "min": ("elapsed", MINUTE),
    "h": ("elapsed", HOUR),
    "d": ("calendar", DAY),
    "days": ("calendar", DAY),
    "wh": ("working", HOUR),
    "wd": ("working", DAY),
}


def span(value: float | str, unit: str) -> Span:
    """A policy value of that unit: a number, or ISO text, which is elapsed time whatever the unit (contract 3)."""
    if isinstance(value, str):
        parts = _ISO.fullmatch(value)
        assert parts is not None, value
        amounts = [int(part or 0) for part in parts.groups()]
        return Span(sum(a * u for a, u in zip(amounts, (DAY, HOUR, MINUTE, SECOND), strict=True)), "elapsed")
    scale, size = _UNITS[unit]
    return Span(int(Decimal(repr(value)) * size), scale)


class Calendar:
    """Monday to Friday, but for named free days and make-up workdays."""

    def __init__(self, *, free: tuple[str, ...] = (), work: tuple[str, ...] = ()) -> None:
        self._free = {_number(day) for day in free}
        self._work = {_number(day) for day in work}

    def works(self, day: int) -> bool:
        """Whether a date is worked."""
        if day in self._free or day in self._work:
            return day in self._work
        return (day + 3) % 7 < 5  # 1 January 1970 was a Thursday

    def closed(self, day: int, length: int) -> bool:
        """Whether a date lies in a row of at least ``length`` dates that nobody works."""
        if self.works(day):
            return False
        first = last = day
        while not self.works(first - 1):
            first -= 1
        while not self.works(last + 1):
            last += 1
        return last - first + 1 >= length

    def add(self, at: int, amount: Span, *, closures: int = 0) -> int:
        """The first instant by which the amount has passed; calendar days stand still on closures that long."""
        counts = self._counting(amount.scale, closures)
        if counts is None or amount.us == 0:
            return at + amount.us
        (day, clock), left = divmod(at + ZONE, DAY), amount.us
        while True:
            if counts(day):
                if left <= DAY - clock:
                    return day * DAY + clock + left - ZONE
                left -= DAY - clock
            day, clock = day + 1, 0

    def between(self, start: int, end: int, scale: str, *, closures: int = 0) -> Span:
        """How much of that time lies between two instants, nothing if the end is not later."""
        counts = self._counting(scale, closures)
        if end <= start or counts is None:
            return Span(max(0, end - start), scale)
        start, end, total = start + ZONE, end + ZONE, 0
        for day in range(start // DAY, end // DAY + 1):
            if counts(day):
                total += max(0, min(end, (day + 1) * DAY) - max(start, day * DAY))
        return Span(total, scale)

    def _counting(self, scale: str, closures: int) -> Callable[[int], bool] | None:
        if scale == "working":
            return self.works
        if scale == "calendar" and closures:
            return lambda day: not self.closed(day, closures)
        return None  # without clock changes a calendar day is 24 hours


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
