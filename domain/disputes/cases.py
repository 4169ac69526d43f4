"""What happens in a case: opened, negotiated, heard, ruled, appealed, ended (DSP-01 to DSP-16; design section 4).

Every function decides one item of a matter's inbox and writes into the draft; the instant that counts is ``draft.at``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.calendar.duration import DAY_US, Duration, Scale
from domain.claims.lifecycle import ENDED, HOLDING, ClaimState
from domain.claims.model import Claim, TermsRef
from domain.disputes import effects
from domain.disputes.advice import Advice, advise, divides_equally
from domain.disputes.arbitrators import (
    Seat,
    acts_for,
    check_mediator,
    common_supervisor,
    may_name,
    plan,
    plan_above,
    tier_deadline,
)
from domain.disputes.divided import division
from domain.disputes.facts import Case as Judged
from domain.disputes.facts import Fact, Origin
from domain.disputes.lifecycle import DisputeState, DisputeTrigger, fire, refused
from domain.disputes.model import (
    Challenge,
    Dispute,
    Grounds,
    Outcome,
    Party,
    Proposal,
    Recusal,
    Role,
    Ruling,
    Share,
    Verdict,
    Violation,
    Window,
)
from domain.disputes.sameness import content_digest, sameness
from domain.disputes.seats import bench_of, sides_of, speaks_for
from domain.matters.draft import Draft, Task
from domain.matters.matter import Command, Matter
from domain.money import agreement, holds
from domain.money.model import Deal
from domain.policy.policy import Amount, Policy
from domain.refusals import FieldError, Refusal
from domain.trial.results import in_trial, would_settle

S, T = DisputeState, DisputeTrigger

#: The top tier is late: reminded once a day (DSP-12).
_A_DAY = Duration(DAY_US, Scale.ELAPSED)


# --- opening ---------------------------------------------------------------------------------------------------------


def open_case(draft: Draft, command: Command) -> None:
    """A case is admitted and everything it is about frozen in one step; on an open case one joins (DSP-01, DSP-03)."""
    if command.data["grounds"] == Grounds.IDENTITY.value:
        _open_identity(draft, command)
        return
    claim = draft.matter.claims[command.claim]
    if draft.matter.frozen_elsewhere:
        raise Refusal("illegal_transition", rule="DSP-01", current_state=claim.state.value)
    if claim.settled:
        raise Refusal("illegal_transition", rule="DSP-05", facts={"settled": True}, current_state=claim.state.value)
    present = draft.matter.open_dispute
    contests = command.data.get("contests") or ()
    worker = command.actor if command.data.get("by_work") else None
    facing = command.data.get("facing")  # who received a visitor, to whose record a broker objects (LEAD-14)
    if present is not None:
        draft.retarget(command, present.id)
        _join(draft, present, claim, actor=command.actor, worker=worker)
        if present.takes_parties:
            put(draft, draft.matter.disputes[present.id].with_contested(contests))
        return
    if claim.state is ClaimState.WITHDRAWN:
        raise Refusal("illegal_transition", rule="CLM-01", current_state=claim.state.value)
    grounds = Grounds(command.data["grounds"])
    parties = sharers_of(draft.matter, claim, opener=command.actor) if grounds is Grounds.SHARE else ()
    if len(parties) < 2:
        parties = parties_of(draft.matter, claim)
    if worker is not None:
        parties = _with_worker((Party(person=person_of(claim), claim=claim.id, role=Role.RESPONDENT),), worker)
    if facing is not None and all(p.person != facing for p in parties):
        parties = (*parties, Party(person=facing, claim=None, role=Role.RESPONDENT))
    if len(parties) < 2:
        raise Refusal("party_missing", rule="DSP-01")
    asks = outcome_of(command.data.get("asks"))
    if asks is not None and not {asks.owner, *(s.person for s in asks.shares)} <= {None, *(p.person for p in parties)}:
        raise Refusal("field_invalid", rule="DSP-01", errors=(FieldError("asks", "field_invalid"),))
    dispute = _case(
        draft,
        claim,
        parties,
        named=(command.data["dispute"], command.data["number"]),
        grounds=grounds,
        opened_by=command.actor or person_of(claim),
        statement=command.data.get("statement"),
        asks=asks,
    )
    # How a visitor came here is no fact of ownership that the rules could decide by (LEAD-14).
    by_rules = command.data.get("reception") is None
    _admit(draft, dispute, actor=command.actor, contests=contests, by_rules=by_rules)


def _open_identity(draft: Draft, command: Command) -> None:
    """Two records may be one customer: one case about both, with everybody who has a living claim (CUS-13, DSP-01)."""
    other, present = draft.other, draft.matter.open_dispute
    asked = command.data["other_matter"]
    if asked is None:
        # The record that was asked about is known as another one's by now.
        raise _about_a_third(draft.matter.claims[command.claim])
    if (present is not None and present.other_matter != asked) or (present is None and draft.matter.frozen_elsewhere):
        raise _about_a_third(draft.matter.claims[command.claim])
    answered = _found_different(draft.matter, asked)
    if present is None and answered is not None:
        if answered.party(command.actor) is None:
            raise found_different(draft.matter.claims[command.claim])
        draft.retarget(command, answered.id)
        return
    if other is None or other.id != asked:
        raise RuntimeError("the other matter is not open")  # the next drain opens it
    about = command.data["about"]
    claim = draft.matter.claims.get(about) or other.claims[about]
    deal = command.data.get("deal")
    if deal is not None and deal not in draft.matter.deals and deal not in other.deals:
        # The contract that joins them was refused.
        raise Refusal("illegal_transition", rule="CUS-14", current_state=claim.state.value)
    worker = command.actor if command.data.get("by_work") else None
    if present is not None:
        draft.retarget(command, present.id)
        _join(draft, present, claim, actor=command.actor, worker=worker)
        return
    # Whoever asked about the other record and a third one before has the turn, whichever drain comes first.
    before = any(c.asks_about is not None and c.received_at < command.received_at for c in other.commands)
    if before or other.open_dispute is not None or other.frozen_elsewhere:
        raise _about_a_third(claim)
    if claim.state is ClaimState.WITHDRAWN:
        raise Refusal("illegal_transition", rule="CLM-01", current_state=claim.state.value)
    claims = (*draft.matter.claims.values(), *other.claims.values())
    alive = [c for c in claims if c.id == claim.id or c.state is ClaimState.REPORTED or c.state in HOLDING]
    parties = _with_worker(_parties(claim, alive), worker)
    if len(parties) < 2 or len({c.matter for c in alive}) < 2:
        raise Refusal("party_missing", rule="DSP-01")
    dispute = replace(
        _case(
            draft,
            claim,
            parties,
            named=(command.data["dispute"], command.data["number"]),
            grounds=Grounds.IDENTITY,
            opened_by=command.actor or person_of(claim),
            statement=command.data.get("statement"),
            asks=outcome_of(command.data.get("asks")),
        ),
        other_customer=other.customer,
        other_matter=other.id,
        relation=command.data.get("relation"),
        household=_household(claim, (draft.matter, other)) if command.data.get("household") else (),
        interested=_interested((c for c in alive if c.matter == other.id), other.deals.values()),
    )
    holders = [c for c in (draft.matter.owner_claim, other.owner_claim) if c is not None]
    _admit(
        draft,
        dispute,
        actor=command.actor,
        contests=command.data.get("contests") or (),
        concerned=[c.id for c in alive],
        holder=min(holders, key=lambda c: (c.rank_at, c.receipt), default=None),
    )


def _found_different(matter: Matter, other: str) -> Dispute | None:
    """The case that has just found, in this drain, that this record and ``other`` are two customers (CUS-13)."""
    decided = (d for d in matter.disputes.values() if d.other_matter == other and d.state in (S.FINAL, S.SETTLED))
    return next((d for d in decided if d.outcome is not None and d.outcome.same is False), None)


def found_different(claim: Claim) -> Refusal:
    """Two records that were found to be two customers are not asked about again (CUS-13)."""
    return Refusal("illegal_transition", rule="CUS-13", current_state=claim.state.value, facts={"same": False})


def _about_a_third(claim: Claim) -> Refusal:
    """One case at a time concerns a record (DSP-01)."""
    return Refusal("illegal_transition", rule="DSP-01", current_state=claim.state.value)


def contest(draft: Draft, claim: Claim) -> None:
    """A report on an owned customer becomes a case by itself, or joins the open one (CLM-27)."""
    present = draft.matter.open_dispute
    if present is not None:
        _join(draft, present, claim, actor=claim.reporter)
        return
    holder = draft.matter.owner_claim or draft.matter.reserved_for(draft.at)
    if claim.opening is not None and holder is not None:
        contest_opening(draft, claim, [holder])
        return
    parties = parties_of(draft.matter, claim)
    dispute = _case(draft, claim, parties, grounds=Grounds.OWNERSHIP, opened_by=claim.reporter)
    _admit(draft, dispute, actor=claim.reporter)


def contest_opening(draft: Draft, claim: Claim, others: Collection[Claim]) -> None:
    """Whom an opening load, or an objection to it, names beside one another: one case, opened by the last (INT-10).

    When it was told says nothing of who had the customer first, so the rules decide nothing. It is about all that its
    parties have; whoever holds the customer is a party by that, even with a row of their own.
    """
    person = person_of(claim)
    statement = claim.reason_text
    held = {person_of(c): c.id for c in others if c.holds}
    parties = tuple(replace(p, claim=held.get(p.person, p.claim)) for p in _parties(claim, others))
    dispute = _case(draft, claim, parties, grounds=Grounds.OWNERSHIP, opened_by=person, statement=statement)
    _admit(draft, dispute, actor=None, by_rules=False, concerned=[c.id for c in (claim, *others)])


def contest_release(draft: Draft, claim: Claim, *, asked_by: str, statement: str | None) -> None:
    """The owner objects to a release that their supervisor asked for: the two are the parties (CLM-23).

    Facts of ownership do not separate them, so the rules decide nothing.
    """
    owner = person_of(claim)
    parties = (
        Party(person=owner, claim=claim.id, role=Role.OPENER),
        Party(person=asked_by, claim=None, role=Role.RESPONDENT),
    )
    dispute = _case(draft, claim, parties, grounds=Grounds.OWNERSHIP, opened_by=owner, statement=statement)
    _admit(draft, dispute, actor=owner, by_rules=False)


def contest_discussion(
    draft: Draft, claim: Claim, others: Collection[Claim], *, led_by: str, statement: str | None
) -> None:
    """A party refuses to have the matter settled in a team discussion: a case with its other parties (DSP-07).

    Where nobody else has a claim the other party is who led it, and the rules decide nothing.
    """
    parties = _parties(claim, others)
    if len(parties) < 2:
        parties = (*parties, Party(person=led_by, claim=None, role=Role.RESPONDENT))
    person = person_of(claim)
    dispute = _case(draft, claim, parties, grounds=Grounds.OWNERSHIP, opened_by=person, statement=statement)
    _admit(draft, dispute, actor=person, by_rules=bool(others))


def contest_shares(draft: Draft, deal: Deal) -> None:
    """The people behind a deal have not agreed in time: a case of kind share between them (COM-04)."""
    proposed = deal.proposed
    assert proposed is not None
    assert deal.claim is not None
    claim = draft.matter.claims[deal.claim]
    deal = agreement.disputed(draft, claim, deal)
    owner = person_of(claim)
    holders = dict.fromkeys(share.person for share in (*proposed.shares, *deal.shares))
    parties = (
        Party(person=owner, claim=claim.id, role=Role.OPENER),
        *(Party(person=p, claim=None, role=Role.RESPONDENT) for p in holders if p != owner),
    )
    asks = Outcome(
        verdict=Verdict.JOINT if len(proposed.shares) > 1 else Verdict.PARTY,
        owner=owner,
        shares=tuple(Share(share.person, share.bps) for share in proposed.shares) if len(proposed.shares) > 1 else (),
    )
    dispute = _case(draft, claim, parties, grounds=Grounds.SHARE, opened_by=owner, asks=asks)
    _admit(draft, dispute, actor=None, by_rules=False)


def _case(
    draft: Draft,
    claim: Claim,
    parties: tuple[Party, ...],
    *,
    grounds: Grounds,
    opened_by: str,
    named: tuple[str, int] | None = None,
    statement: str | None = None,
    asks: Outcome | None = None,
) -> Dispute:
    """A case about ``claim``; without ``named``, its id and number, storage numbers it when it is saved."""
    id_, number = named or (draft.mint(), 0)
    return Dispute(
        id=id_,
        number=number,
        matter=draft.matter.id,
        program=claim.program,
        grounds=grounds,
        state=S.OPENED,
        opened_by=opened_by,
        opened_at=draft.at,
        terms=_terms(draft, claim, grounds),
        statement=statement,
        asks=asks,
        parties=parties,
    )


def _admit(
    draft: Draft,
    dispute: Dispute,
    *,
    actor: str | None,
    contests: Collection[str] = (),
    by_rules: bool = True,
    concerned: Collection[str] | None = None,
    holder: Claim | None = None,
) -> None:
    """Everything the case is about is frozen, its parties are told, and the rules or the parties have it.

    ``concerned``: claims it is about, where they are more than those of its parties; ``holder``: who serves.
    """
    policy = draft.setting.policy_at(dispute.program, at=draft.at)
    holder = holder or draft.matter.owner_claim
    dispute = replace(dispute, served_by=_server(draft, dispute, holder, policy))
    dispute = dispute.with_contested((*contests, *draft.matter.contested))
    draft.new_disputes.append(dispute)
    put(draft, dispute)
    draft.record_case("opened", dispute, actor=actor, data={"grounds": dispute.grounds.value})
    if concerned is None:
        concerned = [p.claim for p in dispute.parties if p.claim is not None]
    effects.on_both(draft, dispute, lambda side: _freeze(side, dispute, concerned))
    if dispute.grounds is Grounds.IDENTITY:
        _compare(draft, dispute)
    tell_parties(draft, dispute, "dispute.opened", urgency="urgent")
    if not (by_rules and _proposed(draft, dispute, policy)):
        _negotiate(draft, draft.matter.disputes[dispute.id], T.NEGOTIATE)


def _compare(draft: Draft, dispute: Dispute) -> None:
    """What the two records say of being one customer becomes evidence, as they are now (CUS-13, DSP-09)."""
    assert dispute.other_customer is not None
    for kind in draft.matter.likeness:
        item = draft.mint()
        digest = content_digest(kind, customers=(draft.matter.customer, dispute.other_customer))
        data = {"evidence": item, "kind": kind, "digest": digest}
        draft.add_evidence(dispute, author=None, data={**data, "origin": Origin.SYSTEM.value})
        draft.record_case("evidence", dispute, data=data)
        said = sameness(kind, evidence=item, at=draft.at)
        if said is not None:
            draft.matter = replace(draft.matter, facts=(*draft.matter.facts, said))


def _freeze(draft: Draft, dispute: Dispute, claims: Collection[str]) -> None:
    for claim in claims:
        if claim in draft.matter.claims:
            effects.freeze(draft, dispute, draft.matter.claims[claim])
    holds.hold(draft, dispute)


def parties_of(matter: Matter, claim: Claim) -> tuple[Party, ...]:
    """Whom a case about ``claim`` concerns: its person, and whoever stands against them on this customer (DSP-01).

    Against whom does not hold: the holder, else whoever has reported too. Against the holder: everybody with an
    undecided or refused report.
    """
    holder = matter.owner_claim
    if holder is not None and holder.id != claim.id:
        rivals: Iterable[Claim] = [holder]
    else:
        rivals = [c for c in matter.claims.values() if c.id != claim.id and contends(c)]
    return _parties(claim, rivals)


def _parties(claim: Claim, rivals: Iterable[Claim]) -> tuple[Party, ...]:
    """The opener, and the people of ``rivals``, the latest first; each once."""
    parties = [Party(person=person_of(claim), claim=claim.id, role=Role.OPENER)]
    for rival in sorted(rivals, key=lambda c: c.receipt, reverse=True):
        person = person_of(rival)
        if all(p.person != person for p in parties):
            parties.append(Party(person=person, claim=rival.id, role=Role.RESPONDENT))
    return tuple(parties)


def _household(about: Claim, records: Iterable[Matter]) -> tuple[str, ...]:
    """Between whom a household may be divided: who holds the two customers, and who reported one of them (CUS-14)."""
    claims = (about, *(matter.owner_claim for matter in records))
    return tuple(sorted({person_of(claim) for claim in claims if claim is not None}))


def _interested(claims: Iterable[Claim], deals: Iterable[Deal] = ()) -> tuple[str, ...]:
    people = {person for c in claims for person in (c.owner, c.reporter) if person is not None}
    return tuple(sorted(people | {share.person for d in deals if d.live for share in d.shares}))


def _with_worker(parties: tuple[Party, ...], worker: str | None) -> tuple[Party, ...]:
    """Who opens a case by the work they logged is a party without a claim (DSP-02)."""
    if worker is None or any(p.person == worker for p in parties):
        return parties
    opener = Party(person=worker, claim=None, role=Role.OPENER)
    return (opener, *(replace(p, role=Role.RESPONDENT) for p in parties))


def sharers_of(matter: Matter, claim: Claim, *, opener: str | None) -> tuple[Party, ...]:
    """Whom a case about shares of deals on ``claim`` concerns: its owner and whoever has a part (COM-04, COM-11).

    Only the owner has a claim in it. Whoever opens it is the opener, the owner where somebody in charge does.
    """
    owner = person_of(claim)
    people = dict.fromkeys((owner, *(s.person for deal in matter.live_deals(claim.id) for s in deal.shares)))
    first = opener if opener in people else owner
    return tuple(
        Party(
            person=person,
            claim=claim.id if person == owner else None,
            role=Role.OPENER if person == first else Role.RESPONDENT,
        )
        for person in people
    )


def person_of(claim: Claim) -> str:
    """Whose claim it is: the owner's, or the reporter's where nobody owned it yet."""
    return claim.owner or claim.reporter


def contends(claim: Claim) -> bool:
    """Whether it is a report that stands against the holder: undecided, or refused for them (DSP-01)."""
    if claim.state is ClaimState.REPORTED:
        return True
    return claim.state is ClaimState.REJECTED and claim.reason == "customer_owned" and not claim.settled


def _join(draft: Draft, dispute: Dispute, claim: Claim, *, actor: str | None, worker: str | None = None) -> None:
    """The person of ``claim`` becomes a party; ``worker`` does without a claim."""
    person, theirs = (person_of(claim), claim.id) if worker is None else (worker, None)
    if dispute.party(person) is not None:
        return
    if claim.state is ClaimState.WITHDRAWN:
        raise Refusal("illegal_transition", rule="CLM-01", current_state=claim.state.value)
    if not dispute.takes_parties:
        raise Refusal("illegal_transition", rule="DSP-01", current_state=dispute.state.value)
    dispute = dispute.with_party(Party(person=person, claim=theirs, role=Role.JOINED))
    if theirs is not None and claim.matter == dispute.other_matter:
        dispute = replace(dispute, interested=tuple(sorted({*dispute.interested, *_interested((claim,))})))
    if dispute.seat_seen is not None:
        dispute = replace(dispute, seat_seen=draft.at)  # who was neutral between the others may not be any more
    put(draft, dispute)
    effects.on_both(draft, dispute, lambda side: _freeze(side, dispute, () if theirs is None else (theirs,)))
    draft.record_case("joined", dispute, actor=actor, data={"person": person, "claim": theirs})
    tell_parties(draft, dispute, "dispute.opened")


def _terms(draft: Draft, claim: Claim, grounds: Grounds) -> TermsRef:
    """The policy in force at receipt of the contested event (DSP-02): a deal, a lapse or refusal, else the opening."""
    at = draft.at
    if grounds is Grounds.SHARE:
        deals = draft.matter.live_deals(claim.id)
        at = max((d.recorded_at for d in deals if d.recorded_at is not None), default=at)
    elif claim.state in ENDED and claim.ended_at is not None:
        at = claim.ended_at
    return draft.setting.terms_at(claim.program, at=at)


def _server(draft: Draft, dispute: Dispute, holder: Claim | None, policy: Policy) -> str | None:
    """The one person who serves the customer meanwhile (DSP-03)."""
    if policy.choice("dispute.service_by") == "owner" and holder is not None:
        return holder.owner
    first = dispute.parties[0].person
    return draft.supervisor(first, interested=tuple(p.person for p in dispute.parties))


def _serves_now(draft: Draft, dispute: Dispute, outcome: Outcome) -> str | None:
    """Service goes to the ruled owner at once, unless a supervisor has it (DSP-15)."""
    policy = policy_of(draft, dispute)
    if outcome.owner is not None and policy.choice("dispute.service_by") == "owner":
        return outcome.owner
    return dispute.served_by


# --- tier 0 ----------------------------------------------------------------------------------------------------------


def _proposed(draft: Draft, dispute: Dispute, policy: Policy) -> bool:
    """The rules decide by themselves where recorded, uncontested facts separate the parties (系统判客, DSP-04).

    In a trial it is only noted what they would have decided (POL-08).
    """
    amounts = (*draft.matter.amounts, *(draft.other.amounts if draft.other is not None else ()))
    if not policy.switch("dispute.auto_settle") or _exceeds(amounts, policy.auto_max_amount):
        return False
    advice = advice_on(draft, dispute)
    if advice.outcome is None or advice.obstacles or not _may_own(draft, dispute, advice.outcome.owner):
        return False
    if in_trial(draft):
        would_settle(draft, dispute, advice.outcome)
        return False
    length = policy.duration("dispute.objection_wh")
    ends = until(draft, dispute, length) if length is not None else draft.at
    before = dispute.state
    dispute = replace(
        dispute.with_window(Window.OBJECTION, ends),
        state=fire(state=before, trigger=T.PROPOSE),
        tier=0,
        outcome=advice.outcome,
        proposed_by=_shown(draft, dispute, advice),
    )
    put(draft, dispute)
    draft.record_case(
        "proposed", dispute, before=before, data={**_outcome_data(advice.outcome), "advice": advice.as_data()}
    )
    tell_parties(draft, dispute, "dispute.proposed", urgency="urgent", facts={"until": ends})
    return True


def advice_on(draft: Draft, dispute: Dispute) -> Advice:
    """What the ownership rules say of the facts on record (DSP-11)."""
    return advise(
        Judged(
            grounds=dispute.grounds,
            rivals=tuple(p.person for p in dispute.parties),
            opened_at=dispute.opened_at,
            facts=(*draft.matter.facts, *_divided(draft), *_facts_beside(draft, dispute)),
            contested=frozenset(dispute.contested),
            customer_level=draft.matter.customer_level,
            customer_kind=draft.matter.customer_kind,
            household=dispute.household,
        ),
        policy=policy_of(draft, dispute),
        calendar=draft.setting.calendar(dispute.program),
    )


def _divided(draft: Draft) -> tuple[Fact, ...]:
    matter = draft.matter
    return division(matter.facts, matter.division, program=matter.program, track=matter.track, setting=draft.setting)


def _facts_beside(draft: Draft, dispute: Dispute) -> tuple[Fact, ...]:
    """Of a case of kind identity, what is on record about the other of the two (CUS-13)."""
    other = draft.other
    return other.facts if other is not None and other.id == dispute.other_matter else ()


def _shown(draft: Draft, dispute: Dispute, advice: Advice) -> dict[str, Any]:
    """The advice as it is kept, with the precedents that it names (DSP-18)."""
    most = policy_of(draft, dispute).limit("precedent.similar") or 0
    return {**advice.as_data(), "similar": list(draft.matter.similar[:most])}


def object_to(draft: Draft, command: Command) -> None:
    """A party disputes a recorded fact, or says which is missing: the parties negotiate (DSP-04).

    An objection that names neither is kept for the record, and the result stays.
    """
    dispute, _ = mine(draft, command)
    _require_known(draft, dispute, "contests", command.data.get("contests") or ())
    if dispute.state is not S.PROPOSED:
        raise refused(state=dispute.state, trigger=T.OBJECT.value)
    named = bool(command.data.get("contests")) or bool(command.data.get("missing"))
    needed = policy_of(draft, dispute).choice("dispute.objection_needs") == "fact"
    contests: list[str] = list(command.data.get("contests") or ())
    data = {
        "contests": contests,
        "missing": command.data.get("missing"),
        "reason": command.data.get("reason"),
        "counts": named or not needed,
    }
    dispute = put(draft, dispute.with_contested(contests))
    draft.record_case("objected", dispute, actor=command.actor, data=data)
    if not named and needed:
        return
    _negotiate(draft, replace(dispute.without_windows(Window.OBJECTION), outcome=None, tier=None), T.OBJECT)
    tell_parties(draft, draft.matter.disputes[dispute.id], "dispute.negotiating", apart=command.actor)


def _unobjected(draft: Draft, dispute: Dispute) -> None:
    outcome = dispute.outcome
    assert outcome is not None
    ruling = Ruling(id=draft.mint(), tier=0, by=None, at=draft.at, outcome=outcome, advice=dispute.proposed_by)
    effects.rule(draft, dispute, outcome)
    _finalise(draft, put(draft, replace(dispute, rulings=(*dispute.rulings, ruling))))


def _exceeds(amounts: Iterable[tuple[int, str]], most: Amount | None) -> bool:
    """Whether any amount is larger than a person need look at it; another currency cannot be compared."""
    return most is not None and any(
        currency != most.currency or amount > most.amount_minor for amount, currency in amounts
    )


def _may_own(draft: Draft, dispute: Dispute, person: str | None) -> bool:
    """Whether a ruling could name ``person`` (DSP-14); of two records only who reported first (CUS-13)."""
    if dispute.grounds is Grounds.IDENTITY:
        first = effects.first_of(draft, dispute)
        return first is not None and person == person_of(first)
    party = dispute.party(person)
    return party is not None and party.claim is not None


# --- negotiation -----------------------------------------------------------------------------------------------------


def waive(draft: Draft, command: Command) -> None:
    """A party wants no negotiation; when all say so the case goes on (DSP-05)."""
    dispute, party = mine(draft, command)
    _require(dispute, "waive", S.NEGOTIATING)
    dispute = put(draft, dispute.with_party(replace(party, waived=True)))
    draft.record_case("waived", dispute, actor=command.actor)
    if all(p.waived for p in dispute.parties):
        _unsettled(draft, dispute)


def propose(draft: Draft, command: Command) -> None:
    """Terms to agree on; new ones replace those before and void the consents given (DSP-05)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    party = speaks_for(draft.setting, dispute, command.actor, at=draft.at)
    if party is None and command.actor != dispute.mediator:
        raise Refusal("not_allowed", rule="DSP-05")
    terms = _checked(draft, dispute, outcome_of(command.data["terms"]))
    _require(dispute, "settle", S.NEGOTIATING, S.MEDIATING)
    replaced = tuple(replace(p, state="replaced") if p.state == "open" else p for p in dispute.proposals)
    proposal = Proposal(
        n=len(replaced) + 1,
        by=command.actor or "",
        terms=terms,
        text=command.data["text"],
        digest=command.data["digest"],
        accepted_by=(party.person,) if party is not None else (),
    )
    dispute = put(draft, replace(dispute, proposals=(*replaced, proposal)))
    draft.record_case("proposed", dispute, actor=command.actor, data={"n": proposal.n, "digest": proposal.digest})
    tell_parties(draft, dispute, "dispute.negotiating", apart=command.actor)


