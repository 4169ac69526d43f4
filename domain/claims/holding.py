"""What happens to a customer somebody holds: release, lapse (CLM-17, CLM-19, CLM-23, CLM-30)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.claims import credit, stages
from domain.claims.lifecycle import ClaimState, ClaimTrigger
from domain.claims.model import (
    APPROVED_PAUSES,
    LAPSE_REASON,
    Claim,
    Clock,
    Request,
    RequestKind,
    RequestState,
    RunningClock,
)
from domain.claims.permissions import authorise, is_supervisor, partner_takes
from domain.claims.reports import accept_claim, clock_data, lapsed_key, lay_down_own, offered_to_queue
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command
from domain.money.model import WHOLE_BPS
from domain.people.access import Actor
from domain.policy.policy import Policy
from domain.pools.entering import enter_pool
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_lapse

#: Customers given up with one of these reasons are closed, not pooled (CLM-23).
_CLOSED = frozenset({"invalid", "false_report"})


def release(draft: Draft, command: Command) -> None:
    """The owner gives the customer up at once; a supervisor's release is a request to the owner (CLM-23)."""
    claim = draft.matter.claims[command.claim]
    _authorise(draft, command, claim)
    draft.move(claim, ClaimTrigger.RELEASE)  # refuses before anything is asked for
    owner = claim.owner
    if command.actor == owner or owner is None or not draft.setting.organisation.is_active(owner, at=draft.at):
        release_now(
            draft,
            claim,
            actor=command.actor,
            reason="by_owner" if command.actor == owner else "by_supervisor",
            word=command.data["reason"],
            text=command.data.get("text"),
            pool=command.data.get("pool"),
            to=command.data.get("to"),
            recommended=command.data.get("recommended"),
        )
        return
    if any(r.kind is RequestKind.RELEASE and r.state is RequestState.OPEN for r in draft.matter.requests_of(claim.id)):
        raise Refusal(
            "illegal_transition", rule="CLM-23", facts={"request": "release"}, current_state=claim.state.value
        )
    limit = draft.setting.terms_of(claim).policy.duration("release.objection_wh")
    request = Request(
        id=draft.mint(),
        kind=RequestKind.RELEASE,
        claim=claim.id,
        by=command.actor,
        waiting_for=(owner,),
        created_at=draft.at,
        decide_by=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else draft.at,
        reason_text=command.data.get("text"),
        data={
            "reason": command.data["reason"],
            "pool": command.data.get("pool"),
            "to": command.data.get("to"),
            "recommended": command.data.get("recommended"),
        },
    )
    ask(draft, claim, request, rule="CLM-23", urgency="urgent")


def release_now(
    draft: Draft,
    claim: Claim,
    *,
    actor: str | None,
    reason: str,
    word: str | None,
    text: str | None = None,
    pool: str | None = None,
    to: str | None = None,
    recommended: Sequence[str] | None = None,
) -> None:
    """The customer is free; the reason decides where it goes: pool, colleague, nurture or closed (CLM-23, POOL-02).

    ``recommended``: whom advice named, where somebody is named (LEAD-07).
    """
    before, owner = claim.state, claim.owner
    receiver = to if to is not None and _may_get(draft, claim, to) else None
    claim = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.RELEASE),
        reason=reason,
        release_reason=word,
        reason_text=text,
        ended_at=draft.at,
        clocks=(),
        pauses=(),
    )
    draft.put(claim)
    close_requests(draft, claim)
    data = {"word": word, "text": text, "to": to, "recommended": recommended}
    draft.record("released", claim, before=before, actor=actor, reason=reason, data=data)
    if owner != actor:
        draft.tell(owner, "claim.released", claim, rule="CLM-23", urgency="urgent", facts={"reason": reason})
    if receiver is not None:
        lay_down_own(draft, receiver, actor=actor)
        assign_to(draft, claim, to=receiver, actor=actor)
    elif not offered_to_queue(draft) and word not in _CLOSED:
        put_in_pool(draft, claim, word=word, pool=pool)


