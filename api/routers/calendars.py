"""`/v1/calendars` (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.call import TheCall
from api.commands import calendars
from api.commands.company import change
from api.paging import Cursor, Limit
from api.routing import StrictRoute
from api.schemas.base import Date, Id, Instant
from api.schemas.calendars import (
    CalendarIn,
    CalendarOut,
    CalendarPage,
    CalendarPatch,
    DayPage,
    DeadlineOut,
    UnitName,
    YearIn,
)
from api.views import calendars as views

router = APIRouter(prefix="/v1/calendars", tags=["calendars"], route_class=StrictRoute)


@router.post("", status_code=201, response_model=CalendarOut)
def make_calendar(call: TheCall, body: CalendarIn) -> Response:
    """Make a working calendar (工作日历): TER-06."""
    return change(call, lambda made: calendars.make_calendar(made, body))


@router.get("", response_model=CalendarPage)
def list_calendars(call: TheCall, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Calendars, newest first (TER-06)."""
    return call.read(lambda tx: views.calendar_page(tx, limit=limit, cursor=cursor))


@router.get("/{id}", response_model=CalendarOut)
def read_calendar(call: TheCall, id: Id) -> dict[str, Any]:
    """One calendar with the years that are loaded (TER-06)."""
    return call.read(lambda tx: views.calendar_view(tx, id))


@router.patch("/{id}", response_model=CalendarOut)
def edit_calendar(call: TheCall, id: Id, body: CalendarPatch) -> Response:
    """Change a calendar; future deadlines are counted again (TER-06)."""
    return change(call, lambda made: calendars.edit_calendar(made, id, body))


@router.post("/{id}/years", response_model=CalendarOut)
def load_year(call: TheCall, id: Id, body: YearIn) -> Response:
    """Load a year's holidays and make-up workdays; future deadlines are counted again (TER-06)."""
    return change(call, lambda made: calendars.load_year(made, id, body))


@router.get("/{id}/days", response_model=DayPage)
def list_days(
    call: TheCall, id: Id, first: Annotated[Date, Query(alias="from")], last: Annotated[Date, Query(alias="to")]
) -> dict[str, Any]:
    """What kind of day each date is, both ends included, at most 400 (TER-06)."""
    return views.days(call.caller, id, first=first, last=last)


@router.get("/{id}/deadline", response_model=DeadlineOut)
def read_deadline(
    call: TheCall,
    id: Id,
    start: Annotated[Instant, Query(alias="from")],
    amount: Annotated[str, Query(min_length=1, max_length=30)],
    unit: UnitName,
) -> dict[str, Any]:
    """When a duration is over, counted as deadlines are (TER-06)."""
    return views.deadline(call.caller, id, start=start, amount=amount, unit=unit)