def accept_proposal(draft: Draft, command: Command) -> None:
    """A party agrees to this very text; when all have, it takes effect by itself (DSP-05, DSP-15)."""
    dispute, party = mine(draft, command)
    proposal = _proposal(dispute, command)
    if proposal.state == "agreed":
        return
    _require(dispute, "settle", S.NEGOTIATING, S.MEDIATING)
    if proposal.state != "open" or proposal.digest != command.data["digest"]:
        raise Refusal("terms_changed", rule="DSP-05", facts={"n": _latest(dispute)})
    accepted = tuple(dict.fromkeys((*proposal.accepted_by, party.person)))
    everybody = {p.person for p in dispute.parties} <= set(accepted)
    proposal = replace(proposal, accepted_by=accepted, state="agreed" if everybody else "open")
    dispute = put(draft, _with_proposal(dispute, proposal))
    draft.record_case("agreed", dispute, actor=command.actor, data={"n": proposal.n, "digest": proposal.digest})
    if everybody:
        _settled(draft, dispute, proposal.terms)


def decline_proposal(draft: Draft, command: Command) -> None:
    """A party does not agree: the proposal is off, and mediation over if its terms were the mediator's (DSP-08)."""
    dispute, _ = mine(draft, command)
    proposal = _proposal(dispute, command)
    _require(dispute, "settle", S.NEGOTIATING, S.MEDIATING)
    if proposal.state != "open" or proposal.digest != command.data["digest"]:
        raise Refusal("terms_changed", rule="DSP-05", facts={"n": _latest(dispute)})
    dispute = put(draft, _with_proposal(dispute, replace(proposal, state="declined")))
    draft.record_case("declined", dispute, actor=command.actor, data={"n": proposal.n})
    if dispute.state is S.MEDIATING and proposal.by == dispute.mediator:
        _arbitrate(draft, dispute)
        return
    tell_parties(draft, dispute, "dispute.negotiating", apart=command.actor)


