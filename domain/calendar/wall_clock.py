"""The clock on the wall of one time zone: instants to wall time and back, across DST changes (TER-06).

Wall time is an int: microseconds since the midnight that opened day 0 of the proleptic calendar, so that
``wall // DAY_US`` is ``date.toordinal()``. Every local day has 24 hours of it, also one of 23 or 25 elapsed hours.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from domain.calendar.duration import DAY_US

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9999


class OutOfRangeError(ValueError):
    """A date or deadline outside the years 1970 to 9999."""

    def __init__(self) -> None:
        super().__init__(f"outside the years {FIRST_YEAR} to {LAST_YEAR}")


def to_utc(instant: datetime) -> datetime:
    """The same instant in UTC. ValueError: no time zone, or outside the years 1970 to 9999."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    try:
        utc = instant.astimezone(UTC)
    except OverflowError:
        raise OutOfRangeError from None
    if utc.year < FIRST_YEAR:
        raise OutOfRangeError
    return utc


class WallClock:
    """Reads and finds wall times in ``zone``, an IANA name; ValueError if there is none of that name."""

    __slots__ = ("_zone",)

    def __init__(self, zone: str) -> None:
        self._zone = _zone(zone)

    def read(self, instant: datetime) -> int:
        """Wall time of an aware instant. ValueError: outside the years 1970 to 9999."""
        local = self._local(instant)
        seconds = local.hour * 3600 + local.minute * 60 + local.second
        return local.toordinal() * DAY_US + seconds * 1_000_000 + local.microsecond

    def date_of(self, instant: datetime) -> date:
        """The date on the wall."""
        return self._local(instant).date()

    def find(self, wall: int, *, seen_from: datetime) -> datetime:
        """The instant, in UTC, at which the clock shows ``wall``.

        A time that the clock skips becomes the first instant after the gap. A time that it shows twice is the first
        of the two, unless ``seen_from``, the other end of the span, lies in the second pass itself: a deadline is
        never before its start. ValueError: outside the years 1970 to 9999.
        """
        day, rest = divmod(wall, DAY_US)
        try:
            naive = datetime.fromordinal(day) + timedelta(microseconds=rest)
            if naive.year < FIRST_YEAR:
                raise OutOfRangeError
            first, second = self._offsets(naive)
            if first < second:
                return self._end_of_gap(naive, before=first, after=second)
            if first > second and self._in_second_pass(naive, seen_from=seen_from, before=first, after=second):
                return (naive - second).replace(tzinfo=UTC)
            return (naive - first).replace(tzinfo=UTC)
        except (OverflowError, ValueError):
            raise OutOfRangeError from None

    def _local(self, instant: datetime) -> datetime:
        try:
            local = instant.astimezone(self._zone)
        except OverflowError:
            raise OutOfRangeError from None
        if local.year < FIRST_YEAR:
            raise OutOfRangeError
        return local

    def _offsets(self, naive: datetime) -> tuple[timedelta, timedelta]:
        local = naive.replace(tzinfo=self._zone)
        return _offset(local), _offset(local.replace(fold=1))

    def _in_second_pass(self, naive: datetime, *, seen_from: datetime, before: timedelta, after: timedelta) -> bool:
        if not self._local(seen_from).fold:
            return False
        return abs(seen_from - (naive - after).replace(tzinfo=UTC)) < before - after

    def _end_of_gap(self, naive: datetime, *, before: timedelta, after: timedelta) -> datetime:
        # Clocks change on whole seconds; the change lies after the instant that the new offset gives for the
        # skipped time, and not after the one that the old offset gives.
        low, high = ((naive - offset).replace(tzinfo=UTC) for offset in (after, before))
        seconds = range(int(low.timestamp()) + 1, int(high.timestamp()))

        def has_changed(second: int) -> bool:
            return _offset(datetime.fromtimestamp(second, self._zone)) == after

        change = seconds.start + bisect_left(seconds, True, key=has_changed)
        return datetime.fromtimestamp(change, UTC)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # OSError is what a folder of the zone data answers ("Asia").
        raise ValueError("unknown time zone") from None


def _offset(local: datetime) -> timedelta:
    offset = local.utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return offset
