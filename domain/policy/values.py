"""Reading of policy values: from JSON to amounts, times of day and windows. ValueError: not such a value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from domain.calendar.duration import Duration
from domain.policy.parameters import JSON, MAX_INTEGER

MAX_TEXT: Final = 200
"""Code points of a ``str`` (contract section 1)."""

EVERY_DAY: Final = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the local day, half-open; ``end_min`` ≤ ``start_min`` means the next day (quiet hours only)."""

    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Window:
    """A time window of a pool: days of the week, 1 = Monday, and hours of the local day (POOL-04)."""

    weekdays: tuple[int, ...]
    hours: Hours


def duration(value: JSON, *, unit: str) -> Duration:
    """A number ≥ 0 in ``unit``, or ISO text as elapsed time (contract section 3)."""
    if isinstance(value, str):
        return Duration.iso(value)
    amount = number(value)
    # Rounding to the microsecond undoes what the division by 60 cuts off.
    return Duration.of(amount / 60, "min") if unit == "s" else Duration.of(amount, unit)


def stage_length(value: JSON) -> Duration:
    """``"15d"`` calendar days, ``"36h"`` elapsed hours, or ISO text; the number 0 is off (contract section 3)."""
    if value == 0 and not isinstance(value, bool | str):
        return Duration.of(0, "days")
    text = word(value)
    match = _STAGE_LENGTH.fullmatch(text)
    if match is None:
        return Duration.iso(text)
    return Duration.of(match[1], "days" if match[2] == "d" else "h")


def integer(value: JSON) -> int:
    """A JSON integer of at most 64 bits; true and 1.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTEGER:
        raise ValueError("not a 64-bit integer")
    return value


def number(value: JSON) -> Decimal:
    """A finite JSON number, as written: 0.1 is one tenth."""
    if isinstance(value, float):
        if not isfinite(value):
            raise ValueError("not a finite number")
        return Decimal(repr(value))
    return Decimal(integer(value))


def word(value: JSON) -> str:
    """Text of 1 to 200 code points that can be stored: no NUL, no lone surrogate, no blanks around it."""
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT or value != value.strip():
        raise ValueError("not a word")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("not storable text")
    return value


def hours(value: JSON, *, overnight: bool = False) -> Hours:
    """``"09:00-18:00"``; 24:00 may end it. Empty hours never, inverted ones only where they may pass midnight."""
    match = _HOURS.fullmatch(word(value))
    if match is None:
        raise ValueError("not hours of the form HH:MM-HH:MM")
    start, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    if start >= _DAY_MIN or end > _DAY_MIN or start == end or (end < start and not overnight):
        raise ValueError("hours that end before they start, or no hours at all")
    return Hours(start, end)


def weekdays(value: JSON) -> tuple[int, ...]:
    """Different days of the week, 1 = Monday, at least one."""
    if not isinstance(value, list):
        raise ValueError("not a list of days")
    days = tuple(integer(day) for day in value)
    if not days or len(set(days)) != len(days) or not set(days) <= set(EVERY_DAY):
        raise ValueError("not days of the week")
    return tuple(sorted(days))


def window(value: JSON) -> Window:
    """``"08:00-10:00"`` every day, or ``{"weekdays"?, "hours"}``."""
    if not isinstance(value, dict):
        return Window(EVERY_DAY, hours(value))
    if not {"hours"} <= set(value) <= {"hours", "weekdays"}:
        raise ValueError("a window has hours and may have weekdays")
    return Window(weekdays(value["weekdays"]) if "weekdays" in value else EVERY_DAY, hours(value["hours"]))


_DAY_MIN: Final = 24 * 60
_STAGE_LENGTH: Final = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([dh])")
_HOURS: Final = re.compile(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])")
