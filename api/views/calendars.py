"""Calendars, their days and what they make of a duration (contract section 3, TER-06)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.refusals import FieldError, Refusal
from storage import calendars
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]
MAX_DAYS: Final = 400


def calendar_row(tx: Transaction, calendar: str) -> Row:
    """The row of a calendar, else ``not_found``."""
    row = tx.row(sa.select(t.calendar).where(t.calendar.c.id == calendar))
    if row is None:
        raise Refusal("not_found")
    return row


def calendar_view(tx: Transaction, calendar: str) -> Row:
    """A calendar with the years it knows (contract section 3)."""
    return calendar_views(tx, [calendar_row(tx, calendar)])[0]


def calendar_views(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Calendars in the order of ``rows``, each with its loaded years, and this year and the next in any case."""
    loaded = calendars.loaded_years(tx, [row["id"] for row in rows])
    this_year = tx.now().year
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "country": row["country"],
            "zone": row["zone"],
            "office_hours": row["office_hours"],
            "weekdays": sorted(row["weekdays"]),
            "years": [
                {"year": year, "provisional": year not in loaded[row["id"]]}
                for year in sorted({*loaded[row["id"]], this_year, this_year + 1})
            ],
            "version": row["version"],
        }
        for row in rows
    ]


def calendar_page(tx: Transaction, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/calendars`, the newest first: ids are ordered by time."""
    rows, following = page(
        tx,
        sa.select(t.calendar),
        time_column=t.calendar.c.id,
        id_column=t.calendar.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "calendars"},
    )
    return {"items": calendar_views(tx, rows), "next": following}


def days(caller: Caller, calendar: str, *, first: date, last: date) -> Row:
    """`GET /v1/calendars/{id}/days`: what kind each date is, both ends included, at most 400."""
    known = _calendar(caller, calendar)
    if not first <= last < first + timedelta(days=MAX_DAYS):
        raise _invalid("to", cap=MAX_DAYS)
    found = (known.day(first + timedelta(days=offset)) for offset in range((last - first).days + 1))
    return {
        "items": [
            {"date": day.date.isoformat(), "kind": day.kind.value, "provisional": day.provisional} for day in found
        ],
        "next": None,
    }


def deadline(caller: Caller, calendar: str, *, start: datetime, amount: str, unit: str) -> Row:
    """`GET /v1/calendars/{id}/deadline`: when a duration that begins at ``start`` is over."""
    known = _calendar(caller, calendar)
    try:
        due = known.add(start, Duration.of(amount, unit))
    except ValueError:
        raise _invalid("amount") from None
    return {"deadline": rfc3339(due.at), "provisional": due.provisional}


def _calendar(caller: Caller, calendar: str) -> WorkingCalendar:
    known = caller.setting.calendars.get(calendar)
    if known is None:
        raise Refusal("not_found")
    return known


def _invalid(field: str, **facts: Any) -> Refusal:
    return Refusal("field_invalid", rule="TER-06", facts=facts, errors=(FieldError(field, "field_invalid"),))
