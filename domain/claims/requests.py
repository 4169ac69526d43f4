"""What needs somebody's yes: extension, pause, transfer, release, guard, hand-over, settlement (CLM-21 to DSP-05)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.calendar.duration import Duration, Scale
from domain.claims import clocks, delivery, settlements
from domain.claims.holding import ask, flag_return, lapse_now, release_now, supervises
from domain.claims.lifecycle import HOLDING, ClaimState, ClaimTrigger, refused
from domain.claims.model import (
    APPROVED_PAUSES,
    LAPSE_REASON,
    Claim,
    Clock,
    Pause,
    PauseKind,
    Request,
    RequestKind,
    RequestState,
)
from domain.claims.permissions import authorise, authorise_request, check_partner_of
from domain.claims.reports import clock_data, last_change, lay_down_own
from domain.disputes import cases
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money.agreement import check_past_share, handed_over
from domain.people.access import Actor
from domain.pools.limits import held
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_refuse_act

_HELD = (ClaimState.PROTECTED, ClaimState.ACTIVE)


def extend(draft: Draft, command: Command) -> None:
    """The owner asks for more time, in time; the supervisor gives it at once (CLM-22)."""
    claim = _running_claim(draft, command)
    policy = draft.setting.terms_of(claim).policy
    asked = sum(
        1
        for r in draft.matter.requests_of(claim.id)
        if r.kind is RequestKind.EXTENSION and r.state is RequestState.OPEN
    )
    limit = policy.integer("claim.extension_max")
    if claim.extensions + asked >= limit:
        against = Refusal(
            "extension_limit",
            rule="CLM-22",
            facts={"cap": limit, "count": claim.extensions + asked},
            current_state=claim.state.value,
        )
        if not in_trial(draft):
            raise against
        would_refuse_act(draft, claim, against, person=command.actor)
    days = command.data.get("days")
    request = Request(
        id=draft.mint(),
        kind=RequestKind.EXTENSION,
        claim=claim.id,
        by=command.actor,
        waiting_for=(),
        created_at=draft.at,
        decide_by=None,
        reason_text=command.data.get("text"),
        data={"days": days, "deadline": claim.deadline},
    )
    if supervises(draft, command, claim):
        _extend_now(draft, claim, request, actor=command.actor)
        return
    decide_in = policy.duration("claim.extension_decide_wh")
    _ask_supervisor(draft, claim, request, decide_in=decide_in, rule="CLM-22")


def pause(draft: Draft, command: Command) -> None:
    """The owner asks to stop all clocks; the supervisor stops them at once (CLM-21)."""
    claim = _running_claim(draft, command)
    _pause_left(draft, claim)
    request = Request(
        id=draft.mint(),
        kind=RequestKind.PAUSE,
        claim=claim.id,
        by=command.actor,
        waiting_for=(),
        created_at=draft.at,
        decide_by=None,
        reason_text=command.data.get("text"),
        data={"pause": command.data["pause"]},
    )
    if supervises(draft, command, claim):
        _pause_now(draft, claim, request, actor=command.actor)
        return
    decide_in = draft.setting.terms_of(claim).policy.duration("claim.extension_decide_wh")
    _ask_supervisor(draft, claim, request, decide_in=decide_in, rule="CLM-21")


def unpause(draft: Draft, command: Command) -> None:
    """Clocks run on from here with what was left of them (CLM-21)."""
    claim = _running_claim(draft, command)
    approved = [p for p in claim.pauses if p.kind in APPROVED_PAUSES]
    if not approved:
        raise Refusal("illegal_transition", rule="CLM-21", facts={"paused": False}, current_state=claim.state.value)
    end_pause(draft, claim, approved[0].kind, actor=command.actor)


def end_pause(draft: Draft, claim: Claim, kind: PauseKind, *, actor: str | None) -> Claim:
    """One pause is over: by command, or because its longest time is reached."""
    since = next(p.since for p in claim.pauses if p.kind is kind)
    if kind in APPROVED_PAUSES:
        used = draft.setting.calendar(claim.program).between(since, draft.at, Scale.CALENDAR)
        claim = replace(claim, pause_used_us=claim.pause_used_us + used.microseconds)
    claim = clocks.resumed(claim, kind, at=draft.at, terms=draft.setting.terms_of(claim))
    draft.put(claim)
    draft.record("resumed", claim, actor=actor, data={"kind": kind.value, "clocks": clock_data(claim)})
    draft.tell(claim.owner, "claim.resumed", claim, rule="CLM-21", facts={"deadline": claim.deadline})
    return claim


def transfer(draft: Draft, command: Command) -> None:
    """The owner offers the customer to a colleague; a leaver's is given by the supervisor at once (CLM-24, PPL-06)."""
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    draft.move(claim, ClaimTrigger.TRANSFER)  # refuses before anybody is asked
    to = command.data["to"]
    if any(r.kind is RequestKind.TRANSFER and r.state is RequestState.OPEN for r in draft.matter.requests_of(claim.id)):
        raise Refusal(
            "illegal_transition", rule="CLM-24", facts={"request": "transfer"}, current_state=claim.state.value
        )
    check_past_share(draft, claim, past_share_bps=command.data.get("past_share_bps"), to=to)
    if command.actor != claim.owner:
        check_receiver(draft, to, claim)
        note_receiver(draft, to, claim)
        past = command.data.get("past_share_bps")
        transfer_now(draft, claim, to=to, actor=command.actor, text=command.data.get("text"), past_share_bps=past)
        return
    limit = draft.setting.terms_of(claim).policy.duration("transfer.accept_wh")
    ask(
        draft,
        claim,
        Request(
            id=draft.mint(),
            kind=RequestKind.TRANSFER,
            claim=claim.id,
            by=command.actor,
            waiting_for=(to,),
            created_at=draft.at,
            decide_by=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else None,
            reason_text=command.data.get("text"),
            data={"to": to, "step": "receiver", "past_share_bps": command.data.get("past_share_bps")},
        ),
        rule="CLM-24",
    )