def name_mediator(draft: Draft, command: Command) -> None:
    """A neutral person helps the parties agree (DSP-08)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    person = command.data["person"]
    check_mediator(
        person,
        by=command.actor or "",
        sides=sides_of(draft.matter, replace(dispute, mediator=None, mediated=())),
        bench=bench_of(draft.setting, dispute),
        at=draft.at,
    )
    _require(dispute, "mediate", S.OPENED, S.PROPOSED, S.NEGOTIATING, S.MEDIATING)
    if person == dispute.mediator:
        return
    replaces = dispute.state is S.MEDIATING
    dispute = put(draft, replace(_without_mediator(dispute), mediator=person, mediator_seen=draft.at))
    draft.closed_tasks.append(mediator_key(dispute))
    draft.record_case("mediator", dispute, actor=command.actor, data={"person": person})
    facts = {"until": dispute.window(Window.MEDIATION)} if replaces else None
    draft.tell_case(person, "dispute.mediating", dispute, rule="DSP-08", urgency="urgent", facts=facts)
    if replaces:
        tell_parties(draft, dispute, "dispute.mediating", facts=facts)


def mediator_gone(draft: Draft, dispute: Dispute) -> None:
    """The mediator has left or is away: another may be named in time, else the case goes on to arbitration (DSP-08)."""
    gone = dispute.mediator
    dispute = put(draft, _without_challenges(draft, _without_mediator(dispute)))
    draft.record_case("mediator_gone", dispute, data={"person": gone})
    until = dispute.window(Window.MEDIATION)
    names = common_supervisor(
        sides=sides_of(draft.matter, dispute), bench=bench_of(draft.setting, dispute), at=draft.at
    )
    if names is not None:
        draft.tasks.append(
            Task(
                key=mediator_key(dispute),
                person=names,
                kind="name_mediator",
                subject_type="dispute",
                subject=dispute.id,
                due=until or dispute.window(Window.NEGOTIATION),
            )
        )
        draft.tell_case(names, "dispute.mediator_gone", dispute, rule="DSP-08", urgency="urgent")
    tell_parties(draft, dispute, "dispute.mediator_gone", apart=names, facts={"until": until})


def _without_mediator(dispute: Dispute) -> Dispute:
    """Whoever has mediated is remembered: they do not decide the case (DSP-08)."""
    before = (*dispute.mediated, dispute.mediator) if dispute.state is S.MEDIATING else dispute.mediated
    mediated = tuple(dict.fromkeys(person for person in before if person is not None))
    return replace(dispute, mediator=None, mediator_seen=None, mediated=mediated)


def _negotiate(draft: Draft, dispute: Dispute, trigger: DisputeTrigger) -> None:
    policy = policy_of(draft, dispute)
    length = policy.duration("dispute.negotiation_oh") or policy.duration("dispute.negotiation_wh")
    dispute = _moved(draft, dispute, trigger)
    if length is None:
        _unsettled(draft, dispute)
        return
    put(draft, dispute.with_window(Window.NEGOTIATION, until(draft, dispute, length)))


def _unsettled(draft: Draft, dispute: Dispute) -> None:
    """Negotiation led nowhere: mediation where the policy wants it and somebody neutral is named, else arbitration."""
    policy = policy_of(draft, dispute)
    length = policy.duration("dispute.mediation_wh")
    wanted = policy.choice("dispute.mediation")
    if wanted == "none" or length is None or (wanted == "optional" and dispute.mediator is None):
        _arbitrate(draft, dispute)
        return
    dispute = replace(dispute.without_windows(Window.NEGOTIATION), mediator_seen=draft.at)
    dispute = _moved(draft, dispute, T.MEDIATE)
    ends = until(draft, dispute, length)
    dispute = put(draft, dispute.with_window(Window.MEDIATION, ends))
    draft.tell_case(
        dispute.mediator, "dispute.mediating", dispute, rule="DSP-08", urgency="urgent", facts={"until": ends}
    )
    tell_parties(draft, dispute, "dispute.mediating", facts={"until": ends})


def _settled(draft: Draft, dispute: Dispute, terms: Outcome) -> None:
    before = dispute.state
    ruling = Ruling(id=draft.mint(), tier=0, by=None, at=draft.at, outcome=terms, final_at=draft.at, final=True)
    dispute = replace(dispute, rulings=(*dispute.rulings, ruling), outcome=terms)
    dispute = _ended(draft, dispute, T.SETTLE)
    draft.record_case("settled", dispute, before=before, data=_outcome_data(terms))
    effects.rule(draft, dispute, terms)
    effects.settle(draft, dispute, terms)
    tell_parties(draft, dispute, "dispute.settled", urgency="urgent")
    _tell_of_one(draft, dispute)


def _tell_of_one(draft: Draft, dispute: Dispute) -> None:
    """Two records that are one customer here are for the administrators to merge everywhere (CUS-13)."""
    if dispute.finds_one:
        for admin in sorted(draft.setting.organisation.admins(at=draft.at)):
            draft.tell_case(admin, "dispute.same", dispute, rule="CUS-13")


# --- hearing and ruling ----------------------------------------------------------------------------------------------


def add_evidence(draft: Draft, command: Command) -> None:
    """A statement, file or fact for the case; a party that speaks has been heard (DSP-09, DSP-10)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    if not dispute.is_open:
        raise refused(state=dispute.state, trigger="evidence")
    party = speaks_for(draft.setting, dispute, command.actor, at=draft.at)
    ends = dispute.window(Window.EVIDENCE)
    if dispute.state is S.ARBITRATING and ends is None:
        raise Refusal("evidence_closed", rule="DSP-10", current_state=dispute.state.value)
    draft.add_evidence(dispute, author=command.actor, data=command.data)
    draft.record_case(
        "evidence",
        dispute,
        actor=command.actor,
        data={"evidence": command.data["evidence"], "kind": command.data["kind"], "digest": command.data["digest"]},
    )
    if party is not None and command.data["kind"] in ("statement", "answer"):
        _heard(draft, dispute, party)


