"""Customer confirmation (客户确认): asked at its points, what an answer does, what waits for one (CNF-01).

The customer is asked by the service whether whoever owned them then was the first to serve them. An answer is
evidence; none proves nothing. The link that asks is storage's business: here a confirmation is an id and an instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from domain.claims import conflicts
from domain.claims.holding import at_guard_stage
from domain.claims.lifecycle import ENDED, HOLDING, refused
from domain.claims.model import Claim, Confirmation, Confirmed
from domain.claims.permissions import authorise
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money.booking import book, concerned, tell
from domain.money.model import CONFIRMATION, Deal, EntryKind
from domain.people.access import Actor
from domain.policy.policy import Policy
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial

FIRST_VISIT: Final = "after_first_visit"
BEFORE_CONTRACT: Final = "before_contract"


def asks_after(claim: Claim, kind: str, policy: Policy) -> bool:
    """Whether a qualified follow-up of this kind on ``claim`` is a first visit that the customer is asked after."""
    wanted = kind == "visit" and FIRST_VISIT in policy.words("confirm.points")
    return wanted and not any(c.point == FIRST_VISIT for c in claim.confirmations)


def follow(draft: Draft) -> None:
    """Ask by itself what a decision gave reason to ask: after a first visit, before a contract, or after one.

    Once per claim and point; who wants another link asks for it. A trial asks no customer (POL-08).
    """
    visited = [e.claim for e in draft.follow_ups if e.data["kind"] == "visit" and e.qualified]
    # The visit that accepts is one too, though it counts for nothing else, be it that it accepts later (CUS-07).
    accepted = (c for c in draft.matter.claims.values() if c.accepted_at == draft.at)
    visited += [c.id for c in accepted if c.visited_at is not None]
    for visit in visited:
        _ask_once(draft, visit, FIRST_VISIT)
    for moved in draft.stage_moves:
        claim = draft.matter.claims[moved.claim]
        if at_guard_stage(claim, draft.setting.terms_of(claim).policy):
            _ask_once(draft, claim.id, BEFORE_CONTRACT)
    ask_for(draft, [deal.id for deal in draft.new_deals])


def ask_for(draft: Draft, deals: Iterable[str]) -> None:
    """Whose commission waits for the customer is told, and the customer asked: of deals that a claim has just come by.

    A claim in a case is asked about when the case is over.
    """
    for of in deals:
        deal = draft.matter.deals[of]
        claim = draft.matter.claims.get(deal.claim or "")
        if claim is None or claim.state in ENDED or CONFIRMATION not in deal.holds:
            continue
        facts = {"deal": deal.id, "cause": "confirmation"}
        draft.tell(deal.owner, "money.hold", claim, rule="CNF-01", facts=facts)
        _ask_once(draft, claim.id, missing(claim, _policy(draft, claim.id)) or BEFORE_CONTRACT)


def ask(draft: Draft, command: Command) -> None:
    """Somebody wants the customer asked, or asked again once the last link has expired; a link still open stays."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    point = command.data["point"]
    if point not in _policy(draft, claim.id).words("confirm.points"):
        raise Refusal("field_invalid", rule="CNF-01", errors=(FieldError("point", "field_invalid"),))
    if claim.state not in HOLDING and not _held(draft, claim):
        raise refused(state=claim.state, trigger="confirmation")
    if in_trial(draft):
        raise Refusal("illegal_transition", rule="POL-08", facts={"trial": True}, current_state=claim.state.value)
    if not any(c.point == point and (c.is_open(draft.at) or c.settles) for c in claim.confirmations):
        _ask(draft, claim, point, actor=command.actor)


def answered(draft: Draft, command: Command) -> None:
    """The customer said whether it was so. Refuses nothing: the answer is on record already."""
    claim = draft.matter.claims[command.claim]
    asked = next((c for c in claim.confirmations if c.id == command.data["confirmation"]), None)
    if asked is None:
        return
    named, form = command.data["named"], command.data.get("form")
    said = replace(asked, state=Confirmed(command.data["answer"]), decided_at=draft.at, named=named, form=form)
    data = {"answer": said.state.value, "named": named, "text": command.data["text"]}
    # Of a form on paper it is on record who entered it; by a link the customer says it.
    data |= {"form": form} if form is not None else {}
    claim = _kept(draft, claim, said, "answered", actor=command.actor, **data)
    if said.settles:
        draft.tell(claim.owner, "claim.confirmed", claim, rule="CNF-01")
        _release(draft, claim, said)
        return
    # Told whether or not the two met before: that the customer says so is new.
    facts = {"by": asked.person} | ({"person": named} if named is not None else {})
    draft.tell(draft.supervisor(asked.person), "claim.denied", claim, rule="CNF-01", facts=facts)
    conflicts.met(draft, "named", claim, named)