def transfer_listed(draft: Draft, command: Command) -> None:
    """Two people have decided that the customer follows the division: its owner is not asked, but told (TER-03).

    Somebody else than was listed has it by now: ``illegal_transition``, for the two knew nothing of that.
    """
    claim, to = draft.matter.claims[command.claim], command.data["to"]
    draft.move(claim, ClaimTrigger.TRANSFER)  # refuses what is over or in a case
    if claim.owner != command.data["owner"]:
        facts = {"owner": claim.owner}
        raise Refusal("illegal_transition", rule="TER-03", facts=facts, current_state=claim.state.value)
    check_receiver(draft, to, claim)
    note_receiver(draft, to, claim)
    transfer_now(draft, claim, to=to, actor=command.actor, text=command.data["text"])


def transfer_now(
    draft: Draft,
    claim: Claim,
    *,
    to: str,
    actor: str | None,
    text: str | None = None,
    past_share_bps: int | None = None,
    left: bool = False,
) -> None:
    """Claim and history go on under the new owner, with a fresh first-follow-up clock (CLM-24).

    ``left``: the former owner left or moved (PPL-06), which a claim that stands still for that tells by itself.
    """
    before, former = claim.state, claim.owner
    lay_down_own(draft, to, actor=actor)
    left = left or any(pause.kind is PauseKind.HANDOVER for pause in claim.pauses)
    organisation = draft.setting.organisation
    if claim.escalated:
        draft.closed_tasks.append(f"first_follow_up:{claim.id}")
    if claim.stage_person == to:  # answers for the stage as owner from now on (CLM-30)
        draft.closed_tasks.append(f"stage:{claim.id}")
    claim = replace(
        claim,
        state=draft.move(claim, ClaimTrigger.TRANSFER),
        escalated=False,
        owner=to,
        by_reception=False,  # nobody received the customer as theirs: it takes room like any other (CLM-25)
        collaborators=tuple(c for c in claim.collaborators if c.person != to),
        team=organisation.team_of(to, at=draft.at),
        changes_seen=last_change(draft, to),
        absence_seen=draft.at,  # what the new owner was away for before is none of this claim's
        kept_until=None,
        hand_over_by=None,
        stage_person=claim.stage_person if claim.stage_person != to else None,
    )
    terms = draft.setting.terms_of(claim)
    for kind in (PauseKind.HANDOVER, PauseKind.ABSENCE):
        if any(p.kind is kind for p in claim.pauses):
            claim = clocks.resumed(claim, kind, at=draft.at, terms=terms)
    if claim.state is ClaimState.PROTECTED:
        claim = clocks.started(
            claim,
            Clock.FIRST_FOLLOW_UP,
            at=draft.at,
            length=terms.policy.duration("claim.first_follow_up_wh"),
            rule="claim.first_follow_up_wh",
            terms=terms,
        )
        claim = clocks.idle_begun(claim, at=draft.at, terms=terms)
    claim = draft.put(_no_longer_held(claim, at=draft.at))
    if former is not None and former != to:
        claim = handed_over(draft, claim, former=former, to=to, past_share_bps=past_share_bps, left=left)
    draft.closed_tasks.append(f"handover:{claim.id}")
    for request in draft.matter.requests_of(claim.id):
        if request.state is RequestState.OPEN:
            _decide(draft, request, RequestState.WITHDRAWN, by=None)
    draft.record(
        "transferred",
        claim,
        before=before,
        actor=actor,
        data={"from": former, "to": to, "text": text, "clocks": clock_data(claim)},
    )
    flag_return(draft, claim, kind="claim.transferred")
    draft.use_excuse(to)
    for person in (to, former):
        if person != actor:
            draft.tell(
                person,
                "claim.transferred",
                claim,
                rule="CLM-24",
                urgency="urgent",
                facts={"deadline": claim.ends_at},
            )