def heard(draft: Draft, command: Command) -> None:
    """A party has nothing to add (DSP-10)."""
    dispute, party = mine(draft, command)
    if not dispute.is_open:
        raise refused(state=dispute.state, trigger="heard")
    draft.record_case("heard", dispute, actor=command.actor)
    _heard(draft, dispute, party)


def more_evidence(draft: Draft, command: Command) -> None:
    """The arbitrator asks for more, once; the limit of the tier moves by as much (DSP-10)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    _require_arbitrator(draft, dispute, command)
    if dispute.more_evidence_asked:
        raise Refusal("illegal_transition", rule="DSP-10", current_state=dispute.state.value)
    policy = policy_of(draft, dispute)
    extra = policy.duration("dispute.more_evidence_wh")
    tier_ends = dispute.window(Window.TIER)
    dispute = replace(
        dispute, more_evidence_asked=True, parties=tuple(replace(p, heard=False) for p in dispute.parties)
    )
    if extra is not None:
        dispute = dispute.with_window(Window.EVIDENCE, until(draft, dispute, extra))
        if tier_ends is not None:
            later = draft.setting.calendar(dispute.program).add(tier_ends, extra).at
            dispute = dispute.with_window(Window.TIER, later)
    put(draft, dispute)
    draft.record_case("more_evidence", dispute, actor=command.actor, data={"question": command.data.get("question")})
    tell_parties(draft, dispute, "dispute.arbitrating", urgency="urgent")


def rule(draft: Draft, command: Command) -> None:
    """The assigned arbitrator decides (DSP-14); refusals in the contract's order; the same again counts once."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    outcome = outcome_of(command.data["outcome"])
    assert outcome is not None
    if dispute.state in (S.RULED, S.FINAL) and dispute.rulings and dispute.rulings[-1].by == command.actor:
        if dispute.rulings[-1].outcome == outcome:
            return
        raise Refusal("already_ruled", rule="DSP-14", current_state=dispute.state.value)
    _require_arbitrator(draft, dispute, command)
    if dispute.window(Window.EVIDENCE) is not None and not all(p.heard for p in dispute.parties):
        waits = [p.person for p in dispute.parties if not p.heard]
        raise Refusal("hearing_open", rule="DSP-10", facts={"until": dispute.window(Window.EVIDENCE), "unheard": waits})
    if any(r.state is Challenge.OPEN for r in dispute.recusals):
        raise Refusal("hearing_open", rule="DSP-13", facts={"until": dispute.window(Window.RECUSAL)})
    if not command.data.get("reason") or not command.data.get("facts"):
        raise Refusal("reason_required", rule="DSP-14")
    outcome = _checked(draft, dispute, outcome)
    _require_known(draft, dispute, "evidence", command.data.get("evidence") or ())
    violations = _violations(dispute, command)
    before = dispute.state
    limit = policy_of(draft, dispute).duration("dispute.appeal_wd")
    may_appeal = limit is not None and not dispute.rulings and _above(draft, dispute) is not None
    ruling = Ruling(
        id=draft.mint(),
        tier=dispute.tier or 1,
        by=command.actor,
        at=draft.at,
        outcome=outcome,
        reason=command.data["reason"],
        facts=command.data["facts"],
        evidence=tuple(command.data.get("evidence") or ()),
        violations=violations,
        follows_advice=command.data.get("follows_advice"),
        advice=_shown(draft, dispute, advice_on(draft, dispute)),
    )
    state = fire(state=dispute.state, trigger=T.RULE)
    dispute = replace(
        dispute.without_windows(), outcome=outcome, state=state, served_by=_serves_now(draft, dispute, outcome)
    )
    draft.closed_tasks.append(task_key(dispute))
    # Whom advice named, beside who gets the customer: on record, and no part of the ruling (LEAD-07).
    told = _ruling_data(ruling) | {"recommended": command.data.get("recommended")}
    if may_appeal:
        assert limit is not None
        ends = until(draft, dispute, limit)
        dispute = replace(
            dispute.with_window(Window.APPEAL, ends), rulings=(*dispute.rulings, replace(ruling, final_at=ends))
        )
        put(draft, dispute)
        draft.record_case("ruled", dispute, before=before, actor=command.actor, data=told)
        effects.rule(draft, dispute, outcome)
        tell_parties(draft, dispute, "dispute.ruled", urgency="urgent", facts={"until": ends})
        _tell_of_violations(draft, dispute, violations)
        return
    dispute = replace(dispute, rulings=(*dispute.rulings, replace(ruling, final_at=draft.at)))
    put(draft, dispute)
    draft.record_case("ruled", dispute, before=before, actor=command.actor, data=told)
    effects.rule(draft, dispute, outcome)
    _finalise(draft, dispute)
    _tell_of_violations(draft, dispute, violations)


