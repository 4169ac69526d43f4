"""Deciding about leads: given out, accepted, returned, missed, escalated (LEAD-01 to LEAD-06, LEAD-11, LEAD-16).

A lead lies in its customer's matter. So whoever comes to hold the customer meanwhile has the lead as well, and an
acceptance starts the claim in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.claims.holding import flag_return
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Referral
from domain.claims.reports import consider
from domain.leads.candidates import (
    away,
    candidate,
    comes_from_closed_partner,
    fitting,
    is_overloaded,
    load_facts,
    may_receive,
    members,
    rule_for,
    skips,
)
from domain.leads.directed import directed_by, gives_away, is_by_a_peer, is_over
from domain.leads.dispatch import Ranked, Wanted
from domain.leads.lifecycle import LeadState, LeadTrigger, fire, refused
from domain.leads.limits import accept_by, assess_by, respond_by
from domain.leads.model import Lead, Load, Offer, OfferEnd, Way, is_invalid
from domain.leads.permissions import authorise
from domain.leads.rotation import Rotation, Skip, given_back, next_turn
from domain.leads.rules import UNCLAIMED, Rule, giving
from domain.leads.scoring import graded, scored
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command
from domain.people.access import Actor
from domain.policy.policy import Policy
from domain.pools.entering import enter_pool
from domain.pools.limits import Attempt, is_entry, receives
from domain.pools.overload import alarm
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial, would_refuse


def receive(draft: Draft, command: Command) -> None:
    """A lead came in: to the owner, to the lead that is there already, to be assessed, or to somebody (LEAD-01)."""
    lead = draft.matter.leads[command.claim]
    first = next((one for one in draft.matter.leads.values() if one.is_open and one.number < lead.number), None)
    if draft.matter.owner_claim is not None:
        return  # the owner has it: :func:`follow`
    if first is not None:
        _attach(draft, lead, told=first.receiver or first.sender, duplicate_of=first.id)
    elif _kept_for(draft) not in (None, lead.wanted):
        _assign(draft, lead)
    elif lead.wanted is not None and _may_have(draft, lead.wanted):
        _offer_or_stand_in(draft, lead, lead.wanted, actor=lead.sender)
    elif _needs_assessment(draft, lead):
        _list_for_assessment(draft, lead)
    else:
        _assign(draft, lead)


def follow(draft: Draft) -> None:
    """Whoever holds the customer has its leads too: no rotation, no other offer goes on (LEAD-01)."""
    holder = draft.matter.owner_claim
    if holder is None:
        return
    for lead in draft.matter.leads.values():
        if lead.is_open:
            _attach(draft, lead, told=holder.owner, claim=holder.id)


def accept(draft: Draft, command: Command) -> None:
    """The receiver takes it: a claim of theirs starts here and now (LEAD-16)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    fire(state=lead.state, trigger=LeadTrigger.ACCEPT)
    if draft.matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03", current_state=lead.state.value)
    _accept(draft, lead, actor=command.actor, told=command.data)


def return_lead(draft: Draft, command: Command) -> None:
    """The receiver gives it back to its sender, with a listed reason and in time (LEAD-16)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    if lead.state is LeadState.ACCEPTED and lead.by_silence and lead.offer is not None:
        raise Refusal(
            "deadline_passed", rule="LEAD-16", facts={"until": lead.offer.accept_by}, current_state=lead.state.value
        )
    before, offer, reason = lead.state, lead.offer, command.data["reason"]
    state = fire(state=before, trigger=LeadTrigger.RETURN)
    assert offer is not None
    lead = replace(lead.ending(OfferEnd.RETURNED, at=draft.at), state=state, return_reason=reason)
    _put(draft, lead)
    if is_invalid(reason):
        _give_back(draft, offer)
    draft.record_lead(
        "returned",
        lead,
        before=before,
        actor=command.actor,
        data={"reason": reason, "text": command.data.get("text"), "turn_back": is_invalid(reason)},
    )
    _ask(draft, lead, lead.sender, "lead_returned")
    draft.tell_lead(lead.sender, "lead.returned", lead, rule="LEAD-16", urgency="urgent", facts={"reason": reason})


def contact(draft: Draft, command: Command) -> None:
    """The first contact was made, or tried with proof (LEAD-11)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    if lead.state not in (LeadState.OFFERED, LeadState.ACCEPTED):
        raise refused(state=lead.state, trigger="contact")
    if lead.responded_at is not None:
        return
    lead = _put(draft, replace(lead, responded_at=draft.at))
    if lead.warned:
        draft.closed_tasks.append(_response_key(lead))
    said = {name: command.data[name] for name in ("kind", "answered", "text")}
    draft.record_lead("contacted", lead, actor=command.actor, data=said)


