"""The inbox of a matter: undecided commands merged with due instants, oldest first (design section 2).

An act counts if it was received at or before the deadline, so at equal instants the command goes first; an instant D
is due when now > D.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.claims.clocks import lapse_due
from domain.claims.lifecycle import ENDED
from domain.claims.model import CLOCK_ORDER, Claim, Clock, PauseKind, RequestState, Waiting
from domain.claims.numbers import changed_at, clear_from
from domain.claims.relatives import free_at
from domain.claims.standing import (
    calendar_changed_at,
    deciders_left,
    judge_left_at,
    next_absence,
    next_change,
    next_migration,
)
from domain.disputes.model import WINDOW_ORDER, Dispute
from domain.disputes.seats import mediator_gone_at, next_seat_change, next_successions
from domain.leads.model import Lead
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting
from domain.money import performance, referrals


class DueKind(StrEnum):
    """What falls due. Equal instants are decided in this order; clocks among themselves in `CLOCK_ORDER`."""

    CALENDAR = "calendar"
    MIGRATION = "migration"
    CHANGE = "change"
    ABSENCE = "absence"
    JUDGE = "judge"  # who judges a report or decides a request has left (PPL-06)
    PAUSE_END = "pause_end"
    REQUEST = "request"
    CORRECTION = "correction"
    APPROVAL = "approval"
    HANDOVER = "handover"
    OPENING = "opening"  # nobody may object any more to what an opening load says (INT-10)
    SHARES = "shares"  # the people behind a deal have not agreed in time (COM-04)
    RECOGNITION = "recognition"  # the contract date of a deal that was recorded before it (COM-13)
    REFERRAL = "referral"  # a deal of the channel came, or went, after who brought the customer was credited (CNF-05)
    LAPSE = "lapse"
    FREE = "free"  # nobody rescued the customer that others queue for (CLM-20, CLM-27)
    NUMBER = "number"  # nothing that may be the same customer's is before it any more (CUS-07)
    DISCUSSION = "discussion"  # nobody decided in it in time, or nobody refused the decision (DSP-07)
    SUCCESSION = "succession"  # a party of a case has left (PPL-06)
    SEAT = "seat"  # who has a case cannot go on, or is stood in for (DSP-12, PPL-05)
    MEDIATOR = "mediator"  # who mediates has left or is away (DSP-08)
    WINDOW = "window"  # of a case (design section 4)
    ASSESSMENT = "assessment"  # nobody looked into the need of a lead in time (LEAD-06)
    RESPONSE = "response"  # no first contact in time (LEAD-11)
    SILENCE = "silence"  # a lead was neither accepted nor returned (LEAD-16)


_DUE_ORDER = {kind: place for place, kind in enumerate(DueKind)}


@dataclass(frozen=True, slots=True)
class Due:
    """Something of ``claim`` that happens at ``at`` by itself. ``ref`` names the clock, pause or request.

    For the window of a case ``claim`` is the case and ``ref`` the window; of a lead ``claim`` is the lead.
    """

    at: datetime
    kind: DueKind
    claim: str
    ref: str = ""
    order: int = 0

    @property
    def key(self) -> str:
        """What a parked poison item is remembered by."""
        return f"{self.claim}:{self.kind.value}:{self.ref}:{self.at.isoformat()}"


def next_item(matter: Matter, *, setting: Setting, now: datetime) -> Command | Due | None:
    """The next thing to decide, or None when everything up to ``now`` is decided."""
    command = min((c for c in matter.commands if c.id not in matter.parked), key=lambda c: c.received_at, default=None)
    due = _earliest(matter, setting)
    if due is not None and due.at < now and (command is None or due.at < command.received_at):
        return due
    return command


def instant_of(item: Command | Due) -> datetime:
    """The instant by which ``item`` is decided."""
    return item.at if isinstance(item, Due) else item.received_at


def needs_a_third(matter: Matter, item: Command | Due) -> bool:
    """Whether ``item`` asks about a record beside ``matter``, so that a drain of another one cannot decide it."""
    return isinstance(item, Command) and item.asks_about is not None and not matter.frozen_elsewhere


def next_instant(matter: Matter, stream: str, *, setting: Setting) -> datetime | None:
    """When the claim or case ``stream`` next needs its workflow awake: its own earliest instant, decided or not."""
    dispute, claim, lead = matter.disputes.get(stream), matter.claims.get(stream), matter.leads.get(stream)
    if dispute is not None:
        found = case_dues(dispute, matter, setting)
    elif lead is not None:
        found = lead_dues(lead)
    elif claim is not None:
        found = dues(claim, matter, setting)
    else:
        return None
    return min((due.at for due in found if due.key not in matter.parked), default=None)


def goes_on(claim: Claim, matter: Matter, *, setting: Setting) -> bool:
    """Whether the stream of ``claim`` does: until its end, and while anything in it is open or falls due after that.

    A discussion that is past its time is open, though nothing falls due in it (DSP-07).
    """
    discussion = matter.open_discussion
    return (
        claim.state not in ENDED
        or (discussion is not None and discussion.claim == claim.id)
        or next_instant(matter, claim.id, setting=setting) is not None
    )


def lead_dues(lead: Lead) -> Iterator[Due]:
    """The limits of a lead. At equal instants a missing contact goes before the silence that accepts."""
    if not lead.is_watched:
        return
    if lead.assess_by is not None:
        yield Due(lead.assess_by, DueKind.ASSESSMENT, lead.id)
    if lead.respond_by is not None:
        yield Due(lead.respond_by, DueKind.RESPONSE, lead.id)
    if lead.accept_by is not None:
        yield Due(lead.accept_by, DueKind.SILENCE, lead.id)


def case_dues(dispute: Dispute, matter: Matter, setting: Setting) -> Iterator[Due]:
    """The ends of the windows of a case, and when people leave it or are away."""
    for window, at in dispute.windows:
        yield Due(at, DueKind.WINDOW, dispute.id, window.value, WINDOW_ORDER[window])
    for at, party in next_successions(setting, dispute):
        yield Due(at, DueKind.SUCCESSION, dispute.id, party.person)
    gone = mediator_gone_at(setting, dispute)
    if gone is not None:
        yield Due(gone, DueKind.MEDIATOR, dispute.id)
    seat = next_seat_change(matter, setting, dispute)
    if seat is not None:
        yield Due(seat, DueKind.SEAT, dispute.id)


def dues(claim: Claim, matter: Matter, setting: Setting) -> Iterator[Due]:
    """Every instant that ``claim`` still has before it. Shares of its deals are agreed on after its end, too, and they
    count after it; a discussion that was opened on it goes on."""
    for deal in matter.live_deals(claim.id):
        if deal.proposed is not None and deal.proposed.until is not None:
            yield Due(deal.proposed.until, DueKind.SHARES, claim.id, deal.id)
        signed = performance.due_at(deal)
        if signed is not None:
            yield Due(signed, DueKind.RECOGNITION, claim.id, deal.id)
        changed = referrals.due_at(deal, claim, matter, setting)
        if changed is not None:
            yield Due(changed, DueKind.REFERRAL, claim.id, deal.id)
    discussion = matter.open_discussion
    if discussion is not None and discussion.claim == claim.id and discussion.due is not None:
        yield Due(discussion.due, DueKind.DISCUSSION, claim.id, discussion.id)
    if claim.state in ENDED:
        return
    found = lapse_due(claim, requests=matter.requests_of(claim.id))
    if found is not None:
        at, clock = found
        yield Due(at, DueKind.LAPSE, claim.id, clock.clock.value, CLOCK_ORDER[clock.clock])
    approval = claim.clock(Clock.APPROVAL)
    if approval is not None and approval.deadline is not None:
        yield Due(approval.deadline, DueKind.APPROVAL, claim.id)
    if not matter.in_case:
        yield from _turns(claim, matter)
    for request in matter.requests_of(claim.id):
        if request.state is RequestState.OPEN and request.due is not None:
            yield Due(request.due, DueKind.REQUEST, claim.id, request.id)
    for pause in claim.pauses:
        if pause.until is not None:
            yield Due(pause.until, DueKind.PAUSE_END, claim.id, pause.kind.value)
    left = judge_left_at(claim, matter, setting)
    if left is not None:
        yield Due(left, DueKind.JUDGE, claim.id)
    for at, request in deciders_left(claim, matter, setting):
        yield Due(at, DueKind.JUDGE, claim.id, request.id)
    yield from _standing(claim, setting)


def _turns(claim: Claim, matter: Matter) -> Iterator[Due]:
    """When others have their turn with the customer; it waits while a case is open (DSP-03)."""
    if claim.waiting is Waiting.CORRECTION and claim.correct_by is not None:
        yield Due(claim.correct_by, DueKind.CORRECTION, claim.id)
    until = matter.objections_until
    if claim.waiting is Waiting.OPENING and until is not None:
        yield Due(until, DueKind.OPENING, claim.id)
    if claim.waiting is Waiting.QUEUE and matter.owner_claim is None and matter.pool_at is not None:
        yield Due(matter.pool_at, DueKind.FREE, claim.id)
    if claim.waiting in (Waiting.QUEUE, Waiting.BESIDE) and (free := _relative_free_at(claim, matter)) is not None:
        yield Due(free, DueKind.FREE, claim.id)
    if claim.waiting is Waiting.NUMBER and (known := _number_known_at(claim, matter)) is not None:
        yield Due(known, DueKind.NUMBER, claim.id)
    for limit in (claim.hand_over_by, claim.kept_until):
        if limit is not None:
            yield Due(limit, DueKind.HANDOVER, claim.id)


def _number_known_at(claim: Claim, matter: Matter) -> datetime | None:
    """When it is known that its customer is nobody else's, or that it is whoever's has this very matter (CUS-07)."""
    changed = changed_at(matter.rivals, claim)
    reserved = matter.reserved_for(changed)
    # The reporter's own grace keeps nobody else's turn: there it waits for its rivals alone.
    if matter.owner_claim is not None or (reserved is not None and reserved.owner != claim.reporter):
        return changed
    return clear_from(matter.rivals, claim)


def _relative_free_at(claim: Claim, matter: Matter) -> datetime | None:
    """When nobody held a relative any more, if the customer is nobody's either (CUS-14, CLM-27)."""
    free = free_at(matter.rivals, claim)
    if free is None or matter.owner_claim is not None or matter.pool_at is not None:
        return None
    return free if matter.reserved_for(free) is None else None