def _violations(dispute: Dispute, command: Command) -> tuple[Violation, ...]:
    """What the ruling finds against parties; nobody else is heard in the case, so nobody else is named (DSP-14)."""
    found = tuple(Violation(v["person"], v["text"]) for v in command.data.get("violations") or ())
    wrong = [f"violations.{place}.person" for place, v in enumerate(found) if dispute.party(v.person) is None]
    if wrong:
        raise Refusal("field_invalid", rule="DSP-14", errors=tuple(FieldError(f, "field_invalid") for f in wrong))
    return found


def _tell_of_violations(draft: Draft, dispute: Dispute, violations: Iterable[Violation]) -> None:
    """Whom a violation is found of is told, or who took their place, once however many there are (NTF-01)."""
    for person in dict.fromkeys(v.person for v in violations):
        party = dispute.party(person)
        assert party is not None
        told = party.represented_by or party.person
        draft.tell_case(told, "dispute.violation", dispute, rule="DSP-14", urgency="urgent")


def appeal(draft: Draft, command: Command) -> None:
    """Once per party and case, on new evidence, to the tier above; those of several parties are one (DSP-16)."""
    dispute, party = mine(draft, command)
    if party.appealed:
        raise Refusal("appeal_used", rule="DSP-16", current_state=dispute.state.value)
    joins = dispute.state is S.ARBITRATING and bool(dispute.rulings)
    if not joins and dispute.state is not S.RULED:
        raise _too_late_to_appeal(dispute)
    last = dispute.rulings[-1]
    _require_known(draft, dispute, "evidence", command.data["evidence"])
    fresh = draft.matter.evidence_after(dispute.id, last.at)
    if not set(command.data["evidence"]) & fresh:
        raise Refusal("no_new_evidence", rule="DSP-16")
    if joins:
        if last.final_at is not None and draft.at > last.final_at:
            raise Refusal("deadline_passed", rule="DSP-16", facts={"until": last.final_at})
        put(draft, dispute.with_party(replace(party, appealed=True)))
        draft.record_case("appealed", dispute, actor=command.actor, data={"reason": command.data["reason"]})
        return
    before = dispute.state
    dispute = replace(dispute.with_party(replace(party, appealed=True)), more_evidence_asked=False)
    dispute = replace(
        dispute.without_windows(),
        parties=tuple(replace(p, heard=False) for p in dispute.parties),
        state=fire(state=dispute.state, trigger=T.APPEAL),
    )
    put(draft, dispute)
    draft.record_case("appealed", dispute, before=before, actor=command.actor, data={"reason": command.data["reason"]})
    effects.appeal(draft, dispute)
    seat = _above(draft, dispute)
    if seat is None:  # there was a tier above it at the ruling, and nobody is left in it
        ask_for_arbitrator(draft, dispute)
        return
    take_seat(draft, dispute, seat)