def assign(draft: Draft, command: Command) -> None:
    """Somebody in charge gives it to a named person, or lets the rules do it anew (LEAD-03, LEAD-11)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    person = command.data.get("person")
    fire(state=lead.state, trigger=LeadTrigger.OFFER)
    if person is None:
        if lead.state is LeadState.OFFERED:
            raise refused(state=lead.state, trigger="assign")
        _assign(draft, lead, actor=command.actor)
        return
    if comes_from_closed_partner(person, lead.program, setting=draft.setting, at=draft.at):
        raise Refusal("partner_suspended", rule="PPL-08", facts={"person": person})
    if not may_receive(person, lead.program, setting=draft.setting, at=draft.at):
        raise Refusal("person_inactive", rule="PPL-01", facts={"person": person})
    if not _may_have(draft, person):
        raise Refusal("restricted", rule="POOL-08", facts={"person": person})
    if _kept_for(draft) not in (None, person):
        raise Refusal("customer_owned", rule="LEAD-01", current_state=lead.state.value)
    if away(person, lead.program, setting=draft.setting, at=_told_at(draft)) is not None:
        raise Refusal("field_invalid", rule="PPL-05", errors=(FieldError("person", "field_invalid"),))
    _offer(
        draft,
        lead,
        person,
        Way.NAMED,
        actor=command.actor,
        data={
            "recommended": command.data.get("recommended"),
            "text": command.data.get("text"),
            "by": command.actor,
        },
    )


def assess(draft: Draft, command: Command) -> None:
    """The need was looked into: it is scored anew and given out (LEAD-06)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    if lead.state is not LeadState.ASSESSING:
        raise refused(state=lead.state, trigger="assess")
    facets = replace(lead.facets, specialties=tuple(command.data["specialties"]))
    lead = _rescored(draft, replace(lead, facets=facets, assessed=True), command.data.get("factors") or {})
    draft.record_lead(
        "assessed",
        lead,
        actor=command.actor,
        data={"specialties": list(facets.specialties), "score": lead.score, "text": command.data.get("text")},
    )
    _assign(draft, lead)


