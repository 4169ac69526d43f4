"""Reminders (到期提醒) as planned rows: they cost no engine event and are checked again when sent (CLM-18).

So are the tasks of the follow-up procedure: one is raised by a row of the clock `rhythm` (LEAD-12).
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from domain.calendar.duration import Duration
from domain.calendar.working_calendar import WorkingCalendar
from domain.claims.clocks import Terms
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Clock, RunningClock
from domain.matters.setting import Setting
from storage import tables as t
from storage.database import Transaction, mint

_SERIES: dict[Clock, str] = {
    Clock.PROTECTION: "reminder.protection_days",
    Clock.IDLE: "reminder.idle_days",
    Clock.FIRST_FOLLOW_UP: "reminder.first_follow_up_wh",
    Clock.STAGE: "reminder.stage_days",
    Clock.SALES_STAGE: "reminder.stage_days",
}
#: The clock a reminder row names when it is about fields missing after the completion time (CLM-02).
COMPLETION = "completion"


def plan(
    tx: Transaction,
    claim: Claim,
    *,
    former: Claim | None,
    setting: Setting,
    at: datetime,
    completion: bool = True,
) -> None:
    """Rows for every deadline of ``claim`` that differs from before; rows of old deadlines fail their check later.

    ``completion``: also for the fields still missing (CLM-02). Nobody is reminded of a clock in the grace (INT-10).
    """
    terms = setting.terms_of(claim)
    was = {c.clock: c.deadline for c in former.clocks} if former is not None else {}
    rows = [
        {
            "id": mint(),
            "claim": claim.id,
            "clock": clock.clock.value,
            "deadline": clock.deadline,
            "due_at": due_at,
            "last": last,
        }
        for clock in claim.clocks
        if clock.deadline is not None and clock.deadline != was.get(clock.clock)
        for due_at, last in due(clock, terms=terms, after=max(at, claim.spared_until or at))
    ]
    if completion and claim.complete_by is not None and (former is None or _stands(former) != _stands(claim)):
        rows.append(
            {
                "id": mint(),
                "claim": claim.id,
                "clock": COMPLETION,
                "deadline": claim.complete_by,
                "due_at": claim.complete_by,
                "last": True,
            }
        )
    tx.insert_new(t.reminder, rows)
    if former is not None and former.clock(Clock.RHYTHM) != claim.clock(Clock.RHYTHM):
        c = t.task.c
        tx.execute(t.task.update().where(c.key == rhythm_key(claim.id), c.state == "open").values(state="done"))


def follow(tx: Transaction, claim: Claim, *, former: Claim, setting: Setting, at: datetime) -> None:
    """A follow-up moved deadlines of ``claim`` without a drain.

    A row of the old deadline that is still to come finds that out by itself; new ones are planned where none is left,
    and for a clock that it started.
    """
    terms = setting.terms_of(former)
    has_started = any(former.clock(c.clock) is None for c in claim.clocks)
    planned = ([i for i, _ in due(c, terms=terms, after=c.start)] for c in former.clocks if c != claim.clock(c.clock))
    is_spent = any(instants and instants[-1] <= at for instants in planned)
    if has_started or is_spent or _may_be_asked(former, terms, at):
        plan(tx, claim, former=former, setting=setting, at=at, completion=False)


def rhythm_key(claim: str) -> str:
    """The key of the task to follow up the claim (LEAD-12)."""
    return f"rhythm:{claim}"


def _may_be_asked(claim: Claim, terms: Terms, at: datetime) -> bool:
    """Whether the owner may have the task to follow up already."""
    rhythm = claim.clock(Clock.RHYTHM)
    return rhythm is not None and any(i <= at for i, _ in due(rhythm, terms=terms, after=rhythm.start))


def due(clock: RunningClock, *, terms: Terms, after: datetime) -> list[tuple[datetime, bool]]:
    """When to remind of ``clock``'s deadline, and whether it is the last time before it.

    All but the last go out when the office opens on their day, or on the next working day, where those of one person
    are one list; one whose time is past when the clock starts, or whose morning comes after the deadline, is skipped
    (CLM-18). The follow-up that is due by the procedure is asked for in the morning of its day, and told of once it is
    overdue, though that be so already (LEAD-12).
    """
    if clock.clock is Clock.RHYTHM:
        return _due_of_rhythm(clock, calendar=terms.calendar, after=after)
    name = _SERIES.get(clock.clock)
    if name is None or clock.deadline is None:
        return []
    series: tuple[Duration, ...] = terms.policy.series(name)
    planned: list[tuple[datetime, bool]] = []
    for place, before in enumerate(series):
        last = place == len(series) - 1
        instant = terms.calendar.subtract(clock.deadline, before)
        if instant <= after:
            continue
        if not last:
            morning = _morning(instant, terms.calendar)
            # A clock that starts during the day has missed this morning, not its reminder.
            instant = morning if morning > after else instant
        if after < instant < clock.deadline:
            planned.append((instant, last))
    return planned


def _due_of_rhythm(clock: RunningClock, *, calendar: WorkingCalendar, after: datetime) -> list[tuple[datetime, bool]]:
    if clock.deadline is None:
        return []
    morning = _morning(clock.deadline, calendar)
    asked = [(morning, False)] if after < morning < clock.deadline else []
    return [*asked, (clock.deadline, True)]


def _stands(claim: Claim) -> tuple[ClaimState, bool]:
    """What a report has come to: one that waits for a judge or a visit is completed like any other."""
    return claim.state, claim.decided


def _morning(instant: datetime, calendar: WorkingCalendar) -> datetime:
    """The office's first opening from the beginning of the instant's day on."""
    begins = datetime.combine(calendar.local_date(instant), time.min, tzinfo=ZoneInfo(calendar.zone))
    return calendar.next_office_opening(begins)