def _too_late_to_appeal(dispute: Dispute) -> Refusal:
    """Nothing to appeal yet, no tier above or an appeal ruling, or its time is over (DSP-16)."""
    if not dispute.rulings or dispute.is_open:
        return Refusal("illegal_transition", rule="DSP-16", current_state=dispute.state.value)
    last = dispute.rulings[-1]
    if last.by is not None and last.final_at is not None and last.final_at > last.at:
        facts = {"until": last.final_at}
        return Refusal("deadline_passed", rule="DSP-16", facts=facts, current_state=dispute.state.value)
    return Refusal("appeal_final", rule="DSP-16", current_state=dispute.state.value)


def _heard(draft: Draft, dispute: Dispute, party: Party) -> None:
    if not party.heard:
        put(draft, dispute.with_party(replace(party, heard=True)))


def _arbitrate(draft: Draft, dispute: Dispute) -> None:
    draft.closed_tasks.append(mediator_key(dispute))
    dispute = _moved(draft, _moving_on(draft, dispute), T.ARBITRATE)
    seat = plan(sides=sides_of(draft.matter, dispute), bench=bench_of(draft.setting, dispute), at=draft.at).first
    if seat is None:
        ask_for_arbitrator(draft, dispute)
        return
    take_seat(draft, dispute, seat)


def ask_for_arbitrator(draft: Draft, dispute: Dispute) -> None:
    """Nobody neutral is left anywhere: an admin or oversight has to name a person (DSP-13)."""
    dispute = put(draft, replace(dispute, vacant=True))
    sides, bench = sides_of(draft.matter, dispute), bench_of(draft.setting, dispute)
    due = dispute.window(Window.TIER)
    for person in may_name(sides=sides, bench=bench, at=draft.at):
        draft.tasks.append(
            Task(
                key=naming_key(dispute),
                person=person,
                kind="name_arbitrator",
                subject_type="dispute",
                subject=dispute.id,
                due=due,
            )
        )
        draft.tell_case(person, "dispute.nobody_decides", dispute, rule="DSP-13", urgency="urgent")


