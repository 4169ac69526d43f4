"""How people behind a deal agree on their shares (COM-03, COM-04), and what a hand-over does to them (CLM-24, PPL-06).

The owner proposes, every holder accepts these very shares, or the supervisor sets them. Once agreed or set, a change
after contract needs all holders and the supervisor, whoever proposes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from domain.claims.deals import named_deal
from domain.claims.model import Claim
from domain.claims.permissions import authorise, is_supervisor
from domain.matters.draft import Draft
from domain.matters.matter import Command
from domain.money.booking import book, payee_of, share_of
from domain.money.model import WHOLE_BPS, Deal, EntryKind, Proposed, Share, SharesState, Succession
from domain.money.positions import released_part
from domain.money.shares import check_shares, digest_of
from domain.people.access import Actor
from domain.refusals import Refusal

_SETTLED = (SharesState.AGREED, SharesState.SET)


def propose_shares(draft: Draft, command: Command) -> None:
    """The owner says who has which part; it takes effect when all holders have accepted (COM-04)."""
    claim, deal = _deal(draft, command)
    shares = _shares(draft, command, claim, deal)
    if deal.proposed is not None and deal.proposed.digest == command.data["digest"]:
        return
    _propose(draft, claim, deal, shares, digest=command.data["digest"], by=command.actor or "")


def accept_shares(draft: Draft, command: Command) -> None:
    """A holder agrees to these very shares (COM-04)."""
    claim = draft.matter.claims[command.claim]
    deal = named_deal(draft, command)
    digest, proposed = command.data["digest"], deal.proposed
    if proposed is None:
        if deal.share_of(command.actor or "") is None:
            raise Refusal("not_allowed", rule="COM-04")
        if deal.shares_state in _SETTLED and digest_of(deal.id, deal.shares) == digest:
            return  # accepted before, and in effect
        raise Refusal("illegal_transition", rule="COM-04", current_state=deal.shares_state.value)
    needed = [person for person in proposed.needs if _speaks_for(draft, claim, command.actor, person)]
    if not needed:
        raise Refusal("not_allowed", rule="COM-04")
    _undisputed(deal)
    if digest != proposed.digest:
        raise Refusal("terms_changed", rule="COM-04", facts={"deal": deal.id})
    _consented(draft, claim, deal, replace(proposed, accepted_by=_once((*proposed.accepted_by, *needed))), command)


def set_shares(draft: Draft, command: Command) -> None:
    """The supervisor decides; shares that stand already change after contract only if all holders agree (COM-04)."""
    claim, deal = _deal(draft, command)
    shares = _shares(draft, command, claim, deal)
    digest = digest_of(deal.id, shares)
    if _stands(draft, deal):
        _propose(draft, claim, deal, shares, digest=digest, by=command.actor or "", text=command.data.get("text"))
        return
    _apply(draft, claim, deal, shares, SharesState.SET, actor=command.actor, text=command.data.get("text"))


def disputed(draft: Draft, claim: Claim, deal: Deal) -> Deal:
    """Nobody agreed in time: the proposal is off, and a case has the shares (COM-04)."""
    undecided = deal.next_version(proposed=None, shares_state=SharesState.DISPUTED)
    draft.matter = draft.matter.with_deal(undecided)
    draft.record_deal("shares_disputed", undecided, policy_version=claim.terms.version)
    return undecided


def handed_over(draft: Draft, claim: Claim, *, former: str, to: str, past_share_bps: int | None, left: bool) -> Claim:
    """``claim`` has passed from ``former`` to ``to``: what of its deals is whose from here on.

    With a share for past work agreed, the former owner keeps so much of every live deal and of deals to come
    (CLM-24). After a leaver or mover the successor has `people.successor_share_pct` of what is still to be released
    (PPL-06). Else deals that were made stay as they are.
    """
    if past_share_bps is not None:
        others = tuple((person, bps) for person, bps in claim.sharing if person not in (former, to))
        part = min(past_share_bps, WHOLE_BPS - sum(bps for _, bps in others))
        claim = draft.put(replace(claim, sharing=(*others, (former, part)) if part else others))
        for deal in draft.matter.live_deals(claim.id):
            _keep_past_share(draft, claim, deal, former=former, to=to, bps=past_share_bps)
    elif left:
        for deal in draft.matter.live_deals(claim.id):
            _succeed(draft, claim, deal, former=former, to=to)
    if any(person == to for person, _ in claim.sharing):
        claim = draft.put(replace(claim, sharing=tuple(part for part in claim.sharing if part[0] != to)))
    return claim


def check_past_share(draft: Draft, claim: Claim, *, past_share_bps: int | None, to: str) -> None:
    """The new owner must be left with something, at least with `split.owner_min_pct` (CLM-24, COM-03)."""
    if past_share_bps is None:
        return
    others = sum(bps for person, bps in claim.sharing if person not in (claim.owner, to))
    rest = WHOLE_BPS - others - past_share_bps
    if rest < 0:
        raise Refusal("split_total", rule="CLM-24", facts={"total_bps": others + past_share_bps})
    least = draft.setting.terms_of(claim).policy.number("split.owner_min_pct")
    check_shares((Share(to, rest), Share("", WHOLE_BPS - rest)), owner=to, least_pct=least)


def _deal(draft: Draft, command: Command) -> tuple[Claim, Deal]:
    claim = draft.matter.claims[command.claim]
    authorise(command.kind, claim, actor=Actor(command.actor or ""), setting=draft.setting, at=draft.at)
    deal = named_deal(draft, command)
    _undisputed(deal)
    return claim, deal


def _undisputed(deal: Deal) -> None:
    if deal.disputed_by:
        raise Refusal("claim_disputed", rule="DSP-03", facts={"deal": deal.id}, current_state=deal.shares_state.value)


def _shares(draft: Draft, command: Command, claim: Claim, deal: Deal) -> tuple[Share, ...]:
    """What the command asks for, checked (COM-03). Somebody new must still be here."""
    organisation = draft.setting.organisation
    shares = tuple(share_of(organisation, person, bps) for person, bps in command.data["shares"])
    shares = tuple(share for share in shares if share.bps)
    check_shares(shares, owner=deal.owner, least_pct=draft.setting.terms_of(claim).policy.number("split.owner_min_pct"))
    for share in shares:
        if deal.share_of(share.person) is None and not organisation.is_active(share.person, at=draft.at):
            raise Refusal("person_inactive", rule="PPL-01")
    return shares


def _stands(draft: Draft, deal: Deal) -> bool:
    """Whether shares were agreed or set already and the contract is signed."""
    state = deal.proposed.before if deal.proposed is not None else deal.shares_state
    return state in _SETTLED and draft.at >= deal.contract_at


def _propose(
    draft: Draft, claim: Claim, deal: Deal, shares: tuple[Share, ...], *, digest: str, by: str, text: str | None = None
) -> None:
    holders = [share.person for share in (*shares, *deal.shares)]
    before = deal.proposed.before if deal.proposed is not None else deal.shares_state
    if _stands(draft, deal):
        supervisor = draft.supervisor(deal.owner or claim.reporter, interested=tuple(holders))
        holders += [supervisor] if supervisor is not None else []
    limit = draft.setting.terms_of(claim).policy.duration("split.accept_wh")
    proposed = Proposed(
        shares=shares,
        digest=digest,
        by=by,
        needs=_once(holders),
        accepted_by=(by,) if by in holders else (),
        until=draft.setting.calendar(claim.program).add(draft.at, limit).at if limit is not None else None,
        before=before,
    )
    deal = deal.next_version(shares_state=SharesState.PROPOSED, proposed=proposed)
    draft.matter = draft.matter.with_deal(deal)
    draft.record_deal(
        "shares_proposed",
        deal,
        policy_version=claim.terms.version,
        actor=by,
        data={"digest": digest, "shares": _listed(shares), "until": proposed.until, "text": text},
    )
    for person in proposed.needs:
        if person not in proposed.accepted_by:
            draft.tell(person, "money.shares", claim, rule="COM-04", facts={"deal": deal.id, "until": proposed.until})
    _take_effect(draft, claim, deal, actor=by)


def _consented(draft: Draft, claim: Claim, deal: Deal, proposed: Proposed, command: Command) -> None:
    if deal.proposed is not None and proposed.accepted_by == deal.proposed.accepted_by:
        return  # accepted before
    deal = replace(deal, proposed=proposed)
    draft.matter = draft.matter.with_deal(deal)
    draft.record_deal(
        "shares_accepted",
        deal,
        policy_version=claim.terms.version,
        actor=command.actor,
        data={"digest": proposed.digest},
    )
    _take_effect(draft, claim, deal, actor=command.actor)


def _take_effect(draft: Draft, claim: Claim, deal: Deal, *, actor: str | None) -> None:
    proposed = deal.proposed
    assert proposed is not None
    if set(proposed.needs) <= set(proposed.accepted_by):
        _apply(draft, claim, deal, proposed.shares, SharesState.AGREED, actor=actor)


def _apply(
    draft: Draft,
    claim: Claim,
    deal: Deal,
    shares: tuple[Share, ...],
    state: SharesState,
    *,
    actor: str | None,
    text: str | None = None,
) -> None:
    """The new shares hold from here on; what was paid to whom has less now is owed (COM-09)."""
    fresh = deal.next_version(shares=shares, shares_state=state, proposed=None)
    book(
        draft,
        deal,
        fresh,
        key=f"deal/{deal.id}:v{fresh.version}:reallocate",
        kind=EntryKind.REALLOCATION,
        claim=claim,
        actor=actor,
        reason=text,
    )
    draft.record_deal(
        f"shares_{state.value}",
        fresh,
        policy_version=claim.terms.version,
        actor=actor,
        data={"shares": _listed(shares), "text": text},
    )


def _keep_past_share(draft: Draft, claim: Claim, deal: Deal, *, former: str, to: str, bps: int) -> None:
    """The former owner keeps at most ``bps`` of the deal, the new owner has the rest of their part (CLM-24)."""
    own = deal.share_of(former)
    if own is None:
        return
    kept = min(own.bps, bps)
    passed = own.bps - kept + next((s.bps for s in deal.shares if s.person == to), 0)
    organisation = draft.setting.organisation
    shares = tuple(
        share
        for share in (
            share_of(organisation, to, passed),
            replace(own, bps=kept),
            *(s for s in deal.shares if s.person not in (former, to)),
        )
        if share.bps
    )
    _apply(draft, claim, replace(deal, owner=to), shares, SharesState.AGREED, actor=None)


def _succeed(draft: Draft, claim: Claim, deal: Deal, *, former: str, to: str) -> None:
    part = released_part(deal)
    bps = int(draft.setting.terms_of(claim).policy.number("people.successor_share_pct") * 100)
    organisation = draft.setting.organisation
    leaver = payee_of(organisation, former)
    if part >= 1 or not bps or deal.share_of(former) is None:
        return
    succession = Succession(
        former=leaver.key,
        successor=payee_of(organisation, to),
        successor_bps=bps,
        reached_num=part.numerator,
        reached_den=part.denominator,
    )
    succeeded = deal.next_version(owner=to, successions=(*deal.successions, succession))
    book(
        draft,
        deal,
        succeeded,
        key=f"deal/{deal.id}:v{succeeded.version}:reallocate",
        kind=EntryKind.REALLOCATION,
        claim=claim,
        reason="PPL-06",
    )
    draft.record_deal(
        "succeeded", succeeded, policy_version=claim.terms.version, data={"from": former, "to": to, "share_bps": bps}
    )


def _speaks_for(draft: Draft, claim: Claim, actor: str | None, person: str) -> bool:
    """``person``, their delegate (PPL-05), or the supervisor of somebody who has left."""
    organisation = draft.setting.organisation
    if actor == person or organisation.delegate_of(person, at=draft.at) == actor:
        return True
    return not organisation.is_active(person, at=draft.at) and is_supervisor(
        person, claim, actor=Actor(actor or ""), setting=draft.setting, at=draft.at
    )


def _once(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(people))


def _listed(shares: Iterable[Share]) -> list[list[str | int]]:
    return [[share.person, share.bps] for share in shares]
