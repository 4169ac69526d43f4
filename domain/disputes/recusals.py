"""Who may not decide, and who takes over: recusals, seats given on, parties succeeded (DSP-13, PPL-05, PPL-06)."""

from __future__ import annotations

from dataclasses import replace

from domain.disputes.arbitrators import (
    Seat,
    conflict_of,
    may_name,
    named_seat,
    reassignment,
    recusal_deadline,
    recusal_decider,
)
from domain.disputes.cases import (
    ask_for_arbitrator,
    mine,
    naming_key,
    policy_of,
    put,
    recusal_key,
    take_seat,
    task_key,
    tell_parties,
)
from domain.disputes.lifecycle import DisputeState, refused
from domain.disputes.model import Challenge, Dispute, Recusal, Window
from domain.disputes.seats import bench_of, sides_of, successor
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command
from domain.refusals import FieldError, Refusal

_RULE = "DSP-13"


def challenge(draft: Draft, command: Command) -> None:
    """A party asks that somebody be recused (回避): decided one tier up, in time (DSP-13)."""
    dispute, party = mine(draft, command)
    person: str = command.data["person"]
    if not dispute.is_open:
        raise refused(state=dispute.state, trigger="recusal")
    seat = dispute.seat if dispute.state is DisputeState.ARBITRATING else None
    arbitrates = seat is not None and person in (seat.person, seat.acting)
    if not arbitrates and (person != dispute.mediator or dispute.state is DisputeState.ARBITRATING):
        raise Refusal("field_invalid", rule=_RULE, errors=(FieldError("person", "field_invalid"),))
    earlier = next((r for r in dispute.recusals if r.person == person and r.by == party.person), None)
    if earlier is not None and earlier.state is Challenge.OPEN:
        draft.retarget(command, earlier.id)
        return
    if earlier is not None:
        raise Refusal("illegal_transition", rule=_RULE, current_state=dispute.state.value)
    recusal = _asked(draft, dispute, command, person, party.person, arbitrates=arbitrates)
    dispute = put(draft, replace(dispute, recusals=(*dispute.recusals, recusal)))
    draft.record_case(
        "recusal_asked",
        dispute,
        actor=command.actor,
        data={"recusal": recusal.id, "person": person, "reason": recusal.reason, "decider": recusal.decider},
    )
    if recusal.decider is None:
        _decide(draft, dispute, recusal, accepted=False, actor=None, text=None)
        return
    put(draft, _with_window(dispute))
    draft.tasks.append(
        Task(
            key=recusal_key(recusal),
            person=recusal.decider,
            kind="decide_recusal",
            subject_type="dispute",
            subject=dispute.id,
            due=recusal.until,
        )
    )
    facts = {"until": recusal.until}
    draft.tell_case(recusal.decider, "dispute.recusal", dispute, rule=_RULE, urgency="urgent", facts=facts)
    draft.tell_case(person, "dispute.recusal_asked", dispute, rule=_RULE, facts=facts)
    tell_parties(draft, dispute, "dispute.recusal_asked", apart=command.actor, facts=facts)


def decide_challenge(draft: Draft, command: Command) -> None:
    """One tier up says yes or no, with a reason (DSP-13); the same answer again counts once."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    recusal = next(r for r in dispute.recusals if r.id == command.data["recusal"])
    accepted: bool = command.data["accepted"]
    organisation = draft.setting.organisation
    if recusal.decider is None or command.actor not in (
        recusal.decider,
        organisation.delegate_of(recusal.decider, at=draft.at),
    ):
        raise Refusal("not_allowed", rule=_RULE)
    sides, bench = sides_of(draft.matter, dispute), bench_of(draft.setting, dispute)
    if command.actor != recusal.decider and conflict_of(command.actor or "", sides=sides, bench=bench, at=draft.at):
        raise Refusal("recusal_required", rule="PPL-05")
    if not command.data.get("reason"):
        raise Refusal("reason_required", rule=_RULE)
    if recusal.state is not Challenge.OPEN:
        if recusal.state is (Challenge.ACCEPTED if accepted else Challenge.REFUSED):
            return
        raise Refusal("illegal_transition", rule=_RULE, current_state=dispute.state.value)
    _decide(draft, dispute, recusal, accepted=accepted, actor=command.actor, text=command.data["reason"])


def undecided(draft: Draft, dispute: Dispute) -> None:
    """Nobody decided in time: the request is refused (DSP-13)."""
    for recusal in dispute.recusals:
        if recusal.state is Challenge.OPEN and recusal.until is not None and recusal.until <= draft.at:
            dispute = draft.matter.disputes[dispute.id]
            _decide(draft, dispute, recusal, accepted=False, actor=None, text=None)


def reassign(draft: Draft, dispute: Dispute) -> None:
    """Whoever has the case cannot go on, or is stood in for: the seat is looked at anew (DSP-12, PPL-05)."""
    seat = dispute.seat
    assert seat is not None
    found = reassignment(
        seat,
        sides=sides_of(draft.matter, dispute),
        bench=bench_of(draft.setting, dispute),
        at=draft.at,
        history=dispute.seats[:-1],
    )
    dispute = put(draft, replace(dispute, seat_seen=draft.at))
    if found.seat == seat and not dispute.vacant:
        return
    if not dispute.vacant:
        draft.closed_tasks.append(task_key(dispute))
        why = found.bar.value if found.bar is not None else None
        draft.record_case("seat_vacated", dispute, data={"tier": dispute.tier, "arbitrator": seat.acting, "why": why})
    if found.seat is None:
        ask_for_arbitrator(draft, dispute)
    elif found.restarts_limit:
        take_seat(draft, dispute, found.seat)
    else:
        _hand_over(draft, dispute, found.seat, before=dispute.seats if found.bar is not None else dispute.seats[:-1])


def name_arbitrator(draft: Draft, command: Command) -> None:
    """Where nobody neutral is left an admin or oversight names who decides, with a reason (DSP-13)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    person: str = command.data["person"]
    sides, bench = sides_of(draft.matter, dispute), bench_of(draft.setting, dispute)
    if command.actor not in may_name(sides=sides, bench=bench, at=draft.at):
        raise Refusal("not_allowed", rule=_RULE)
    if dispute.is_open and dispute.arbitrator is not None and dispute.named[-1:] == (person,):
        return
    seat = named_seat(person, sides=sides, bench=bench, at=draft.at, history=dispute.seats)
    if not dispute.vacant or dispute.state is not DisputeState.ARBITRATING:
        raise refused(state=dispute.state, trigger="arbitrator")
    former = dispute.seat
    dispute = put(draft, replace(dispute, named=(*dispute.named, person)))
    data = {"person": person, "reason": command.data["reason"]}
    draft.record_case("arbitrator_named", dispute, actor=command.actor, data=data)
    if former is not None and former.tier is seat.tier:
        _hand_over(draft, dispute, seat, before=dispute.seats)
    else:
        take_seat(draft, dispute, seat)