def take_seat(draft: Draft, dispute: Dispute, seat: Seat) -> None:
    """``seat`` has the case from here on, with the windows of its tier (DSP-10, DSP-12)."""
    policy, calendar = policy_of(draft, dispute), draft.setting.calendar(dispute.program)
    dispute = replace(
        _moving_on(draft, dispute),
        tier=int(seat.tier),
        seats=(*dispute.seats, seat),
        seat_seen=draft.at,
        vacant=False,
        more_evidence_asked=False,
        parties=tuple(replace(p, heard=False) for p in dispute.parties),
    )
    limit = tier_deadline(seat.tier, start=draft.at, policy=policy, calendar=calendar)
    if limit is not None:
        dispute = dispute.with_window(Window.TIER, limit.at)
    evidence = policy.duration("dispute.evidence_wh")
    if evidence is not None:
        ends = until(draft, dispute, evidence)
        dispute = dispute.with_window(Window.EVIDENCE, min(ends, limit.at) if limit is not None else ends)
    put(draft, dispute)
    draft.closed_tasks.append(naming_key(dispute))
    draft.record_case("assigned", dispute, data={"tier": int(seat.tier), "arbitrator": seat.acting})
    due = dispute.window(Window.TIER)
    draft.tasks.append(
        Task(
            key=task_key(dispute),
            person=seat.acting,
            kind="arbitrate",
            subject_type="dispute",
            subject=dispute.id,
            due=due,
        )
    )
    draft.tell_case(seat.acting, "dispute.arbitrating", dispute, rule="DSP-12", urgency="urgent", facts={"until": due})
    tell_parties(draft, dispute, "dispute.arbitrating", facts={"until": dispute.window(Window.EVIDENCE)})


def _above(draft: Draft, dispute: Dispute) -> Seat | None:
    """Who would have the case after its present seat; None at the top tier (DSP-12, DSP-16)."""
    seat = dispute.seat
    if seat is None:
        return None
    return plan_above(
        seat,
        sides=sides_of(draft.matter, dispute),
        bench=bench_of(draft.setting, dispute),
        at=draft.at,
        history=dispute.seats[:-1],
    ).first


def _finalise(draft: Draft, dispute: Dispute) -> None:
    before = dispute.state
    assert dispute.outcome is not None
    rulings = (*dispute.rulings[:-1], replace(dispute.rulings[-1], final=True, final_at=draft.at))
    outcome = dispute.outcome
    dispute = _ended(draft, replace(dispute, rulings=rulings), T.CONCLUDE)
    draft.record_case("final", dispute, before=before, data=_outcome_data(outcome))
    effects.settle(draft, dispute, outcome)
    tell_parties(draft, dispute, "dispute.final", urgency="urgent")
    _tell_of_one(draft, dispute)


# --- ending without a ruling -----------------------------------------------------------------------------------------


def withdraw(draft: Draft, command: Command) -> None:
    """The opener gives up before a ruling; the others may carry the case on in time (table 0.3)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    party = speaks_for(draft.setting, dispute, command.actor, at=draft.at)
    if dispute.opened_by not in (command.actor, party.person if party is not None else None):
        raise Refusal("not_allowed", rule="DSP-01")
    if dispute.rulings:
        raise Refusal("illegal_transition", rule="DSP-01", current_state=dispute.state.value)
    if dispute.window(Window.CONTINUE) is not None:
        return
    fire(state=dispute.state, trigger=T.WITHDRAW)  # refuses where the case is over
    limit = policy_of(draft, dispute).duration("dispute.objection_wh")
    draft.record_case("withdrawal", dispute, actor=command.actor, data={"reason": command.data.get("reason")})
    if limit is None:
        _given_up(draft, dispute, actor=command.actor)
        return
    dispute = dispute.with_window(Window.CONTINUE, until(draft, dispute, limit))
    put(draft, dispute)
    tell_parties(
        draft, dispute, "dispute.withdrawn", apart=command.actor, facts={"until": dispute.window(Window.CONTINUE)}
    )


def carry_on(draft: Draft, command: Command) -> None:
    """Another party keeps the case alive (table 0.3)."""
    dispute, party = mine(draft, command)
    if dispute.window(Window.CONTINUE) is None:
        raise Refusal("illegal_transition", rule="DSP-01", current_state=dispute.state.value)
    if party.person == dispute.opened_by:
        raise Refusal("not_allowed", rule="DSP-01")
    dispute = put(draft, dispute.without_windows(Window.CONTINUE))
    draft.record_case("continued", dispute, actor=command.actor)
    tell_parties(draft, dispute, "dispute.opened")


def dismiss(draft: Draft, command: Command) -> None:
    """No ground: arbitrator or oversight end the case, everything is as it was (DSP-14)."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    if any(command.actor in (p.person, p.represented_by) for p in dispute.parties):
        raise Refusal("not_allowed", rule="PPL-07")
    if command.actor not in draft.setting.programs[dispute.program].oversight:
        _require_arbitrator(draft, dispute, command)
    if not command.data.get("reason"):
        raise Refusal("reason_required", rule="DSP-14")
    if dispute.rulings:
        raise Refusal("illegal_transition", rule="DSP-14", current_state=dispute.state.value)
    before = dispute.state
    dispute = _ended(draft, dispute, T.DISMISS)
    draft.record_case("dismissed", dispute, before=before, actor=command.actor, data={"reason": command.data["reason"]})
    effects.restore(draft, dispute)
    tell_parties(draft, dispute, "dispute.dismissed", urgency="urgent")


def _given_up(draft: Draft, dispute: Dispute, *, actor: str | None) -> None:
    before = dispute.state
    dispute = _ended(draft, dispute, T.WITHDRAW)
    draft.record_case("withdrawn", dispute, before=before, actor=actor)
    effects.restore(draft, dispute)
    tell_parties(draft, dispute, "dispute.withdrawn")


# --- windows ---------------------------------------------------------------------------------------------------------


def window_over(draft: Draft, dispute: Dispute, window: Window) -> None:
    """A window ran out at ``draft.at``, its recorded end (design section 4)."""
    dispute = put(draft, dispute.without_windows(window))
    match window:
        case Window.CONTINUE:
            _given_up(draft, dispute, actor=None)
        case Window.OBJECTION:
            _unobjected(draft, dispute)
        case Window.NEGOTIATION:
            _unsettled(draft, dispute)
        case Window.MEDIATION:
            _arbitrate(draft, dispute)
        case Window.EVIDENCE:
            draft.record_case("evidence_closed", dispute)
        case Window.TIER:
            _tier_missed(draft, dispute)
        case Window.APPEAL:
            _finalise(draft, dispute)
        case Window.RECUSAL:
            raise AssertionError(window)


def _tier_missed(draft: Draft, dispute: Dispute) -> None:
    """It escalates; the top tier is reminded every day and never decided by time (DSP-12)."""
    draft.record_case("tier_missed", dispute, data={"tier": dispute.tier, "arbitrator": dispute.arbitrator})
    following = _above(draft, dispute)
    if following is None:
        dispute = put(draft, dispute.with_window(Window.TIER, until(draft, dispute, _A_DAY)))
        draft.tell_case(dispute.arbitrator, "dispute.arbitrating", dispute, rule="DSP-12", urgency="urgent")
        return
    draft.closed_tasks.append(task_key(dispute))
    take_seat(draft, put(draft, replace(dispute, state=fire(state=dispute.state, trigger=T.ESCALATE))), following)


# --- small things ----------------------------------------------------------------------------------------------------


def outcome_of(data: Any) -> Outcome | None:
    """The outcome that a command carries."""
    if data is None:
        return None
    return Outcome(
        verdict=Verdict(data["outcome"]),
        owner=data.get("owner"),
        shares=tuple(Share(s["person"], s["share_bps"]) for s in data.get("shares") or ()),
        same=data.get("same"),
    )


