"""What matching knows of a person (人员画像): skills, fields of work, experience, capacity (PPL-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.calendar.working_calendar import WorkingCalendar


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody works: days of the week (1 = Monday) and minutes of the day, start ≤ m < end."""

    weekdays: frozenset[int]
    start_min: int
    end_min: int

    def covers(self, at: datetime, *, calendar: WorkingCalendar) -> bool:
        """Whether somebody on this shift can be met at ``at``; outside office hours, at the next opening."""
        local = calendar.next_office_opening(at).astimezone(ZoneInfo(calendar.zone))
        return local.isoweekday() in self.weekdays and self.start_min <= local.hour * 60 + local.minute < self.end_min


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One person's. Skill levels are 1 to 5; an unconfirmed skill counts only where `people.skill_confirm` is off."""

    skills: Mapping[str, int] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()
    product_lines: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    customer_kinds: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    interests: frozenset[str] = frozenset()
    experience_months: int | None = None
    capacity_points: int | None = None  # None: `people.capacity_points`
    shift: Shift | None = None  # None: whenever the office is open

    def level(self, skill: str, *, confirm: bool) -> int:
        """The level that counts: 0 for a skill nobody confirmed where the supervisor must (`people.skill_confirm`)."""
        return self.skills.get(skill, 0) if not confirm or skill in self.confirmed else 0


#: Of whom nothing is known.
UNKNOWN = Profile()
