"""A program goes live: the clocks of its open claims begin again, reports that stood beside are decided (POL-08)."""

from __future__ import annotations

from dataclasses import replace

from domain.claims import clocks
from domain.claims.clocks import Terms
from domain.claims.deals import after_deal
from domain.claims.lifecycle import IN_CASE, ClaimState
from domain.claims.model import Claim, Clock, Waiting
from domain.claims.reports import clock_data, consider
from domain.matters.draft import Draft


def went_live(draft: Draft, claim: Claim) -> None:
    """Nothing of ``claim`` lapses before `opening.grace_days` from ``draft.at``; its receipt time stays.

    A report that stood beside somebody else's claim is decided by the rules that hold now.
    """
    claim = draft.put(_restarted(draft, claim))
    draft.record("went_live", claim, data={"clocks": clock_data(claim)})
    if claim.state is ClaimState.REPORTED and claim.waiting is Waiting.BESIDE:  # else when its case gives it back
        consider(draft, claim)


def _restarted(draft: Draft, claim: Claim) -> Claim:
    """The clocks of its state from ``draft.at``, at their full length; in a case they stand still with it."""
    at, terms = draft.at, draft.setting.terms_of(claim)
    grace = terms.policy.duration("opening.grace_days")
    spared = terms.calendar.add(at, grace).at if grace is not None else at
    fresh = _begun(draft, replace(claim, spared_until=max(spared, claim.spared_until or spared)), terms)
    for clock in claim.clocks:
        if clock.start > at:  # begun since: what an outcome of a case gave stays
            fresh = fresh.with_clock(clock)
    return fresh


def _begun(draft: Draft, claim: Claim, terms: Terms) -> Claim:
    match claim.earlier if claim.state in IN_CASE else claim.state:
        case ClaimState.PROTECTED | ClaimState.ACTIVE as state:
            fresh = clocks.started_at_acceptance(claim, at=draft.at, terms=terms, awarded_on=draft.matter.awarded_on)
            if state is ClaimState.ACTIVE or claim.escalated or _out_of_opening_load(claim):
                fresh = fresh.without_clock(Clock.FIRST_FOLLOW_UP)
            return _of(fresh, Clock.PROVISIONAL, "claim.provisional_days", draft, terms) if claim.provisional else fresh
        case ClaimState.WON:
            return _kept_by_deal(draft, claim, terms)
        case ClaimState.REPORTED if claim.waiting is Waiting.QUEUE:
            return _of(claim, Clock.QUEUE, "claim.queue_days", draft, terms)
        case _:
            return claim


def _kept_by_deal(draft: Draft, claim: Claim, terms: Terms) -> Claim:
    """The clock of a won claim: from its deal, or with what a pause has left of it. What stops it stops it again.

    The deadline of its stage begins anew beside it, as in any other state (CLM-30).
    """
    present = claim.clock(Clock.AFTER_DEAL)
    if present is not None and present.paused:
        running = clocks.as_if_running(claim, at=draft.at, terms=terms)
    else:  # counted without the pauses: one that starts in a pause would have its whole length left
        running = after_deal(draft, replace(claim, pauses=()))
    running = clocks.started_sales_stage(replace(running, pauses=()), at=draft.at, terms=terms)
    return clocks.stopped_again(replace(running, pauses=claim.pauses), at=draft.at, terms=terms)


def _out_of_opening_load(claim: Claim) -> bool:
    """Whether it was known to be worked when it was loaded (INT-10)."""
    return claim.opening is not None and not claim.opening.objection


def _of(claim: Claim, clock: Clock, parameter: str, draft: Draft, terms: Terms) -> Claim:
    length = terms.policy.duration(parameter)
    return clocks.started(claim, clock, at=draft.at, length=length, rule=parameter, terms=terms)
