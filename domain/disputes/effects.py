"""What a case does to the claims it is about: frozen, given back, ended (DSP-03, DSP-15; design section 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from domain.claims import clocks, confirmations, delivery
from domain.claims.collaborators import joined
from domain.claims.credit import CHANNEL
from domain.claims.deals import after_deal, kept_until, won
from domain.claims.holding import close_requests, put_in_pool
from domain.claims.lifecycle import DISPUTABLE, ENDED, HOLDING, ClaimState, ClaimTrigger
from domain.claims.model import Claim, Clock, Pause, PauseKind
from domain.claims.reports import advance, clock_data
from domain.disputes.model import Dispute, Grounds, Outcome, Verdict
from domain.matters.draft import Draft
from domain.matters.matter import Matter
from domain.money import holds

_S, _T = ClaimState, ClaimTrigger


def freeze(draft: Draft, dispute: Dispute, claim: Claim) -> None:
    """All clocks of ``claim`` stand still, and nobody can move it but the case (DSP-03, CLM-21)."""
    if claim.state not in DISPUTABLE:
        return
    before = claim.state
    terms = draft.setting.terms_of(claim)
    claim = replace(claim, earlier=before, dispute=dispute.id, state=draft.move(claim, _T.DISPUTE))
    claim = clocks.paused(claim, Pause(kind=PauseKind.DISPUTE, since=draft.at), at=draft.at, terms=terms)
    draft.put(claim)
    close_requests(draft, claim)
    draft.record("disputed", claim, before=before, data={"dispute": dispute.id, "clocks": clock_data(claim)})
    draft.tell(claim.owner or claim.reporter, "claim.disputed", claim, rule="DSP-03", urgency="urgent")


def on_both(draft: Draft, dispute: Dispute, effect: Callable[[Draft], object]) -> None:
    """``effect`` on the matter of the case and, in one of kind identity, on the other record's as well (CUS-13).

    Both write into the one draft: history, notices and tasks are shared, and it is saved as one unit.
    """
    effect(draft)
    if draft.other is None or dispute.other_matter != draft.other.id:
        return
    known = {**draft.other.disputes, dispute.id: dispute}  # that it is over, too
    beside = replace(draft, matter=replace(draft.other, disputes=known), other=draft.matter)
    effect(beside)
    assert beside.other is not None
    draft.matter, draft.other = beside.other, beside.matter


def restore(draft: Draft, dispute: Dispute) -> None:
    """All claims of the case are what they were before it (DSP-03)."""
    on_both(draft, dispute, lambda side: _restore(side, dispute))


def _restore(draft: Draft, dispute: Dispute) -> None:
    """Every claim of the case is what it was before, with the time that was left (DSP-03, table 0.2)."""
    freed = holds.let_go(draft, dispute)
    for claim in claims_of(draft, dispute):
        earlier = claim.earlier
        assert earlier is not None
        before = claim.state
        given_back = _thawed(draft, replace(claim, state=draft.move(claim, _T.RESTORE, to=earlier)))
        if given_back.grace_until is not None and draft.matter.pool_at == claim.grace_until:
            draft.matter = replace(draft.matter, pool_at=given_back.grace_until)
        given_back = _with_new_deals(draft, dispute, given_back)
        draft.put(given_back)
        draft.record(
            "restored", given_back, before=before, data={"dispute": dispute.id, "clocks": clock_data(given_back)}
        )
        draft.tell(
            given_back.owner or given_back.reporter,
            "claim.restored",
            given_back,
            rule="DSP-03",
            facts={"deadline": given_back.ends_at},
        )
        if earlier is _S.WON:
            _deliver(draft, dispute, given_back)
        _won_meanwhile(draft, given_back)
    confirmations.ask_for(draft, freed)
    advance(draft)


def rule(draft: Draft, dispute: Dispute, outcome: Outcome) -> None:
    """Owner and service change at once; states and clocks wait until the outcome is final (DSP-15)."""
    winner = _winner(draft, dispute, outcome)
    on_both(draft, dispute, lambda side: _rule(side, dispute, outcome, winner))


def _rule(draft: Draft, dispute: Dispute, outcome: Outcome, winner: str | None) -> None:
    for claim in claims_of(draft, dispute):
        if claim.state is not _S.DISPUTED:
            continue
        before = claim.state
        ruled = replace(claim, state=draft.move(claim, _T.RULE))
        draft.put(ruled)
        draft.record("ruled", ruled, before=before, data={"dispute": dispute.id, "outcome": outcome.verdict.value})
    # The other record keeps its holder until then: freed now, it could be reported and no appeal could give it back.
    if winner is not None and winner in draft.matter.claims:
        _hand_over(draft, dispute, outcome, winner)


def appeal(draft: Draft, dispute: Dispute) -> None:
    """The case goes on: its claims are disputed again, and whoever the ruling named serves on (DSP-16)."""
    on_both(draft, dispute, lambda side: _appeal(side, dispute))


def _appeal(draft: Draft, dispute: Dispute) -> None:
    for claim in claims_of(draft, dispute):
        if claim.state is not _S.ARBITRATED:
            continue
        before = claim.state
        again = replace(claim, state=draft.move(claim, _T.APPEAL))
        draft.put(again)
        draft.record("appealed", again, before=before, data={"dispute": dispute.id})


def settle(draft: Draft, dispute: Dispute, outcome: Outcome) -> None:
    """The outcome is final: winner and losers end where it says, clocks run again (DSP-15, table 0.2)."""
    if outcome.verdict is Verdict.NO_CHANGE:
        on_both(draft, dispute, lambda side: holds.reallocate(side, dispute, outcome, None))
        restore(draft, dispute)
        return
    winner = _winner(draft, dispute, outcome)
    moved: list[bool] = []

    def reallocate(side: Draft) -> None:
        moved.append(holds.reallocate(side, dispute, outcome, side.matter.claims.get(winner or "")))

    on_both(draft, dispute, reallocate)
    # A deal of either record was there to be shared: the shares are not those of deals to come.
    to_come = not (any(moved) or dispute.grounds is Grounds.SHARE)
    on_both(draft, dispute, lambda side: _settle(side, dispute, outcome, winner, to_come=to_come))


def _settle(draft: Draft, dispute: Dispute, outcome: Outcome, winner: str | None, *, to_come: bool) -> None:
    freed = holds.let_go(draft, dispute)
    for claim in claims_of(draft, dispute):
        if claim.id != winner:
            _end(draft, dispute, claim, outcome)
    if winner is not None and winner in draft.matter.claims:
        _keep(draft, dispute, draft.matter.claims[winner])
        if outcome.verdict is Verdict.JOINT:
            _share(draft, draft.matter.claims[winner], outcome, to_come=to_come)
    confirmations.ask_for(draft, freed)
    advance(draft)


def claims_of(draft: Draft, dispute: Dispute) -> tuple[Claim, ...]:
    """The claims that the case holds frozen, in the order of their receipts."""
    return _frozen(draft.matter, dispute)


def first_of(draft: Draft, dispute: Dispute) -> Claim | None:
    """Of the claims that were alive on both records, the one that was reported first (CUS-13)."""
    sides = (draft.matter,) if draft.other is None else (draft.matter, draft.other)
    alive = [c for side in sides for c in _frozen(side, dispute) if c.earlier not in ENDED]
    return min(alive, key=lambda c: (c.rank_at, c.receipt), default=None)


def _frozen(matter: Matter, dispute: Dispute) -> tuple[Claim, ...]:
    mine = [c for c in matter.claims.values() if c.dispute == dispute.id and c.state in (_S.DISPUTED, _S.ARBITRATED)]
    return tuple(sorted(mine, key=lambda c: c.receipt))


def _winner(draft: Draft, dispute: Dispute, outcome: Outcome) -> str | None:
    """The claim that holds from now on. In a case of kind identity one person may have claims on both records."""
    if outcome.verdict not in (Verdict.PARTY, Verdict.JOINT):
        return None
    if dispute.grounds is Grounds.IDENTITY:
        first = first_of(draft, dispute)
        return first.id if first is not None else None
    party = dispute.party(outcome.owner)
    return party.claim if party is not None else None


def _hand_over(draft: Draft, dispute: Dispute, outcome: Outcome, winner: str | None) -> None:
    """The ruled owner holds from now on, whoever held before does not (the database knows one holder only)."""
    for claim in claims_of(draft, dispute):
        holds = claim.id == winner
        owner = outcome.owner if holds else claim.owner
        if claim.ruled_holder is not holds or claim.owner != owner:
            draft.put(replace(claim, ruled_holder=holds, owner=owner))


def _keep(draft: Draft, dispute: Dispute, claim: Claim) -> None:
    """The winner goes on by the work recorded; with what was left if it held before, else with full clocks."""
    before, held = claim.state, claim.earlier in HOLDING
    terms = draft.setting.terms_of(claim)
    if draft.matter.live_deals(claim.id):
        target = _S.WON
    elif claim.last_qualified_at is not None:
        target = _S.ACTIVE
    else:
        target = _S.PROTECTED
    claim = replace(
        claim,
        state=draft.move(claim, _T.KEEP, to=target),
        reason=None,
        reason_text=None,
        release_reason=None,
        # What two brokers agree, or the rules find between them, is no word of the house on who came first (LEAD-14).
        credit_ruled=claim.credit_ruled or (draft.matter.track == CHANNEL and dispute.ruled_by_person),
    )
    if held and (target is not _S.WON or claim.earlier is _S.WON):
        claim = _with_new_deals(draft, dispute, _with_least(draft, _thawed(draft, claim)))
    elif held:  # the deal came during the case, or was a loser's; the deadline of its stage runs on (CLM-30)
        freed = clocks.as_if_running(_limits_given_back(draft, claim), at=draft.at, terms=terms)
        claim = after_deal(draft, replace(_bare(freed), clocks=freed.clocks))
    else:
        claim = replace(
            _bare(claim),
            accepted_at=draft.at,
            referral=claim.referral or draft.matter.brought,
            ended_at=None,
            decided=True,
            waiting=None,
            team=draft.setting.organisation.team_of(claim.owner or claim.reporter, at=draft.at),
            terms=draft.setting.terms_at(claim.program, at=draft.at),
        )
        terms = draft.setting.terms_of(claim)
        goes_live = claim.opening is not None and claim.earlier is _S.REPORTED
        begin = clocks.started_at_go_live if goes_live else clocks.started_at_acceptance
        claim = begin(claim, at=draft.at, terms=terms, awarded_on=draft.matter.awarded_on)
        if target is _S.WON:
            claim = _after_deal_anew(draft, claim)
        elif target is not _S.PROTECTED:
            claim = claim.without_clock(Clock.FIRST_FOLLOW_UP)
    draft.put(claim)
    draft.matter = draft.matter.out_of_pool()
    draft.record(
        "kept",
        claim,
        before=before,
        data={"dispute": dispute.id, "owner": claim.owner, "clocks": clock_data(claim)},
    )
    draft.tell(claim.owner, "claim.kept", claim, rule="DSP-15", urgency="urgent", facts={"deadline": claim.ends_at})
    if target is _S.WON:
        _deliver(draft, dispute, claim)


def _share(draft: Draft, claim: Claim, outcome: Outcome, *, to_come: bool) -> None:
    """Whoever shares without owning works the owner's claim (CLM-29).

    ``to_come``: no deal was there to be shared, so the shares are those of deals to come (DSP-15, COM-09).
    """
    if to_come:
        others = tuple((s.person, s.share_bps) for s in outcome.shares if s.person != claim.owner and s.share_bps)
        claim = draft.put(replace(claim, sharing=others))
    for share in outcome.shares:
        if share.person != claim.owner:
            claim = joined(draft, claim, share.person, rights="work", actor=None)


def _with_new_deals(draft: Draft, dispute: Dispute, claim: Claim) -> Claim:
    """A deal that came during the case may keep a won customer longer than what was left before it (CLM-32)."""
    live = draft.matter.live_deals(claim.id)
    if claim.state is not _S.WON or not any(d.recorded_at and d.recorded_at >= dispute.opened_at for d in live):
        return claim
    counted = after_deal(draft, claim)
    until = kept_until(claim)
    return counted if until is not None and _outlasts(counted, until) else claim


def _outlasts(claim: Claim, deadline: datetime) -> bool:
    until = kept_until(claim)
    return until is None or until > deadline


def _after_deal_anew(draft: Draft, claim: Claim) -> Claim:
    """The after-deal clock of a winner that did not hold before: a full period where its own is over (DSP-15)."""
    counted = after_deal(draft, claim)
    if _outlasts(counted, draft.at):
        return counted
    terms = draft.setting.terms_of(claim)
    return clocks.started(
        counted,
        Clock.AFTER_DEAL,
        at=draft.at,
        length=terms.policy.duration("claim.after_deal_days"),
        rule="claim.after_deal_days",
        terms=terms,
    )


def _won_meanwhile(draft: Draft, claim: Claim) -> None:
    """A deal that was recorded while the case was open wins the customer now (design section 4, COM-01)."""
    live = draft.matter.live_deals(claim.id)
    if live and claim.state in (_S.PROTECTED, _S.ACTIVE):
        won(draft, claim, actor=None, deal=live[-1])


def _deliver(draft: Draft, dispute: Dispute, claim: Claim) -> None:
    """A deal of the time of the case is handed over now, and one whose hand-off the case has withdrawn is anew."""
    if claim.earlier is _S.WON:
        delivery.resumed(draft, claim, since=dispute.opened_at)
    else:
        delivery.opened_by(draft, claim)


def _end(draft: Draft, dispute: Dispute, claim: Claim, outcome: Outcome) -> None:
    """A loser that held is released, one that was only reported is rejected, any other ends as it had ended."""
    before, earlier = claim.state, claim.earlier
    assert earlier is not None
    held = earlier in HOLDING
    if held:
        target = _S.RELEASED
    elif earlier in ENDED:
        target = earlier
    else:
        target = _S.REJECTED
    to_pool = outcome.verdict is Verdict.POOL and held
    ended = replace(_bare(claim), state=draft.move(claim, _T.END, to=target), sharing=())
    if target is not _S.LAPSED:
        ended = replace(ended, reason="to_pool" if to_pool else "ruled_out")
    if earlier not in ENDED:
        ended = replace(ended, ended_at=draft.at)
    draft.put(ended)
    draft.record("ended", ended, before=before, reason=ended.reason, data={"dispute": dispute.id})
    draft.tell(
        claim.owner or claim.reporter,
        "claim.ended",
        ended,
        rule="DSP-15",
        urgency="urgent",
        facts={"reason": ended.reason},
    )
    if to_pool:
        put_in_pool(draft, ended, word=None, pool=None)


def _bare(claim: Claim) -> Claim:
    """Without clocks, pauses and whatever the case had put on it."""
    return replace(claim, clocks=(), pauses=(), waiting=None, ruled_holder=None, grace_until=None)


def _thawed(draft: Draft, claim: Claim) -> Claim:
    """Its clocks run on from here with what was left of them (CLM-21)."""
    claim = _limits_given_back(draft, replace(claim, ruled_holder=None))
    return clocks.resumed(claim, PauseKind.DISPUTE, at=draft.at, terms=draft.setting.terms_of(claim))


def _limits_given_back(draft: Draft, claim: Claim) -> Claim:
    """What nobody could do while the case was open has as much longer (DSP-03): a correction, a hand-over, a rescue."""
    since = next((p.since for p in claim.pauses if p.kind is PauseKind.DISPUTE), None)
    if since is None:
        return claim

    def later(limit: datetime | None) -> datetime | None:
        return limit if limit is None or limit < since else limit + (draft.at - since)

    opening = claim.opening

    return replace(
        claim,
        correct_by=later(claim.correct_by),
        hand_over_by=later(claim.hand_over_by),
        kept_until=later(claim.kept_until),
        grace_until=later(claim.grace_until),
        opening=replace(opening, object_by=later(opening.object_by) or opening.object_by) if opening else None,
    )


def _with_least(draft: Draft, claim: Claim) -> Claim:
    """The protection of a winner that held before is at least `dispute.min_remaining_days` long (DSP-15)."""
    terms = draft.setting.terms_of(claim)
    least = terms.policy.duration("dispute.min_remaining_days")
    if least is None:
        return claim
    counted = terms.calendar.add(draft.at, least)
    for kind in (Clock.PROTECTION, Clock.STAGE):
        running = claim.clock(kind)
        if running is not None and running.deadline is not None and running.deadline < counted.at:
            claim = claim.with_clock(
                replace(
                    running,
                    deadline=counted.at,
                    start=draft.at,
                    length=least,
                    rule="dispute.min_remaining_days",
                    provisional=counted.provisional,
                )
            )
    return claim
