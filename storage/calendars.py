"""Working calendars in the database (TER-06). Whatever changes the days also raises the version, so claims recount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.calendar.working_calendar import CalendarYear
from domain.calendar.years import year_as_json
from storage import tables as t
from storage.database import Transaction, mint


@dataclass(frozen=True, slots=True)
class Hours:
    """What makes a calendar, its years apart: the parameters ``calendar.*`` of a policy."""

    country: str
    zone: str
    office_hours: str
    weekdays: tuple[int, ...]

    @property
    def title(self) -> str:
        """A name that says it: ``CN 1-5 09:00-18:00``, with the zone where it is not China's."""
        days = self.weekdays
        contiguous = len(days) > 1 and days == tuple(range(days[0], days[-1] + 1))
        shown = f"{days[0]}-{days[-1]}" if contiguous else ",".join(map(str, days))
        return " ".join([self.country, shown, self.office_hours, *([] if self.zone == _CHINA else [self.zone])])


_CHINA = "Asia/Shanghai"


def hours_of(row: dict[str, Any]) -> Hours:
    """The office hours of a row."""
    return Hours(row["country"], row["zone"], row["office_hours"], tuple(sorted(row["weekdays"])))


def create(tx: Transaction, *, name: str, hours: Hours, at: datetime, rev: int) -> str:
    """A calendar without any year yet: all its days are provisional."""
    calendar = mint()
    tx.execute(
        t.calendar.insert().values(
            id=calendar,
            name=name,
            country=hours.country,
            zone=hours.zone,
            office_hours=hours.office_hours,
            weekdays=list(hours.weekdays),
            version=1,
            changed_at=at,
            rev=rev,
        )
    )
    return calendar


def find_or_create(tx: Transaction, hours: Hours, *, at: datetime, rev: int) -> tuple[str, bool]:
    """The oldest calendar with exactly these hours, else a new one; whether it is new.

    A new one takes over the years of one that differs in office hours only: which weekdays are worked decides which
    holidays are worth naming, so years go with the weekdays.
    """
    known = tx.rows(sa.select(t.calendar).order_by(t.calendar.c.id))
    for row in known:
        if hours_of(row) == hours:
            return row["id"], False
    calendar = create(tx, name=_unused(hours.title, [r["name"] for r in known]), hours=hours, at=at, rev=rev)
    alike = [r for r in known if (r["country"], tuple(sorted(r["weekdays"]))) == (hours.country, hours.weekdays)]
    if alike:
        years = tx.rows(sa.select(t.calendar_year).where(t.calendar_year.c.calendar == alike[0]["id"]))
        if years:
            tx.execute(
                t.calendar_year.insert(),
                [{**year, "id": mint(), "calendar": calendar, "loaded_at": at, "rev": rev} for year in years],
            )
    return calendar, True


def save_year(tx: Transaction, calendar: str, year: CalendarYear, *, at: datetime, rev: int) -> None:
    """Load a year, or replace one that is loaded."""
    content = year_as_json(year)
    values = {
        "free_days": content["free_days"],
        "work_days": content["work_days"],
        "loaded_at": at,
        "rev": rev,
    }
    here = sa.and_(t.calendar_year.c.calendar == calendar, t.calendar_year.c.year == year.year)
    if not tx.execute(t.calendar_year.update().where(here).values(**values)).rowcount:
        tx.execute(t.calendar_year.insert().values(id=mint(), calendar=calendar, year=year.year, **values))


def raise_version(
    tx: Transaction, calendar: str, *, at: datetime, rev: int, above: int = 0, values: dict[str, Any] | None = None
) -> None:
    """A new version of the calendar takes effect at ``at``; its number is higher than ``above`` too."""
    present = tx.execute(sa.select(t.calendar.c.version).where(t.calendar.c.id == calendar)).scalar_one()
    tx.execute(
        t.calendar.update()
        .where(t.calendar.c.id == calendar)
        .values(**(values or {}), version=max(present, above) + 1, changed_at=at, rev=rev)
    )


def loaded_years(tx: Transaction, calendars: Sequence[str]) -> dict[str, list[int]]:
    """The years that are loaded, ascending, by calendar."""
    found: dict[str, list[int]] = {calendar: [] for calendar in calendars}
    for row in tx.rows(
        sa.select(t.calendar_year.c.calendar, t.calendar_year.c.year)
        .where(t.calendar_year.c.calendar.in_(sorted(calendars)))
        .order_by(t.calendar_year.c.year)
    ):
        found[row["calendar"]].append(row["year"])
    return found


def _unused(name: str, taken: Sequence[str]) -> str:
    candidates = (name if number == 1 else f"{name} ({number})" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in candidates if candidate not in taken)