def accept_request(draft: Draft, command: Command) -> None:
    """Yes (contract section 5, Request)."""
    request, claim = _open_request(draft, command)
    actor = command.actor
    match request.kind:
        case RequestKind.EXTENSION:
            _extend_now(draft, claim, request, actor=actor)
        case RequestKind.PAUSE:
            _pause_now(draft, claim, request, actor=actor)
        case RequestKind.TRANSFER:
            _transfer_step(draft, claim, request, actor=actor)
        case RequestKind.RELEASE:
            _release_requested(draft, claim, request, actor=actor)
        case RequestKind.GUARD:
            _decide(draft, request, RequestState.ACCEPTED, by=actor)
            _extend(draft, claim, days=None, actor=actor, rule="CLM-17", base=_deadline_of(request))
        case RequestKind.HANDOVER:
            _decide(draft, request, RequestState.ACCEPTED, by=actor)
            _keep_mover(draft, claim, actor=actor)
        case RequestKind.SETTLE:
            _settle_step(draft, claim, request, actor=actor)
        case RequestKind.DELIVERY:
            delivery.accepted(draft, claim, request, actor=actor)


def refuse_request(draft: Draft, command: Command) -> None:
    """No. A lapse that the request held takes place now; a release becomes a dispute (contract section 5, CLM-23)."""
    request, claim = _open_request(draft, command)
    if request.kind is RequestKind.DELIVERY:
        delivery.returned(draft, claim, request, actor=command.actor, text=command.data.get("text"))
        return
    request = _decide(draft, request, RequestState.REFUSED, by=command.actor)
    match request.kind:
        case RequestKind.EXTENSION:
            _overdue_now(draft, claim)
        case RequestKind.GUARD:
            lapse_now(draft, claim, reason=_reason_of(request), rule="CLM-17")
        case RequestKind.HANDOVER:
            hand_over(draft, claim, actor=command.actor)
        case RequestKind.RELEASE if claim.state in _HELD and request.by is not None:
            cases.contest_release(draft, claim, asked_by=request.by, statement=command.data.get("text"))
        case _:
            pass
    if request.by is not None and request.by != command.actor:
        draft.tell(
            request.by,
            f"request.{request.kind.value}",
            claim,
            rule=None,
            facts={"request": request.id, "state": "refused"},
        )


