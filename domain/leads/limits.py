"""How long somebody has with a lead, in office hours (LEAD-06, LEAD-11, LEAD-16). None: no limit."""

from __future__ import annotations

from datetime import datetime

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.policy.policy import Policy


def respond_by(grade: str, at: datetime, *, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """When the first contact must have been made with a lead of ``grade`` offered at ``at`` (LEAD-11)."""
    return _after(at, policy.duration_for("lead.first_response_oh", grade), calendar)


def accept_by(at: datetime, *, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """When silence accepts a lead offered at ``at`` (LEAD-16)."""
    return _after(at, policy.duration("lead.accept_oh"), calendar)


def assess_by(at: datetime, *, policy: Policy, calendar: WorkingCalendar) -> datetime | None:
    """When the need of a lead listed at ``at`` must have been looked into (LEAD-06)."""
    return _after(at, policy.duration("lead.assess_oh"), calendar)


def _after(at: datetime, length: Duration | None, calendar: WorkingCalendar) -> datetime | None:
    return calendar.add(at, length).at if length is not None else None
