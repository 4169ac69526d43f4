"""Follow-ups (跟进): which count, what they move, what voiding takes back (CLM-14 to CLM-16, CLM-12, CLM-20)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.claims import clocks, conflicts
from domain.claims.clocks import Terms
from domain.claims.lifecycle import IN_CASE, ClaimState, ClaimTrigger, refused
from domain.claims.model import Claim, Clock, Waiting
from domain.claims.numbers import in_the_way
from domain.claims.permissions import authorise, may_sell
from domain.claims.reports import (
    accept_claim,
    clock_data,
    earlier,
    is_taken,
    last_change,
    leave_pool,
    taken_from_pool,
)
from domain.matters.draft import Draft, NewFollowUp
from domain.matters.matter import Command, CommandKind, FollowUpFact, Matter
from domain.people.access import Actor
from domain.policy.policy import Policy
from domain.pools.limits import Attempt, is_entry
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_refuse

#: Kinds that reach nobody unless somebody answered.
_ANSWERABLE = frozenset({"call", "message"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What a follow-up says about itself, as far as rules ask: no text, only its length and keyed digest."""

    kind: str
    answered: bool
    note_chars: int
    note_digest: str
    at: datetime
    masked: bool = False  # the number of the customer was not complete at the receipt (CUS-06)
    filled: frozenset[str] | None = None  # of what it was to record, what it and the claim say; None: nothing is asked
    told: bool = False  # a visit that its author tells of, in a program that receives its customers (CLM-09)
    unconfirmed: bool = False  # the same of a partner's claim: desk and server have confirmed nothing (LEAD-14)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Entry:
        return cls(
            kind=data["kind"],
            answered=data["answered"],
            note_chars=data["note_chars"],
            note_digest=data["note_digest"],
            at=data["at"],
            masked=data.get("masked", False),
            told=data.get("told", False),
            unconfirmed=data.get("unconfirmed", False),
            filled=frozenset(data["filled"]) if data.get("filled") is not None else None,
        )

    def uncredited_by(self, policy: Policy) -> str | None:
        """The parameter by which a visit is none: nobody confirmed what a broker tells (LEAD-14), or the number was to
        be complete by it, and was not (CUS-06).
        """
        if self.kind != "visit":
            return None
        if self.unconfirmed:
            return "visit.confirm_h"
        return "match.complete_by" if self.masked and policy.choice("match.complete_by") == "visit" else None


def follow_up(draft: Draft, command: Command) -> None:
    """Record a follow-up and let it move what it may (CLM-15, CLM-16)."""
    claim = draft.matter.claims[command.claim]
    actor = command.actor or ""
    entry = Entry.of(command.data)
    _admit(draft, claim, actor, confirmed=command.kind is CommandKind.VISIT)
    terms = draft.setting.terms_of(claim)
    if claim.state is ClaimState.REPORTED:
        _in_reported(draft, command, claim, entry, terms)
        return
    if claim.state in IN_CASE:
        _keep_only(draft, command, claim, entry, "dispute.service_by", terms)
        return
    why = unqualified(claim, entry, received_at=draft.at, terms=terms)
    if why is None and actor != claim.owner and not terms.policy.switch("claim.collab_counts"):
        why = "claim.collab_counts"
    if claim.state is ClaimState.LAPSED and why is not None:
        raise Refusal("deadline_passed", rule="CLM-20", facts={"until": claim.ended_at, "why": why})
    left = unrecorded(claim, entry, terms=terms) if why is None else ()
    _keep(draft, command, claim, entry, why, terms, left)
    worked = worked_on(claim, entry, qualified=why is None, received_at=draft.at, terms=terms)
    visited = claim.visited_at is None and worked.visited_at is not None
    draft.put(worked)
    draft.record("follow_up", worked, actor=actor, data=_data(command, entry, why, left))
    if visited and worked.clock(Clock.STAGE) is not None:
        draft.record("stage_reached", worked, actor=actor, data={"stage": "visit", "clocks": clock_data(worked)})
    if why is None and worked.state is ClaimState.PROTECTED:
        _work(draft, worked, actor)
    elif why is None and worked.state is ClaimState.LAPSED:
        _rescue(draft, worked, actor, terms)