def withdraw_request(draft: Draft, command: Command) -> None:
    """Whoever asked no longer does."""
    request, claim = _open_request(draft, command)
    request = _decide(draft, request, RequestState.WITHDRAWN, by=command.actor)
    if request.kind is RequestKind.EXTENSION:
        _overdue_now(draft, claim)


def expire_request(draft: Draft, request: Request) -> None:
    """Nobody decided until ``decide_by`` (CLM-17, CLM-22, CLM-23, CLM-24, PPL-06)."""
    claim = draft.matter.claims[request.claim]
    match request.kind:
        case RequestKind.RELEASE:
            _release_requested(draft, claim, replace(request, state=RequestState.OPEN), actor=request.by)
            return
        case RequestKind.DELIVERY:
            delivery.overdue(draft, claim, request)
            return
        case RequestKind.GUARD:
            _decide(draft, request, RequestState.EXPIRED, by=None)
            if claim.guard_extended:
                lapse_now(draft, claim, reason=_reason_of(request), rule="CLM-17")
            else:
                claim = draft.put(replace(claim, guard_extended=True))
                _extend(draft, claim, days=None, actor=None, rule="CLM-17", base=_deadline_of(request))
        case RequestKind.HANDOVER:
            _decide(draft, request, RequestState.EXPIRED, by=None)
            hand_over(draft, claim, actor=None)
        case RequestKind.EXTENSION:
            _decide(draft, request, RequestState.EXPIRED, by=None)
            _overdue_now(draft, claim)
        case _:
            _decide(draft, request, RequestState.EXPIRED, by=None)
    if request.by is not None:
        draft.tell(
            request.by,
            f"request.{request.kind.value}",
            claim,
            rule=None,
            facts={"request": request.id, "state": "expired"},
        )


def hand_over(draft: Draft, claim: Claim, *, actor: str | None) -> None:
    """Nobody decided on a leaver's or mover's customer: it goes to `people.handover_to` (PPL-06)."""
    policy = draft.setting.terms_of(claim).policy
    owner = claim.owner or claim.reporter
    heir = _lead_beside(draft, owner) or draft.supervisor(owner)
    claim = replace(claim, kept_until=None, hand_over_by=None)
    draft.put(claim)
    if policy.choice("people.handover_to") == "supervisor" and heir is not None:
        transfer_now(draft, claim, to=heir, actor=actor, left=True)
    elif claim.state in _HELD:
        release_now(draft, claim, actor=actor, reason="to_pool", word=None)
    else:
        lapse_now(draft, claim, reason="after_deal", rule="PPL-06")
        _nobody_asked(draft, draft.matter.claims[claim.id], actor=actor)


def _nobody_asked(draft: Draft, claim: Claim, *, actor: str | None) -> None:
    """Where the lapse was only noted the claim stays, and waits for no hand-over that is to come (POL-08)."""
    if any(pause.kind is PauseKind.HANDOVER for pause in claim.pauses):
        terms = draft.setting.terms_of(claim)
        claim = draft.put(clocks.resumed(claim, PauseKind.HANDOVER, at=draft.at, terms=terms))
        draft.record("resumed", claim, actor=actor, data={"kind": "handover", "clocks": clock_data(claim)})


def _lead_beside(draft: Draft, broker: str) -> str | None:
    """The manager of the broker's partner: what its brokers report is the partner's, whoever leaves (PPL-08)."""
    organisation = draft.setting.organisation
    partner = organisation.partner_of(broker)
    if partner is None or partner.lead in (None, broker) or not organisation.is_active(partner.lead, at=draft.at):
        return None
    return partner.lead


def _running_claim(draft: Draft, command: Command) -> Claim:
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    if claim.state is ClaimState.LAPSED:
        raise Refusal(
            "deadline_passed",
            rule="CLM-22",
            facts={"until": claim.ended_at, "reason": claim.reason},
            current_state=claim.state.value,
            allowed=(),
        )
    if claim.state not in _HELD:
        raise refused(state=claim.state, trigger=command.kind.value)
    return claim


