"""Working calendars (contract section 3, TER-06)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr

from api.schemas.base import Date, Input, Name, Output, Version

Country = Annotated[StrictStr, Field(pattern=r"^[A-Z]{2}$")]
Zone = Annotated[StrictStr, Field(min_length=1, max_length=64)]
OfficeHours = Annotated[StrictStr, Field(pattern=r"^\d{2}:\d{2}-\d{2}:\d{2}$")]
Weekdays = Annotated[list[Annotated[StrictInt, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
UnitName = Literal["min", "h", "days", "wh", "oh", "wd"]


class CalendarIn(Input):
    """`POST /v1/calendars`: ``weekdays`` are worked, 1 = Monday."""

    name: Name
    country: Country
    zone: Zone
    office_hours: OfficeHours
    weekdays: Weekdays = [1, 2, 3, 4, 5]  # noqa: RUF012 - pydantic copies it


class CalendarPatch(Input):
    version: Version
    name: Name | None = None
    country: Country | None = None
    zone: Zone | None = None
    office_hours: OfficeHours | None = None
    weekdays: Weekdays | None = None


class YearIn(Input):
    """`POST /v1/calendars/{id}/years`: only what differs from the weekdays."""

    year: Annotated[StrictInt, Field(ge=1970, le=2199)]
    free_days: Annotated[list[Date], Field(max_length=366)]
    work_days: Annotated[list[Date], Field(max_length=366)]


# --- answers ---------------------------------------------------------------------------------------------------


class YearOut(Output):
    year: int
    provisional: bool


class CalendarOut(Output):
    """A calendar; years that are not listed are provisional."""

    id: str
    name: str
    country: str
    zone: str
    office_hours: str
    weekdays: list[int]
    years: list[YearOut]
    version: int


class CalendarPage(Output):
    items: list[CalendarOut]
    next: str | None


class DayOut(Output):
    date: str
    kind: Literal["working", "weekend", "holiday", "makeup"]
    provisional: bool


class DayPage(Output):
    items: list[DayOut]
    next: str | None


class DeadlineOut(Output):
    deadline: str
    provisional: bool
