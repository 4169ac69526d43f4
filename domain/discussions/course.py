"""How a team discussion (团队讨论) runs: opened, proposed and voted in, decided, carried out or refused (DSP-07).

Votes advise. One supervisor decides with a reason, and whom the customer concerns may refuse until the decision takes
effect: then it is a dispute. Every function decides one item of a matter's inbox; the instant that counts is
``draft.at``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.claims.holding import assign_to
from domain.claims.lifecycle import ClaimState, ClaimTrigger
from domain.claims.model import Claim
from domain.claims.reports import accept_claim, waiting_reports
from domain.claims.requests import check_receiver, note_receiver, transfer_now
from domain.claims.settlements import lay_down
from domain.discussions.model import Decision, Discussion, DiscussionState, Proposal, Result
from domain.disputes import cases
from domain.disputes.model import Dispute
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting
from domain.money.agreement import check_past_share
from domain.people.access import Actor, Place, has_role
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal

S = DiscussionState


def open_discussion(draft: Draft, command: Command) -> None:
    """Somebody in charge of all who stand on the customer calls them and their leaders together."""
    matter, actor = draft.matter, command.actor or ""
    claims = standing_on(matter, matter.claims[command.claim], at=draft.at)
    organisation = draft.setting.organisation
    people = dict.fromkeys((*(cases.person_of(c) for c in claims), *command.data["met"]))
    here = [p for p in people if organisation.is_active(p, at=draft.at)]
    if not in_charge(actor, people, program=matter.program, setting=draft.setting, at=draft.at):
        raise Refusal("not_allowed", rule="DSP-07")
    if matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03")
    if matter.open_discussion is not None:
        raise Refusal("illegal_transition", rule="DSP-07", facts={"discussion": matter.open_discussion.id})
    if len(people) < 2:
        raise Refusal("party_missing", rule="DSP-07")
    leaders = (next(organisation.superiors(p, at=draft.at), None) for p in people)
    terms = draft.setting.terms_at(matter.program, at=draft.at)
    limit = draft.setting.policy(terms).duration("discussion.close_wh")
    found = Discussion(
        id=command.data["discussion"],
        matter=matter.id,
        program=matter.program,
        claim=command.claim,
        opened_by=actor,
        opened_at=draft.at,
        terms=terms,
        topic=command.data["topic"],
        claims=tuple(c.id for c in claims),
        members=tuple(p for p in dict.fromkeys((*here, *leaders)) if p is not None and p != actor),
        close_by=draft.setting.calendar(matter.program).add(draft.at, limit).at if limit else None,
    )
    _put(draft, found)
    draft.record_discussion("opened", found, actor=actor, data={"members": list(found.members)})
    _ask_to_decide(draft, found)
    _tell(draft, found, found.members, "opened", facts={"until": found.close_by})


def propose(draft: Draft, command: Command) -> None:
    """A member, or who leads the discussion, says who should have the customer and how it is followed up."""
    found = _speaking(draft, command, leading=True)
    _require(found, S.OPEN)
    n, person = len(found.proposals) + 1, command.data["person"]
    proposal = Proposal(n, command.actor or "", draft.at, person, command.data["plan"])
    _put(draft, replace(found, proposals=(*found.proposals, proposal)))
    draft.record_discussion("proposed", found, actor=command.actor, data={"n": n, "person": person})
    others = [p for p in (led_by(found, draft), *found.members) if p not in (None, command.actor)]
    _tell(draft, found, others, "proposed", urgency="normal")


def vote(draft: Draft, command: Command) -> None:
    """A member is for a proposal; it advises and decides nothing."""
    found = _speaking(draft, command, leading=False)
    _require(found, S.OPEN)
    n = command.data["proposal"]
    if n > len(found.proposals):
        raise Refusal("field_invalid", rule="DSP-07", errors=(FieldError("proposal", "field_invalid"),))
    _put(draft, found.with_vote(command.actor or "", n))
    draft.record_discussion("voted", found, actor=command.actor, data={"n": n})


def decide(draft: Draft, command: Command) -> None:
    """Who leads the discussion names one responsible person (责任人) and the plan (跟进计划), with a reason.

    It takes effect at once where no other party is left to ask, else when they have all accepted, or not refused
    within `release.objection_wh`. The same decision again counts once.
    """
    found, data = _named(draft, command), command.data
    leads = led_by(found, draft)
    if leads is None or not _acts_for(command.actor, leads, draft):
        raise Refusal("not_allowed", rule="DSP-07")
    if draft.matter.in_case or found.state is S.DISPUTED:
        raise Refusal("claim_disputed", rule="DSP-03", current_state=found.state.value)
    if not data["reasoned"]:
        raise Refusal("reason_required", rule="DSP-07", errors=(FieldError("reason", "reason_required"),))
    decision = Decision(
        by=command.actor or "",
        at=draft.at,
        person=data["person"],
        plan=data["plan"],
        reason=data["reason"],
        said=data["said"],
        past_share_bps=data["past_share_bps"],
    )
    if found.decision is not None:
        if found.decision.says_what(decision):
            return
        raise Refusal("already_ruled", rule="DSP-07", current_state=found.state.value)
    # Nor does a party decide as the delegate of who leads it (PPL-05).
    if decision.person in (leads, command.actor) or command.actor in found.stakes(draft.matter.claims):
        raise Refusal("recusal_required", rule="DSP-07")
    _check(draft, found, decision)
    asked = _asked(draft, found, decision)
    limit = draft.setting.policy(found.terms).duration("release.objection_wh")
    if asked and limit is not None:
        until = draft.setting.calendar(found.program).add(draft.at, limit).at
        decision = replace(decision, takes_effect_at=until)
    before = found.state
    found = _put(draft, replace(found, decision=decision, state=S.DECIDED))
    draft.closed_tasks.append(task_key(found))
    draft.record_discussion(
        "decided",
        found,
        before=before,
        actor=command.actor,
        data={
            "person": decision.person,
            "plan": decision.plan,
            "reason": decision.reason,
            "past_share_bps": decision.past_share_bps,
            "until": decision.takes_effect_at,
        },
    )
    if decision.takes_effect_at is None:
        _carry_out(draft, found)
        return
    _tell(draft, found, asked, "decided", facts={"until": decision.takes_effect_at, "person": decision.person})


def answer(draft: Draft, command: Command) -> None:
    """A party accepts the decision, or refuses to have the matter settled here: then it is a dispute."""
    found = _named(draft, command)
    stakes = found.stakes(draft.matter.claims)
    claim = stakes.get(command.actor or "")
    if found.state is S.DISPUTED or draft.matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03", current_state=found.state.value)
    if claim is None:
        raise Refusal("not_allowed", rule="DSP-07")
    if command.data["answer"] == "refuse":
        _require(found, S.OPEN, S.DECIDED)
        draft.record_discussion("refused", found, actor=command.actor, data={"text": command.data["text"]})
        others = [c for c in stakes.values() if c.id != claim.id]
        # Nobody else with a claim: the case is with who led the discussion, as after a release that was asked for.
        cases.contest_discussion(draft, claim, others, led_by=found.opened_by, statement=command.data["text"])
        return
    _require(found, S.DECIDED)
    if claim.id in found.agreed:
        return
    found = _put(draft, replace(found, agreed=(*found.agreed, claim.id)))
    draft.record_discussion("accepted", found, actor=command.actor)
    assert found.decision is not None
    if not _asked(draft, found, found.decision):
        _carry_out_or_reopen(draft, found)


def time_over(draft: Draft, found: Discussion) -> None:
    """Nobody refused in time: the decision takes effect. Or nobody decided in time: those in charge are told."""
    if draft.matter.in_case:
        follow(draft)
    elif found.state is S.DECIDED:
        _carry_out_or_reopen(draft, found)
    else:
        found = _put(draft, replace(found, overdue=True))
        draft.record_discussion("overdue", found)
        _ask_to_decide(draft, found)  # whoever leads it now, if who opened it has left
        leads = led_by(found, draft)
        above = draft.supervisor(leads, interested=found.members) if leads is not None else None
        _tell(draft, found, [p for p in (leads, above) if p is not None], "overdue", facts={"until": found.close_by})


def follow(draft: Draft) -> None:
    """A case about the customer, however it was opened, ends the discussion; about two records, those of both."""
    case = draft.matter.open_dispute or draft.matter.frozen_by
    if case is None:
        return
    found = draft.matter.open_discussion
    if found is not None:
        draft.matter = draft.matter.with_discussion(_ended_by(draft, found, case))
    other = draft.other if case.other_matter is not None else None
    beside = other.open_discussion if other is not None and other.id == case.other_matter else None
    if other is not None and beside is not None:
        draft.other = other.with_discussion(_ended_by(draft, beside, case))


def _ended_by(draft: Draft, found: Discussion, case: Dispute) -> Discussion:
    before = found.state
    found = replace(found, state=S.DISPUTED, dispute=case.id, ended_at=draft.at)
    draft.closed_tasks.append(task_key(found))
    draft.record_discussion("disputed", found, before=before, data={"dispute": found.dispute})
    told = dict.fromkeys((led_by(found, draft), *found.members))
    _tell(draft, found, [p for p in told if p is not None], "disputed")
    return found


def standing_on(matter: Matter, about: Claim, *, at: datetime) -> tuple[Claim, ...]:
    """Who stands on the customer: ``about``, the holder, undecided and refused reports, a lapse in its grace."""
    grace = matter.reserved_for(at)
    found = [about, *([grace] if grace is not None else [])]
    found += [c for c in matter.claims.values() if c.holds or cases.contends(c)]
    stakes = {cases.person_of(c): c for c in found if c.state is not ClaimState.WITHDRAWN and not c.settled}
    # Of one person's two the one that holds; else the latest.
    stakes |= {cases.person_of(c): c for c in found if c.holds}
    return tuple(stakes.values())


def in_charge(actor: str, people: Iterable[str], *, program: str, setting: Setting, at: datetime) -> bool:
    """Whether ``actor`` leads or manages all of ``people``, or is oversight, and is none of them."""
    organisation = setting.organisation
    people = tuple(people)
    if actor in people or not organisation.is_active(actor, at=at):
        return False
    if actor in setting.programs[program].oversight:
        return True
    places = [Place(program=program, teams=(organisation.team_of(p, at=at),)) for p in people]
    roles = {Role.TEAM_LEAD, Role.MANAGER}
    return all(has_role(Actor(actor), roles, organisation=organisation, at=at, place=place) for place in places)


def led_by(found: Discussion, draft: Draft) -> str | None:
    """Who decides: who opened it, after they have left their supervisor."""
    return leader_of(found, setting=draft.setting, at=draft.at)


def leader_of(found: Discussion, *, setting: Setting, at: datetime) -> str | None:
    """Who decides at ``at``; none of the members does (PPL-06)."""
    if setting.organisation.is_active(found.opened_by, at=at):
        return found.opened_by
    return setting.supervisor(found.opened_by, program=found.program, at=at, interested=found.members)


def task_key(found: Discussion) -> str:
    """Of the task to decide."""
    return f"discussion:{found.id}"


def _carry_out_or_reopen(draft: Draft, found: Discussion) -> None:
    """What could be carried out when it was decided may not be any more: then it is to be decided anew."""
    decision = found.decision
    assert decision is not None
    try:
        _check(draft, found, decision)
    except Refusal as refusal:
        late = found.close_by is not None and found.close_by <= draft.at
        before = found.state
        found = replace(found, state=S.OPEN, decision=None, agreed=(), overdue=found.overdue or late)
        _put(draft, found)
        draft.record_discussion("reopened", found, before=before, data={"code": refusal.code})
        _ask_to_decide(draft, found)
        leads = led_by(found, draft)
        _tell(draft, found, [leads] if leads is not None else [], "reopened", facts={"reason": refusal.code})
        return
    _carry_out(draft, found)


def _check(draft: Draft, found: Discussion, decision: Decision) -> None:
    """Refuse what could not be carried out now: as a transfer, else as an assignment (CLM-24, POOL-09)."""
    held, past = draft.matter.owner_claim, decision.past_share_bps
    moves = held is not None and held.owner != decision.person
    if past is not None and not moves:
        raise Refusal("field_invalid", rule="CLM-24", errors=(FieldError("past_share_bps", "field_invalid"),))
    if held is not None and not moves:
        return
    check_receiver(draft, decision.person, held or draft.matter.claims[found.claim])
    if held is not None:
        draft.move(held, ClaimTrigger.TRANSFER)
        check_past_share(draft, held, past_share_bps=past, to=decision.person)
        return
    waiting = (c for c in draft.matter.claims.values() if c.state is ClaimState.REPORTED)
    if any(c.id not in found.claims and c.reporter != decision.person for c in waiting):
        raise Refusal("already_taken", rule="CLM-05", facts={"waits_for": "judgement"})


def _carry_out(draft: Draft, found: Discussion) -> None:
    """The responsible person has the customer from here on; what the others have reported is laid down."""
    decision, held = found.decision, draft.matter.owner_claim
    assert decision is not None
    own = next(iter(waiting_reports(draft.matter, decision.person)), None) if held is None else None
    kept = {c.id for c in (held, own) if c is not None}
    data: dict[str, Any] = {"cause": "discussed", "discussion": found.id, "person": decision.person}
    laid_down = [c for c in found.stakes(draft.matter.claims).values() if c.id not in kept]
    lay_down(draft, laid_down, data=data, actor=decision.by)
    if held is None and own is not None:
        accept_claim(draft, own, actor=decision.by, text=decision.plan)
        result = Result.ASSIGNED
    elif held is None:
        assign_to(draft, draft.matter.claims[found.claim], to=decision.person, actor=decision.by, text=decision.plan)
        result = Result.ASSIGNED
    elif held.owner == decision.person:
        draft.record("corrected", held, actor=decision.by, data={**data, "text": decision.plan})
        result = Result.KEPT
    else:
        past = decision.past_share_bps
        text = decision.plan
        note_receiver(draft, decision.person, held)
        transfer_now(draft, held, to=decision.person, actor=decision.by, text=text, past_share_bps=past)
        result = Result.TRANSFERRED
    before = found.state
    found = _put(draft, replace(found, state=S.CLOSED, result=result, ended_at=draft.at))
    data = {"result": result.value, "person": decision.person}
    draft.record_discussion("closed", found, before=before, actor=decision.by, data=data)
    told = dict.fromkeys((decision.person, *found.members))
    _tell(draft, found, told, "closed", facts={"person": decision.person})


def _asked(draft: Draft, found: Discussion, decision: Decision) -> tuple[str, ...]:
    """Parties who have not accepted yet, of those that somebody else's getting the customer concerns."""
    is_active = draft.setting.organisation.is_active
    return tuple(
        person
        for person, claim in found.stakes(draft.matter.claims).items()
        if person != decision.person and claim.id not in found.agreed and is_active(person, at=draft.at)
    )


