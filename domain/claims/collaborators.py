"""Collaborators (协作人) of a complex customer: invited by the owner, who remains the only owner (CLM-29)."""

from __future__ import annotations

from dataclasses import replace

from domain.claims.lifecycle import HOLDING, refused
from domain.claims.model import Claim, Collaborator
from domain.claims.permissions import authorise
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.people.access import Actor
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_refuse_act


def invite(draft: Draft, command: Command) -> None:
    """The owner lets a colleague read or work; asked again, it changes the rights.

    One too many is only noted in a trial (POL-08).
    """
    claim = _held(draft, command)
    person = command.data["person"]
    cap = draft.setting.terms_of(claim).policy.integer("claim.collaborators_max")
    others = [c for c in claim.collaborators if c.person != person]
    if len(others) == len(claim.collaborators) and len(others) >= cap:
        against = Refusal(
            "collaborator_limit",
            rule="CLM-29",
            facts={"cap": cap, "count": len(others)},
            current_state=claim.state.value,
        )
        if not in_trial(draft):
            raise against
        would_refuse_act(draft, claim, against, person=command.actor)
    joined(draft, claim, person, rights=command.data["rights"], actor=command.actor)


def remove(draft: Draft, command: Command) -> None:
    """The owner ends the rights of a collaborator."""
    claim = _held(draft, command)
    person = command.data["person"]
    left = tuple(c for c in claim.collaborators if c.person != person)
    if left == claim.collaborators:
        return
    claim = draft.put(replace(claim, collaborators=left))
    _record(draft, claim, person, rights=None, actor=command.actor)


def joined(draft: Draft, claim: Claim, person: str, *, rights: str, actor: str | None) -> Claim:
    """``person`` has these rights from here on; so has who shares by a joint ruling, whatever the limit (DSP-14)."""
    present = next((c for c in claim.collaborators if c.person == person), None)
    if present is not None and present.rights == rights:
        return claim
    others = tuple(c for c in claim.collaborators if c.person != person)
    claim = draft.put(replace(claim, collaborators=(*others, Collaborator(person, rights))))
    _record(draft, claim, person, rights=rights, actor=actor)
    return claim


def _held(draft: Draft, command: Command) -> Claim:
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state not in HOLDING:
        raise refused(state=claim.state, trigger="collaborate")
    return claim


def _record(draft: Draft, claim: Claim, person: str, *, rights: str | None, actor: str | None) -> None:
    cause = "collaborator" if rights is not None else "collaborator_removed"
    draft.record("corrected", claim, actor=actor, data={"cause": cause, "person": person, "rights": rights})
    draft.tell(person, "claim.corrected", claim, rule="CLM-29", facts={"cause": cause, "by": claim.owner})