def grade(draft: Draft, command: Command) -> None:
    """Other facts, or a grade given by hand; neither moves a lead that somebody has (LEAD-02)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    if not lead.is_open:
        raise refused(state=lead.state, trigger="grade")
    if command.data.get("grade") is not None:
        lead = replace(
            lead, grade=command.data["grade"], graded_by=command.actor, grade_reason=command.data.get("text")
        )
        _put(draft, lead)
    else:
        lead = _rescored(draft, lead, command.data["factors"])
    draft.record_lead("graded", lead, actor=command.actor, data={"score": lead.score, "grade": lead.grade})


def close(draft: Draft, command: Command) -> None:
    """Nobody need follow it up (LEAD-16). Its customer lies in a pool then, unless it was no lead at all (POOL-02)."""
    lead = draft.matter.leads[command.claim]
    _authorise(draft, command, lead)
    before = lead.state
    lead = replace(lead, state=fire(state=before, trigger=LeadTrigger.CLOSE), ended_at=draft.at)
    _put(draft, lead)
    undecided = any(claim.state is ClaimState.REPORTED for claim in draft.matter.claims.values())
    if not is_invalid(lead.return_reason):
        if not (undecided or draft.matter.in_case):
            _lies_in_a_pool(draft)
        _leave_referral(draft, lead)
    draft.record_lead("closed", lead, before=before, actor=command.actor, data={"text": command.data.get("text")})


def assessment_missed(draft: Draft, lead: Lead) -> None:
    """Nobody looked into the need in time: it is given out as it is, and the gap is reported (LEAD-06)."""
    lead = _put(draft, replace(lead, assess_by=None))
    draft.record_lead("assess_missed", lead)
    above = draft.supervisor(lead.sender)
    draft.tell_lead(above, "lead.assess_missed", lead, rule="LEAD-06")
    _assign(draft, lead)


def response_missed(draft: Draft, lead: Lead) -> None:
    """No first contact by the limit, which is ``draft.at``: told, then given to the next one, then to the supervisor
    (LEAD-11).
    """
    if lead.state is LeadState.ACCEPTED:
        _watched_in_vain(draft, lead)
        return
    offer = lead.offer
    assert offer is not None
    lead = _put(draft, replace(lead.ending(OfferEnd.MISSED, at=draft.at), breaches=lead.breaches + 1))
    draft.record_lead("response_missed", lead, data={"person": offer.person, "breaches": lead.breaches})
    draft.tell_lead(offer.person, "lead.response_missed", lead, rule="LEAD-11", urgency="urgent")
    if lead.breaches > _policy(draft, lead).integer("lead.reassign_max"):
        _escalate(draft, lead)
    else:
        _assign(draft, lead)


def silence(draft: Draft, lead: Lead) -> None:
    """Neither accepted nor returned in time: accepted (LEAD-16)."""
    assert lead.receiver is not None
    owner = _owner_to_be(draft, lead, lead.receiver)
    if draft.setting.organisation.is_active(owner, at=draft.at) and not _is_reserved(draft, owner):
        try:
            _accept(draft, replace(lead, by_silence=True), actor=None)
        except Refusal:
            pass  # what they could not accept by saying so, they do not get by saying nothing (POOL-03)
        else:
            return
    # Nobody can hold the customer for somebody who has left, would take it from its former owner, or may not have it.
    _escalate(draft, _put(draft, lead.ending(OfferEnd.MISSED, at=draft.at)))


# --- giving out ------------------------------------------------------------------------------------------------------


def _offer_or_stand_in(draft: Draft, lead: Lead, person: str, *, actor: str | None) -> None:
    """To ``person``, whom it is meant for; while they are not there, somebody looks after it for them: their buddy,
    else the next in turn, who spends no turn on it, else their supervisor decides (PPL-05, LEAD-15).
    """
    if away(person, lead.program, setting=draft.setting, at=_told_at(draft)) is None:
        _offer(draft, lead, person, Way.NAMED, actor=actor)
        return
    desk, house = draft.matter.desk, draft.setting.organisation.people
    assert desk is not None

    def of_one_house(other: str) -> bool:
        return other != person and house[other].partner == house[person].partner

    buddies = (b for b in desk.buddies.get(person, ()) if of_one_house(b) and _can_take(draft, lead, b))
    found, data = next(buddies, None), None
    if found is None:
        rule = giving(_rule(draft, lead))
        everybody = members(lead.program, rule.team, setting=draft.setting, at=draft.at)
        people = tuple(p for p in everybody if of_one_house(p))
        rotation = desk.rotations.get(scope_of(lead, rule), Rotation())
        makeup = _policy(draft, lead).switch("rotation.makeup")
        turn, _ = next_turn(rotation, people, skips=_skips(draft, lead, people), makeup=makeup)
        if turn is not None:
            found, data = turn.person, {"skipped": _listed(dict(turn.skipped))}
    if found is None:
        _escalate(draft, lead, actor=actor, above=draft.supervisor(person))
        return
    _offer(draft, lead, found, Way.STAND_IN, actor=actor, stands_for=person, data=data)
    draft.tell_lead(person, "lead.stand_in", lead, rule="LEAD-15", urgency="urgent", facts={"by": found})


def _owner_to_be(draft: Draft, lead: Lead, receiver: str) -> str:
    """Whose customer an acceptance makes it: of whom the receiver stands in for, if they may have it yet (LEAD-15)."""
    return lead.meant_for if lead.meant_for is not None and _may_own(draft, lead, lead.meant_for) else receiver


def _may_own(draft: Draft, lead: Lead, person: str) -> bool:
    return may_receive(person, lead.program, setting=draft.setting, at=draft.at) and _may_have(draft, person)


def _assign(draft: Draft, lead: Lead, *, actor: str | None = None) -> None:
    """To the former owner it is reserved for, however much they have in hand (POOL-11), and to nobody else meanwhile:
    nobody else could accept it (CLM-20). Otherwise to whom a stand-in had it for (LEAD-15), else by the first rule
    that matches (LEAD-03).
    """
    owner, meant = _kept_for(draft), lead.meant_for
    if owner is not None:
        is_here = may_receive(owner, lead.program, setting=draft.setting, at=draft.at)
        if is_here and owner not in lead.had_by:
            _offer(draft, lead, owner, Way.FORMER_OWNER, actor=actor)
        else:
            _escalate(draft, lead, actor=actor)
        return
    if meant is not None and _may_own(draft, lead, meant):
        _offer_or_stand_in(draft, lead, meant, actor=actor)
        return
    rule = _rule(draft, lead)
    if rule is not None and rule.pool:
        # What was in somebody's hands until now, who let the time pass, goes to the supervisor (LEAD-11).
        (_escalate if lead.state is LeadState.OFFERED else _pool)(draft, lead, actor=actor)
    elif rule is None or not _assigned(draft, lead, rule, actor):
        _fall_back(draft, lead, actor)


def _rule(draft: Draft, lead: Lead) -> Rule | None:
    matter = draft.matter
    # As of the instant the desk was read at: its rotations are those of this rule.
    at = matter.desk.now if matter.desk is not None else draft.at
    return rule_for(lead, setting=draft.setting, customer=matter.division, track=matter.track, at=at)


def _assigned(draft: Draft, lead: Lead, rule: Rule, actor: str | None) -> bool:
    """Whether somebody whom the rule means takes it. What the territory plan said is kept with the offer (TER-02)."""
    named = {"territory": rule.territory, "plan": rule.plan} if rule.territory is not None else {}
    if rule.person is not None:
        if not _can_take(draft, lead, rule.person):
            return False
        way = Way.TERRITORY if named else Way.RULE
        _offer(draft, lead, rule.person, way, actor=actor, data=named)
        return True
    people = members(lead.program, rule.team, setting=draft.setting, at=draft.at)
    if lead.source == UNCLAIMED and is_entry(draft.matter, draft.at):
        people = tuple(person for person in people if _may_have_entry(draft, person))
    if rule.way is Way.DISPATCH:
        return _dispatch(draft, lead, people, actor)
    unable = _skips(draft, lead, people)
    _tell_overloads(draft, lead, unable)
    scope = scope_of(lead, rule)
    assert draft.matter.desk is not None
    rotation = draft.matter.desk.rotations.get(scope, Rotation())
    makeup = _policy(draft, lead).switch("rotation.makeup")
    turn, rotation = next_turn(rotation, people, skips=unable, makeup=makeup)
    if turn is None:
        return False
    _put_rotation(draft, scope, rotation)
    _offer(
        draft,
        lead,
        turn.person,
        Way.ROTATION,
        actor=actor,
        scope=scope,
        makeup=turn.makeup,
        data={"skipped": _listed(dict(turn.skipped)), **named},
    )
    return True


def _may_have_entry(draft: Draft, person: str) -> bool:
    """Whether the pool, its lock and its restrictions leave the customer to ``person`` (POOL-01, POOL-08)."""
    attempt = Attempt(draft.matter, draft.setting, person, draft.at)
    try:
        attempt.check_member()
        attempt.check_reserved()
    except Refusal:
        return False
    return True


def _dispatch(draft: Draft, lead: Lead, people: tuple[str, ...], actor: str | None) -> bool:
    matter, policy = draft.matter, _policy(draft, lead)
    assert matter.desk is not None
    ranking, unable = fitting(
        people,
        lead.program,
        matter.desk.loads,
        had=lead.had_by,
        only=matter.pool_only,
        wanted=Wanted(facets=lead.facets, customer_kind=matter.customer_kind, customer_level=matter.customer_level),
        setting=draft.setting,
        policy=policy,
        at=_told_at(draft),
    )
    _tell_overloads(draft, lead, unable)
    if not ranking:
        return False
    shown = max(1, policy.integer("recommend.count"))
    data = {"skipped": _listed(unable), "ranking": [ranked_data(r) for r in ranking[:shown]]}
    _offer(draft, lead, ranking[0].person, Way.DISPATCH, actor=actor, data=data)
    return True


def _tell_overloads(draft: Draft, lead: Lead, unable: Mapping[str, Skip]) -> None:
    """Supervisors hear of whom a lead passed by because they have too much on hand (POOL-11)."""
    policy = _policy(draft, lead)
    loads = draft.matter.desk.loads if draft.matter.desk is not None else {}
    for person in (p for p, why in unable.items() if why is Skip.FULL):
        one = candidate(person, loads.get(person, Load()), setting=draft.setting, policy=policy)
        above = draft.supervisor(person)
        if above is not None and is_overloaded(one, policy):
            facts = load_facts(one, policy)
            draft.notices.append(alarm(person, told=above, program=lead.program, version=policy.version, facts=facts))


def ranked_data(ranked: Ranked) -> dict[str, Any]:
    """A place in a ranking as history and answers show it; points in whole hundredths make up the score."""
    return {
        "person": ranked.person,
        "score": ranked.weighed.score,
        "parts": [
            {"factor": p.factor, "weight": str(p.weight), "value": p.value, "centi": p.centi}
            for p in ranked.weighed.parts
        ],
    }


def scope_of(lead: Lead, rule: Rule) -> str:
    """The rotation that a rule takes turns in: that of its team, or of the whole program."""
    return rule.team or lead.program


def _offer(
    draft: Draft,
    lead: Lead,
    person: str,
    way: Way,
    *,
    actor: str | None,
    scope: str | None = None,
    makeup: bool = False,
    stands_for: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """It is in the hands of ``person`` from when they can be told: a late drain shortens nobody's time."""
    before = lead.state
    if lead.offer is not None:
        lead = lead.ending(OfferEnd.REPLACED, at=draft.at)
    desk = draft.matter.desk
    at = max(draft.at, desk.now) if desk is not None else draft.at
    policy, calendar = _policy(draft, lead), draft.setting.calendar(lead.program)
    offer = Offer(
        person=person,
        at=at,
        way=way,
        scope=scope,
        makeup=makeup,
        stands_for=stands_for,
        data=data or {},
        respond_by=respond_by(lead.grade, at, policy=policy, calendar=calendar),
        accept_by=accept_by(at, policy=policy, calendar=calendar),
    )
    lead = replace(
        lead,
        state=fire(state=before, trigger=LeadTrigger.OFFER),
        offers=(*lead.offers, offer),
        responded_at=None,
        assess_by=None,
        return_reason=None,
    )
    _put(draft, lead)
    _count_given(draft, person, at)
    draft.record_lead(
        "offered",
        lead,
        before=before,
        actor=actor,
        data={
            "person": person,
            "way": way.value,
            "makeup": makeup,
            **({"stands_for": stands_for} if stands_for is not None else {}),
            "respond_by": offer.respond_by,
            "accept_by": offer.accept_by,
            **offer.data,
        },
    )
    until = min((d for d in (offer.respond_by, offer.accept_by) if d is not None), default=None)
    draft.tell_lead(person, "lead.offered", lead, rule="LEAD-11", urgency="urgent", facts={"until": until})