def _may_get(draft: Draft, claim: Claim, to: str) -> bool:
    """Whether whoever was named for the held customer is still somebody to give them to (PPL-01, PPL-08)."""
    setting, at = draft.setting, draft.at
    return setting.organisation.is_active(to, at=at) and partner_takes(to, claim, setting=setting, at=at)


def lapse(draft: Draft, claim: Claim, clock: RunningClock) -> None:
    """A lapse clock ran out at ``draft.at``, the recorded deadline (CLM-19), unless policy says otherwise."""
    if clock.clock is Clock.FIRST_FOLLOW_UP and _escalates(draft, claim):
        return
    if clock.clock is Clock.SALES_STAGE and stages.warned(draft, claim):
        return
    if clock.clock in (Clock.PROTECTION, Clock.STAGE) and _renewed(draft, claim, clock):
        return
    if clock.clock in (Clock.PROTECTION, Clock.NO_DEAL) and _guarded(draft, claim, clock):
        return
    lapse_now(draft, claim, reason=LAPSE_REASON[clock.clock], rule=clock.rule)


def lapse_now(draft: Draft, claim: Claim, *, reason: str, rule: str | None) -> None:
    """The claim lapses at ``draft.at``; its customer enters the pool, or rests for the former owner (CLM-20).

    In a trial it is only noted that it would have (POL-08).
    """
    if in_trial(draft):
        would_lapse(draft, claim, reason=reason, rule=rule)
        return
    before, owner = claim.state, claim.owner
    terms = draft.setting.terms_of(claim)
    grace = terms.policy.duration("claim.grace_days") if owner and not claim.rescued else None
    claim = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.LAPSE),
        reason=reason,
        ended_at=draft.at,
        clocks=(),
        pauses=(),
        waiting=None,
        grace_until=terms.calendar.add(draft.at, grace).at if grace else None,
    )
    draft.put(claim)
    close_requests(draft, claim)
    draft.record(
        "lapsed",
        claim,
        before=before,
        reason=reason,
        data={"rule": rule, **({"grace_until": claim.grace_until} if claim.grace_until else {})},
    )
    draft.tell(
        owner or claim.reporter, "claim.lapsed", claim, rule="CLM-19", urgency="urgent", facts={"reason": reason}
    )
    if owner is None or offered_to_queue(draft):
        return
    enter_pool(draft, at=claim.grace_until or draft.at)
    if terms.policy.choice("claim.lapse_to") in ("supervisor", "dispatch"):
        supervisor = draft.supervisor(owner)
        if supervisor is not None:
            draft.tasks.append(
                Task(
                    key=lapsed_key(claim),
                    person=supervisor,
                    kind="assign_lapsed",
                    subject_type="claim",
                    subject=claim.id,
                    due=None,
                )
            )


def close_requests(draft: Draft, claim: Claim) -> None:
    """What was asked about a claim that is over, or won, has no object any more: requests and tasks."""
    if claim.hand_over_by is not None and claim.ended_at is not None:
        draft.closed_tasks.append(f"handover:{claim.id}")
    if claim.escalated:
        draft.closed_tasks.append(f"first_follow_up:{claim.id}")
    if claim.missing and claim.ended_at is not None:
        draft.closed_tasks.append(f"complete:{claim.id}")
    for request in draft.matter.requests_of(claim.id):
        if request.state is RequestState.OPEN:
            draft.put_request(replace(request, state=RequestState.WITHDRAWN, decided_at=draft.at))
            draft.closed_tasks.append(f"request:{request.id}")


def ask(draft: Draft, claim: Claim, request: Request, *, rule: str, urgency: str = "normal") -> None:
    """Put a request before those it waits for: a row, a task and a notice each."""
    draft.put_request(request)
    for person in request.waiting_for:
        draft.tasks.append(
            Task(
                key=f"request:{request.id}",
                person=person,
                kind=f"request.{request.kind.value}",
                subject_type="request",
                subject=request.id,
                due=request.decide_by,
            )
        )
        draft.tell(
            person,
            f"request.{request.kind.value}",
            claim,
            rule=rule,
            urgency=urgency,
            facts={"request": request.id, "until": request.decide_by},
        )


