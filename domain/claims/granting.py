"""Granting a special approval (领导特批), and what it does at once (CLM-34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.claims import clocks
from domain.claims.approvals import ApprovalKind, SpecialApproval
from domain.claims.holding import assign_to, release_now
from domain.claims.letters import LETTERED, require_project
from domain.claims.lifecycle import HOLDING, ClaimState, refused
from domain.claims.model import Claim
from domain.claims.permissions import approvals_given, authorise, check_partner_of, granter_above
from domain.claims.reports import accept_claim, clock_data, waiting_reports
from domain.disputes.admission import open_until
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money.agreement import check_past_share
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal

#: Why the claim of whoever held the customer was released.
_REASON = "by_override"


def grant(draft: Draft, command: Command) -> None:
    """Somebody in charge lets happen what a rule refuses: counted, marked on the claim, told to who loses by it."""
    claim, data = draft.matter.claims[command.claim], command.data
    to: str | None = data["to"]
    interested = (to,) if to is not None else ()
    actor = Actor(command.actor or "")
    authorise(command.kind, claim, actor=actor, setting=draft.setting, at=draft.at, interested=interested)
    if draft.matter.in_case:
        raise Refusal("claim_disputed", rule="CLM-34", current_state=claim.state.value)
    month = _require_left(draft, claim, by=actor.person, interested=interested)
    approval = SpecialApproval(
        id=data["override"],
        claim=claim.id,
        program=claim.program,
        kind=ApprovalKind(data["kind"]),
        by=actor.person,
        at=draft.at,
        month=month,
        to=to,
        until=data["until"],
        past_share_bps=data["past_share_bps"],
        reason_text=data["text"],
        shares_text=data["shares"],
    )
    claim = draft.put(replace(claim, overridden=True))
    match approval.kind:
        case ApprovalKind.ASSIGN:
            approval = _assigned(draft, claim, approval)
        case ApprovalKind.KEEP:
            _kept(draft, claim, approval)
        case ApprovalKind.EXTEND:
            _extended(draft, claim, approval)
        case ApprovalKind.EXCEED:
            _excused(draft, claim, approval)
        case ApprovalKind.LETTER:
            _lettered(draft, claim, approval)
    draft.matter = draft.matter.with_approval(approval)


def _require_left(draft: Draft, claim: Claim, *, by: str, interested: tuple[str, ...]) -> str:
    """The local month it counts for: so many in one, whatever the program; then the next leader up decides."""
    given, setting = draft.matter.granted, draft.setting
    month, count, cap = approvals_given(claim.program, by=by, given=given, setting=setting, at=draft.at)
    if cap is None or count < cap:
        return month
    up = granter_above(claim, above=by, setting=setting, at=draft.at, interested=interested)
    raise Refusal(
        "override_limit",
        rule="CLM-34",
        facts={"cap": cap, "count": count, "month": month, "by": up},
        current_state=claim.state.value,
    )


def _assigned(draft: Draft, claim: Claim, approval: SpecialApproval) -> SpecialApproval:
    to = approval.to
    assert to is not None
    if not draft.setting.organisation.is_active(to, at=draft.at):
        raise Refusal("person_inactive", rule="PPL-01", errors=(FieldError("to", "person_inactive"),))
    check_partner_of(to, claim, setting=draft.setting, at=draft.at)
    if draft.matter.erased:
        raise Refusal("illegal_transition", rule="AUD-05", facts={"erased": True}, current_state=claim.state.value)
    holder = draft.matter.owner_claim
    if holder is not None and holder.id != claim.id:
        raise Refusal("customer_owned", rule="CLM-34", current_state=claim.state.value)
    if claim.state is ClaimState.REPORTED:
        raise refused(state=claim.state, trigger="override")
    if holder is None:
        _given(draft, claim, approval, to=to)
    else:
        approval = _taken_away(draft, claim, approval, to=to)
    made = draft.matter.owner_claim
    assert made is not None
    made = draft.put(replace(made, overridden=True, sharing=_kept_share(approval) or made.sharing))
    _tell(draft, to, made, approval, until=None, cause="assigned")
    return replace(approval, made=made.id)


def _given(draft: Draft, claim: Claim, approval: SpecialApproval, *, to: str) -> None:
    """Nobody holds the customer. Whoever could still have got them back is told that they no longer can (CLM-20)."""
    if approval.past_share_bps is not None:
        raise Refusal("field_invalid", rule="CLM-34", errors=(FieldError("past_share_bps", "field_invalid"),))
    _record(draft, claim, approval)
    reserved = draft.matter.reserved_for(draft.at)
    if reserved is not None and reserved.owner != to:
        _tell(draft, reserved.owner, reserved, approval, until=None)
    own = next(iter(waiting_reports(draft.matter, to)), None)
    if own is not None:
        accept_claim(draft, own, actor=approval.by, text=approval.reason_text)
    else:
        assign_to(draft, claim, to=to, actor=approval.by, text=approval.reason_text)


def _taken_away(draft: Draft, claim: Claim, approval: SpecialApproval, *, to: str) -> SpecialApproval:
    """Whoever held the customer is told until when they may open a case about it."""
    if to == claim.owner:
        raise Refusal("field_invalid", rule="CLM-34", errors=(FieldError("to", "field_invalid"),))
    check_past_share(draft, claim, past_share_bps=approval.past_share_bps, to=to)
    approval = replace(approval, lost_by=claim.owner, object_by=_object_by(draft, claim))
    _record(draft, claim, approval)
    release_now(draft, claim, actor=approval.by, reason=_REASON, word=None, text=approval.reason_text, to=to)
    _tell(draft, claim.owner, claim, approval, until=approval.object_by)
    return approval


def _object_by(draft: Draft, claim: Claim) -> datetime | None:
    """The end of the time to object; None where nothing limits it (DSP-02)."""
    return open_until(replace(claim, reason=_REASON, ended_at=draft.at), (), setting=draft.setting)


def _kept_share(approval: SpecialApproval) -> tuple[tuple[str, int], ...]:
    if approval.lost_by is None or not approval.past_share_bps:
        return ()
    return ((approval.lost_by, approval.past_share_bps),)


def _kept(draft: Draft, claim: Claim, approval: SpecialApproval) -> None:
    until = _require_held(draft, claim, approval)
    _moved(draft, replace(claim, approved_until=max(until, claim.approved_until or until)), approval, until)


def _extended(draft: Draft, claim: Claim, approval: SpecialApproval) -> None:
    until = _require_held(draft, claim, approval)
    present = clocks.as_if_running(claim, at=draft.at, terms=draft.setting.terms_of(claim)).ends_at
    if present is None or until <= present:
        raise _date_invalid()
    _moved(draft, claim, approval, until)


def _require_held(draft: Draft, claim: Claim, approval: SpecialApproval) -> datetime:
    """Only who holds a customer can be kept from losing it; the end date lies ahead."""
    if claim.state not in HOLDING:
        raise refused(state=claim.state, trigger="override")
    if approval.until is None or approval.until <= draft.at:
        raise _date_invalid()
    return approval.until


def _moved(draft: Draft, claim: Claim, approval: SpecialApproval, until: datetime) -> None:
    """No lapse clock ends before ``until``; one that stands still has that much left of it (CLM-21)."""
    terms = draft.setting.terms_of(claim)
    running = clocks.as_if_running(claim, at=draft.at, terms=terms)
    moved = clocks.extended(running, until=until, at=draft.at, rule="override.roles")
    claim = draft.put(clocks.stopped_again(moved, at=draft.at, terms=terms))
    _record(draft, claim, approval, clocks=clock_data(claim))
    _tell(draft, claim.owner, claim, approval, until=until)


def _excused(draft: Draft, claim: Claim, approval: SpecialApproval) -> None:
    to = approval.to
    assert to is not None
    check_partner_of(to, claim, setting=draft.setting, at=draft.at)
    if claim.holds and to == claim.owner:
        raise Refusal("field_invalid", rule="CLM-34", errors=(FieldError("to", "field_invalid"),))
    if approval.until is None or approval.until <= draft.at:
        raise _date_invalid()
    _record(draft, claim, approval)
    _tell(draft, to, claim, approval, until=approval.until)


def _lettered(draft: Draft, claim: Claim, approval: SpecialApproval) -> None:
    until = _require_held(draft, claim, approval)
    if claim.state not in LETTERED:
        raise refused(state=claim.state, trigger="override")
    require_project(draft, claim)
    _record(draft, claim, approval)
    _tell(draft, claim.owner, claim, approval, until=until)


def _record(draft: Draft, claim: Claim, approval: SpecialApproval, **more: object) -> None:
    data = {
        "override": approval.id,
        "kind": approval.kind.value,
        "to": approval.to,
        "until": approval.until,
        "lost_by": approval.lost_by,
        "object_by": approval.object_by,
        "text": approval.reason_text,
        "shares": approval.shares_text,
    }
    draft.record("overridden", claim, actor=approval.by, data={**data, **more})


def _tell(
    draft: Draft,
    person: str | None,
    claim: Claim,
    approval: SpecialApproval,
    *,
    until: datetime | None,
    cause: str | None = None,
) -> None:
    facts = {"cause": cause or approval.kind.value, "until": until, "by": approval.by, "override": approval.id}
    draft.tell(person, "claim.overridden", claim, rule="CLM-34", urgency="urgent", facts=facts)


def _date_invalid() -> Refusal:
    return Refusal("date_invalid", rule="CLM-34", errors=(FieldError("until", "date_invalid"),))
