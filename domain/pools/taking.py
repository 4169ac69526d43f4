"""Taking (抢单/领取) and assigning a pooled customer: decided in the drain of its matter (POOL-01, POOL-03)."""

from __future__ import annotations

from domain.claims import credit
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim
from domain.claims.reports import accept_claim, earlier
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.pools.limits import Attempt, is_entry
from domain.pools.overload import alarm
from domain.refusals import Refusal
from domain.trial.results import in_trial, would_refuse


def take(draft: Draft, command: Command) -> None:
    """The first of any number of takers holds the customer; every other check is the contract's, in its order.

    In a trial what stands against the taker is only noted (POL-08).
    """
    person = command.actor or ""
    attempt = Attempt(draft.matter, draft.setting, person, draft.at)
    attempt.check_member()
    claim = fresh_claim(draft, command, person)
    _require_free(draft, claim)
    against: Refusal | None = None
    try:
        _require_room(draft, command, attempt)
    except Refusal as refusal:
        if not in_trial(draft):
            raise
        against = refusal
    claim = _received(draft, claim, actor=person)
    if against is not None:
        claim = would_refuse(draft, claim, code=against.code, rule=against.rule, facts=against.facts)
    accept_claim(draft, claim, actor=person, takes=True)
    draft.use_excuse(person)


def assign(draft: Draft, command: Command) -> None:
    """An admin of the pool gives the customer to somebody with room; windows and cool-off do not bind (POOL-09).

    In a trial it is noted that they have none (POL-08).
    """
    to = command.data["to"]
    claim = fresh_claim(draft, command, to)
    _require_free(draft, claim)
    _require_entry(draft)
    against: Refusal | None = None
    try:
        if draft.matter.excuse(to, at=draft.at) is None:
            Attempt(draft.matter, draft.setting, to, draft.at).check_room()
    except Refusal as refusal:
        if not in_trial(draft):
            raise
        against = refusal
    claim = _received(draft, claim, actor=command.actor)
    if against is not None:
        claim = would_refuse(draft, claim, code=against.code, rule=against.rule, facts=against.facts)
    accept_claim(draft, claim, actor=command.actor, text=command.data["text"])
    draft.use_excuse(to)


def tell_overload(draft: Draft, command: Command, refusal: Refusal) -> None:
    """The supervisor hears of who has too much on hand to take a customer (POOL-11)."""
    person = command.actor or ""
    supervisor = draft.supervisor(person)
    if supervisor is None:
        return
    draft.notices.append(
        alarm(
            person,
            told=supervisor,
            program=draft.matter.program,
            version=refusal.policy_version,
            facts=refusal.facts,
        )
    )


def _require_free(draft: Draft, claim: Claim) -> None:
    """Nobody holds the customer, nobody reported it before and waits for a judge, and no case is about it."""
    matter = draft.matter
    if matter.owner_claim is not None:
        raise Refusal("already_taken", rule="POOL-03")
    if matter.in_case:
        raise Refusal("claim_disputed", rule="DSP-03")
    if earlier(matter, claim) is not None:
        raise Refusal("already_taken", rule="CLM-05", facts={"waits_for": "judgement"})
    if not matter.pooled:
        raise Refusal("not_found")
    kept = matter.reserved_for(draft.at)
    if kept is not None:  # wherever the customer lies: only the former owner rescues them, by work (CLM-20)
        raise Refusal("cooling_off", rule="POOL-09", facts={"until": kept.grace_until})


def _require_room(draft: Draft, command: Command, attempt: Attempt) -> None:
    attempt.check_entry()
    _require_entry(draft)
    if draft.matter.excuse(attempt.person, at=draft.at) is not None:
        return
    attempt.check_room()
    attempt.check_claims(halved_at=command.data["halved_at"], team=command.data["team"])
    attempt.check_day()


def _require_entry(draft: Draft) -> None:
    """Not before grace and nurture are over."""
    if not is_entry(draft.matter, draft.at):
        raise Refusal("cooling_off", rule="POOL-09", facts={"until": draft.matter.pool_at})


def fresh_claim(draft: Draft, command: Command, person: str) -> Claim:
    """The new owner's claim, under the id that the command was given."""
    matter = draft.matter
    return Claim(
        id=command.claim,
        receipt=0,  # storage numbers it when it is saved
        matter=matter.id,
        program=matter.program,
        reporter=person,
        team=draft.setting.organisation.team_of(person, at=draft.at),
        state=ClaimState.REPORTED,
        received_at=draft.at,
        rank_at=draft.at,
        terms=draft.setting.terms_at(matter.program, at=draft.at),
        channel=draft.setting.organisation.channel_of(person),
        source=matter.customer_source,
        customer_kind=matter.customer_kind,
        customer_level=matter.customer_level,
        decided=True,
    )


def _received(draft: Draft, claim: Claim, *, actor: str | None) -> Claim:
    draft.new_claims.append(claim)
    draft.put(claim)
    draft.record("received", claim, actor=actor, data={"taken_from": draft.matter.pool})
    credit.tell_if_none(draft, claim)
    return claim