def _accept(draft: Draft, lead: Lead, *, actor: str | None, told: Mapping[str, Any] | None = None) -> None:
    """``told``: what a take is told of whoever accepts, their halved cap and their team (CLM-25)."""
    receiver = lead.receiver
    assert receiver is not None
    owner = _owner_to_be(draft, lead, receiver)
    if _is_reserved(draft, owner):
        raise Refusal("customer_owned", rule="LEAD-01", current_state=lead.state.value)
    if not _may_have(draft, owner):
        raise Refusal("restricted", rule="POOL-08", current_state=lead.state.value)
    _check_owner(draft, lead, owner)
    before = lead.state
    by = directed_by(lead, owner, setting=draft.setting)
    taken_from = draft.matter.pool if is_entry(draft.matter, draft.at) else None
    claim, against = _within_rules(draft, lead, _claim(draft, lead, owner), told or {})
    lead = replace(
        lead.ending(OfferEnd.ACCEPTED, at=draft.at),
        state=fire(state=before, trigger=LeadTrigger.ACCEPT),
        claim=claim.id,
        ended_at=draft.at,
    )
    _put(draft, lead)
    draft.record_lead(
        "accepted", lead, before=before, actor=actor, data={"claim": claim.id, "by_silence": lead.by_silence}
    )
    draft.new_claims.append(claim)
    draft.put(claim)
    taken = {} if claim.given or taken_from is None else {"taken_from": taken_from}
    draft.record("received", claim, actor=actor, data={"lead": lead.id, **taken})
    if against is not None:
        claim = would_refuse(draft, claim, code=against.code, rule=against.rule, facts=against.facts)
    consider(draft, claim)
    made = draft.matter.claims[claim.id]
    if made.owner is not None and by not in (None, owner):
        flag_return(draft, made, kind="claim.accepted")
    draft.tell_lead(lead.sender, "lead.accepted", lead, rule="LEAD-16", facts={"by": receiver})


