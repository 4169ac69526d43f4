"""An amount of time on its own scale (requirements 0.1, "Units by suffix"; TER-06).

A duration says how much, and of which time: one day of ``days`` is not 24 hours of ``h`` when the clocks change, and
neither is a day of ``wh``. The calendar turns a duration into an instant; nothing here knows dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import StrEnum
from typing import Final, Self


class Scale(StrEnum):
    """Which time is counted."""

    ELAPSED = "elapsed"
    """Time as it passes, whatever the clocks on the wall do."""

    CALENDAR = "calendar"
    """Time on the wall clock of the calendar's zone: n days end at the same clock time."""

    WORKING = "working"
    """Hours of working days on the wall clock, 24 per working day."""

    OFFICE = "office"
    """Minutes inside the office hours of working days."""


@dataclass(frozen=True, slots=True)
class Duration:
    """``microseconds`` ≥ 0 of the time that ``scale`` counts; a day is 86_400 s on every scale.

    Zero means "off" where a clock is meant (contract section 3); that is for the reader of the policy to decide.
    """

    microseconds: int
    scale: Scale

    def __post_init__(self) -> None:
        if self.microseconds < 0:
            raise ValueError("a duration is never negative")

    @classmethod
    def of(cls, amount: int | float | Decimal | str, unit: str) -> Self:
        """``amount`` of ``unit``: ``min``, ``h``, ``days``, ``wh``, ``oh`` or ``wd`` (requirements 0.1).

        Decimal arithmetic, so 0.1 h is exactly 360 s. What is finer than a microsecond is rounded, but an amount
        above zero stays above zero, because zero switches a clock off. Text is plain decimal digits, no sign, no
        exponent. ValueError: a negative amount, NaN or infinity, an unknown unit, more than ten years.
        """
        if unit not in _UNITS:
            raise ValueError("unknown unit of time")
        scale, unit_us = _UNITS[unit]
        return cls(_microseconds(_decimal(amount), unit_us=unit_us), scale)

    @classmethod
    def iso(cls, text: str) -> Self:
        """Elapsed time from ``P[nD]T[nH][nM][nS]``, D = 24 h, a fraction only in the last component (contract 3).

        ValueError: any other form (years, months, weeks, a bare ``P`` or ``PT``), more than ten years.
        """
        match = _ISO.fullmatch(text) if len(text) <= _MAX_TEXT else None
        if match is None:
            raise ValueError("not a duration of the form P[nD]T[nH][nM][nS]")
        parts = [
            (part.replace(",", "."), unit_us) for part, unit_us in zip(match.groups(), _ISO_US, strict=True) if part
        ]
        if any("." in part for part, _ in parts[:-1]):
            raise ValueError("only the last component of a duration may have a fraction")
        total = sum(_microseconds(Decimal(part), unit_us=unit_us) for part, unit_us in parts)
        return cls(_within_limit(total), Scale.ELAPSED)

    @property
    def is_zero(self) -> bool:
        return self.microseconds == 0


MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US

MAX_US: Final = 3_653 * DAY_US
"""Ten years with their leap days: the longest duration a policy or a request may name, on every scale."""

_UNITS: Final = {
    "min": (Scale.ELAPSED, MINUTE_US),
    "h": (Scale.ELAPSED, HOUR_US),
    "days": (Scale.CALENDAR, DAY_US),
    "wh": (Scale.WORKING, HOUR_US),
    "wd": (Scale.WORKING, DAY_US),
    "oh": (Scale.OFFICE, HOUR_US),
}

_ISO_US: Final = (DAY_US, HOUR_US, MINUTE_US, 1_000_000)
_NUMBER: Final = r"([0-9]+(?:[.,][0-9]+)?)"
# The lookaheads ask for something after P and after T; the pattern alone would take "P" and "PT".
_ISO: Final = re.compile(rf"P(?=.)(?:{_NUMBER}D)?(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?")
_PLAIN: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_MAX_TEXT: Final = 64
# Wide enough that no amount within the limit loses a digit before it is rounded to microseconds.
_EXACT: Final = Context(prec=_MAX_TEXT + 24, rounding=ROUND_HALF_EVEN)


def _decimal(amount: int | float | Decimal | str) -> Decimal:
    if isinstance(amount, bool):
        raise ValueError("an amount of time is a number")
    if isinstance(amount, str):
        if len(amount) > _MAX_TEXT or not _PLAIN.fullmatch(amount):
            raise ValueError("an amount of time is a plain decimal number")
        return Decimal(amount)
    # The shortest text of a float is the number its author wrote; its binary value is not.
    return Decimal(repr(amount)) if isinstance(amount, float) else Decimal(amount)


def _microseconds(amount: Decimal, *, unit_us: int) -> int:
    if not amount.is_finite() or amount < 0:
        raise ValueError("an amount of time is finite and not negative")
    if amount > MAX_US // unit_us:
        raise ValueError("longer than ten years")
    exact = _EXACT.multiply(amount, Decimal(unit_us))
    rounded = int(exact.to_integral_value(rounding=ROUND_HALF_EVEN, context=_EXACT))
    return rounded or int(amount > 0)


def _within_limit(total_us: int) -> int:
    if total_us > MAX_US:
        raise ValueError("longer than ten years")
    return total_us