def flag_return(draft: Draft, claim: Claim, *, kind: str) -> None:
    """Oversight is told of a customer that comes back to a former owner through a colleague (CLM-26)."""
    lost = draft.matter.lost.get(claim.owner or "")
    flagged = draft.setting.terms_of(claim).policy.duration("claim.return_flag_days")
    if lost is None or flagged is None or draft.at > draft.setting.calendar(claim.program).add(lost, flagged).at:
        return
    for person in draft.setting.programs[claim.program].oversight:
        if draft.setting.organisation.is_active(person, at=draft.at):
            draft.tell(person, kind, claim, rule="CLM-26", facts={"cause": "returned", "person": claim.owner})


def approved_pause(claim: Claim) -> bool:
    """Whether a pause that somebody approved is in force."""
    return any(p.kind in APPROVED_PAUSES for p in claim.pauses)


def _authorise(draft: Draft, command: Command, claim: Claim) -> None:
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)


def put_in_pool(draft: Draft, claim: Claim, *, word: str | None, pool: str | None) -> None:
    """The customer is nobody's and enters its pool, at once or after nurture (CLM-23, POOL-02)."""
    nurture = draft.setting.terms_of(claim).policy.duration("release.nurture_days") if word == "lost" else None
    until = draft.setting.calendar(claim.program).add(draft.at, nurture).at if nurture else draft.at
    enter_pool(draft, at=until, named=pool)


def assign_to(draft: Draft, former: Claim, *, to: str, actor: str | None, text: str | None = None) -> None:
    """The customer goes to a named colleague as a claim of its own, held at once (CLM-23, DSP-07)."""
    organisation = draft.setting.organisation
    fresh = Claim(
        id=draft.mint(),
        receipt=0,  # storage numbers it when it is saved
        matter=former.matter,
        program=former.program,
        reporter=to,
        team=organisation.team_of(to, at=draft.at),
        state=ClaimState.REPORTED,
        received_at=draft.at,
        rank_at=draft.at,
        terms=draft.setting.terms_at(former.program, at=draft.at),
        channel=organisation.channel_of(to),
        source=former.source,
        customer_kind=former.customer_kind,
        customer_level=draft.matter.customer_level,
        decided=True,
        sharing=_past_share(draft, former),
    )
    if _inside_partner(draft, former, to=to):
        fresh = replace(fresh, credit_from=former.reported_at, credit_ruled=former.credit_ruled)
    draft.new_claims.append(fresh)
    draft.put(fresh)
    draft.record("received", fresh, actor=actor, data={"assigned_from": former.id})
    credit.tell_if_none(draft, fresh)
    flag_return(draft, accept_claim(draft, fresh, actor=actor, text=text), kind="claim.accepted")


def _inside_partner(draft: Draft, former: Claim, *, to: str) -> bool:
    """Whether ``former``, which ends now, was of the partner of ``to``: it owns the report (LEAD-14, PPL-08)."""
    people = draft.setting.organisation.people
    partner = people[former.owner or former.reporter].partner
    return partner is not None and partner == people[to].partner and former.ended_at == draft.at


def _past_share(draft: Draft, former: Claim) -> tuple[tuple[str, int], ...]:
    """Whom the customer wanted changed keeps a part of the deals to come (CLM-23)."""
    if former.release_reason != "customer_request" or former.owner is None:
        return ()
    bps = int(draft.setting.terms_of(former).policy.number("release.past_share_pct") * 100)
    return ((former.owner, bps),) if 0 < bps < WHOLE_BPS else ()


def _escalates(draft: Draft, claim: Claim) -> bool:
    """`claim.first_follow_up_miss` escalate: a task for the supervisor instead of a lapse (CLM-14)."""
    if draft.setting.terms_of(claim).policy.choice("claim.first_follow_up_miss") != "escalate":
        return False
    claim = draft.put(replace(claim.without_clock(Clock.FIRST_FOLLOW_UP), escalated=True))
    supervisor = draft.supervisor(claim.owner or claim.reporter)
    if supervisor is not None:
        draft.tasks.append(
            Task(
                key=f"first_follow_up:{claim.id}",
                person=supervisor,
                kind="first_follow_up_missed",
                subject_type="claim",
                subject=claim.id,
                due=None,
            )
        )
        draft.tell(supervisor, "reminder.first_follow_up", claim, rule="CLM-14", urgency="urgent")
    return True