def worked_on(claim: Claim, entry: Entry, *, qualified: bool, received_at: datetime, terms: Terms) -> Claim:
    """``claim`` after the entry, its state untouched.

    A qualified one moves the idle deadline, never nearer (CLM-16, CLM-17), and, if it records what it is to, when the
    next one is due (LEAD-12); the first visit reaches its stage (CLM-12).
    """
    claim = replace(claim, follow_ups=claim.follow_ups + 1, last_note=entry.note_digest)
    if (
        entry.kind == "visit"
        and entry.uncredited_by(terms.policy) is None
        and claim.visited_at is None
        and terms.policy.protection_shape == "report_visit_deal"
        and claim.state in (ClaimState.PROTECTED, ClaimState.ACTIVE, ClaimState.LAPSED)
    ):
        claim = replace(claim, visited_at=received_at)
        if claim.state is not ClaimState.LAPSED:
            claim = clocks.started_stage(claim, at=received_at, stage="visit_deal", terms=terms)
    if not qualified:
        return claim
    day = received_at.astimezone(ZoneInfo(terms.calendar.zone)).date()
    claim = replace(
        claim,
        last_qualified_at=received_at,
        qualified_on=day,
        qualified_count=claim.qualified_count + 1 if claim.qualified_on == day else 1,
    )
    if claim.state in (ClaimState.PROTECTED, ClaimState.ACTIVE):
        claim = _idle_moved(claim, received_at=received_at, terms=terms)
        left = unrecorded(claim, entry, terms=terms)
        if left and claim.clock(Clock.RHYTHM) is not None:  # what is due stays due
            return replace(claim, unrecorded=left)
        claim = clocks.started_rhythm(claim, at=received_at, terms=terms)
    return claim


def unrecorded(claim: Claim, entry: Entry, *, terms: Terms) -> tuple[str, ...]:
    """What the entry was to record in the claim's sales stage and neither it nor the claim says (LEAD-12)."""
    filled = entry.filled
    if filled is None:
        return ()
    return tuple(field for field in clocks.record_duties(claim, terms=terms) if field not in filled)


def unqualified(claim: Claim, entry: Entry, *, received_at: datetime, terms: Terms) -> str | None:
    """The parameter by which this entry does not count, or None if it is qualified (CLM-16)."""
    policy = terms.policy
    uncredited = entry.uncredited_by(policy)
    if uncredited is not None:
        return uncredited
    if entry.kind not in policy.words("claim.qualified_kinds") or (entry.kind in _ANSWERABLE and not entry.answered):
        return "claim.qualified_kinds"
    if entry.note_chars < policy.integer("claim.min_note_chars") or entry.note_digest == claim.last_note:
        return "claim.min_note_chars"
    per_day = policy.limit("claim.qualified_per_day")
    day = received_at.astimezone(ZoneInfo(terms.calendar.zone)).date()
    if per_day is not None and claim.qualified_on == day and claim.qualified_count >= per_day:
        return "claim.qualified_per_day"
    return None


