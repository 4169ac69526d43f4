"""Calendars the tests of this folder share: China as seeded, and any zone with weekdays only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.calendar import WorkingCalendar, parse_office_hours, parse_year

MONDAY_TO_FRIDAY = frozenset(range(1, 6))
SEED = Path(__file__).parents[3] / "storage" / "seed" / "calendar_cn.json"


@pytest.fixture(scope="session")
def china() -> WorkingCalendar:
    """The seeded calendar: Monday to Friday, 09:00-18:00, every year the seed knows."""
    years = (parse_year(year, weekdays=MONDAY_TO_FRIDAY) for year in json.loads(SEED.read_text("utf-8"))["years"])
    start, end = parse_office_hours("09:00-18:00")
    return WorkingCalendar("Asia/Shanghai", MONDAY_TO_FRIDAY, start, end, {year.year: year for year in years})


@pytest.fixture(scope="session")
def weekdays_in() -> Callable[..., WorkingCalendar]:
    """A calendar of a zone without any loaded year."""

    def build(
        zone: str, *, weekdays: frozenset[int] = MONDAY_TO_FRIDAY, office: str = "09:00-18:00"
    ) -> WorkingCalendar:
        start, end = parse_office_hours(office)
        return WorkingCalendar(zone, weekdays, start, end, {})

    return build
