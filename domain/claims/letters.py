"""Authorisation letters (授权书) of projects: one, numbered and expiring, for whoever holds the project (CLM-33)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.claims.approvals import ApprovalKind, SpecialApproval
from domain.claims.lifecycle import ClaimState, refused
from domain.claims.model import Claim, Clock
from domain.claims.permissions import authorise, granter
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.matters.setting import Setting
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial, would_refuse_act

#: Where letters are issued.
LETTERED = (ClaimState.PROTECTED, ClaimState.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One that was issued on ``claim``; storage numbers it. ``override`` let it be one more than `bid.letters`.

    It ends with its claim, whatever ``expires_at`` says, and does not come back with it.
    """

    id: str
    claim: str
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    override: str | None


def issue(draft: Draft, command: Command) -> None:
    """The owner of a project is given a letter; of more than `bid.letters` each needs a special approval."""
    claim = draft.matter.claims[command.claim]
    actor = Actor(command.actor or "")
    authorise(command.kind, claim, actor=actor, setting=draft.setting, at=draft.at)
    if claim.state not in LETTERED:
        raise refused(state=claim.state, trigger="letter")
    require_project(draft, claim)
    expires_at = _expires_at(draft, claim, asked=command.data["expires_at"])
    approval = _approval_for(draft, claim, asked_by=actor.person)
    letter = Letter(
        id=command.data["letter"],
        claim=claim.id,
        issued_by=actor.person,
        issued_at=draft.at,
        expires_at=expires_at,
        override=approval.id if approval is not None else None,
    )
    draft.new_letters.append(letter)
    claim = draft.put(replace(claim, letters=claim.letters + 1))
    data = {"letter": letter.id, "expires_at": expires_at, "override": letter.override}
    draft.record("letter_issued", claim, actor=actor.person, data=data)


def may_be_issued(claim: Claim, approvals: Iterable[SpecialApproval], *, setting: Setting, at: datetime) -> bool:
    """Whether one more letter may be issued on ``claim`` of a project, by `bid.letters` or one of ``approvals``.

    A trial only notes that none may (POL-08).
    """
    protection = claim.clock(Clock.PROTECTION)
    if protection is not None and protection.deadline is not None and protection.deadline <= at:
        return False
    left = claim.letters < setting.terms_of(claim).policy.integer("bid.letters")
    return left or setting.in_trial(claim.program, at=at) or _standing(claim, approvals, at=at) is not None


def _standing(claim: Claim, approvals: Iterable[SpecialApproval], *, at: datetime) -> SpecialApproval | None:
    return next((a for a in approvals if a.allows_letter(claim.id, at=at)), None)


def require_project(draft: Draft, claim: Claim) -> None:
    """Letters are for projects; a customer as such has none."""
    if draft.matter.project is None:
        raise Refusal(
            "illegal_transition", rule="CLM-33", facts={"subject": "customer"}, current_state=claim.state.value
        )


def _expires_at(draft: Draft, claim: Claim, *, asked: datetime | None) -> datetime:
    """As asked, else when the protection ends; after that no letter stands."""
    protection = claim.clock(Clock.PROTECTION)
    ends = protection.deadline if protection is not None else None
    expires_at = asked or ends
    if expires_at is None:
        raise Refusal("field_missing", rule="CLM-33", errors=(FieldError("expires_at", "field_missing"),))
    if expires_at <= draft.at or (ends is not None and expires_at > ends):
        facts = {"until": ends}
        raise Refusal("date_invalid", rule="CLM-33", facts=facts, errors=(FieldError("expires_at", "date_invalid"),))
    return expires_at


def _approval_for(draft: Draft, claim: Claim, *, asked_by: str) -> SpecialApproval | None:
    """None while the claim has letters left; else the special approval that is used up by this one (CLM-34).

    In a trial it is noted that there is none (POL-08).
    """
    cap = draft.setting.terms_of(claim).policy.integer("bid.letters")
    if claim.letters < cap:
        return None
    approval = _standing(claim, draft.matter.approvals.values(), at=draft.at)
    if approval is None:
        against = Refusal(
            "illegal_transition",
            rule="CLM-33",
            facts={
                "cap": cap,
                "count": claim.letters,
                "needs": ApprovalKind.LETTER.value,
                "roles": list(draft.setting.policy_at(claim.program, at=draft.at).words("override.roles")),
                "by": granter(claim, setting=draft.setting, at=draft.at),
            },
            current_state=claim.state.value,
        )
        if not in_trial(draft):
            raise against
        would_refuse_act(draft, claim, against, person=asked_by)
        return None
    approval = replace(approval, used_at=draft.at)
    draft.matter = draft.matter.with_approval(approval)
    return approval
