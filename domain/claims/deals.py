"""Deals on a claim: recorded, changed, cancelled, allocated (COM-01, CLM-32; contract sections 5 and 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.claims import clocks, confirmations, credit, delivery
from domain.claims.holding import close_requests
from domain.claims.lifecycle import ENDED, IN_CASE, ClaimState, ClaimTrigger, refused
from domain.claims.model import Claim, Clock
from domain.claims.permissions import authorise
from domain.claims.reports import clock_data
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money import assists, performance, referrals
from domain.money.booking import ask_finance, book
from domain.money.late import is_late
from domain.money.model import Deal, DealState, EntryKind, SharesState
from domain.money.terms import credited, on_terms, owner_and, rated
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial


def win(draft: Draft, command: Command) -> None:
    """A deal: the customer stays with the owner until the contract ends and a period after it (CLM-32, COM-01)."""
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    _win(draft, command, claim)


def further(draft: Draft, command: Command) -> None:
    """`POST /v1/deals`: a first deal wins the customer, another one is added; in a case it is recorded and held.

    During a case nothing moves: what the deal does to its claim happens when the case is over (design section 4).
    """
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    if claim.state in IN_CASE:
        _record(draft, command, claim)
        draft.put(replace(claim, dealt=True))
    elif claim.state is ClaimState.WON:
        deal = _record(draft, command, claim)
        claim = draft.put(after_deal(draft, replace(claim, dealt=True)))
        draft.record("won", claim, actor=command.actor, data=_told(deal, claim))
    else:
        _win(draft, command, claim)


def cancel_deal(draft: Draft, command: Command) -> None:
    """A deal is off; when it was the last live one the claim is active again with a fresh idle clock (CLM-32).

    The commission is clawed back, also where the claim has ended meanwhile (COM-10).
    """
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    live = draft.matter.live_deals(claim.id)
    named = command.data.get("deal")
    if claim.state is not ClaimState.WON and not (claim.state in ENDED and live):
        raise refused(state=claim.state, trigger="cancel_deal")
    chosen = [d for d in live if named is None or d.id == named]
    if not chosen:
        raise Refusal("illegal_transition", rule="CLM-32", facts={"deal": named}, current_state=claim.state.value)
    if _waits_for_approval(draft, command, claim, chosen[0]):
        return
    _cancel(draft, command, claim, chosen[0])
    if claim.state is not ClaimState.WON:
        return
    before = claim.state
    if len(live) > 1:
        claim = after_deal(draft, claim)
    else:
        claim = replace(claim, state=draft.move(claim, ClaimTrigger.CANCEL_DEAL)).without_clock(Clock.AFTER_DEAL)
        terms = draft.setting.terms_of(claim)
        claim = clocks.idle_begun(claim, at=draft.at, terms=terms)
        claim = clocks.started(
            claim,
            Clock.NO_DEAL,
            at=draft.at,
            length=terms.policy.duration("claim.no_deal_days"),
            rule="claim.no_deal_days",
            terms=terms,
        )
    draft.put(claim)
    if claim.state is not ClaimState.WON:
        delivery.called_off(draft, claim)
    draft.record(
        "deal_cancelled",
        claim,
        before=before,
        actor=command.actor,
        data={"deal": chosen[0].id, "text": command.data.get("text"), "clocks": clock_data(claim)},
    )
    draft.tell(
        claim.owner,
        "claim.deal_cancelled",
        claim,
        rule="CLM-32",
        urgency="urgent",
        facts={"deadline": claim.deadline},
    )


def amend(draft: Draft, command: Command) -> None:
    """Another amount or end: a new version of the deal, and the difference is posted (COM-01)."""
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    deal = named_deal(draft, command)
    if deal.version != command.data["version"]:
        raise Refusal("version_conflict", rule="CUS-01", facts={"versions": [command.data["version"], deal.version]})
    amount = command.data.get("amount_minor")
    if amount is not None and amount < sum(r.amount_minor for r in deal.refunds):
        raise Refusal("field_invalid", rule="COM-10", errors=(FieldError("amount", "field_invalid"),))
    amended = deal.next_version(
        amount_minor=deal.amount_minor if amount is None else amount,
        contract_end=command.data.get("contract_end", deal.contract_end),
    )
    if amended.rate_bps is None and amended.claim is not None:
        amended = rated(draft, amended, claim)
    amended = referrals.repriced(draft, deal, amended, claim)
    book(
        draft,
        deal,
        amended,
        key=f"deal/{deal.id}:v{amended.version}:amend",
        kind=EntryKind.AMENDMENT,
        claim=claim,
        actor=command.actor,
    )
    draft.record_deal(
        "amended",
        amended,
        policy_version=claim.terms.version,
        actor=command.actor,
        data={
            "version": amended.version,
            "amount_minor": amended.amount_minor,
            "contract_end": amended.contract_end,
        },
    )
    if claim.state is ClaimState.WON and amended.contract_end != deal.contract_end:
        claim = draft.put(after_deal(draft, claim))
        draft.record("corrected", claim, actor=command.actor, data={"deal": deal.id, "clocks": clock_data(claim)})


def allocate(draft: Draft, command: Command) -> None:
    """A deal that nobody had a claim for is given to the owner of one (COM-01).

    That is the contract of their claim: without the customer's confirmation ``confirmation_missing`` (CNF-01).
    """
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    deal = draft.matter.deals[command.data["deal"]]
    if deal.state is not DealState.UNCLAIMED:
        if deal.claim == claim.id and deal.state is DealState.OPEN:
            return  # asked again
        raise Refusal("illegal_transition", rule="COM-01", current_state=deal.state.value)
    if claim.state not in (ClaimState.PROTECTED, ClaimState.ACTIVE, ClaimState.WON):
        raise refused(state=claim.state, trigger="win")
    if not deal.trial:
        confirmations.require(draft, claim)
    others = tuple((share.person, share.bps) for share in deal.shares)  # who keeps a part after outcome `pool`
    given = deal.next_version(state=DealState.OPEN, claim=claim.id, owner=claim.owner)
    given = given if deal.plan_version is not None and deal.rate_bps is not None else on_terms(draft, given, claim)
    if others:
        assert claim.owner is not None
        given = replace(given, shares=owner_and(draft, claim.owner, others), shares_state=SharesState.SET)
    else:
        given = credited(draft, given, claim)
    given = replace(given, no_credit=credit.of(draft, claim))
    given = confirmations.holding(draft, given, claim)
    given = referrals.repriced(draft, deal, given, claim)  # its rate may have been missing
    book(
        draft,
        deal,
        given,
        key=f"deal/{deal.id}:v{given.version}:allocate",
        kind=EntryKind.ACCRUAL,
        claim=claim,
        actor=command.actor,
    )
    referrals.credit(draft, claim, deal.id, actor=command.actor)
    draft.record_deal(
        "allocated",
        given,
        policy_version=claim.terms.version,
        before=deal.state,
        actor=command.actor,
        data={"claim": claim.id, "owner": claim.owner},
    )
    if claim.state is ClaimState.WON:
        draft.put(after_deal(draft, claim))
    else:
        won(draft, claim, actor=command.actor, deal=given)
    confirmations.ask_for(draft, (deal.id,))


def named_deal(draft: Draft, command: Command, *, live: bool = True) -> Deal:
    """The deal that the command is about; ``illegal_transition`` where it is cancelled."""
    deal = draft.matter.deals[command.data["deal"]]
    if live and deal.state is DealState.CANCELLED:
        raise Refusal("illegal_transition", rule="COM-01", current_state=deal.state.value)
    return deal


def won(draft: Draft, claim: Claim, *, actor: str | None, deal: Deal) -> Claim:
    """The claim is won by ``deal``, which the matter has already."""
    before = claim.state
    claim = replace(claim, state=draft.move(claim, ClaimTrigger.WIN), dealt=True)
    claim = after_deal(draft, claim)
    draft.put(claim)
    close_requests(draft, claim)
    draft.record("won", claim, before=before, actor=actor, data=_told(deal, claim))
    if claim.owner != actor:
        draft.tell(claim.owner, "claim.won", claim, rule="CLM-32", facts={"deadline": kept_until(claim)})
    delivery.opened_by(draft, claim)
    return claim


def after_deal(draft: Draft, claim: Claim) -> Claim:
    """The after-deal clock of the live deal that keeps the customer longest (CLM-32)."""
    terms = draft.setting.terms_of(claim)
    best: Claim | None = None
    for deal in draft.matter.live_deals(claim.id):
        counted = clocks.started_after_deal(
            claim, contract_at=deal.contract_at, contract_end=deal.contract_end, terms=terms
        )
        if best is None or _later(kept_until(counted), kept_until(best)):
            best = counted
    ends = best.clock(Clock.AFTER_DEAL) if best is not None else None
    if best is not None and ends is not None and ends.deadline is not None and ends.deadline < draft.at:
        # A deal that is told late is over at once, but nothing ends before it was told.
        return best.with_clock(replace(ends, deadline=draft.at))
    return best or claim


def kept_until(claim: Claim) -> datetime | None:
    """When the after-deal clock of a won claim runs out; None while it stands still, or where none runs (CLM-32)."""
    ends = claim.clock(Clock.AFTER_DEAL)
    return ends.deadline if ends is not None else None


def _win(draft: Draft, command: Command, claim: Claim) -> None:
    draft.move(claim, ClaimTrigger.WIN)  # refuses before anything is recorded
    deal = _record(draft, command, claim)
    won(draft, claim, actor=command.actor, deal=deal)


def _record(draft: Draft, command: Command, claim: Claim) -> Deal:
    """The deal with its terms and shares, and what accrues by it; held at once while a case is open (COM-01, COM-08).

    A deal that comes while nobody holds the customer waits for whoever the case gives it to. One that would count in a
    closed month is refused with ``period_closed`` (COM-13), one that lacks the customer's confirmation with
    ``confirmation_missing`` (CNF-01).
    """
    if claim.holds:
        confirmations.require(draft, claim)
    data = command.data
    deal = Deal(
        id=data["deal"],
        claim=claim.id if claim.holds else None,
        state=DealState.OPEN if claim.holds else DealState.UNCLAIMED,
        program=claim.program,
        track=draft.matter.track,
        customer=draft.matter.customer,
        project=draft.matter.project,
        kind=data["deal_kind"],
        amount_minor=data["amount_minor"],
        currency=data["currency"],
        contract_at=data["contract_at"],
        contract_end=data["contract_end"],
        product=data.get("product"),
        external_id=data.get("external_id"),
        recorded_at=draft.at,
        recorded_by=data["by"],
        recognise_at=performance.counts_by(draft.setting, claim.program, signed_at=data["contract_at"]),
        trial=in_trial(draft),
    )
    performance.require_open(draft.setting, deal, at=draft.at)
    if claim.holds:
        deal = on_terms(draft, credited(draft, deal, claim), claim)
        deal = replace(deal, no_credit=credit.of(draft, claim))
        deal = confirmations.holding(draft, deal, claim)
        deal = replace(deal, credit_proposed=assists.proposed(draft, claim, deal))
    present = draft.matter.holding_dispute
    if present is not None:
        deal = replace(deal, holds=(*deal.holds, present.id))
    book(
        draft,
        None,
        deal,
        key=f"deal/{deal.id}:accrue",
        kind=EntryKind.ACCRUAL,
        claim=claim,
        actor=command.actor,
        dispute=present.id if present is not None else None,
    )
    draft.new_deals.append(deal)
    if deal.claim is not None:
        referrals.credit(draft, claim, deal.id, actor=command.actor)
    draft.record_deal(
        "recorded",
        deal,
        policy_version=claim.terms.version,
        actor=command.actor,
        data={
            "claim": deal.claim,
            "owner": deal.owner,
            "kind": deal.kind,
            "amount_minor": deal.amount_minor,
            "currency": deal.currency,
            "plan_version": deal.plan_version,
            "rate_rule": deal.rate_rule,
            "shares": [[share.person, share.bps] for share in deal.shares],
            "credit_proposed": deal.credit_proposed,
            **({"no_credit": deal.no_credit.facts()} if deal.no_credit is not None else {}),
        },
    )
    if deal.credit_proposed is not None:
        facts = {"person": deal.credit_proposed, "deal": deal.id}
        draft.tell(claim.owner, "claim.credit_proposed", claim, rule="LEAD-16", facts=facts)
    return deal


def _waits_for_approval(draft: Draft, command: Command, claim: Claim, deal: Deal) -> bool:
    """After `clawback.days` a cancellation takes paid commission back only if a second person asks too (COM-10)."""
    if not is_late(draft, deal, claim) or deal.cancel_asked_by not in (None, command.actor):
        return False
    asked = replace(deal, cancel_asked_by=command.actor)
    draft.matter = draft.matter.with_deal(asked)
    ask_finance(draft, claim, deal.id, key=f"cancel:{deal.id}", kind="clawback_approval", apart=command.actor)
    return True


def _cancel(draft: Draft, command: Command, claim: Claim, deal: Deal) -> None:
    off = deal.next_version(state=DealState.CANCELLED, proposed=None, cancel_asked_by=None)
    if deal.proposed is not None:
        off = replace(off, shares_state=deal.proposed.before)
    book(
        draft,
        deal,
        off,
        key=f"deal/{deal.id}:cancel",
        kind=EntryKind.CLAWBACK,
        claim=claim,
        actor=command.actor,
        reason=command.data.get("text"),
    )
    draft.closed_tasks.extend((f"cancel:{deal.id}", f"rate:{deal.id}"))
    draft.record_deal(
        "cancelled",
        off,
        policy_version=claim.terms.version,
        before=deal.state,
        actor=command.actor,
        data={"text": command.data.get("text")},
    )


def _told(deal: Deal, claim: Claim) -> dict[str, object]:
    return {
        "deal": deal.id,
        "amount_minor": deal.amount_minor,
        "currency": deal.currency,
        "kind": deal.kind,
        "clocks": clock_data(claim),
    }


def _authorise(draft: Draft, command: Command, claim: Claim) -> None:
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is None or (other is not None and one > other)
