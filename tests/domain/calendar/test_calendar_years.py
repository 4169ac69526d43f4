"""A year of the calendar as JSON: what is read, what is refused, what the seed holds (TER-06)."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import CalendarYear, WorkingCalendar, parse_year, year_as_json
from domain.refusals import FieldError, Refusal
from storage.seed.make_calendar import SEED, seed_text

MONDAY_TO_FRIDAY = frozenset(range(1, 6))
EVERY_DAY = frozenset(range(1, 8))


def test_a_year_is_read_as_what_differs_from_the_weekdays() -> None:
    """TER-06: a free Friday and a worked Sunday of 2027."""
    read = parse_year(year_2027(free_days=["2027-01-01"], work_days=["2027-01-03"]), weekdays=MONDAY_TO_FRIDAY)
    assert read == CalendarYear(2027, frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)}))


def test_a_year_may_be_free_throughout_and_lie_at_either_end_of_those_served() -> None:
    """TER-06: 1970 to 9999, every date of a leap year."""
    first = date(2028, 1, 1).toordinal()
    whole = [date.fromordinal(first + n).isoformat() for n in range(366)]
    assert len(parse_year({"year": 2028, "free_days": whole, "work_days": []}, weekdays=EVERY_DAY).free_days) == 366
    for year in (1970, 9999):
        assert parse_year({"year": year, "free_days": [], "work_days": []}, weekdays=EVERY_DAY).year == year


def test_a_year_without_differences_is_a_loaded_year() -> None:
    """TER-06: nothing to add is still an answer, so the year is no longer provisional."""
    read = parse_year(year_2027(), weekdays=MONDAY_TO_FRIDAY)
    calendar = WorkingCalendar("Asia/Shanghai", MONDAY_TO_FRIDAY, 540, 1080, {2027: read})
    assert not calendar.day(date(2027, 1, 1)).provisional


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        ({"free_days": ["2028-01-03"]}, {"free_days.0": "outside_year"}),
        ({"work_days": ["2026-12-27"]}, {"work_days.0": "outside_year"}),
        ({"free_days": ["2027-01-02"]}, {"free_days.0": "already_free"}),
        ({"work_days": ["2027-01-01"]}, {"work_days.0": "already_working"}),
        ({"free_days": ["2027-01-01", "2027-01-01"]}, {"free_days.1": "duplicate"}),
        ({"work_days": ["2027-01-03", "2027-01-03"]}, {"work_days.1": "duplicate"}),
        ({"free_days": ["2027-01-01"], "work_days": ["2027-01-01"]}, {"work_days.0": "already_working"}),
        ({"free_days": ["2027-02-29"]}, {"free_days.0": "not_a_date"}),
        ({"free_days": ["20270101"]}, {"free_days.0": "not_a_date"}),
        ({"free_days": ["2027-W01-1"]}, {"free_days.0": "not_a_date"}),
        ({"free_days": ["2027-01-01T00:00:00Z"]}, {"free_days.0": "not_a_date"}),
        ({"free_days": [20270101, None]}, {"free_days.0": "not_a_date", "free_days.1": "not_a_date"}),
        (
            {"free_days": ["2027-01-01", "2027-01-02", "2026-01-01"], "work_days": ["x"]},
            {"free_days.1": "already_free", "free_days.2": "outside_year", "work_days.0": "not_a_date"},
        ),
        ({"free_days": "2027-01-01"}, {"free_days": "not_a_list_of_dates"}),
        ({"free_days": None}, {"free_days": "not_a_list_of_dates"}),
        ({"work_days": ["2027-01-03"] * 367}, {"work_days": "not_a_list_of_dates"}),
        ({"year": 1969}, {"year": "not_a_year"}),
        ({"year": 10000}, {"year": "not_a_year"}),
        ({"year": "2027"}, {"year": "not_a_year"}),
        ({"year": True}, {"year": "not_a_year"}),
        ({"year": None}, {"year": "not_a_year"}),
    ],
)
def test_a_date_that_changes_nothing_or_makes_no_sense_is_refused(
    data: dict[str, Any], reasons: dict[str, str]
) -> None:
    """TER-06, contract section 3: `field_invalid`, every wrong date named with its reason."""
    with pytest.raises(Refusal) as caught:
        parse_year(year_2027(**data), weekdays=MONDAY_TO_FRIDAY)
    assert (caught.value.code, caught.value.rule) == ("field_invalid", "TER-06")
    assert caught.value.facts == {"reasons": reasons}
    assert caught.value.errors == tuple(FieldError(field, "field_invalid") for field in reasons)


def test_a_program_that_works_every_day_only_takes_closures() -> None:
    """TER-06, real estate: all seven days worked, closures entered."""
    sunday = "2027-01-03"
    assert parse_year(year_2027(free_days=[sunday]), weekdays=EVERY_DAY).free_days == {date(2027, 1, 3)}
    with pytest.raises(Refusal) as caught:
        parse_year(year_2027(work_days=[sunday]), weekdays=EVERY_DAY)
    assert caught.value.facts["reasons"] == {"work_days.0": "already_working"}


@pytest.mark.parametrize(
    ("data", "code", "fields"),
    [
        ({"year": 2027, "free_days": [], "work_days": [], "name": "x", "a": 1}, "field_not_allowed", ["a", "name"]),
        ({"free_days": []}, "field_missing", ["year", "work_days"]),
        ([], "field_invalid", ["body"]),
        (None, "field_invalid", ["body"]),
    ],
)
def test_a_body_of_another_shape_is_refused(data: object, code: str, fields: list[str]) -> None:
    """TER-06, INT-01: the same answers for a file as for the API."""
    with pytest.raises(Refusal) as caught:
        parse_year(data, weekdays=MONDAY_TO_FRIDAY)
    assert caught.value.code == code
    assert caught.value.errors == tuple(FieldError(field, code) for field in fields)


@given(st.frozensets(st.dates(date(2028, 1, 1), date(2028, 12, 31))), st.frozensets(st.integers(1, 7)))
def test_a_year_written_as_json_reads_back_the_same(days: frozenset[date], weekdays: frozenset[int]) -> None:
    """TER-06: API, file and seed share one form; dates are written in order."""
    free = frozenset(day for day in days if day.isoweekday() in weekdays)
    year = CalendarYear(2028, free, days - free)
    written = json.loads(json.dumps(year_as_json(year)))
    assert parse_year(written, weekdays=weekdays) == year
    assert written["free_days"] == sorted(written["free_days"])


def test_the_seed_is_what_its_script_makes() -> None:
    """TER-06: run ``python -m storage.seed.make_calendar`` after an update of chinesecalendar, and commit the file."""
    assert SEED.read_bytes() == seed_text().encode()


def test_the_seed_holds_every_year_from_2004_and_only_differences() -> None:
    """TER-06: each year passes the reader that a user's file passes."""
    seed = json.loads(SEED.read_text("utf-8"))
    assert (seed["country"], seed["zone"]) == ("CN", "Asia/Shanghai")
    years = [parse_year(year, weekdays=MONDAY_TO_FRIDAY) for year in seed["years"]]
    assert [year.year for year in years] == list(range(2004, 2004 + len(years)))
    assert years[-1].year >= 2026
    assert all(year.free_days for year in years)


def year_2027(**changes: Any) -> dict[str, Any]:
    return {"year": 2027, "free_days": [], "work_days": [], **changes}