def _named(draft: Draft, command: Command) -> Discussion:
    return draft.matter.discussions[command.data["discussion"]]


def _speaking(draft: Draft, command: Command, *, leading: bool) -> Discussion:
    """The discussion, in which the sender has a voice: ``leading``, who leads it has one too."""
    found, actor = _named(draft, command), command.actor or ""
    leads = led_by(found, draft)
    speaks = actor in found.members or actor in found.stakes(draft.matter.claims)
    if not speaks and not (leading and leads is not None and _acts_for(actor, leads, draft)):
        raise Refusal("not_allowed", rule="DSP-07")
    return found


def _require(found: Discussion, *states: DiscussionState) -> None:
    if found.state not in states:
        code = "claim_disputed" if found.state is S.DISPUTED else "illegal_transition"
        raise Refusal(code, rule="DSP-07", current_state=found.state.value)


def _acts_for(actor: str | None, person: str, draft: Draft) -> bool:
    """``actor`` is ``person`` or decides on their behalf (PPL-05)."""
    return actor is not None and actor in (person, draft.setting.organisation.delegate_of(person, at=draft.at))


def _put(draft: Draft, found: Discussion) -> Discussion:
    draft.matter = draft.matter.with_discussion(found)
    return found


def _ask_to_decide(draft: Draft, found: Discussion) -> None:
    person = led_by(found, draft)
    if person is None:
        return
    key, about = task_key(found), ("discussion", found.id)
    draft.tasks.append(Task(key, person, "discuss", *about, due=found.close_by))


def _tell(
    draft: Draft,
    found: Discussion,
    people: Iterable[str],
    what: str,
    *,
    urgency: str = "urgent",
    facts: dict[str, Any] | None = None,
) -> None:
    for person in people:
        draft.tell_discussion(person, f"discussion.{what}", found, urgency=urgency, facts=facts)
