"""What a completed reception does to the customer: decided in the drain of the matter (LEAD-10, LEAD-15, POOL-03)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from domain.claims import follow_ups
from domain.claims.holding import flag_return
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, StandIn, Waiting
from domain.claims.numbers import in_the_way
from domain.claims.reports import accept_claim, consider, earlier
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command, CommandKind, Matter
from domain.pools.limits import Attempt, admits, is_entry
from domain.pools.taking import fresh_claim
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_refuse


def complete(draft: Draft, command: Command) -> None:
    """A visit to the claim that is theirs, else a claim of theirs if the customer is free, else nothing.

    ``command.data``: ``for`` whom it counts, ``server``, whether they were a stand-in (``stands_in``),
    ``reception``, ``visit``, the entry that is logged, and whether it takes somebody out of a pool on the word of one
    person (``alone``), which only a trial lets be (POL-08).
    """
    receiver, matter = command.data["for"], draft.matter
    if matter.in_case:
        return  # it is on record, and the case will look at it
    listed = admits(matter.pool_only, receiver, program=matter.program, setting=draft.setting, at=draft.at)
    if not listed and not in_trial(draft):
        return  # a visit passes over no restriction (POOL-08): the customer lies where they lay
    known = _theirs(draft, receiver)
    if known is not None:
        _log_visit(draft, command, known)
    elif matter.owner_claim is None and matter.reserved_for(draft.at) is None:
        _claim(draft, command, receiver, listed=listed)


def _theirs(draft: Draft, person: str) -> Claim | None:
    """The claim that ``person`` holds, may still rescue, or waits with."""
    matter = draft.matter
    holder = matter.owner_claim or matter.reserved_for(draft.at)
    if holder is not None:
        return holder if holder.owner == person else None
    return waiting_report(matter, person)


def waiting_report(matter: Matter, person: str | None = None) -> Claim | None:
    """The first report, of ``person`` if given, that is not decided; one in the queue comes after the owner's."""
    found = [
        claim
        for claim in matter.claims.values()
        if claim.state is ClaimState.REPORTED
        and claim.waiting is not Waiting.QUEUE
        and person in (None, claim.reporter)
    ]
    return min(found, key=lambda claim: (claim.rank_at, claim.receipt), default=None)


def _log_visit(draft: Draft, command: Command, claim: Claim) -> None:
    """The visit counts as the owner's follow-up, whoever served: no stand-in is refused, none gains by it (LEAD-15)."""
    told = command.data
    seen = {**told["visit"], "received": True}
    visit = replace(command, kind=CommandKind.FOLLOW_UP, claim=claim.id, actor=told["for"], data=seen)
    try:
        follow_ups.follow_up(draft, visit)
    except Refusal:
        return  # it cannot be worked any more, or never by them: the reception stays on record all the same
    _served_by(draft, command, draft.matter.claims[claim.id], visit=told["visit"]["follow_up"])


def _served_by(draft: Draft, command: Command, claim: Claim, *, visit: str | None = None) -> Claim:
    """Who served is on record; a stand-in who registers it the same day has their share of a deal made on it."""
    told = command.data
    if told.get("stands_in") and _is_same_day(draft, claim, told["visit"]["at"]):
        day = draft.setting.calendar(claim.program).local_date(draft.at)
        claim = draft.put(replace(claim, stood_in=(*claim.stood_in, StandIn(told["server"], day, visit))))
    data = {"reception": told["reception"], "server": told["server"], "stand_in": told["server"] != told["for"]}
    draft.record("received_for", claim, actor=told["server"], data=data)
    return claim


def _is_same_day(draft: Draft, claim: Claim, arrived_at: datetime) -> bool:
    """Whether the visit is registered on the local day of the arrival: else its stand-in has no share (LEAD-15)."""
    calendar = draft.setting.calendar(claim.program)
    return calendar.local_date(arrived_at) == calendar.local_date(draft.at)


def _claim(draft: Draft, command: Command, receiver: str, *, listed: bool) -> None:
    """A claim of the receiver's: what binds takers does not bind a customer who is there (POOL-03).

    ``listed``: no restriction keeps the customer from them; one that does is only noted, in a trial (POL-08).
    """
    calls = command.data["visit"]["kind"] != "visit"
    pooled = is_entry(draft.matter, draft.at)
    fresh = fresh_claim(draft, command, receiver)
    claim = replace(fresh, given=True, by_reception=True, visited_at=None if calls else draft.at)
    exceeded = _exceeded(draft, receiver)
    draft.new_claims.append(claim)
    draft.put(claim)
    told = {"reception": command.data["reception"], "exceeded": exceeded}
    if draft.matter.pooled:
        told["taken_from"] = draft.matter.pool
    draft.record("received", claim, actor=command.actor, data=told)
    if command.data["server"] != receiver:  # who lost them and was asked for (POOL-03, LEAD-15)
        claim = _served_by(draft, command, claim)
    if not listed:
        claim = would_refuse(draft, claim, code="restricted", rule="POOL-08")
    if command.data.get("alone") and in_trial(draft):
        claim = would_refuse(draft, claim, code="not_allowed", rule="POOL-03")
    # Who calls out of a pool is the receiver's at once; where a visit must accept, anybody else has to come (CLM-12).
    if (
        (calls and not pooled)
        or earlier(draft.matter, claim) is not None
        or in_the_way(draft.matter.rivals, claim, at=draft.at)
    ):
        consider(draft, claim)
    else:
        accept_claim(draft, claim, actor=command.actor)
    made = draft.matter.claims[claim.id]
    if made.owner is None:
        return
    flag_return(draft, made, kind="claim.accepted")
    above = draft.supervisor(receiver) if exceeded else None
    if above is not None:
        task = Task(f"reception:{claim.id}", above, "reception_excess", "claim", claim.id, due=None)
        draft.tasks.append(task)


def _exceeded(draft: Draft, receiver: str) -> list[str]:
    """What a take would have been refused for: caps and the day's count (POOL-03)."""
    attempt = Attempt(draft.matter, draft.setting, receiver, draft.at)
    checks: list[Callable[[], None]] = [
        attempt.check_room,
        lambda: attempt.check_claims(halved_at=None, team=None),
    ]
    if is_entry(draft.matter, draft.at):
        checks.append(attempt.check_day)
    found = []
    for check in checks:
        try:
            check()
        except Refusal as refusal:
            found.append(refusal.code)
    return found
