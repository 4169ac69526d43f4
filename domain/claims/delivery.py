"""Delivery hand-off (交付交接): what a won deal promises goes to the team that delivers it (CLM-31).

It is a request to the leader of that team, who accepts it or returns it with a reason. Whose the customer is does not
change; whoever accepted reads the claim from then on. It is opened by call, or by the deal itself where policy names
the team.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.claims.collaborators import joined
from domain.claims.holding import ask
from domain.claims.lifecycle import ClaimState, refused
from domain.claims.model import Claim, Request, RequestKind, RequestState
from domain.claims.permissions import authorise, authorise_tick
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.people.access import Actor
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial


def hand_off(draft: Draft, command: Command) -> None:
    """Put the checklist before the leader of the delivering team, who has `handoff.accept_wd` to answer."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state is not ClaimState.WON:
        raise refused(state=claim.state, trigger="deliver")
    if _open(draft, claim) is not None:
        raise Refusal(
            "illegal_transition", rule="CLM-31", facts={"request": "delivery"}, current_state=claim.state.value
        )
    team = command.data["team"]
    leader = draft.setting.organisation.teams[team].leader
    if leader is None or not draft.setting.organisation.is_active(leader, at=draft.at):
        raise Refusal("field_invalid", rule="CLM-31", errors=(FieldError("team", "field_invalid"),))
    _ask(draft, claim, leader, by=command.actor, data={"team": team, "checklist": command.data["checklist"]})


def opened_by(draft: Draft, claim: Claim) -> None:
    """The deal that has won the claim hands it to `handoff.team`, where policy names one; a trial delivers nothing.

    A team that is unknown, or that nobody leads and none above, keeps nobody from winning: then a call opens it.
    """
    policy = draft.setting.terms_of(claim).policy
    team = policy.word("handoff.team")
    if team is None or team not in draft.setting.organisation.teams or in_trial(draft):
        return
    leader = _leader(draft, team)
    if leader is None:
        return
    # Words of the rules, not of a customer: they stand as they are, and no erasure takes them away.
    checklist = {"checklist": list(policy.words("handoff.checklist")), "by_rule": True}
    _ask(draft, claim, leader, by=None, data={"team": team, **checklist})


def resumed(draft: Draft, claim: Claim, *, since: datetime) -> None:
    """A case that froze the claim at ``since`` or later withdrew the hand-off that was open: it is asked for anew."""
    asked = [r for r in draft.matter.requests_of(claim.id) if r.kind is RequestKind.DELIVERY]
    last = max(asked, key=lambda r: (r.created_at, r.id), default=None)
    if last is None or last.state is not RequestState.WITHDRAWN or last.decided_by is not None:
        return
    if last.decided_at is None or last.decided_at < since:
        return  # called off before the case, by a transfer or a deal that was off
    data = last.data or {}
    leader = _leader(draft, data["team"])
    if leader is not None:
        kept = {name: value for name, value in data.items() if name not in ("late", "answer")}
        _ask(draft, claim, leader, by=last.by, data=kept)