def _hand_over(draft: Draft, dispute: Dispute, seat: Seat, *, before: tuple[Seat, ...]) -> None:
    """Another person in the same tier, which keeps its limit and what was heard (DSP-12)."""
    draft.closed_tasks.extend(recusal_key(r) for r in dispute.recusals if r.state is Challenge.OPEN)
    dispute = replace(dispute.without_challenges(draft.at), seats=(*before, seat), seat_seen=draft.at, vacant=False)
    dispute = put(draft, _with_window(dispute))
    acting, due = seat.acting, dispute.window(Window.TIER)
    draft.closed_tasks.append(naming_key(dispute))
    draft.record_case("assigned", dispute, data={"tier": dispute.tier, "arbitrator": acting})
    draft.tasks.append(
        Task(
            key=task_key(dispute),
            person=acting,
            kind="arbitrate",
            subject_type="dispute",
            subject=dispute.id,
            due=due,
        )
    )
    draft.tell_case(acting, "dispute.arbitrating", dispute, rule="DSP-12", urgency="urgent", facts={"until": due})
    tell_parties(draft, dispute, "dispute.reassigned")


def succeed(draft: Draft, dispute: Dispute, person: str) -> None:
    """The supervisor takes the place of a party who has left (PPL-06)."""
    party = dispute.party(person)
    assert party is not None
    by = successor(draft.setting, dispute, party, at=draft.at)
    assert by is not None  # else nothing would have fallen due
    if dispute.served_by in (party.person, party.represented_by):
        dispute = replace(dispute, served_by=by)  # the customer is not left alone (DSP-03)
    dispute = put(draft, dispute.with_party(replace(party, represented_by=by)))
    draft.record_case("succeeded", dispute, data={"person": person, "by": by})
    draft.tell_case(by, "dispute.succeeded", dispute, rule="PPL-06", urgency="urgent", facts={"person": person})


def _asked(draft: Draft, dispute: Dispute, command: Command, person: str, by: str, *, arbitrates: bool) -> Recusal:
    bench = bench_of(draft.setting, dispute)
    decider = recusal_decider(
        person,
        seat=dispute.seat if arbitrates else None,
        sides=sides_of(draft.matter, dispute),
        bench=bench,
        at=draft.at,
        history=dispute.seats[:-1],
    )
    limit = recusal_deadline(
        start=draft.at, policy=policy_of(draft, dispute), calendar=draft.setting.calendar(dispute.program)
    )
    return Recusal(
        id=command.data["recusal"],
        person=person,
        by=by,
        reason=command.data["reason"],
        asked_at=draft.at,
        decider=decider.acting if decider is not None else None,
        until=limit.at if limit is not None else None,
    )


def _decide(
    draft: Draft, dispute: Dispute, recusal: Recusal, *, accepted: bool, actor: str | None, text: str | None
) -> None:
    state = Challenge.ACCEPTED if accepted else Challenge.REFUSED
    decided = replace(recusal, state=state, decided_by=actor, decided_at=draft.at, decision=text)
    dispute = replace(dispute, recusals=tuple(decided if r.id == recusal.id else r for r in dispute.recusals))
    if accepted:
        dispute = replace(dispute, recused=(*dispute.recused, recusal.person))
        if dispute.mediator == recusal.person:
            dispute = replace(dispute, mediator=None, mediator_seen=None)
    dispute = put(draft, _with_window(dispute))
    draft.record_case(
        "recusal_decided",
        dispute,
        actor=actor,
        data={"recusal": recusal.id, "person": recusal.person, "accepted": accepted, "reason": text},
    )
    draft.closed_tasks.append(recusal_key(recusal))
    facts = {"state": state.value}
    draft.tell_case(recusal.person, "dispute.recusal_decided", dispute, rule=_RULE, facts=facts)
    tell_parties(draft, dispute, "dispute.recusal_decided", facts=facts)
    seat = dispute.seat
    if accepted and seat is not None and recusal.person in (seat.person, seat.delegate):
        reassign(draft, dispute)


def _with_window(dispute: Dispute) -> Dispute:
    """Until when the next open request has to be decided."""
    ends = [r.until for r in dispute.recusals if r.state is Challenge.OPEN and r.until is not None]
    bare = dispute.without_windows(Window.RECUSAL)
    return bare.with_window(Window.RECUSAL, min(ends)) if ends else bare
