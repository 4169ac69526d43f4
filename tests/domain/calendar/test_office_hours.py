"""Office hours as text and as minutes of the day (TER-06, contract section 3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import WorkingCalendar, format_office_hours, parse_office_hours


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("09:00-18:00", (540, 1080)),
        ("00:00-24:00", (0, 1440)),
        ("08:30-08:31", (510, 511)),
        ("22:15-23:59", (1335, 1439)),
    ],
)
def test_office_hours_are_read_as_minutes_after_midnight(text: str, minutes: tuple[int, int]) -> None:
    """Contract section 3: `office_hours: "09:00-18:00"`."""
    assert parse_office_hours(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9:00-18:00",
        "09:00–18:00",
        "09:00 - 18:00",
        "09:00-18:00\n",
        "09:00-18:00:00",
        "09:60-18:00",
        "09:00-17:60",
        "24:00-24:00",
        "09:00-24:01",
        "09:00-25:00",
        "18:00-09:00",
        "09:00-09:00",
        "０９:00-18:00",
    ],
)
def test_text_that_names_no_office_hours_is_a_value_error(text: str) -> None:
    """INT-01: the API answers `field_invalid`; an office does not stay open over midnight."""
    with pytest.raises(ValueError, match=r"hour"):
        parse_office_hours(text)


@given(st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True).map(sorted))
def test_office_hours_written_out_read_back_the_same(minutes: list[int]) -> None:
    """Contract section 3: what came in goes out."""
    start, end = minutes
    assert parse_office_hours(format_office_hours(start_min=start, end_min=end)) == (start, end)


@pytest.mark.parametrize(("start", "end"), [(540, 540), (1080, 540), (-1, 540), (540, 1441)])
def test_impossible_office_hours_are_a_value_error_everywhere(start: int, end: int) -> None:
    """TER-06: neither written nor put into a calendar."""
    with pytest.raises(ValueError, match="office hours"):
        format_office_hours(start_min=start, end_min=end)
    with pytest.raises(ValueError, match="office hours"):
        WorkingCalendar("Asia/Shanghai", frozenset({1}), start, end, {})
