"""Who has to acknowledge a duty statement (职责说明) or the rules of a program, and since when (PPL-03)."""

from __future__ import annotations

from datetime import datetime

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.people.organisation import Organisation, Role
from domain.programs.program import Program


def wears_since(person: str, role: Role, *, organisation: Organisation, at: datetime) -> datetime | None:
    """Since when ``person`` wears ``role`` without a break, anywhere; None: not at ``at``.

    Who leads a team is its team lead without a grant (contract section 2).
    """
    spans = [(g.start, g.end) for g in organisation.grants.get(person, ()) if g.role is role]
    if role is Role.TEAM_LEAD:
        led = (span for spans in organisation.leaderships.values() for span in spans if span.object == person)
        spans += [(span.start, span.end) for span in led]
    return _unbroken(spans, at)


def member_since(person: str, program: Program, *, organisation: Organisation, at: datetime) -> datetime | None:
    """Since when ``person`` belongs to ``program``, by name or by the team they are in now; None: not at ``at``."""
    if not program.is_member(person, organisation=organisation, at=at):
        return None
    teams = set(organisation.path_up(organisation.team_of(person, at=at)))
    joined = next(
        (s.start for s in organisation.memberships.get(person, ()) if s.start <= at and _lasts(s.end, at)), at
    )
    spans = [(m.start, m.end) for m in program.members if m.person == person]
    spans += [(max(m.start, joined), m.end) for m in program.members if m.team in teams]
    return _unbroken(spans, at)


def due(since: datetime, *, within: Duration | None, calendar: WorkingCalendar) -> datetime | None:
    """Until when somebody should have acknowledged what concerns them since ``since``; None: whenever they like."""
    return calendar.add(since, within).at if within is not None else None


def _unbroken(spans: list[tuple[datetime, datetime | None]], at: datetime) -> datetime | None:
    """The beginning of the run of ``spans`` that overlap or touch, and reach over ``at``."""
    start = min((s for s, end in spans if s <= at and _lasts(end, at)), default=None)
    while start is not None:
        earlier = min((s for s, end in spans if s < start and _lasts_until(end, start)), default=None)
        if earlier is None:
            break
        start = earlier
    return start


def _lasts(end: datetime | None, at: datetime) -> bool:
    return end is None or at < end


def _lasts_until(end: datetime | None, at: datetime) -> bool:
    return end is None or at <= end