def _open_request(draft: Draft, command: Command) -> tuple[Request, Claim]:
    request = draft.matter.requests[command.data["request"]]
    claim = draft.matter.claims[request.claim]
    authorise_request(
        command.kind, request, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at
    )
    settlements.check_text(draft, command, request)
    if request.state is not RequestState.OPEN:
        raise Refusal(
            "deadline_passed" if request.state is RequestState.EXPIRED else "illegal_transition",
            rule="CLM-22" if request.state is RequestState.EXPIRED else "CLM-01",
            facts={"request": request.id, "state": request.state.value, "until": request.decide_by},
            current_state=request.state.value,
            allowed=(),
        )
    return request, claim


def _ask_supervisor(draft: Draft, claim: Claim, request: Request, *, decide_in: Duration | None, rule: str) -> None:
    supervisor = draft.supervisor(claim.owner or claim.reporter)
    decide_by = draft.setting.calendar(claim.program).add(draft.at, decide_in).at if decide_in else None
    ask(
        draft,
        claim,
        replace(request, waiting_for=(supervisor,) if supervisor is not None else (), decide_by=decide_by),
        rule=rule,
        urgency="urgent",
    )


def _decide(draft: Draft, request: Request, state: RequestState, *, by: str | None) -> Request:
    draft.closed_tasks.append(f"request:{request.id}")
    return draft.put_request(replace(request, state=state, decided_by=by, decided_at=draft.at))


