"""First-response limits over nights, weekends, holidays and 调休, against cases worked out by hand (LEAD-11)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import WorkingCalendar, parse_office_hours, parse_year
from domain.leads.limits import accept_by, respond_by
from domain.policy.policy import Policy

CASES = Path(__file__).parent / "first_response_cases.txt"
SEED = Path(__file__).parents[3] / "storage" / "seed" / "calendar_cn.json"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEKDAYS = frozenset(range(1, 6))


@pytest.fixture(scope="module")
def china() -> WorkingCalendar:
    """The seeded calendar of China."""
    years = (parse_year(year, weekdays=WEEKDAYS) for year in json.loads(SEED.read_text("utf-8"))["years"])
    start, end = parse_office_hours("09:00-18:00")
    return WorkingCalendar("Asia/Shanghai", WEEKDAYS, start, end, {year.year: year for year in years})


def cases() -> list[tuple[str, str, str]]:
    """(grade, offered, due) of each line."""
    lines = [line for line in CASES.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")]
    parts = [[part.strip() for part in line.split("|")] for line in lines]
    return [(grade, offered, due) for grade, offered, due, _ in parts]


def instant(text: str) -> datetime:
    """An instant as the cases write it; a wrong weekday is a slip of the hand."""
    day, _, rest = text.partition(" ")
    local = datetime.strptime(rest, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
    assert local.strftime("%a") == day, text
    return local.astimezone(UTC)


def test_there_are_twenty_cases_of_every_grade() -> None:
    assert len(cases()) >= 20
    assert {grade for grade, _, _ in cases()} == {"A", "B", "C", "D"}


@pytest.mark.parametrize(("grade", "offered", "due"), cases())
def test_the_first_contact_is_due_when_the_hand_says(
    grade: str, offered: str, due: str, china: WorkingCalendar
) -> None:
    """LEAD-11: `lead.first_response_oh`, office time of the program's calendar."""
    assert respond_by(grade, instant(offered), policy=Policy.resolve(version=1), calendar=china) == instant(due)


def test_zero_switches_a_limit_off(china: WorkingCalendar) -> None:
    """Contract section 3: `0` = off for clocks."""
    off = Policy.resolve({"lead.first_response_oh": {"C": 0}, "lead.accept_oh": 0}, version=1)
    at = instant("Mon 2026-03-02 10:00")
    assert respond_by("C", at, policy=off, calendar=china) is None
    assert accept_by(at, policy=off, calendar=china) is None
    assert respond_by("A", at, policy=off, calendar=china) == instant("Mon 2026-03-02 10:30")
