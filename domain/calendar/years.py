"""One year of a working calendar as JSON: ``{year, free_days: [date], work_days: [date]}`` (contract section 3).

The same form comes from the API, from ``fairclaim calendar load FILE`` and from the seed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from domain.calendar.wall_clock import FIRST_YEAR, LAST_YEAR
from domain.calendar.working_calendar import CalendarYear
from domain.refusals import FieldError, Refusal

MAX_DATES: Final = 366
"""Longest list of dates; a longer one must repeat itself."""


def parse_year(data: object, *, weekdays: frozenset[int]) -> CalendarYear:
    """The year that ``data`` describes for a calendar worked on ``weekdays`` (ISO 1 to 7), TER-06.

    ``data`` is decoded JSON; dates are ``YYYY-MM-DD``. Refusals: ``field_not_allowed`` for a key of another name,
    ``field_missing`` for one left out, ``field_invalid`` for anything else, each wrong date in ``errors`` as
    ``free_days.3`` with the reason in ``facts``: ``not_a_date``, ``outside_year``, ``duplicate``, ``already_free``,
    ``already_working``.
    """
    fields = _fields(data)
    year = fields["year"]
    if not isinstance(year, int) or isinstance(year, bool) or not FIRST_YEAR <= year <= LAST_YEAR:
        raise _invalid({"year": "not_a_year"})
    free_days, wrong_free = _dates(fields, "free_days", year=year, changes=weekdays, unchanged="already_free")
    work_days, wrong_work = _dates(
        fields, "work_days", year=year, changes=_ISO_DAYS - weekdays, unchanged="already_working"
    )
    if wrong_free or wrong_work:
        raise _invalid({**wrong_free, **wrong_work})
    return CalendarYear(year, free_days=free_days, work_days=work_days)


def year_as_json(year: CalendarYear) -> dict[str, Any]:
    """What ``parse_year`` reads, dates ascending."""
    return {
        "year": year.year,
        "free_days": [day.isoformat() for day in sorted(year.free_days)],
        "work_days": [day.isoformat() for day in sorted(year.work_days)],
    }


_ISO_DAYS: Final = frozenset(range(1, 8))
_KEYS: Final = ("year", "free_days", "work_days")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _fields(data: object) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise _invalid({"body": "not_an_object"})
    unknown = sorted(str(key) for key in data if key not in _KEYS)
    if unknown:
        raise _refusal("field_not_allowed", unknown[:MAX_DATES])
    missing = [key for key in _KEYS if key not in data]
    if missing:
        raise _refusal("field_missing", missing)
    return data


def _dates(
    fields: Mapping[str, Any], name: str, *, year: int, changes: frozenset[int], unchanged: str
) -> tuple[frozenset[date], dict[str, str]]:
    """The dates of one list, which fall on the weekdays ``changes``, and what is wrong with the others, by field."""
    listed = fields[name]
    if not isinstance(listed, list | tuple) or len(listed) > MAX_DATES:
        raise _invalid({name: "not_a_list_of_dates"})
    accepted: set[date] = set()
    wrong: dict[str, str] = {}
    for place, item in enumerate(listed):
        day = _date(item)
        if day is None:
            wrong[f"{name}.{place}"] = "not_a_date"
        elif day.year != year:
            wrong[f"{name}.{place}"] = "outside_year"
        elif day in accepted:
            wrong[f"{name}.{place}"] = "duplicate"
        elif day.isoweekday() not in changes:
            wrong[f"{name}.{place}"] = unchanged
        else:
            accepted.add(day)
    return frozenset(accepted), wrong


def _date(item: object) -> date | None:
    if not isinstance(item, str) or not _DATE.fullmatch(item):
        return None
    try:
        return date.fromisoformat(item)
    except ValueError:
        return None


def _invalid(reasons: Mapping[str, str]) -> Refusal:
    return _refusal("field_invalid", list(reasons), facts={"reasons": dict(reasons)})


def _refusal(code: str, fields: Sequence[str], facts: Mapping[str, Any] | None = None) -> Refusal:
    errors = tuple(FieldError(field, code) for field in fields)
    return Refusal(code, rule="TER-06", facts=facts, errors=errors)