def _check_owner(draft: Draft, lead: Lead, owner: str) -> None:
    """Whoever was offered it may have lost since what the offer asked for: what they may not report comes to them by
    no lead either (PPL-08, PPL-02).
    """
    if comes_from_closed_partner(owner, lead.program, setting=draft.setting, at=draft.at):
        raise Refusal("partner_suspended", rule="PPL-08", current_state=lead.state.value)
    if not may_receive(owner, lead.program, setting=draft.setting, at=draft.at):
        raise Refusal("not_allowed", rule="PPL-02", current_state=lead.state.value)


def _within_rules(draft: Draft, lead: Lead, claim: Claim, told: Mapping[str, Any]) -> tuple[Claim, Refusal | None]:
    """``claim`` as it may begin. One that somebody directed at its owner meets what a report of theirs would: a pooled
    customer is taken by it (POOL-03), a former owner waits (CLM-26), a judge looks at it (CLM-04).

    Refused with what stands against them; in a trial it only is given back (POL-08).
    """
    setting, owner = draft.setting, claim.reporter
    by, entry = directed_by(lead, owner, setting=setting), is_entry(draft.matter, draft.at)
    attempt = Attempt(draft.matter, setting, owner, draft.at)
    if by is not None and gives_away(by, owner, lead.program, draft.matter.pool, setting=setting, at=draft.at):
        return claim, None
    takes = by is not None and not is_over(by, owner, lead.program, setting=setting, at=draft.at)
    if takes and entry:
        attempt.check_member()
    try:
        if takes and entry:
            attempt.check_entry()
            return _with_room(draft, replace(claim, given=False), attempt, told), None
        if takes:
            attempt.check_returning()
        elif entry:
            attempt.check_reserved()
    except Refusal as refusal:
        if not in_trial(draft):
            raise
        return replace(claim, given=not (takes and entry)), refusal
    return replace(claim, given=not is_by_a_peer(lead, owner, setting=setting)), None


