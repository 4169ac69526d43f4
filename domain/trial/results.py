"""What a decision in a trial writes down instead of refusing, lapsing, settling or posting (POL-08).

What is accepted is accepted in a trial too, so that somebody works the customer; it is listed beside the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.claims.lifecycle import ClaimState
from domain.claims.model import LAPSE_REASON, Claim, Clock
from domain.disputes.model import Dispute, Outcome
from domain.matters.draft import Draft
from domain.money.model import Deal, Entry
from domain.refusals import Refusal
from domain.trial.model import ResultKind, WouldHave


def in_trial(draft: Draft) -> bool:
    """Whether the program of the matter ran on trial at the instant that counts."""
    return draft.setting.in_trial(draft.matter.program, at=draft.at)


def would_accept(draft: Draft, claim: Claim) -> None:
    """``claim`` was accepted. One that the rules would have refused is listed as that alone."""
    if claim.would_refuse is None:
        _list(draft, ResultKind.ACCEPT, claim, person=claim.owner, code=None, rule="CLM-03")


def would_refuse(
    draft: Draft, claim: Claim, *, code: str, rule: str | None, facts: Mapping[str, Any] | None = None
) -> Claim:
    """The rules would have refused the report ``claim``, and it stands; listed once, with the first refusal it met."""
    if claim.would_refuse is not None:
        return claim
    claim = draft.put(replace(claim, would_refuse=code))
    _list(draft, ResultKind.REFUSE, claim, person=claim.reporter, code=code, rule=rule, facts=facts)
    _record(draft, ResultKind.REFUSE, claim, code=code, rule=rule)
    return claim


def would_refuse_act(draft: Draft, claim: Claim, refusal: Refusal, *, person: str | None) -> None:
    """The rules would have refused what is done on ``claim``, and it is done. ``person``: whom they would keep from it.

    Its report is not meant by it, so the claim is not marked.
    """
    _list(draft, ResultKind.REFUSE, claim, person=person, code=refusal.code, rule=refusal.rule, facts=refusal.facts)
    _record(draft, ResultKind.REFUSE, claim, code=refusal.code, rule=refusal.rule)


def would_lapse(draft: Draft, claim: Claim, *, reason: str, rule: str | None) -> None:
    """The claim stays as it is, its lapse clocks stopped for good: the next lapse would be that of another claim.

    Work, a transfer or going live starts clocks again. The deadline of a won claim's stage goes on: it only warns there
    (CLM-30).
    """
    warns = {Clock.SALES_STAGE} if claim.state is ClaimState.WON else set()
    claim = draft.put(claim.without_clock(*(clock for clock in LAPSE_REASON if clock not in warns)))
    facts = {"state": claim.state.value}
    _list(draft, ResultKind.LAPSE, claim, person=claim.owner or claim.reporter, code=reason, rule=rule, facts=facts)
    clocks = [{"clock": clock.clock.value, "deadline": clock.deadline, "rule": clock.rule} for clock in claim.clocks]
    _record(draft, ResultKind.LAPSE, claim, code=reason, rule=rule, clocks=clocks)


def would_post(draft: Draft, deal: Deal, entry: Entry, claim: Claim, *, rule: str) -> None:
    """The entry that ``deal`` of a trial would have caused, to the minor unit; its postings sum to zero."""
    facts = {
        "deal": deal.id,
        "key": entry.key,
        "currency": deal.currency,
        "postings": [{"account": one.account, "amount_minor": one.amount_minor} for one in entry.postings],
    }
    _list(draft, ResultKind.COMMISSION, claim, person=deal.owner, code=entry.kind.value, rule=rule, facts=facts)


def would_settle(draft: Draft, dispute: Dispute, outcome: Outcome) -> None:
    """Tier 0 would have proposed ``outcome``; the parties negotiate as if it had not (DSP-04)."""
    party = dispute.party(outcome.owner)
    assert party is not None  # whom a ruling could name has a claim, here or on the other record (CUS-13, DSP-14)
    assert party.claim is not None
    beside = draft.other.claims if draft.other is not None else {}
    claim = {**beside, **draft.matter.claims}[party.claim]
    facts = {
        "dispute": dispute.id,
        "outcome": outcome.verdict.value,
        "shares": [[share.person, share.share_bps] for share in outcome.shares],
    }
    _list(draft, ResultKind.TIER_0, claim, person=outcome.owner, code=None, rule="DSP-04", facts=facts)
    draft.record_case("would_have", dispute, data={"result": ResultKind.TIER_0.value, "owner": outcome.owner, **facts})


def _list(
    draft: Draft,
    kind: ResultKind,
    claim: Claim,
    *,
    person: str | None,
    code: str | None,
    rule: str | None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    draft.would_have.append(
        WouldHave(
            kind=kind,
            at=draft.at,
            claim=claim.id,
            team=claim.team,
            person=person,
            code=code,
            rule=rule,
            policy_version=claim.terms.version,
            facts=facts or {},
        )
    )


def _record(draft: Draft, kind: ResultKind, claim: Claim, *, code: str, rule: str | None, **data: object) -> None:
    draft.record("would_have", claim, reason=code, data={"result": kind.value, "rule": rule, **data})
