"""What a case does to the money: unpaid commission held, given back, moved to whom the outcome names (COM-08, COM-09).

A hold covers every deal of the matter, whoever it belongs to. Held money is moved when the outcome is final, while it
is still held, and is released after that: so nothing is ever payable to the wrong person in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from domain.claims import confirmations, credit
from domain.claims.lifecycle import HOLDING
from domain.claims.model import Claim
from domain.disputes.model import Dispute, Outcome, Verdict
from domain.matters.draft import Draft
from domain.money import referrals
from domain.money.booking import book, concerned, payee_of, share_of, tell
from domain.money.model import Deal, DealState, EntryKind, Share, SharesState, Succession
from domain.money.shares import moved, ruled, without
from domain.money.terms import on_terms, owner_and


def hold(draft: Draft, dispute: Dispute) -> None:
    """All unpaid commission of the matter is held by ``dispute``, and shares in question wait (COM-08, DSP-03).

    Everybody is told once, however many deals there are.
    """
    told: dict[str, Claim] = {}
    for deal in draft.matter.deals.values():
        if deal.state is DealState.CANCELLED or dispute.id in deal.holds:
            continue
        held = replace(deal, holds=(*deal.holds, dispute.id))
        if deal.proposed is not None:
            held = replace(held, proposed=None, shares_state=deal.proposed.before)
        about = _about(draft, dispute, deal)
        entry = book(
            draft,
            deal,
            held,
            key=f"dispute/{dispute.id}:hold/{deal.id}",
            kind=EntryKind.HOLD,
            claim=about,
            dispute=dispute.id,
            quiet=True,
        )
        told |= dict.fromkeys(concerned(entry) if entry is not None else (), about)
    _tell_once(draft, told, EntryKind.HOLD)


def let_go(draft: Draft, dispute: Dispute) -> tuple[str, ...]:
    """The case is over: what nothing else holds is released (COM-08). Shares that were in question stand.

    The deals that it held.
    """
    told: dict[str, Claim] = {}
    freed: list[str] = []
    for deal in draft.matter.deals.values():
        if dispute.id not in deal.holds:
            continue
        free = replace(deal, holds=tuple(d for d in deal.holds if d != dispute.id))
        freed.append(deal.id)
        if free.shares_state is SharesState.DISPUTED:
            free = replace(free, shares_state=SharesState.AGREED if len(free.shares) > 1 else SharesState.NONE)
        about = _about(draft, dispute, deal)
        entry = book(
            draft,
            deal,
            free,
            key=f"dispute/{dispute.id}:release/{deal.id}",
            kind=EntryKind.HOLD_RELEASE,
            claim=about,
            dispute=dispute.id,
            quiet=True,
        )
        told |= dict.fromkeys(concerned(entry) if entry is not None else (), about)
    _tell_once(draft, told, EntryKind.HOLD_RELEASE)
    return tuple(freed)


def reallocate(draft: Draft, dispute: Dispute, outcome: Outcome, winner: Claim | None) -> bool:
    """The outcome is final: old shares go, new ones come, once (COM-09). What was paid already is owed.

    It touches the deals that the case was about, in which a party has a part: on claims that held the customer, as long
    as they could be contested when it was opened (DSP-02), and those recorded meanwhile. A case about the shares of one
    deal touches that deal alone. ``winner`` is None where it is on the other record.

    A claim that comes by a deal so waits for its own customer's confirmation (CNF-01), and credits who brought them
    (CNF-05). A deal that is given to nobody's claim here waits for no confirmation. Whether there was any such deal.
    """
    ruling = dispute.rulings[-1].id
    contested = _contested(draft, dispute)
    for deal in contested:
        fresh = _after(draft, dispute, outcome, winner, deal)
        if fresh is None:
            continue
        given_to = draft.matter.claims.get(fresh.claim or "") if fresh.claim != deal.claim else None
        if given_to is not None:
            fresh = confirmations.holding(draft, fresh, given_to)
        elif winner is None and fresh.owner != deal.owner:
            # The claim it stays with ends here, or it is nobody's: that customer is asked about the former owner only.
            fresh = replace(fresh, holds=fresh.disputed_by)
        book(
            draft,
            deal,
            fresh,
            key=f"ruling/{ruling}:reallocate/{deal.id}",
            kind=EntryKind.REALLOCATION,
            claim=_about(draft, dispute, deal),
            dispute=dispute.id,
            ruling=ruling,
        )
        if given_to is not None:
            referrals.credit(draft, given_to, deal.id, actor=None)
        draft.record_deal(
            "reallocated",
            fresh,
            policy_version=dispute.terms.version,
            before=deal.state if deal.state is not fresh.state else None,
            data={
                "dispute": dispute.id,
                "ruling": ruling,
                "owner": fresh.owner,
                "shares": [[share.person, share.bps] for share in fresh.shares],
            },
        )
    return bool(contested)


def _tell_once(draft: Draft, told: Mapping[str, Claim], kind: EntryKind) -> None:
    for person, about in told.items():
        tell(draft, (person,), kind, about, deal=None)


def _contested(draft: Draft, dispute: Dispute) -> tuple[Deal, ...]:
    held = [deal for deal in draft.matter.deals.values() if dispute.id in deal.holds]
    about = [deal for deal in held if deal.shares_state is SharesState.DISPUTED]
    if about:
        return tuple(about)
    since = _open_to_contest_since(draft, dispute)
    return tuple(
        deal
        for deal in held
        if (_came_meanwhile(dispute, deal) or (_held_before(draft, dispute, deal) and _recorded_after(deal, since)))
        and (deal.claim is None or _has_part(draft, dispute, deal))
    )


def _open_to_contest_since(draft: Draft, dispute: Dispute) -> datetime | None:
    """Deals recorded before that are nobody's to contest any more; None: all may be (`dispute.after_deal_days`)."""
    length = draft.setting.policy(dispute.terms).duration("dispute.after_deal_days")
    return draft.setting.calendar(dispute.program).subtract(dispute.opened_at, length) if length is not None else None