def override(draft: Draft, command: Command) -> None:
    """The supervisor lets contract and commission go on without a confirmation, and says why."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state not in HOLDING and not _held(draft, claim):
        raise refused(state=claim.state, trigger="override_confirmation")
    point = missing(claim, _policy(draft, claim.id))
    if point is None and not _held(draft, claim):
        return
    waived = Confirmation(
        id=draft.mint(),
        point=point or BEFORE_CONTRACT,
        person=claim.owner or claim.reporter,
        asked_at=draft.at,
        until=draft.at,
        state=Confirmed.OVERRIDDEN,
        decided_at=draft.at,
    )
    claim = _kept(draft, claim, waived, "overridden", actor=command.actor, text=command.data["text"])
    _release(draft, claim, waived)


def missing(claim: Claim, policy: Policy) -> str | None:
    """The point whose confirmation contract and commission wait for; None where there is one, or nobody is asked.

    That is the last of `confirm.points`: what the customer said at a first visit is not asked for again only where
    nothing is asked before the contract.
    """
    points = policy.words("confirm.points")
    if not points:
        return None
    last = BEFORE_CONTRACT if BEFORE_CONTRACT in points else FIRST_VISIT
    return None if any(c.point == last and c.settles for c in claim.confirmations) else last


def require(draft: Draft, claim: Claim) -> None:
    """Refuse a contract that `confirm.required` wants confirmed and nobody confirmed or overrode."""
    policy = _policy(draft, claim.id)
    point = missing(claim, policy)
    if point is not None and policy.switch("confirm.required") and not in_trial(draft):
        asked = [c for c in claim.confirmations if c.point == point]
        until = asked[-1].until if asked else None
        facts = {"point": point, "asked": bool(asked), "until": until}
        raise Refusal("confirmation_missing", rule="CNF-01", facts=facts, current_state=claim.state.value)


def holding(draft: Draft, deal: Deal, claim: Claim) -> Deal:
    """``deal`` on ``claim``, its commission held where `confirm.hold_commission` has it wait for the customer."""
    policy = _policy(draft, claim.id)
    waits = policy.switch("confirm.hold_commission") and missing(claim, policy) is not None and not deal.trial
    return replace(deal, holds=((CONFIRMATION,) if waits else ()) + deal.disputed_by)


def _ask_once(draft: Draft, of: str, point: str) -> None:
    claim = draft.matter.claims[of]
    if claim.state not in HOLDING or in_trial(draft) or point not in _policy(draft, of).words("confirm.points"):
        return
    if not any(c.point == point for c in claim.confirmations):
        _ask(draft, claim, point, actor=None)


def _ask(draft: Draft, claim: Claim, point: str, *, actor: str | None) -> None:
    terms = draft.setting.terms_of(claim)
    length = terms.policy.duration("confirm.link_h")
    asked = Confirmation(
        id=draft.mint(),
        point=point,
        person=claim.owner or claim.reporter,
        asked_at=draft.at,
        until=terms.calendar.add(draft.at, length).at if length is not None else None,
    )
    _kept(draft, claim, asked, "asked", actor=actor)


def _kept(
    draft: Draft, claim: Claim, said: Confirmation, step: str, *, actor: str | None = None, **data: str | None
) -> Claim:
    known = {c.id: c for c in claim.confirmations} | {said.id: said}
    claim = draft.put(replace(claim, confirmations=tuple(known.values())))
    told = {"cause": "confirmation", "step": step, "confirmation": said.id, "point": said.point, "person": said.person}
    draft.record("corrected", claim, actor=actor, data={**told, **data})
    return claim


def _release(draft: Draft, claim: Claim, said: Confirmation) -> None:
    """What waited for the customer is released, as far as no case holds it."""
    if missing(claim, _policy(draft, claim.id)) is not None:
        return
    for deal in _held(draft, claim):
        entry = book(
            draft,
            deal,
            replace(deal, holds=tuple(h for h in deal.holds if h != CONFIRMATION)),
            key=f"confirmation/{said.id}:release/{deal.id}",
            kind=EntryKind.HOLD_RELEASE,
            claim=claim,
            quiet=True,
        )
        if entry is not None:
            tell(draft, concerned(entry), EntryKind.HOLD_RELEASE, claim, deal=deal.id, cause="confirmation")


def _held(draft: Draft, claim: Claim) -> tuple[Deal, ...]:
    return tuple(d for d in draft.matter.deals.values() if d.claim == claim.id and CONFIRMATION in d.holds)


def _policy(draft: Draft, claim: str) -> Policy:
    return draft.setting.terms_of(draft.matter.claims[claim]).policy