def _with_room(draft: Draft, claim: Claim, attempt: Attempt, told: Mapping[str, Any]) -> Claim:
    """Caps, workload and the takes of the day; a special approval lets it exceed them (CLM-34)."""
    try:
        attempt.check_room()
        attempt.check_claims(halved_at=told.get("halved_at"), team=told.get("team"))
        attempt.check_day()
    except Refusal:
        if draft.matter.excuse(claim.reporter, at=draft.at) is None:
            raise
        return replace(claim, excused=True)
    return claim


def _claim(draft: Draft, lead: Lead, owner: str) -> Claim:
    return Claim(
        id=draft.mint(),
        receipt=0,  # storage numbers it when it is saved
        matter=lead.matter,
        program=lead.program,
        reporter=owner,
        team=draft.setting.organisation.team_of(owner, at=draft.at),
        state=ClaimState.REPORTED,
        received_at=draft.at,
        rank_at=draft.at,
        terms=draft.setting.terms_at(lead.program, at=draft.at),
        channel=draft.setting.organisation.channel_of(owner),
        source=lead.source,
        referral=_worth(lead),
        customer_kind=draft.matter.customer_kind,
        customer_level=draft.matter.customer_level,
        grade=lead.grade,
        handed_by=_handed_by(lead),
        given=True,
        decided=True,
    )


def _worth(lead: Lead) -> Referral | None:
    """Who brought the customer, where that may be credited (CNF-05)."""
    return lead.referral if lead.referral is not None and lead.referral.why is None else None


def _handed_by(lead: Lead) -> str | None:
    """The sender, where it was they who gave the lead to its receiver by name (SDR 转 AE)."""
    offer = lead.offer
    if offer is None or offer.way not in (Way.NAMED, Way.STAND_IN) or lead.sender == (offer.stands_for or offer.person):
        return None
    return lead.sender if offer.data.get("by", lead.sender) == lead.sender else None


def _kept_for(draft: Draft) -> str | None:
    """The former owner whom a grace period keeps the customer for (CLM-20)."""
    reserved = draft.matter.reserved_for(draft.at)
    return reserved.owner if reserved is not None else None


def _is_reserved(draft: Draft, receiver: str) -> bool:
    """Whether a grace period keeps the customer for somebody else, or a case for nobody yet (CLM-20, DSP-03)."""
    return draft.matter.in_case or _kept_for(draft) not in (None, receiver)


def _may_have(draft: Draft, person: str) -> bool:
    """Whether no restriction keeps the customer, who lies in a pool, from ``person`` (POOL-08)."""
    return receives(draft.setting, draft.matter.pool_only, draft.matter.program, person, at=draft.at)