def _standing(claim: Claim, setting: Setting) -> Iterator[Due]:
    changed_at = calendar_changed_at(claim, setting)
    if changed_at is not None:
        yield Due(changed_at, DueKind.CALENDAR, claim.id)
    migration = next_migration(claim, setting)
    if migration is not None:
        yield Due(migration.at, DueKind.MIGRATION, claim.id, str(migration.number))
    change = next_change(claim, setting)
    if change is not None:
        # A leaver's report may be accepted after they have left.
        yield Due(max(change.at, claim.accepted_at or change.at), DueKind.CHANGE, claim.id, str(change.number))
    if not any(p.kind is PauseKind.ABSENCE for p in claim.pauses):
        absence = next_absence(claim, setting)
        if absence is not None:
            yield Due(absence[0], DueKind.ABSENCE, claim.id)


def _earliest(matter: Matter, setting: Setting) -> Due | None:
    found = [due for claim in matter.claims.values() for due in dues(claim, matter, setting)]
    own = (dispute for dispute in matter.disputes.values() if dispute.matter == matter.id)
    found += [due for dispute in own for due in case_dues(dispute, matter, setting)]
    found += [due for lead in matter.leads.values() for due in lead_dues(lead)]
    return min(
        (due for due in found if due.key not in matter.parked),
        key=lambda d: (d.at, _DUE_ORDER[d.kind], d.order, d.claim),
        default=None,
    )