def _extend_now(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    request = _decide(draft, request, RequestState.ACCEPTED, by=actor)
    days = request.data["days"] if request.data else None
    claim = draft.put(replace(claim, extensions=claim.extensions + 1))
    _extend(draft, claim, days=days, actor=actor, rule="CLM-22", base=_deadline_of(request))


def _extend(
    draft: Draft, claim: Claim, *, days: int | None, actor: str | None, rule: str, base: datetime | None
) -> None:
    """Nothing lapses before the old deadline plus the extension; of a clock that stands still, more is left."""
    terms = draft.setting.terms_of(claim)
    longest = terms.policy.duration("claim.extension_days")
    length = Duration.of(days, "days") if days is not None else longest
    if any(c.paused for c in claim.clocks):
        claim = clocks.as_if_running(claim, at=draft.at, terms=terms)
        base = max(filter(None, (base, claim.deadline)), default=None)
    if length is None or base is None:
        return
    if longest is not None and longest.scale is length.scale and length.microseconds > longest.microseconds:
        length = longest
    # A decision may come later than what it gives: then its instant is the deadline, as if it were a refusal.
    until = max(terms.calendar.add(base, length).at, draft.at)
    claim = clocks.extended(claim, until=until, at=draft.at, rule="claim.extension_days")
    claim = draft.put(clocks.stopped_again(claim, at=draft.at, terms=terms))
    draft.record("extended", claim, actor=actor, data={"until": until, "clocks": clock_data(claim)})
    draft.tell(claim.owner, "claim.extended", claim, rule=rule, facts={"deadline": claim.deadline})


def _pause_left(draft: Draft, claim: Claim) -> Duration | None:
    """How long an approved pause may still last, None = without limit (CLM-21). Two of them never overlap."""
    if any(p.kind in APPROVED_PAUSES for p in claim.pauses):
        raise Refusal(
            "illegal_transition",
            rule="CLM-21",
            facts={"paused": True},
            current_state=claim.state.value,
            allowed=("unpause",),
        )
    longest = draft.setting.terms_of(claim).policy.duration("claim.pause_max_days")
    if longest is None:
        return None
    left = longest.microseconds - claim.pause_used_us
    if left <= 0:
        raise Refusal(
            "pause_limit",
            rule="CLM-21",
            facts={"cap_s": longest.microseconds // 1_000_000, "used_s": claim.pause_used_us // 1_000_000},
            current_state=claim.state.value,
        )
    return replace(longest, microseconds=left)


def _pause_now(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    left = _pause_left(draft, claim)
    terms = draft.setting.terms_of(claim)
    until = terms.calendar.add(draft.at, left).at if left else None
    _decide(draft, request, RequestState.ACCEPTED, by=actor)
    kind = PauseKind(request.data["pause"]) if request.data else PauseKind.CUSTOMER_REQUEST
    claim = clocks.paused(claim, Pause(kind=kind, since=draft.at, until=until), at=draft.at, terms=terms)
    draft.put(claim)
    draft.record("paused", claim, actor=actor, data={"kind": kind.value, "until": until, "clocks": clock_data(claim)})
    if claim.owner != actor:
        draft.tell(claim.owner, "claim.paused", claim, rule="CLM-21", facts={"until": until})


def _transfer_step(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    data = dict(request.data or {})
    to, owner = data["to"], claim.owner or ""
    check_receiver(draft, to, claim)
    draft.move(claim, ClaimTrigger.TRANSFER)
    organisation = draft.setting.organisation
    terms = draft.setting.terms_of(claim)
    approval = terms.policy.choice("transfer.approval")
    crosses = organisation.team_of(to, at=draft.at) != organisation.team_of(owner, at=draft.at)
    if data["step"] == "receiver" and (approval == "always" or (approval == "cross_team" and crosses)):
        supervisor = draft.supervisor(owner, interested=(to,))
        if supervisor is not None:
            limit = terms.policy.duration("transfer.accept_wh")
            draft.closed_tasks.append(f"request:{request.id}")
            ask(
                draft,
                claim,
                replace(
                    request,
                    waiting_for=(supervisor,),
                    decide_by=terms.calendar.add(draft.at, limit).at if limit else None,
                    data={**data, "step": "approval"},
                ),
                rule="CLM-24",
            )
            return
    _decide(draft, request, RequestState.ACCEPTED, by=actor)
    past = data.get("past_share_bps")
    note_receiver(draft, to, claim)
    transfer_now(draft, claim, to=to, actor=actor, text=request.reason_text, past_share_bps=past)


def settle(draft: Draft, command: Command) -> None:
    """Two people who met on a customer settle it in one step: one asks, the other says yes to the same text (DSP-05).

    Asked anew by either, what was asked before is off, and with it the consents it had.
    """
    claim, terms = settlements.asked(draft, command)
    _settle_possible(draft, claim, terms)
    pair = {terms.asker, terms.other}
    for request in draft.matter.requests_of(claim.id):
        if (
            request.kind is RequestKind.SETTLE
            and request.state is RequestState.OPEN
            and {request.by, (request.data or {})["other"]} == pair
        ):
            draft.put_request(replace(request, data={**(request.data or {}), "replaced_by": command.data["request"]}))
            _decide(draft, draft.matter.requests[request.id], RequestState.WITHDRAWN, by=command.actor)
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    limit = policy.duration("dispute.negotiation_oh") or policy.duration("dispute.negotiation_wh")
    ask(
        draft,
        claim,
        Request(
            id=command.data["request"],
            kind=RequestKind.SETTLE,
            claim=claim.id,
            by=command.actor,
            waiting_for=(terms.other,),
            created_at=draft.at,
            decide_by=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else None,
            reason_text=command.data.get("text"),
            data={**terms.data(said=command.data["said"], claim=claim.id), "step": "other"},
        ),
        rule="DSP-05",
    )


def _settle_possible(draft: Draft, claim: Claim, terms: settlements.Terms) -> None:
    """Refuse what could not take effect now; asked again when it is accepted."""
    if claim.state not in HOLDING:
        raise refused(state=claim.state, trigger="settle")
    settlements.check(draft, claim, terms)


def _settle_step(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    """The other one agrees; what lies outside the limits then waits for the owner's supervisor (DSP-05)."""
    terms = settlements.terms_of(claim, request)
    _settle_possible(draft, claim, terms)
    if terms.gains is not None:
        check_receiver(draft, terms.gains, claim)
    data = dict(request.data or {})
    outside = settlements.outside_limits(draft, claim, terms) if data["step"] == "other" else ()
    supervisor = draft.supervisor(terms.owner, interested=(terms.opposite,)) if outside else None
    if supervisor is not None:
        limit = draft.setting.terms_of(claim).policy.duration("transfer.accept_wh")
        draft.closed_tasks.append(f"request:{request.id}")
        ask(
            draft,
            claim,
            replace(
                request,
                waiting_for=(supervisor,),
                decide_by=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit else None,
                data={**data, "step": "approval", "outside": list(outside)},
            ),
            rule="DSP-05",
        )
        return
    request = _decide(draft, request, RequestState.ACCEPTED, by=actor)
    settlements.take_effect(draft, claim, request, terms, actor=actor)
    if terms.gains is not None:
        held = draft.matter.claims[claim.id]
        note_receiver(draft, terms.gains, held)
        transfer_now(draft, held, to=terms.gains, actor=actor, text=request.reason_text)
    for person in (terms.asker, terms.other):
        if person != actor:
            facts = {"request": request.id, "state": "accepted"}
            draft.tell(person, "request.settle", claim, rule="DSP-05", facts=facts)


def check_receiver(draft: Draft, to: str, claim: Claim) -> None:
    """The receiver must be there, of no partner that takes no reports, and have room (CLM-24, PPL-08, POOL-07).

    In a trial the room is only noted, by :func:`note_receiver`, once the customer goes to them (POL-08).
    """
    if not draft.setting.organisation.is_active(to, at=draft.at):
        raise Refusal("person_inactive", rule="PPL-01")
    check_partner_of(to, claim, setting=draft.setting, at=draft.at)
    against = _over_cap(draft, to, claim)
    if against is not None and not in_trial(draft):
        raise against


def note_receiver(draft: Draft, to: str, claim: Claim) -> None:
    """The customer goes to ``to`` now, in a trial also over the cap that the rules would have refused it for."""
    against = _over_cap(draft, to, claim)
    if against is not None and in_trial(draft):
        would_refuse_act(draft, claim, against, person=to)


def _over_cap(draft: Draft, to: str, claim: Claim) -> Refusal | None:
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    cap, count = policy.limit("pool.holding_cap"), held(draft.matter.holdings.get(to, {}), policy)
    if cap is None or count < cap or draft.matter.excuse(to, at=draft.at) is not None:
        return None
    return Refusal("holding_cap", rule="CLM-24", facts={"cap": cap, "count": count}, current_state=claim.state.value)


def _release_requested(draft: Draft, claim: Claim, request: Request, *, actor: str | None) -> None:
    state = RequestState.ACCEPTED if actor in request.waiting_for else RequestState.EXPIRED
    data = request.data or {}
    _decide(draft, request, state, by=actor)
    if claim.state not in _HELD:
        return
    release_now(
        draft,
        claim,
        actor=request.by,
        reason="by_supervisor",
        word=data.get("reason"),
        text=request.reason_text,
        pool=data.get("pool"),
        to=data.get("to"),
        recommended=data.get("recommended"),
    )


def _keep_mover(draft: Draft, claim: Claim, *, actor: str | None) -> None:
    """A mover keeps the customer for `people.mover_keep_days` (PPL-06)."""
    terms = draft.setting.terms_of(claim)
    keep = terms.policy.duration("people.mover_keep_days")
    claim = clocks.resumed(claim, PauseKind.HANDOVER, at=draft.at, terms=terms)
    claim = replace(claim, kept_until=terms.calendar.add(draft.at, keep).at if keep else None)
    draft.put(claim)
    draft.record("resumed", claim, actor=actor, data={"kind": "handover", "clocks": clock_data(claim)})
    draft.tell(claim.owner, "claim.resumed", claim, rule="PPL-06", facts={"until": claim.kept_until})


def _overdue_now(draft: Draft, claim: Claim) -> None:
    """A deadline that the request held beyond its time becomes the instant of the decision (CLM-22)."""
    moved = _no_longer_held(claim, at=draft.at)
    if moved != claim:
        draft.put(moved)


def _no_longer_held(claim: Claim, *, at: datetime) -> Claim:
    return replace(
        claim,
        clocks=tuple(
            replace(c, deadline=at) if c.clock in LAPSE_REASON and c.deadline is not None and c.deadline < at else c
            for c in claim.clocks
        ),
    )


def _deadline_of(request: Request) -> datetime | None:
    found = (request.data or {}).get("deadline")
    return found if isinstance(found, datetime) else None


def _reason_of(request: Request) -> str:
    return LAPSE_REASON[Clock((request.data or {})["clock"])]