def _attach(
    draft: Draft, lead: Lead, *, told: str | None, claim: str | None = None, duplicate_of: str | None = None
) -> None:
    before, had = lead.state, lead.receiver
    lead = replace(
        lead.ending(OfferEnd.ATTACHED, at=draft.at) if lead.offer is not None else lead,
        state=fire(state=before, trigger=LeadTrigger.ATTACH),
        claim=claim,
        duplicate_of=duplicate_of,
        ended_at=draft.at,
    )
    _put(draft, lead)
    if claim is not None and _worth(lead) is not None:
        # Whoever came to hold the customer owes them to who brought them before.
        draft.put(replace(draft.matter.claims[claim], referral=lead.referral))
    draft.record_lead("attached", lead, before=before, data={"claim": claim, "duplicate_of": duplicate_of})
    for person in dict.fromkeys((told, had)):
        draft.tell_lead(person, "lead.attached", lead, rule="LEAD-01", urgency="urgent")


def _fall_back(draft: Draft, lead: Lead, actor: str | None) -> None:
    """Nobody eligible: never unassigned in silence (LEAD-03). What was in somebody's hands goes to the supervisor."""
    # A customer who lies in a pool already stays where it lies, as it is restricted there.
    unclaimed = lead.source == UNCLAIMED
    if lead.offers or unclaimed or _policy(draft, lead).word("lead.fallback") != "default_pool":
        _escalate(draft, lead, actor=actor)
    else:
        _pool(draft, lead, actor=actor)


def _pool(draft: Draft, lead: Lead, *, actor: str | None) -> None:
    """The customer lies in a pool, and oversight knows (LEAD-03). One who lies in one already, or comes there after
    grace or nurture, stays as they are: locked, restricted, where they were put and since when (POOL-01, POOL-08).
    """
    before = lead.state
    lead = replace(lead, state=fire(state=before, trigger=LeadTrigger.POOL), ended_at=draft.at)
    _put(draft, lead)
    _lies_in_a_pool(draft)
    _leave_referral(draft, lead)
    draft.record_lead("pooled", lead, before=before, actor=actor)
    for person in draft.setting.programs[lead.program].oversight:
        draft.tell_lead(person, "lead.pooled", lead, rule="LEAD-03")


def _lies_in_a_pool(draft: Draft) -> None:
    """Whoever nobody holds, nor may still take back, lies in one (POOL-01)."""
    if draft.matter.owner_claim is None and not draft.matter.pooled and _kept_for(draft) is None:
        enter_pool(draft, at=draft.at)


def _leave_referral(draft: Draft, lead: Lead) -> None:
    """Whoever gets the customer out of the pool owes them to who brought them (CNF-05)."""
    if draft.matter.pooled and draft.matter.brought is None:
        draft.matter = replace(draft.matter, brought=_worth(lead))


def _escalate(draft: Draft, lead: Lead, *, actor: str | None = None, above: str | None = None) -> None:
    """A task for ``above``, else for the supervisor of whoever had it last, else of its sender (LEAD-11)."""
    before = lead.state
    if before is LeadState.ESCALATED:
        return
    lead = replace(lead, state=fire(state=before, trigger=LeadTrigger.ESCALATE), assess_by=None)
    _put(draft, lead)
    above = above or draft.supervisor(lead.offers[-1].person if lead.offers else lead.sender)
    draft.record_lead("escalated", lead, before=before, actor=actor, data={"to": above, "breaches": lead.breaches})
    if above is not None:
        _ask(draft, lead, above, "lead_escalated")
        draft.tell_lead(above, "lead.escalated", lead, rule="LEAD-11", urgency="urgent")


def _watched_in_vain(draft: Draft, lead: Lead) -> None:
    """Accepted, and no contact by the limit: the claim's own clocks decide about the customer (LEAD-11)."""
    claim = draft.matter.claims.get(lead.claim or "")
    if claim is not None and claim.follow_ups:
        _put(draft, replace(lead, responded_at=claim.last_qualified_at or draft.at))
        return
    lead = _put(draft, replace(lead, warned=True, breaches=lead.breaches + 1))
    draft.record_lead("response_missed", lead, data={"person": lead.receiver, "breaches": lead.breaches})
    draft.tell_lead(lead.receiver, "lead.response_missed", lead, rule="LEAD-11", urgency="urgent")
    above = draft.supervisor(lead.receiver) if lead.receiver is not None else None
    if above is not None:
        draft.tasks.append(
            Task(
                key=_response_key(lead),
                person=above,
                kind="lead_response_missed",
                subject_type="lead",
                subject=lead.id,
                due=None,
            )
        )


