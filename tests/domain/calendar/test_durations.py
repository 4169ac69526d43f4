"""Amounts of time and the scale they are counted on (requirements 0.1, contract section 3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Duration, Scale

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
TEN_YEARS_DAYS = 3_653


@pytest.mark.parametrize(
    ("amount", "unit", "microseconds", "scale"),
    [
        (15, "min", 900 * SECOND_US, Scale.ELAPSED),
        (72, "h", 72 * HOUR_US, Scale.ELAPSED),
        (60, "days", 60 * DAY_US, Scale.CALENDAR),
        (48, "wh", 48 * HOUR_US, Scale.WORKING),
        (2, "wd", 48 * HOUR_US, Scale.WORKING),
        (4, "oh", 4 * HOUR_US, Scale.OFFICE),
        (0.5, "oh", 1_800 * SECOND_US, Scale.OFFICE),
        (0.1, "h", 360 * SECOND_US, Scale.ELAPSED),
        (Decimal("0.1"), "days", 8_640 * SECOND_US, Scale.CALENDAR),
        ("1.5", "wd", 36 * HOUR_US, Scale.WORKING),
        ("0" * 62 + "48", "wh", 48 * HOUR_US, Scale.WORKING),
        (0, "days", 0, Scale.CALENDAR),
        (TEN_YEARS_DAYS, "days", TEN_YEARS_DAYS * DAY_US, Scale.CALENDAR),
    ],
)
def test_an_amount_is_exact_on_the_scale_of_its_unit(
    amount: int | float | Decimal | str, unit: str, microseconds: int, scale: Scale
) -> None:
    """0.1: two wd are 48 wh, and a tenth of an hour is six minutes to the microsecond."""
    assert Duration.of(amount, unit) == Duration(microseconds, scale)


@pytest.mark.parametrize(
    ("amount", "unit"),
    [
        (-1, "h"),
        (-0.001, "wh"),
        ("-1", "h"),
        ("+1", "h"),
        ("", "h"),
        (" 1", "h"),
        ("1_0", "h"),
        ("1e2", "h"),
        ("４８", "wh"),
        ("0" * 65, "min"),
        ("NaN", "h"),
        (float("nan"), "h"),
        (float("inf"), "h"),
        (Decimal("Infinity"), "h"),
        (Decimal("sNaN"), "h"),
        (True, "h"),
        (1, "d"),
        (1, "WH"),
        (1, ""),
        (TEN_YEARS_DAYS + 1, "days"),
        (TEN_YEARS_DAYS * 24 + 1, "oh"),
        (TEN_YEARS_DAYS + 0.001, "wd"),
        (1e300, "min"),
        (10**4000, "h"),
    ],
)
def test_an_amount_that_is_no_duration_is_refused(amount: int | float | Decimal | str, unit: str) -> None:
    """0.1: negative, not a number, an unknown unit, or more than ten years."""
    with pytest.raises(ValueError, match=r"amount|unit|ten years"):
        Duration.of(amount, unit)


def test_an_amount_above_zero_never_becomes_zero() -> None:
    """Contract section 3: zero switches a clock off, so rounding must not produce it."""
    assert Duration.of(Decimal("1e-400"), "h").microseconds == 1
    assert Duration.iso("PT0.0000001S").microseconds == 1


def test_only_a_zero_amount_is_zero() -> None:
    """Contract section 3: `0` = off."""
    assert Duration.of(0, "wd").is_zero
    assert Duration.of(-0.0, "wd").is_zero
    assert not Duration.of("0.000001", "min").is_zero


def test_a_duration_is_never_built_negative() -> None:
    """0.1: the amount is at least zero on every way in."""
    with pytest.raises(ValueError, match="negative"):
        Duration(-1, Scale.OFFICE)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("PT20S", 20 * SECOND_US),
        ("PT" + "0" * 59 + "10S", 10 * SECOND_US),
        ("P1D", DAY_US),
        ("P0D", 0),
        ("PT1M", 60 * SECOND_US),
        ("PT36H", 36 * HOUR_US),
        ("P1DT2H3M4S", DAY_US + 2 * HOUR_US + 184 * SECOND_US),
        ("P2DT0.5S", 2 * DAY_US + SECOND_US // 2),
        ("PT1H0,25M", HOUR_US + 15 * SECOND_US),
        ("P0.5D", 12 * HOUR_US),
        ("PT0.0000025S", 2),
        ("PT0.0000025" + "0" * 40 + "1S", 3),
        (f"P{TEN_YEARS_DAYS}D", TEN_YEARS_DAYS * DAY_US),
    ],
)
def test_an_iso_duration_is_elapsed_time(text: str, microseconds: int) -> None:
    """Contract section 3: P[nD]T[nH][nM][nS], D = 24 h of elapsed time."""
    assert Duration.iso(text) == Duration(microseconds, Scale.ELAPSED)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "T1H",
        "1D",
        "P1",
        "P1Y",
        "P1M",
        "P1W",
        "P1YT1H",
        "P1H",
        "PT1D",
        "PT1S1M",
        "PT1M1M",
        "P1.5DT1H",
        "PT1.5H1M",
        "PT.5S",
        "PT5.S",
        "P-1D",
        "-P1D",
        "+P1D",
        "p1d",
        "PT1H ",
        "PT1H\n",
        "PT1e3S",
        "PT２0S",
        f"P{TEN_YEARS_DAYS}DT0.000001S",
        "PT" + "9" * 40 + "S",
        "PT" + "0" * 62 + "S",
    ],
)
def test_an_iso_text_outside_the_form_is_refused(text: str) -> None:
    """Contract section 3: no years, weeks, or months before T; a fraction only at the end; never empty."""
    with pytest.raises(ValueError, match=r"form|fraction|ten years"):
        Duration.iso(text)


@given(
    days=st.none() | st.integers(0, 900),
    hours=st.none() | st.integers(0, 900),
    minutes=st.none() | st.integers(0, 900),
    seconds=st.none() | st.integers(0, 900_000_000).map(lambda us: Decimal(us) / 1_000_000),
)
def test_an_iso_text_reads_back_what_was_written(
    days: int | None, hours: int | None, minutes: int | None, seconds: Decimal | None
) -> None:
    """Contract section 3: every combination of components, each optional."""
    clock = "".join(
        f"{n:f}{c}" if isinstance(n, Decimal) else f"{n}{c}"
        for n, c in zip((hours, minutes, seconds), "HMS", strict=True)
        if n is not None
    )
    date = f"{days}D" if days is not None else ""
    text = f"P{date}{'T' if clock else ''}{clock}"
    if text == "P":
        with pytest.raises(ValueError, match="form"):
            Duration.iso(text)
        return
    total = ((days or 0) * 24 + (hours or 0)) * HOUR_US + (minutes or 0) * 60 * SECOND_US
    assert Duration.iso(text).microseconds == total + int((seconds or 0) * SECOND_US)


@given(st.integers(0, TEN_YEARS_DAYS * DAY_US), st.sampled_from(["min", "h", "days", "wh", "oh", "wd"]))
def test_a_decimal_amount_keeps_every_microsecond(microseconds: int, unit: str) -> None:
    """0.1: whole microseconds survive the way through minutes, hours and days."""
    unit_us = {"min": 60 * SECOND_US, "days": DAY_US, "wd": DAY_US}.get(unit, HOUR_US)
    assert Duration.of(Decimal(microseconds) / unit_us, unit).microseconds == microseconds
