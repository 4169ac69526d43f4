"""The clocks of a claim: started, moved, stopped, counted again (CLM-11 to CLM-17, CLM-21, CLM-28 to CLM-32, TER-06,
LEAD-12).

Every function takes the instant that counts and returns a new claim; none reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from domain.calendar.duration import DAY_US, Duration, Scale
from domain.calendar.working_calendar import WorkingCalendar
from domain.claims.lifecycle import ClaimState
from domain.claims.model import (
    CLOCK_ORDER,
    LAPSE_REASON,
    Claim,
    Clock,
    Pause,
    PauseKind,
    Request,
    RunningClock,
)
from domain.policy.policy import Policy

#: The clocks that an absence stops; every other pause stops all (PPL-05, CLM-21).
_ABSENCE_STOPS: frozenset[Clock] = frozenset({Clock.FIRST_FOLLOW_UP, Clock.IDLE, Clock.RHYTHM})
#: Clocks that wait for the end of a claim's grace; who waits for a customer is not spared (INT-10).
_SPARED: frozenset[Clock] = frozenset(LAPSE_REASON) - {Clock.QUEUE} | {Clock.RHYTHM}
#: Those of them that wait for what a special approval keeps a claim until: whom nothing can lapse is worked (CLM-34).
_KEPT: frozenset[Clock] = _SPARED - {Clock.RHYTHM}
#: Judging goes on while a claim's own clocks stand still.
_NEVER_PAUSED: frozenset[Clock] = frozenset({Clock.APPROVAL})


@dataclass(frozen=True, slots=True)
class Terms:
    """What clocks are counted with: the claim's policy (override applied) and its program's calendar."""

    policy: Policy
    calendar: WorkingCalendar


def started(claim: Claim, clock: Clock, *, at: datetime, length: Duration | None, rule: str, terms: Terms) -> Claim:
    """``claim`` with ``clock`` running from ``at``; without it where ``length`` is None (0 = off, CLM-17).

    A clock that starts while a pause stops it starts standing still with its whole length left.
    """
    if length is None:
        return claim.without_clock(clock)
    if _stopped_by(claim.pauses, clock):
        return claim.with_clock(
            RunningClock(clock=clock, deadline=None, start=at, length=length, rule=rule, remaining=length)
        )
    deadline, provisional = _deadline(claim, clock, at=at, length=length, terms=terms)
    return claim.with_clock(
        RunningClock(clock=clock, deadline=deadline, start=at, length=length, rule=rule, provisional=provisional)
    )


def started_at_acceptance(claim: Claim, *, at: datetime, terms: Terms, awarded_on: date | None = None) -> Claim:
    """All clocks a held claim begins with (CLM-11, CLM-12, CLM-14, CLM-16, CLM-17, CLM-30).

    A tendered project keeps its protection until ``bid.protect_days`` after ``awarded_on``, if later (CLM-33).
    """
    policy = terms.policy
    claim = claim.without_clock(Clock.APPROVAL, Clock.QUEUE)
    claim = started(
        claim,
        Clock.FIRST_FOLLOW_UP,
        at=at,
        length=policy.duration("claim.first_follow_up_wh"),
        rule="claim.first_follow_up_wh",
        terms=terms,
    )
    claim = idle_begun(claim, at=at, terms=terms)
    claim = started(
        claim,
        Clock.NO_DEAL,
        at=at,
        length=policy.duration("claim.no_deal_days"),
        rule="claim.no_deal_days",
        terms=terms,
    )
    claim = started_sales_stage(claim, at=at, terms=terms)
    return _started_protection(claim, at=at, terms=terms, awarded_on=awarded_on)


def started_at_go_live(claim: Claim, *, at: datetime, terms: Terms, awarded_on: date | None = None) -> Claim:
    """The clocks of a claim out of an opening load, from the dates that were given (INT-10).

    Nothing lapses before its go-live plus `opening.grace_days`; of one that a case held up, before its acceptance plus
    those. An objection was given no dates.
    """
    opening, grace = claim.opening, terms.policy.duration("opening.grace_days")
    assert opening is not None
    begins = max(opening.object_by, at)
    spared = terms.calendar.add(begins, grace).at if grace is not None else begins
    claim = replace(claim, spared_until=max(spared, claim.spared_until or spared))
    claim = started_at_acceptance(claim, at=at, terms=terms, awarded_on=awarded_on)
    if opening.objection:
        return claim
    claim = claim.without_clock(Clock.FIRST_FOLLOW_UP)
    if claim.last_qualified_at is not None:
        claim = idle_begun(claim, at=claim.last_qualified_at, terms=terms)
    kind = next((k for k in (Clock.PROTECTION, Clock.STAGE) if claim.clock(k) is not None), None)
    if kind is None or opening.protection is None:
        return claim
    claim = started(
        claim, kind, at=claim.received_at, length=opening.protection, rule="opening.grace_days", terms=terms
    )
    return _kept_for_bid(claim, at=at, awarded_on=awarded_on, terms=terms)


def started_idle(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """The idle clock afresh: from acceptance, then from the receipt of each qualified follow-up (CLM-16)."""
    return started(
        claim,
        Clock.IDLE,
        at=at,
        length=terms.policy.duration("claim.idle_days"),
        rule="claim.idle_days",
        terms=terms,
    )


def started_rhythm(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """When the next follow-up is due: from whatever begins the idle clock, then from each qualified one that records
    what it is to record (LEAD-12).
    """
    claim = replace(claim, unrecorded=()) if claim.unrecorded else claim
    length = rhythm_length(claim, terms=terms)
    if length is None and claim.clock(Clock.RHYTHM) is None:
        return claim
    return started(claim, Clock.RHYTHM, at=at, length=length, rule="sop.rhythm_days", terms=terms)


def rhythm_recounted(claim: Claim, *, last: datetime | None, at: datetime, terms: Terms) -> Claim:
    """As if ``last`` were the last qualified follow-up: a later one was voided at ``at``; overdue at once if it is."""
    begun = rhythm_begun(claim) or at
    claim = started_rhythm(claim, at=max(begun, last or begun), terms=terms)
    rhythm = claim.clock(Clock.RHYTHM)
    if rhythm is None or rhythm.deadline is None or rhythm.deadline >= at:
        return claim
    return claim.with_clock(replace(rhythm, deadline=at))


def rhythm_begun(claim: Claim) -> datetime | None:
    """When the rhythm last began by anything but a follow-up: no voiding takes that back (LEAD-12)."""
    return max(filter(None, (claim.idle_since or claim.accepted_at, claim.rhythm_since)), default=None)


def rhythm_length(claim: Claim, *, terms: Terms) -> Duration | None:
    """The rhythm of its grade and of the sales stage it is in (LEAD-12); None = no procedure for it."""
    return terms.policy.rhythm(sop_grade(claim), terms.policy.sales_stage(claim.stage).name)


def record_duties(claim: Claim, *, terms: Terms) -> tuple[str, ...]:
    """What a follow-up is to record in the sales stage that the claim is in, for its grade (LEAD-12)."""
    return terms.policy.sales_stage(claim.stage).duties_of(sop_grade(claim))


def sop_grade(claim: Claim) -> str | None:
    """By which grade a claim is followed up: that of its lead, else the customer's level, a VIP's as A (LEAD-12)."""
    return claim.grade or ("A" if claim.customer_level == "VIP" else claim.customer_level)


def moved_rhythm(claim: Claim, *, former: Claim, at: datetime, terms: Terms) -> Claim:
    """Where the stage that ``claim`` was moved to has another rhythm, it counts from the move on (LEAD-12)."""
    if rhythm_length(claim, terms=terms) == rhythm_length(former, terms=terms):
        return claim
    return replace(started_rhythm(claim, at=at, terms=terms), rhythm_since=at)


def idle_begun(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """The idle clock afresh for what no voiding takes back: acceptance, rescue, transfer, a deal that is off."""
    claim = started_rhythm(started_idle(claim, at=at, terms=terms), at=at, terms=terms)
    stopped = _stopped_by(claim.pauses, Clock.IDLE)
    return replace(claim, idle_since=at, idle_stops=((at, None),) if stopped else ())


def idle_recounted(claim: Claim, *, last: datetime | None, at: datetime, terms: Terms) -> Claim:
    """The idle clock as if ``last`` were the last qualified follow-up: a later one was voided at ``at`` (CLM-16).

    What it stood still since then does not count, what an extension gave stays; it ends neither before the notice nor
    later than it does now.
    """
    present = claim.clock(Clock.IDLE)
    length = terms.policy.duration("claim.idle_days")
    begun = claim.idle_since or claim.accepted_at
    if present is None or length is None or begun is None:
        return claim
    start = max(begun, last or begun)
    closures = _closure_days(terms.policy) if length.scale is Scale.CALENDAR else 0
    between = partial(terms.calendar.between, scale=length.scale, closure_days=closures)
    passed = between(start, at).microseconds - sum(
        between(max(start, since), until or at).microseconds for since, until in claim.idle_stops
    )
    left = Duration(max(0, length.microseconds - passed), length.scale)
    notice = terms.policy.duration("claim.void_notice_wh")
    least = terms.calendar.add(at, notice).at if notice else at
    clock = replace(present, start=start, length=length, rule="claim.idle_days")
    if present.remaining is not None:
        floor = between(at, least)
        kept = max(left, floor, key=lambda d: d.microseconds)
        return claim.with_clock(replace(clock, remaining=min(present.remaining, kept, key=lambda d: d.microseconds)))
    counted, provisional = _deadline(claim, Clock.IDLE, at=at, length=left, terms=terms)
    until = max(counted, least, claim.extended_until or least)
    deadline = min(until, present.deadline or until)
    return claim.with_clock(replace(clock, deadline=deadline, provisional=provisional))


def started_stage(claim: Claim, *, at: datetime, stage: str, terms: Terms) -> Claim:
    """The stage clock of ``report_visit`` or ``visit_deal`` from ``at`` (CLM-12)."""
    return started(
        claim,
        Clock.STAGE,
        at=at,
        length=terms.policy.stage_length(stage),
        rule="claim.stage_length",
        terms=terms,
    )


def stage_length(claim: Claim, *, terms: Terms) -> Duration | None:
    """How long the stage lasts that the claim has reached (CLM-12); None = without limit."""
    return terms.policy.stage_length(_stage(claim, terms))


def started_sales_stage(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """The deadline of the sales stage that the claim is in, from ``at``; none where the stage has none (CLM-30)."""
    claim = replace(claim, stage_missed=False) if claim.stage_missed else claim
    return started(
        claim,
        Clock.SALES_STAGE,
        at=at,
        length=sales_stage_length(claim, terms=terms),
        rule="stage.deadline_days",
        terms=terms,
    )


def sales_stage_length(claim: Claim, *, terms: Terms) -> Duration | None:
    """How long the claim may stay in its sales stage (CLM-30); None = without limit."""
    return terms.policy.duration_for("stage.deadline_days", terms.policy.sales_stage(claim.stage).name)


def started_after_deal(claim: Claim, *, contract_at: datetime, contract_end: date | None, terms: Terms) -> Claim:
    """What runs in `won`: the after-deal clock, from the end of the contract, else from the deal (CLM-32).

    Beside it the deadline of the sales stage runs on, which only warns there: 回款 and delivery come later (CLM-30).
    """
    begin = contract_at
    if contract_end is not None:
        zone = ZoneInfo(terms.calendar.zone)
        begin = datetime.combine(contract_end + timedelta(days=1), time.min, tzinfo=zone).astimezone(contract_at.tzinfo)
    bare = replace(claim, clocks=tuple(c for c in claim.clocks if c.clock is Clock.SALES_STAGE))
    return started(
        bare,
        Clock.AFTER_DEAL,
        at=begin,
        length=terms.policy.duration("claim.after_deal_days"),
        rule="claim.after_deal_days",
        terms=terms,
    )


def paused(claim: Claim, pause: Pause, *, at: datetime, terms: Terms) -> Claim:
    """``claim`` with ``pause`` in force: the clocks it stops keep what is left of them (CLM-21)."""
    ran = not _stopped_by(claim.pauses, Clock.IDLE)
    claim = replace(claim, pauses=(*claim.pauses, pause))
    if ran and _stopped_by(claim.pauses, Clock.IDLE):
        claim = replace(claim, idle_stops=(*claim.idle_stops, (at, None)))
    return replace(claim, clocks=tuple(_stopped(c, claim.pauses, at=at, terms=terms) for c in claim.clocks))


def resumed(claim: Claim, kind: PauseKind, *, at: datetime, terms: Terms) -> Claim:
    """``claim`` without its pause of ``kind``. A clock runs on when no other pause stops it (overlaps count once)."""
    claim = replace(claim, pauses=tuple(p for p in claim.pauses if p.kind is not kind))
    if claim.idle_stops and claim.idle_stops[-1][1] is None and not _stopped_by(claim.pauses, Clock.IDLE):
        claim = replace(claim, idle_stops=(*claim.idle_stops[:-1], (claim.idle_stops[-1][0], at)))
    return replace(
        claim,
        clocks=tuple(
            c if not c.paused or _stopped_by(claim.pauses, c.clock) else _running(claim, c, at=at, terms=terms)
            for c in claim.clocks
        ),
    )


def extended(claim: Claim, *, until: datetime, at: datetime, rule: str) -> Claim:
    """No lapse clock runs out before ``until`` (CLM-22, CLM-17): earlier deadlines move there, later ones stay.

    Nor does the deadline of a sales stage move once the customer is won.
    """
    return replace(
        claim,
        # A nearer date, given later, takes nothing back of what was given before.
        extended_until=max(until, claim.extended_until or until),
        clocks=tuple(
            replace(
                c,
                deadline=until,
                start=at,
                length=Duration(max(0, _us(until - at)), Scale.ELAPSED),
                rule=rule,
                provisional=False,
            )
            if c.deadline is not None
            and c.deadline < until
            and c.clock in LAPSE_REASON
            and not only_warns(claim, c.clock)
            else c
            for c in claim.clocks
        ),
    )


def only_warns(claim: Claim, clock: Clock) -> bool:
    """Whether ``clock`` takes nobody's customer once it is won: payment and delivery come by their own day (CLM-30)."""
    return clock is Clock.SALES_STAGE and claim.state is ClaimState.WON