def _checked(draft: Draft, dispute: Dispute, outcome: Outcome | None) -> Outcome:
    """An owner is a party with a claim; shares name people once and sum to the whole (DSP-14, COM-03)."""
    assert outcome is not None
    if dispute.grounds is Grounds.IDENTITY:
        return _checked_identity(draft, dispute, outcome)
    if outcome.same is not None:
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("same", "field_invalid"),))
    party = dispute.party(outcome.owner)
    if outcome.verdict in (Verdict.PARTY, Verdict.JOINT) and (party is None or party.claim is None):
        raise Refusal("field_invalid", rule="DSP-14", errors=(FieldError("owner", "field_invalid"),))
    return _whole(outcome)


def _whole(outcome: Outcome) -> Outcome:
    """Shares sum to the whole, and more than one person has them (COM-03)."""
    total = sum(s.share_bps for s in outcome.shares)
    if outcome.shares and total != 10_000:
        raise Refusal("split_total", rule="COM-03", facts={"total_bps": total})
    if outcome.verdict is Verdict.JOINT and len(outcome.shares) < 2:
        raise Refusal("field_invalid", rule="DSP-14", errors=(FieldError("shares", "field_invalid"),))
    return outcome


def _checked_identity(draft: Draft, dispute: Dispute, outcome: Outcome) -> Outcome:
    """One customer or two decides it: the first of all reports holds, or nothing changes (CUS-13).

    Where policy divides a household the money may be shared, in whichever parts (CUS-14).
    """
    if outcome.same is None:
        raise Refusal("field_missing", rule="CUS-13", errors=(FieldError("same", "field_missing"),))
    found = {Verdict.PARTY if outcome.same else Verdict.NO_CHANGE}
    if outcome.same and divides_equally(dispute.household, policy_of(draft, dispute)):
        found.add(Verdict.JOINT)
    if outcome.verdict not in found:
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("outcome", "field_invalid"),))
    first = effects.first_of(draft, dispute) if outcome.same else None
    if first is not None and outcome.owner != person_of(first):
        raise Refusal("field_invalid", rule="CUS-13", errors=(FieldError("owner", "field_invalid"),))
    return _whole(outcome)


def put(draft: Draft, dispute: Dispute) -> Dispute:
    """``dispute`` replaces its former self in the matter."""
    draft.matter = draft.matter.with_dispute(dispute)
    return dispute


def _moved(draft: Draft, dispute: Dispute, trigger: DisputeTrigger) -> Dispute:
    before = dispute.state
    dispute = put(draft, replace(dispute, state=fire(state=dispute.state, trigger=trigger)))
    draft.record_case(dispute.state.value, dispute, before=before)
    return dispute


def _moving_on(draft: Draft, dispute: Dispute) -> Dispute:
    """Without the windows of its step; whether it is carried on at all stays open."""
    bare = _without_challenges(draft, dispute)
    return bare.without_windows(*(w for w in Window if w is not Window.CONTINUE))


def _without_challenges(draft: Draft, dispute: Dispute) -> Dispute:
    """Requests for recusal that are moot now are nobody's to decide any more."""
    draft.closed_tasks.extend(recusal_key(r) for r in dispute.recusals if r.state is Challenge.OPEN)
    return dispute.without_challenges(draft.at)


def _ended(draft: Draft, dispute: Dispute, trigger: DisputeTrigger) -> Dispute:
    state = fire(state=dispute.state, trigger=trigger)
    draft.closed_tasks += (task_key(dispute), naming_key(dispute), mediator_key(dispute))
    over = _without_challenges(draft, dispute).without_windows()
    return put(draft, replace(over, state=state, ended_at=draft.at))


def mine(draft: Draft, command: Command) -> tuple[Dispute, Party]:
    """The case and the party that acts in it, themselves or by who stands in; ``not_allowed`` for anybody else."""
    dispute = draft.matter.disputes[command.data["dispute"]]
    party = speaks_for(draft.setting, dispute, command.actor, at=draft.at)
    if party is None:
        raise Refusal("not_allowed", rule="DSP-01")
    return dispute, party


def _require_known(draft: Draft, dispute: Dispute, field: str, ids: Iterable[str]) -> None:
    """Whatever is referred to is an item of the case (DSP-09, DSP-14)."""
    items = {*draft.matter.evidence.get(dispute.id, ()), *draft.matter.records}
    wrong = [f"{field}.{place}" for place, item in enumerate(ids) if item not in items]
    if wrong:
        raise Refusal("field_invalid", rule="DSP-09", errors=tuple(FieldError(f, "field_invalid") for f in wrong))


def _require(dispute: Dispute, trigger: str, *states: DisputeState) -> None:
    if dispute.state not in states:
        raise refused(state=dispute.state, trigger=trigger)


def _require_arbitrator(draft: Draft, dispute: Dispute, command: Command) -> None:
    """Whoever has the case, in their own name or for somebody who is away (DSP-14, PPL-05)."""
    seat = dispute.seat
    if seat is None or dispute.vacant or dispute.state is not S.ARBITRATING:
        raise Refusal("not_allowed", rule="DSP-14", current_state=dispute.state.value)
    acts_for(
        command.actor or "",
        seat=seat,
        sides=sides_of(draft.matter, dispute),
        bench=bench_of(draft.setting, dispute),
        at=draft.at,
        history=dispute.seats[:-1],
    )


def _proposal(dispute: Dispute, command: Command) -> Proposal:
    return next(p for p in dispute.proposals if p.n == command.data["n"])


def _latest(dispute: Dispute) -> int:
    return len(dispute.proposals)


def _with_proposal(dispute: Dispute, proposal: Proposal) -> Dispute:
    return replace(dispute, proposals=tuple(proposal if p.n == proposal.n else p for p in dispute.proposals))


def policy_of(draft: Draft, dispute: Dispute) -> Policy:
    """The policy version that governs the case (DSP-17)."""
    return draft.setting.policy(dispute.terms)


def until(draft: Draft, dispute: Dispute, length: Duration) -> datetime:
    """The instant that lies ``length`` ahead on the calendar of its program."""
    return draft.setting.calendar(dispute.program).add(draft.at, length).at


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.verdict.value,
        "owner": outcome.owner,
        "shares": [{"person": s.person, "share_bps": s.share_bps} for s in outcome.shares],
        **({"same": outcome.same} if outcome.same is not None else {}),
    }


def _ruling_data(ruling: Ruling) -> dict[str, Any]:
    return {
        "ruling": ruling.id,
        "tier": ruling.tier,
        **_outcome_data(ruling.outcome),
        "reason": ruling.reason,
        "facts": ruling.facts,
        "evidence": list(ruling.evidence),
        "violations": [{"person": v.person, "text": v.text} for v in ruling.violations],
        "follows_advice": ruling.follows_advice,
    }


def task_key(dispute: Dispute) -> str:
    """The key of the task to decide the case."""
    return f"arbitrate:{dispute.id}"


def naming_key(dispute: Dispute) -> str:
    """The key of the task to name who decides the case."""
    return f"name_arbitrator:{dispute.id}"


def mediator_key(dispute: Dispute) -> str:
    """The key of the task to name who helps the parties agree."""
    return f"name_mediator:{dispute.id}"


def recusal_key(recusal: Recusal) -> str:
    """The key of the task to decide a request for recusal."""
    return f"recusal:{recusal.id}"


def tell_parties(
    draft: Draft,
    dispute: Dispute,
    kind: str,
    *,
    urgency: str = "normal",
    apart: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Every party, or who took their place, is told; ``apart`` knows already (NTF-01)."""
    for party in dispute.parties:
        if apart is None or apart not in (party.person, party.represented_by):
            draft.tell_case(
                party.represented_by or party.person, kind, dispute, rule="DSP-15", urgency=urgency, facts=facts
            )