def _renewed(draft: Draft, claim: Claim, clock: RunningClock) -> bool:
    """Protection, or the stage before the deal, goes on for a worked claim up to `claim.max_total_days` (CLM-11)."""
    terms = draft.setting.terms_of(claim)
    policy, calendar = terms.policy, terms.calendar
    if policy.choice("claim.on_protection_end") != "renew_if_worked":
        return False
    if clock.clock is Clock.STAGE and claim.visited_at is None:
        return False  # the stage before the visit is missed, whatever was done in it (CLM-12)
    recent = policy.duration("claim.renew_recent_days")
    last, accepted = claim.last_qualified_at, claim.accepted_at
    if recent is None or last is None or accepted is None or last < calendar.subtract(draft.at, recent):
        return False
    length = (
        policy.duration("claim.protection_days")
        if clock.clock is Clock.PROTECTION
        else policy.stage_length("visit_deal")
    )
    total = policy.duration("claim.max_total_days")
    if length is None:
        return False
    until = calendar.add(draft.at, length).at
    renewed = replace(clock, deadline=until, start=draft.at, length=length)
    last_day = calendar.add(accepted, total).at if total is not None else until
    if total is not None and last_day < until:
        # Counted from where it is limited from, so that a new calendar does not count it beyond.
        until = last_day
        renewed = replace(clock, deadline=until, start=accepted, length=total, rule="claim.max_total_days")
    if until <= draft.at:
        return False
    claim = claim.with_clock(renewed)
    draft.put(claim)
    draft.record("renewed", claim, data={"clocks": clock_data(claim)})
    draft.tell(claim.owner, "claim.renewed", claim, rule="CLM-11", facts={"deadline": until})
    return True


def _guarded(draft: Draft, claim: Claim, clock: RunningClock) -> bool:
    """From the guard stage on a worked claim is put to the supervisor instead (CLM-17)."""
    terms = draft.setting.terms_of(claim)
    policy, calendar = terms.policy, terms.calendar
    idle, guard = policy.duration("claim.idle_days"), policy.duration("claim.guard_wd")
    last = claim.last_qualified_at
    if guard is None or idle is None or last is None or not at_guard_stage(claim, policy):
        return False
    if last < calendar.subtract(draft.at, idle):
        return False
    requests = draft.matter.requests_of(claim.id)
    if any(
        r.kind is RequestKind.GUARD and r.data is not None and r.data["deadline"] == clock.deadline for r in requests
    ):
        return False  # this very deadline has been put to the supervisor, who refused or stayed silent again
    supervisor = draft.supervisor(claim.owner or claim.reporter)
    request = Request(
        id=draft.mint(),
        kind=RequestKind.GUARD,
        claim=claim.id,
        by=None,
        waiting_for=(supervisor,) if supervisor is not None else (),
        created_at=draft.at,
        decide_by=calendar.add(draft.at, guard).at,
        data={"deadline": clock.deadline, "clock": clock.clock.value},
    )
    ask(draft, claim, request, rule="CLM-17", urgency="urgent")
    return True


def at_guard_stage(claim: Claim, policy: Policy) -> bool:
    """Whether the claim has reached `claim.guard_stage` (CLM-17)."""
    guard, order, present = policy.guard_stage, policy.stages, policy.sales_stage(claim.stage).name
    if present in order and guard in order:
        return order.index(present) >= order.index(guard)
    return present == guard


def supervises(draft: Draft, command: Command, claim: Claim) -> bool:
    """Whether the command comes from the owner's supervisor rather than from the owner."""
    return command.actor != claim.owner and is_supervisor(
        claim.owner, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at
    )