def as_if_running(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """``claim`` with every stopped clock running on from ``at``, its pauses kept: what they would be without them."""
    return replace(claim, clocks=tuple(_running(claim, c, at=at, terms=terms) if c.paused else c for c in claim.clocks))


def stopped_again(claim: Claim, *, at: datetime, terms: Terms) -> Claim:
    """The reverse of :func:`as_if_running`: the clocks that a pause stops keep what is left of them at ``at``."""
    return replace(claim, clocks=tuple(_stopped(c, claim.pauses, at=at, terms=terms) for c in claim.clocks))


def recounted(claim: Claim, *, at: datetime, terms: Terms, min_notice: Duration | None) -> Claim:
    """Deadlines counted again with a newer calendar (TER-06).

    Passed ones stay passed; none that moves nearer ends up less than the minimum notice ahead.
    """
    notice = terms.calendar.add(at, min_notice).at if min_notice is not None else at
    return replace(claim, clocks=tuple(_recounted(claim, c, at=at, notice=notice, terms=terms) for c in claim.clocks))


def recounted_for_award(
    claim: Claim,
    *,
    was: date | None,
    awarded_on: date,
    present: date | None,
    at: datetime,
    terms: Terms,
    min_notice: Duration | None,
) -> Claim:
    """``claim`` of a project whose award is known to be on another day than it ``was`` (CLM-33).

    ``present``: the day that is known by now. Further days may have been told since, and a protection that counts from
    the last of them has nothing to take in of any.

    The protection for the bid moves as far as the award does, never before the end of the plain protection or of what
    the claim was given; where it moves nearer it ends no less than the minimum notice ahead. Nothing lapsed revives.
    """
    protection = claim.clock(Clock.PROTECTION)
    if protection is None or was == awarded_on:
        return claim
    told = (_end_of(day, at=at, terms=terms) for day in (awarded_on, present) if day is not None)
    if protection.rule == "bid.protect_days" and protection.start in told:
        return claim  # accepted after it was told
    if not protection.paused:
        return _moved_with_award(claim, was=was, awarded_on=awarded_on, at=at, terms=terms, min_notice=min_notice)
    running = claim.with_clock(_running(claim, protection, at=at, terms=terms))
    moved = _moved_with_award(running, was=was, awarded_on=awarded_on, at=at, terms=terms, min_notice=min_notice)
    clock = moved.clock(Clock.PROTECTION)
    if moved == running or clock is None:
        return claim
    return claim.with_clock(_stopped(clock, claim.pauses, at=at, terms=terms))


def lapse_due(claim: Claim, *, requests: Iterable[Request] = ()) -> tuple[datetime, RunningClock] | None:
    """When this claim lapses as things stand, and by which clock; None if no lapse clock runs.

    An open extension or guard request holds the lapse until it is decided or its limit is over (CLM-17, CLM-22).
    """
    running = [c for c in claim.clocks if c.deadline is not None and c.clock in LAPSE_REASON]
    if not running:
        return None
    first = min(running, key=lambda c: (c.deadline, CLOCK_ORDER[c.clock]))
    assert first.deadline is not None
    held = max((r.decide_by for r in requests if r.holds_lapse and r.decide_by is not None), default=first.deadline)
    return max(first.deadline, held), first


def remaining_s(clock: RunningClock, *, now: datetime, terms_calendar: WorkingCalendar) -> int | None:
    """Whole seconds left of a clock: until its deadline while it runs, of its own scale while it stands still."""
    if clock.remaining is not None:
        return clock.remaining.microseconds // 1_000_000
    if clock.deadline is None:
        return None
    return max(0, int((clock.deadline - now).total_seconds()))


def _started_protection(claim: Claim, *, at: datetime, terms: Terms, awarded_on: date | None) -> Claim:
    policy = terms.policy
    shape = policy.protection_shape
    if shape in ("report_visit_deal", "visit_deal"):
        # A visit that was made stays made: a rescued claim goes on in the stage it had reached.
        return started_stage(claim, at=at, stage=_stage(claim, terms), terms=terms)
    claim = started(
        claim,
        Clock.PROTECTION,
        at=at,
        length=policy.duration("claim.protection_days"),
        rule="claim.protection_days",
        terms=terms,
    )
    return _kept_for_bid(claim, at=at, awarded_on=awarded_on, terms=terms)


def _stage(claim: Claim, terms: Terms) -> str:
    reached = terms.policy.protection_shape == "visit_deal" or claim.visited_at is not None
    return "visit_deal" if reached else "report_visit"


def _kept_for_bid(claim: Claim, *, at: datetime, awarded_on: date | None, terms: Terms) -> Claim:
    protection = claim.clock(Clock.PROTECTION)
    if awarded_on is None or protection is None or protection.deadline is None:
        return claim
    counted = _bid_protection(claim, protection, awarded_on, at=at, terms=terms)
    if counted is None or counted.deadline is None or counted.deadline <= protection.deadline:
        return claim
    return claim.with_clock(counted)


def _bid_protection(
    claim: Claim, protection: RunningClock, awarded_on: date, *, at: datetime, terms: Terms
) -> RunningClock | None:
    """``protection`` until `bid.protect_days` after the award; None where the policy has none.

    Never beyond `claim.max_total_days`: the owner tells the day, and may not give themselves more (CLM-11, CLM-22).
    """
    length = terms.policy.duration("bid.protect_days")
    if length is None:
        return None
    award = _end_of(awarded_on, at=at, terms=terms)
    counted = terms.calendar.add(award, length)
    found = replace(
        protection,
        deadline=counted.at,
        start=award,
        length=length,
        rule="bid.protect_days",
        provisional=counted.provisional,
    )
    total = terms.policy.duration("claim.max_total_days")
    last = terms.calendar.add(claim.accepted_at or at, total).at if total is not None else counted.at
    if counted.at <= last:
        return found
    # Elapsed, so that a new calendar does not count it beyond.
    left = Duration(max(0, _us(last - award)), Scale.ELAPSED)
    return replace(found, deadline=last, length=left, provisional=False)


def _end_of(day: date, *, at: datetime, terms: Terms) -> datetime:
    zone = ZoneInfo(terms.calendar.zone)
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(at.tzinfo)


def _moved_with_award(
    claim: Claim, *, was: date | None, awarded_on: date, at: datetime, terms: Terms, min_notice: Duration | None
) -> Claim:
    """``claim``, whose protection runs, with it moved as far as the award moved."""
    protection = claim.clock(Clock.PROTECTION)
    if protection is None or protection.deadline is None or protection.deadline <= at:
        return claim
    if protection.rule != "bid.protect_days" or was is None:
        return _kept_for_bid(claim, at=at, awarded_on=awarded_on, terms=terms)
    counted = _bid_protection(claim, protection, awarded_on, at=at, terms=terms)
    former = _bid_protection(claim, protection, was, at=at, terms=terms)
    if counted is None or counted.deadline is None or former is None or former.deadline is None:
        return claim
    # What a pause has added stays; without one it is as was counted, also before there was a limit.
    before = protection.deadline if protection.start == former.start else former.deadline
    deadline = protection.deadline + (counted.deadline - before)
    plain = _plain_protection(claim, at=at, terms=terms)
    if plain is not None and plain.deadline is not None and plain.deadline >= deadline:
        found = plain
    elif deadline == counted.deadline:
        found = counted
    else:
        left = Duration(max(0, _us(deadline - at)), Scale.ELAPSED)
        found = replace(protection, deadline=deadline, start=at, length=left, provisional=counted.provisional)
    assert found.deadline is not None
    if found.deadline < protection.deadline:
        notice = terms.calendar.add(at, min_notice).at if min_notice is not None else at
        least = max(filter(None, (notice, claim.extended_until, claim.approved_until, claim.spared_until)))
        found = replace(found, deadline=min(protection.deadline, max(found.deadline, least)))
    return claim.with_clock(found)


def _plain_protection(claim: Claim, *, at: datetime, terms: Terms) -> RunningClock | None:
    """The protection as if nothing had been tendered; None where it has no length."""
    begun, length = claim.accepted_at or at, terms.policy.duration("claim.protection_days")
    opening = claim.opening
    if opening is not None and not opening.objection and opening.protection is not None:
        begun, length = claim.received_at, opening.protection
    bare = replace(claim, pauses=())
    return started(bare, Clock.PROTECTION, at=begun, length=length, rule="claim.protection_days", terms=terms).clock(
        Clock.PROTECTION
    )


def _deadline(claim: Claim, clock: Clock, *, at: datetime, length: Duration, terms: Terms) -> tuple[datetime, bool]:
    """Where ``length`` from ``at`` ends, and whether that is provisional.

    Not before the end of the claim's grace (INT-10), nor before what a special approval keeps it until (CLM-34).
    """
    if clock is Clock.IDLE and length.scale is Scale.CALENDAR:
        # Long closures of the calendar do not count as idleness (CLM-17).
        counted = terms.calendar.add_outside_closures(at, length, closure_days=_closure_days(terms.policy))
    else:
        counted = terms.calendar.add(at, length)
    spared = claim.spared_until if clock in _SPARED else None
    kept = claim.approved_until if clock in _KEPT and not only_warns(claim, clock) else None
    least = max(filter(None, (spared, kept)), default=None)
    if least is not None and counted.at < least:
        return least, False
    return counted.at, counted.provisional


def _closure_days(policy: Policy) -> int:
    """How many free days in a row make a long closure; 0 = off."""
    closure = policy.duration("calendar.closure_days")
    return closure.microseconds // DAY_US if closure is not None else 0


def _stopped_by(pauses: Iterable[Pause], clock: Clock) -> bool:
    if clock in _NEVER_PAUSED:
        return False
    return any(p.kind is not PauseKind.ABSENCE or clock in _ABSENCE_STOPS for p in pauses)


def _stopped(clock: RunningClock, pauses: Iterable[Pause], *, at: datetime, terms: Terms) -> RunningClock:
    if clock.deadline is None or not _stopped_by(pauses, clock.clock):
        return clock
    closures = _closure_days(terms.policy) if clock.clock is Clock.IDLE and clock.length.scale is Scale.CALENDAR else 0
    left = terms.calendar.between(at, clock.deadline, clock.length.scale, closure_days=closures)
    return replace(clock, deadline=None, remaining=left)


def _running(claim: Claim, clock: RunningClock, *, at: datetime, terms: Terms) -> RunningClock:
    left = clock.remaining or clock.length
    deadline, provisional = _deadline(claim, clock.clock, at=at, length=left, terms=terms)
    return replace(clock, deadline=deadline, remaining=None, start=at, length=left, provisional=provisional)


def _recounted(claim: Claim, clock: RunningClock, *, at: datetime, notice: datetime, terms: Terms) -> RunningClock:
    if clock.deadline is None or clock.deadline <= at or clock.length.scale is Scale.ELAPSED:
        return clock
    deadline, provisional = _deadline(claim, clock.clock, at=clock.start, length=clock.length, terms=terms)
    if deadline < clock.deadline:
        deadline = min(clock.deadline, max(deadline, notice))
    return replace(clock, deadline=deadline, provisional=provisional)


def _us(delta: timedelta) -> int:
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