def void(draft: Draft, command: Command) -> None:
    """A supervisor voids a follow-up; the idle deadline is counted again, with notice (CLM-16)."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    facts = draft.matter.follow_ups.get(claim.id, ())
    fact = next((f for f in facts if f.id == command.data["follow_up"]), None)
    if fact is None:
        raise Refusal("not_found")
    if fact.voided:
        return  # voiding twice is voiding once
    draft.voided.append((fact.id, command.actor or "", command.data.get("text")))
    draft.matter = draft.matter.with_voided(claim.id, fact.id)
    left = [f for f in facts if f.qualified and not f.voided and f.id != fact.id]
    if fact.qualified:
        present = command.data.get("present", ())
        left = [_as_told_since(f, claim, present) for f in left]
        claim = draft.put(_without(draft, claim, fact, left))
    if claim.state is ClaimState.REPORTED and claim.visited_at == fact.received_at:
        claim = draft.put(replace(claim, visited_at=None))  # it must accept nothing later either
    # Nobody has a share of a visit that was none (LEAD-15); what a deal gave before is the money's to correct.
    claim = draft.put(replace(claim, stood_in=tuple(s for s in claim.stood_in if s.visit != fact.id)))
    draft.record(
        "voided",
        claim,
        actor=command.actor,
        data={"follow_up": fact.id, "text": command.data.get("text"), "clocks": clock_data(claim)},
    )
    draft.tell(fact.author, "claim.voided", claim, rule="CLM-16", facts={"deadline": claim.deadline})


def may_follow_up(matter: Matter, claim: Claim, actor: str) -> bool:
    """Whether ``actor`` is one who works this claim: its reporter, then its owner and whom they invited (CLM-29)."""
    if claim.state is ClaimState.REPORTED:
        return claim.reporter == actor
    return claim.worked_by(actor)


def _admit(draft: Draft, claim: Claim, actor: str, *, confirmed: bool) -> None:
    """Refuse whoever may not log work here and now (contract section 5, after the table).

    ``confirmed``: a partner-led visit that the house has confirmed. It is no word of the actor's, whose name it only
    bears: it counts for the partner though they have left (LEAD-14, PPL-08).
    """
    state = claim.state
    if state in IN_CASE:
        case = draft.matter.disputes.get(claim.dispute or "")
        if case is None or case.served_by != actor:
            raise refused(state=state, trigger="follow_up")
        return
    if not confirmed and not may_sell(Actor(actor), setting=draft.setting, at=draft.at):
        raise Refusal("not_allowed", rule="PPL-02")
    if state is ClaimState.LAPSED:
        if draft.matter.in_case:  # of others: what may still be rescued is not free for it now
            raise Refusal("claim_disputed", rule="DSP-03", current_state=state.value, allowed=())
        reserved = draft.matter.reserved_for(draft.at)
        if reserved is not None and reserved.id == claim.id and claim.owner != actor:
            _owned_by_another(draft, claim, actor, claim)
        if reserved is None or reserved.id != claim.id or claim.rescued:
            raise Refusal(
                "deadline_passed",
                rule="CLM-19",
                facts={"until": claim.ended_at, "reason": claim.reason},
                current_state=state.value,
                allowed=(),
            )
    elif state is ClaimState.REJECTED and draft.matter.owner_claim is not None:
        _owned_by_another(draft, draft.matter.owner_claim, actor, claim)
    elif state in (ClaimState.RELEASED, ClaimState.REJECTED, ClaimState.WITHDRAWN):
        raise refused(state=state, trigger="follow_up")
    elif not may_follow_up(draft.matter, claim, actor):
        _owned_by_another(draft, claim, actor, claim)


def _owned_by_another(draft: Draft, holder: Claim, actor: str, claim: Claim) -> None:
    raise Refusal(
        "customer_owned",
        rule="CLM-15" if holder.id == claim.id else "CLM-11",
        current_state=claim.state.value,
        allowed=(),
    )


def _in_reported(draft: Draft, command: Command, claim: Claim, entry: Entry, terms: Terms) -> None:
    """Work before acceptance is kept but counts for nothing; a visit accepts in the visit_deal shape (CLM-12)."""
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    uncredited = entry.uncredited_by(policy)
    only_told = entry.told and policy.switch("ownership.visit_first")  # a completed reception decides (CLM-09)
    why = uncredited or ("ownership.visit_first" if only_told else "claim.judgement_mode")
    claim = _keep_only(draft, command, claim, entry, why, terms)
    if policy.protection_shape != "visit_deal" or entry.kind != "visit" or uncredited is not None or only_told:
        return
    if claim.opening is not None:
        return  # decided by its time, whatever happens meanwhile (INT-10)
    if earlier(draft.matter, claim) is not None or is_taken(draft.matter, claim, draft):
        return
    received = command.kind is CommandKind.VISIT or command.data.get("received", False)
    claim, takes = (claim, False) if received else _taken_by_telling(draft, claim)
    claim = replace(claim, visited_at=draft.at, given=claim.given or received)
    if in_the_way(draft.matter.rivals, claim, at=draft.at):
        # What the visit was for has happened: it accepts once nobody else's number is in the way (CUS-07).
        draft.put(replace(claim, waiting=Waiting.NUMBER))
    else:
        accept_claim(draft, claim, actor=command.actor, takes=takes)


def _taken_by_telling(draft: Draft, claim: Claim) -> tuple[Claim, bool]:
    """Whether accepting ``claim`` by a visit that its reporter tells of takes a customer out of a pool.

    Only a customer who was received is served whatever the pool says; anything else meets what a take meets, and its
    refusal leaves the visit untold (POOL-03). In a trial it is only noted (POL-08).
    """
    if not is_entry(draft.matter, draft.at):
        return claim, False
    attempt = Attempt(draft.matter, draft.setting, claim.reporter, draft.at)
    attempt.check_member()
    try:
        attempt.check_entry()
    except Refusal as refusal:
        if not in_trial(draft):
            raise
        claim = would_refuse(draft, claim, code=refusal.code, rule=refusal.rule, facts=refusal.facts)
    return taken_from_pool(draft, claim)


def _keep_only(draft: Draft, command: Command, claim: Claim, entry: Entry, why: str, terms: Terms) -> Claim:
    """The entry is on record and moves nothing: no clock, no state (DSP-03)."""
    _keep(draft, command, claim, entry, why, terms)
    claim = draft.put(replace(claim, follow_ups=claim.follow_ups + 1, last_note=entry.note_digest))
    draft.record("follow_up", claim, actor=command.actor, data=_data(command, entry, why))
    return claim


def _work(draft: Draft, claim: Claim, actor: str) -> None:
    if claim.escalated:
        draft.closed_tasks.append(f"first_follow_up:{claim.id}")
    worked = replace(
        claim.without_clock(Clock.FIRST_FOLLOW_UP), state=draft.move(claim, ClaimTrigger.WORK), escalated=False
    )
    draft.put(worked)
    draft.record("worked", worked, before=claim.state, actor=actor, data={"clocks": clock_data(worked)})


def _rescue(draft: Draft, claim: Claim, actor: str, terms: Terms) -> None:
    """Once per claim, in its grace period, by its former owner (CLM-20)."""
    if draft.matter.owner_claim is not None:
        raise Refusal("customer_owned", rule="CLM-20")
    before = claim.state
    rescued = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.RESCUE),
        reason=None,
        ended_at=None,
        grace_until=None,
        rescued=True,
        changes_seen=last_change(draft, claim.owner or actor),
        absence_seen=draft.at,
    )
    rescued = clocks.started_at_acceptance(rescued, at=draft.at, terms=terms, awarded_on=draft.matter.awarded_on)
    rescued = rescued.without_clock(Clock.FIRST_FOLLOW_UP)
    draft.put(rescued)
    leave_pool(draft, rescued)
    draft.record("rescued", rescued, before=before, actor=actor, data={"clocks": clock_data(rescued)})
    draft.tell(rescued.owner, "claim.rescued", rescued, rule="CLM-20", facts={"deadline": rescued.deadline})


def _idle_moved(claim: Claim, *, received_at: datetime, terms: Terms) -> Claim:
    """The idle clock from this receipt, unless that would bring its deadline nearer (an extension, say)."""
    present = claim.clock(Clock.IDLE)
    moved = clocks.started_idle(claim, at=received_at, terms=terms)
    fresh = moved.clock(Clock.IDLE)
    if (
        present is not None
        and fresh is not None
        and present.deadline is not None
        and fresh.deadline is not None
        and fresh.deadline < present.deadline
    ):
        return claim
    return moved


def _as_told_since(fact: FollowUpFact, claim: Claim, present: Collection[str]) -> FollowUpFact:
    """``fact`` without what the claim has by now, and since when it lacks nothing (LEAD-12)."""
    left = tuple(word for word in fact.unrecorded if word not in present)
    told = [at for name, at in claim.recorded if name in fact.unrecorded and at > fact.received_at]
    return replace(fact, unrecorded=left, recorded_at=max(told, default=None) if not left else None)


def _without(draft: Draft, claim: Claim, fact: FollowUpFact, left: Sequence[FollowUpFact]) -> Claim:
    """A voided entry no longer uses up its day, and if it was the last one the idle clock counts from before it.

    ``left``: the other qualified ones, and what each of them still leaves open. When the next one is due counts from
    the last that leaves nothing open; what one left open before the rhythm began anew is asked of nobody (LEAD-12).
    """
    terms = draft.setting.terms_of(claim)
    if fact.received_at.astimezone(ZoneInfo(terms.calendar.zone)).date() == claim.qualified_on:
        claim = replace(claim, qualified_count=max(0, claim.qualified_count - 1))
    worked = claim.state in (ClaimState.PROTECTED, ClaimState.ACTIVE)
    whole = [f for f in left if not f.unrecorded]
    begun = max((f.counts_from for f in whole), default=None)
    # One that left something open began nothing itself, and hid that what came before it was whole by then.
    told_since = any(f.recorded_at is not None and f.counts_from == begun for f in whole)
    if worked and (told_since or (not fact.unrecorded and (begun is None or begun < fact.received_at))):
        claim = clocks.rhythm_recounted(claim, last=begun, at=draft.at, terms=terms)
    last = max(left, key=lambda f: f.received_at, default=None)
    if worked and claim.clock(Clock.RHYTHM) is not None:
        since = clocks.rhythm_begun(claim)
        asked = last is not None and (since is None or since < last.received_at)
        claim = replace(claim, unrecorded=last.unrecorded if last is not None and asked else ())
    if fact.received_at != claim.last_qualified_at:
        return claim
    since = last.received_at if last is not None else None
    claim = replace(claim, last_qualified_at=since)
    return clocks.idle_recounted(claim, last=since, at=draft.at, terms=terms) if worked else claim


def _keep(
    draft: Draft,
    command: Command,
    claim: Claim,
    entry: Entry,
    why: str | None,
    terms: Terms,
    left: tuple[str, ...] = (),
) -> None:
    conflicts.logged(draft, claim, command.actor or "")
    draft.follow_ups.append(
        NewFollowUp(
            id=command.data["follow_up"],
            claim=claim.id,
            author=command.actor or "",
            received_at=draft.at,
            data=command.data,
            qualified=why is None,
            why=why,
            late=is_late(entry.at, received_at=draft.at, terms=terms),
            unrecorded=left,
        )
    )


def is_late(at: datetime, *, received_at: datetime, terms: Terms) -> bool:
    """Entered more than ``record.late_h`` after it happened (CLM-15)."""
    limit = terms.policy.duration("record.late_h")
    return limit is not None and (received_at - at).total_seconds() * 1_000_000 > limit.microseconds


def _data(command: Command, entry: Entry, why: str | None, left: Sequence[str] = ()) -> dict[str, object]:
    return {
        "follow_up": command.data["follow_up"],
        "kind": entry.kind,
        "qualified": why is None,
        "why": why,
        "digest": entry.note_digest,
        "occurred_at": entry.at,
        **({"missing": list(left)} if left else {}),
    }