def tick(draft: Draft, command: Command) -> None:
    """One item of the checklist is done, or is not after all: progress for the owner to see, and it stops nothing."""
    request = draft.matter.requests[command.data["request"]]
    claim = draft.matter.claims[request.claim]
    authorise_tick(request, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if request.kind is not RequestKind.DELIVERY or request.state not in (RequestState.OPEN, RequestState.ACCEPTED):
        facts = {"request": request.kind.value, "state": request.state.value}
        raise Refusal("illegal_transition", rule="CLM-31", facts=facts, current_state=request.state.value, allowed=())
    if claim.state is not ClaimState.WON:
        raise refused(state=claim.state, trigger="deliver")
    data, item, done = request.data or {}, command.data["item"], command.data["done"]
    if item > len(data["checklist"]):
        raise Refusal("field_invalid", rule="CLM-31", errors=(FieldError("item", "field_invalid"),))
    ticked = set(data.get("ticked", ()))  # none in rows of before
    if (item in ticked) == done:
        return  # asked again
    ticked ^= {item}
    request = draft.put_request(replace(request, data={**data, "ticked": sorted(ticked)}))
    _record(draft, claim, request, "ticked" if done else "unticked", actor=command.actor, item=item)


def accepted(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    """Whoever accepts delivers, and reads the claim for it whatever the number of collaborators (CLM-29)."""
    if claim.state is not ClaimState.WON:
        raise refused(state=claim.state, trigger="deliver")
    request = _decided(draft, request, RequestState.ACCEPTED, by=actor)
    _record(draft, claim, request, "accepted", actor=actor)
    if actor is not None and actor != claim.owner:
        claim = joined(draft, claim, actor, rights=_rights(claim, actor), actor=actor)
    _tell_askers(draft, claim, request, actor=actor)


def returned(draft: Draft, claim: Claim, request: Request, *, actor: str | None, text: str | None) -> None:
    """Something is missing; the reason says what. The owner may open the next one at once."""
    if text is None:
        raise Refusal("reason_required", rule="CLM-31", errors=(FieldError("reason", "reason_required"),))
    request = replace(request, data={**(request.data or {}), "answer": text})
    request = _decided(draft, request, RequestState.REFUSED, by=actor)
    _record(draft, claim, request, "returned", actor=actor)
    _tell_askers(draft, claim, request, actor=actor)


def overdue(draft: Draft, claim: Claim, request: Request) -> None:
    """Nobody accepted in time: both leaders are told, once, and it goes on waiting."""
    request = draft.put_request(replace(request, data={**(request.data or {}), "late": True}))
    _record(draft, claim, request, "late", actor=None)
    for leader in dict.fromkeys((draft.supervisor(claim.owner or claim.reporter), *request.waiting_for)):
        facts = {"request": request.id, "cause": "late"}
        draft.tell(leader, "request.delivery", claim, rule="CLM-31", urgency="urgent", facts=facts)


def called_off(draft: Draft, claim: Claim) -> None:
    """The last deal is off, and with it what was to be delivered (CLM-32)."""
    request = _open(draft, claim)
    if request is None:
        return
    request = _decided(draft, request, RequestState.WITHDRAWN, by=None)
    for person in request.waiting_for:
        facts = {"request": request.id, "state": "withdrawn"}
        draft.tell(person, "request.delivery", claim, rule="CLM-31", facts=facts)


def _leader(draft: Draft, team: str) -> str | None:
    """Who leads ``team``, or the nearest leader above it who is there."""
    organisation = draft.setting.organisation
    leaders = (organisation.leader_of(one, at=draft.at) for one in organisation.path_up(team))
    return next((one for one in leaders if one is not None and organisation.is_active(one, at=draft.at)), None)


def _ask(draft: Draft, claim: Claim, leader: str, *, by: str | None, data: dict[str, Any]) -> None:
    limit = draft.setting.terms_of(claim).policy.duration("handoff.accept_wd")
    request = Request(
        id=draft.mint(),
        kind=RequestKind.DELIVERY,
        claim=claim.id,
        by=by,
        waiting_for=(leader,),
        created_at=draft.at,
        decide_by=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else None,
        reason_text=None,
        data={**data, "late": False, "answer": None},
    )
    ask(draft, claim, request, rule="CLM-31")
    _record(draft, claim, request, "opened", actor=by)


def _open(draft: Draft, claim: Claim) -> Request | None:
    asked = (r for r in draft.matter.requests_of(claim.id) if r.kind is RequestKind.DELIVERY)
    return next((r for r in asked if r.state is RequestState.OPEN), None)


def _rights(claim: Claim, person: str) -> str:
    return next((c.rights for c in claim.collaborators if c.person == person), "read")


def _decided(draft: Draft, request: Request, state: RequestState, *, by: str | None) -> Request:
    draft.closed_tasks.append(f"request:{request.id}")
    return draft.put_request(replace(request, state=state, decided_by=by, decided_at=draft.at))


def _tell_askers(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    for person in dict.fromkeys((request.by, claim.owner)):
        if person != actor:
            facts = {"request": request.id, "state": request.state.value}
            draft.tell(person, "request.delivery", claim, rule="CLM-31", facts=facts)


def _record(draft: Draft, claim: Claim, request: Request, step: str, *, actor: str | None, **more: int) -> None:
    data = request.data or {}
    told = {"cause": "delivery", "step": step, "request": request.id, "team": data["team"], "text": data["answer"]}
    draft.record("corrected", claim, actor=actor, data={**told, **more})
