"""Working calendars (工作日历): days, durations and the deadlines they make (TER-06).

>>> from domain.calendar import Duration, WorkingCalendar
>>> calendar = WorkingCalendar("Asia/Shanghai", frozenset({1, 2, 3, 4, 5}), 9 * 60, 18 * 60, years={})
>>> calendar.add(start, Duration.of(48, "wh"))
"""

from domain.calendar.duration import Duration, Scale
from domain.calendar.notice import recomputed_deadline
from domain.calendar.office_hours import format_office_hours, parse_office_hours
from domain.calendar.working_calendar import CalendarYear, Day, DayKind, Deadline, WorkingCalendar
from domain.calendar.years import parse_year, year_as_json

__all__ = [
    "CalendarYear",
    "Day",
    "DayKind",
    "Deadline",
    "Duration",
    "Scale",
    "WorkingCalendar",
    "format_office_hours",
    "parse_office_hours",
    "parse_year",
    "recomputed_deadline",
    "year_as_json",
]
