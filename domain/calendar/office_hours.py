"""Office hours as text, ``"09:00-18:00"``, and as minutes of the day (contract section 3, TER-06)."""

from __future__ import annotations

import re
from typing import Final

MINUTES_PER_DAY: Final = 24 * 60

_FORM: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


def parse_office_hours(text: str) -> tuple[int, int]:
    """Opening and closing in minutes after midnight, 0 ≤ opening < closing ≤ 1440; ``24:00`` closes the day.

    ValueError: another form, no such clock time, or a closing not after the opening (hours over midnight included).
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("office hours have the form HH:MM-HH:MM")
    open_hour, open_minute, close_hour, close_minute = map(int, match.groups())
    if open_minute > 59 or close_minute > 59:
        raise ValueError("an hour has 60 minutes")
    opening, closing = open_hour * 60 + open_minute, close_hour * 60 + close_minute
    check_office_hours(start_min=opening, end_min=closing)
    return opening, closing


def format_office_hours(*, start_min: int, end_min: int) -> str:
    """The text that ``parse_office_hours`` reads."""
    check_office_hours(start_min=start_min, end_min=end_min)
    return f"{start_min // 60:02}:{start_min % 60:02}-{end_min // 60:02}:{end_min % 60:02}"


def check_office_hours(*, start_min: int, end_min: int) -> None:
    """ValueError unless the office opens before it closes, within one day."""
    if not 0 <= start_min < end_min <= MINUTES_PER_DAY:
        raise ValueError("office hours open before they close, within one day")