def _recorded_after(deal: Deal, since: datetime | None) -> bool:
    return since is None or deal.recorded_at is None or deal.recorded_at >= since


def _has_part(draft: Draft, dispute: Dispute, deal: Deal) -> bool:
    """Whether the deal is any party's, by share or by succession."""
    people = [party.person for party in dispute.parties]
    keys = {payee_of(draft.setting.organisation, person).key for person in people}
    return any(deal.share_of(person) is not None for person in people) or any(
        s.successor.key in keys for s in deal.successions
    )


def _came_meanwhile(dispute: Dispute, deal: Deal) -> bool:
    return deal.recorded_at is not None and deal.recorded_at >= dispute.opened_at


def _held_before(draft: Draft, dispute: Dispute, deal: Deal) -> bool:
    claim = draft.matter.claims.get(deal.claim or "")
    return claim is not None and claim.dispute == dispute.id and claim.earlier in HOLDING


def _after(draft: Draft, dispute: Dispute, outcome: Outcome, winner: Claim | None, deal: Deal) -> Deal | None:
    """``deal`` as the outcome has it; None where nothing about it changes."""
    parties = tuple(party.person for party in dispute.parties)
    match outcome.verdict:
        case Verdict.NO_CHANGE:
            return _given_back(draft, dispute, deal)
        case Verdict.POOL:
            if deal.claim is None:
                return None
            kept = without(deal.shares, parties)
            return deal.next_version(
                state=DealState.UNCLAIMED,
                claim=None,
                owner=None,
                shares=kept,
                shares_state=SharesState.SET,
                # Nobody was ruled for: a part that somebody keeps came by that report and earns what it does. Without
                # any the deal rests on no report, and asks for that of who gets it (LEAD-14).
                no_credit=deal.no_credit if kept else None,
            )
        case _:
            assert outcome.owner is not None
    if dispute.ruled_by_person:
        ruled_for = replace(deal, no_credit=None)  # whom somebody ruled for has the credit as well (LEAD-14)
    elif winner is not None and winner.id != deal.claim:
        ruled_for = replace(deal, no_credit=credit.of(draft, winner))
    else:
        ruled_for = deal
    if winner is None and deal.claim is None:
        return None  # the winner's claim is on the other record (CUS-13), and nobody's deal stays nobody's
    claim = winner.id if winner is not None else deal.claim
    first = share_of(draft.setting.organisation, outcome.owner, 0)
    if outcome.shares:
        shares = ruled(deal.shares, parties=parties, outcome=_as_ruled(draft, outcome))
    else:
        shares = moved(deal.shares, losers=parties, winner=first)
    fresh = ruled_for.next_version(
        state=DealState.OPEN, claim=claim, owner=outcome.owner, shares=shares, shares_state=SharesState.SET
    )
    fresh = replace(fresh, successions=_to_winner(draft, fresh, parties, first))
    if deal.claim is None and winner is not None:
        fresh = on_terms(draft, fresh, winner)
    elif (deal.claim, deal.owner, _parts(deal.shares)) == (claim, outcome.owner, _parts(shares)):
        return None if deal.shares_state is not SharesState.DISPUTED and deal == ruled_for else fresh
    return fresh


def _given_back(draft: Draft, dispute: Dispute, deal: Deal) -> Deal | None:
    """A deal that came while a ruling had the customer with somebody else is the holder's after all (DSP-15)."""
    if deal.claim is None or not _came_meanwhile(dispute, deal) or _held_before(draft, dispute, deal):
        return None
    holder = next(
        (c for c in draft.matter.claims.values() if c.dispute == dispute.id and c.earlier in HOLDING and c.owner), None
    )
    if holder is None or holder.owner is None:
        return deal.next_version(state=DealState.UNCLAIMED, claim=None, owner=None, shares=(), no_credit=None)
    shares = owner_and(draft, holder.owner, holder.sharing)
    back = deal.next_version(claim=holder.id, owner=holder.owner, shares=shares, shares_state=SharesState.SET)
    return replace(back, no_credit=credit.of(draft, holder))  # by the holder's own report (LEAD-14)


def _as_ruled(draft: Draft, outcome: Outcome) -> tuple[Share, ...]:
    organisation = draft.setting.organisation
    return tuple(share_of(organisation, share.person, share.share_bps) for share in outcome.shares if share.share_bps)


def _to_winner(draft: Draft, deal: Deal, parties: tuple[str, ...], winner: Share) -> tuple[Succession, ...]:
    """A part that a loser had by succession goes to the winner like any other of theirs (PPL-06)."""
    losers = {payee_of(draft.setting.organisation, person).key for person in parties} - {winner.payee.key}
    return tuple(replace(s, successor=winner.payee) if s.successor.key in losers else s for s in deal.successions)


def _parts(shares: tuple[Share, ...]) -> dict[str, int]:
    return {share.person: share.bps for share in shares}


def _about(draft: Draft, dispute: Dispute, deal: Deal) -> Claim:
    """The claim that notices about the deal point to: its own, else one of the case on this record."""
    claims = draft.matter.claims
    if deal.claim is not None and deal.claim in claims:
        return claims[deal.claim]
    return next((c for c in claims.values() if c.dispute == dispute.id), next(iter(claims.values())))