# --- assessing and scoring -------------------------------------------------------------------------------------------


def _needs_assessment(draft: Draft, lead: Lead) -> bool:
    policy = _policy(draft, lead)
    if policy.duration("lead.assess_oh") is None or lead.facets.specialties:
        return False
    return lead.grade in policy.words("lead.assess_grades") or lead.source in policy.words("lead.assess_sources")


def _list_for_assessment(draft: Draft, lead: Lead) -> None:
    before = lead.state
    calendar = draft.setting.calendar(lead.program)
    until = assess_by(draft.at, policy=_policy(draft, lead), calendar=calendar)
    lead = replace(lead, state=fire(state=before, trigger=LeadTrigger.ASSESS), assess_by=until)
    _put(draft, lead)
    draft.record_lead("assess_asked", lead, before=before, data={"assess_by": until})
    _ask(draft, lead, lead.sender, "lead_assess", due=until)


def _rescored(draft: Draft, lead: Lead, factors: Mapping[str, int]) -> Lead:
    policy = _policy(draft, lead)
    known = {**lead.factors, **factors}
    score = scored(known, policy).score
    grade_ = lead.grade if lead.graded_by is not None else graded(score, policy)
    return _put(draft, replace(lead, factors=known, score=score, grade=grade_))


# --- what every decision needs ---------------------------------------------------------------------------------------


def _policy(draft: Draft, lead: Lead) -> Policy:
    return draft.setting.policy(lead.terms)


def _authorise(draft: Draft, command: Command, lead: Lead) -> None:
    authorise(command.kind, lead, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)


def _put(draft: Draft, lead: Lead) -> Lead:
    """``lead`` replaces its former self. What was asked of anybody in its former state is done."""
    if draft.matter.leads[lead.id].state is not lead.state:
        draft.closed_tasks.append(_task_key(lead))
    draft.matter = draft.matter.with_lead(lead)
    return lead


def _ask(draft: Draft, lead: Lead, person: str, kind: str, *, due: datetime | None = None) -> None:
    draft.tasks.append(
        Task(key=_task_key(lead), person=person, kind=kind, subject_type="lead", subject=lead.id, due=due)
    )


def _task_key(lead: Lead) -> str:
    return f"lead:{lead.id}"


def _response_key(lead: Lead) -> str:
    return f"lead_response:{lead.id}"


def _skips(draft: Draft, lead: Lead, people: tuple[str, ...]) -> dict[str, Skip]:
    policy = _policy(draft, lead)
    loads = draft.matter.desk.loads if draft.matter.desk is not None else {}
    found = (candidate(p, loads.get(p, Load()), setting=draft.setting, policy=policy) for p in people)
    return skips(
        found,
        lead.program,
        had=lead.had_by,
        only=draft.matter.pool_only,
        setting=draft.setting,
        policy=policy,
        at=_told_at(draft),
    )


def _can_take(draft: Draft, lead: Lead, person: str) -> bool:
    return may_receive(person, lead.program, setting=draft.setting, at=draft.at) and not _skips(draft, lead, (person,))


def _told_at(draft: Draft) -> datetime:
    desk = draft.matter.desk
    return max(draft.at, desk.now) if desk is not None else draft.at


def _listed(skipped: Mapping[str, Skip]) -> list[dict[str, str]]:
    return [{"person": person, "reason": why.value} for person, why in skipped.items()]


def _put_rotation(draft: Draft, scope: str, rotation: Rotation) -> None:
    assert draft.matter.desk is not None
    draft.matter = replace(draft.matter, desk=draft.matter.desk.with_rotation(scope, rotation))


def _give_back(draft: Draft, offer: Offer) -> None:
    desk = draft.matter.desk
    if offer.scope is not None and desk is not None and offer.scope in desk.rotations:
        _put_rotation(draft, offer.scope, given_back(desk.rotations[offer.scope], offer.person))


def _count_given(draft: Draft, person: str, at: datetime) -> None:
    """What is given out next, in the same drain perhaps, must know of this one."""
    desk = draft.matter.desk
    if desk is None:
        return
    load = desk.loads.get(person, Load())
    loads = {**desk.loads, person: replace(load, leads=load.leads + 1, last_lead_at=at)}
    draft.matter = replace(draft.matter, desk=replace(desk, loads=loads))
