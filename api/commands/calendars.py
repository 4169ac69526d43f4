"""Making and changing calendars, and loading the years that are published (contract section 3, TER-06)."""

from __future__ import annotations

from typing import Any

from api.call import Done
from api.commands.company import Change, invalid, require_unused, require_version
from api.schemas.calendars import CalendarIn, CalendarPatch, YearIn
from api.views.calendars import calendar_row, calendar_view
from domain.calendar.office_hours import parse_office_hours
from domain.calendar.wall_clock import WallClock
from domain.calendar.years import parse_year
from domain.people.organisation import Role
from storage import calendars
from storage import tables as t


def make_calendar(change: Change, body: CalendarIn) -> Done:
    """A calendar without any year yet."""
    change.require(Role.ADMIN)
    _check_days(body.zone, body.office_hours, body.weekdays)
    require_unused(change.tx, t.calendar, "name", body.name)
    hours = calendars.Hours(body.country, body.zone, body.office_hours, tuple(sorted(body.weekdays)))
    calendar = calendars.create(change.tx, name=body.name, hours=hours, at=change.now, rev=change.rev)
    change.record(calendar, "calendar", "created")
    return Done(201, calendar_view(change.tx, calendar))


def edit_calendar(change: Change, calendar: str, body: CalendarPatch) -> Done:
    """Another zone, other hours or weekdays: open claims count their future deadlines again."""
    row = calendar_row(change.tx, calendar)
    change.require(Role.ADMIN)
    _check_days(body.zone, body.office_hours, body.weekdays)
    values: dict[str, Any] = {
        name: value
        for name, value in (
            ("name", body.name),
            ("country", body.country),
            ("zone", body.zone),
            ("office_hours", body.office_hours),
            ("weekdays", sorted(body.weekdays) if body.weekdays is not None else None),
        )
        if value is not None and value != row[name]
    }
    if "name" in values:
        require_unused(change.tx, t.calendar, "name", values["name"])
    require_version(body.version, row["version"])
    if values:
        calendars.raise_version(change.tx, calendar, at=change.now, rev=change.rev, values=values)
        change.record(calendar, "calendar", "edited", fields=sorted(values))
    return Done(200, calendar_view(change.tx, calendar))


def load_year(change: Change, calendar: str, body: YearIn) -> Done:
    """Holidays and make-up workdays (调休) of a year, for the first time or in place of those loaded before."""
    row = calendar_row(change.tx, calendar)
    change.require(Role.ADMIN)
    year = parse_year(body.model_dump(mode="json"), weekdays=frozenset(row["weekdays"]))
    calendars.save_year(change.tx, calendar, year, at=change.now, rev=change.rev)
    calendars.raise_version(change.tx, calendar, at=change.now, rev=change.rev)
    change.record(
        calendar,
        "calendar",
        "year_loaded",
        year=year.year,
        free_days=len(year.free_days),
        work_days=len(year.work_days),
    )
    return Done(200, calendar_view(change.tx, calendar))


def _check_days(zone: str | None, office_hours: str | None, weekdays: list[int] | None) -> None:
    """A zone that exists, hours that open before they close, each weekday once."""
    if zone is not None:
        try:
            WallClock(zone)
        except ValueError:
            raise invalid("zone", rule="TER-06") from None
    if office_hours is not None:
        try:
            parse_office_hours(office_hours)
        except ValueError:
            raise invalid("office_hours", rule="TER-06") from None
    if weekdays is not None and len(set(weekdays)) != len(weekdays):
        raise invalid("weekdays", rule="TER-06")
