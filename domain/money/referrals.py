"""Who brought a customer is credited with the first deal (老带新): CNF-05, COM-05.

A colleague is credited outside the 100 %, a customer with a reward that is no commission.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from domain.claims.credit import CHANNEL, no_credit
from domain.claims.model import Claim, Referral
from domain.matters.draft import Draft, Reward
from domain.matters.matter import Matter
from domain.matters.setting import Setting
from domain.money.booking import book, concerned, share_of, tell
from domain.money.model import Deal, EntryKind, Overlay
from domain.money.positions import commission, per_cent, rounded

_KIND: Final = "referral"  # of an overlay


def credit(draft: Draft, claim: Claim, of: str, *, actor: str | None) -> None:
    """What the referral of ``claim`` earns by the deal ``of``, which the matter has already. Later deals earn nothing,
    and no deal earns it twice, however often a case gives it to somebody else.

    A colleague has `assist.pct` of the commission as an overlay, for a customer a reward is noted. Why nobody has
    anything is in the history of the deal.
    """
    told, deal = claim.referral, draft.matter.deals[of]
    if told is None or deal.owner is None or deal.referred:
        return
    if any(d.id != of for d in draft.matter.live_deals(claim.id)):
        return
    policy = draft.setting.terms_of(claim).policy
    why = _why_not(told, deal, channel=policy.switch("referral.one_source") and _channel_paid(draft, claim))
    if why is None and told.person is not None:
        helper = share_of(draft.setting.organisation, told.person, 0)
        overlay = Overlay(
            id=draft.mint(),
            person=told.person,
            amount_minor=_earned(draft, deal, claim),
            kind=_KIND,
            number=helper.number,
            partner=helper.partner,
        )
        book(
            draft,
            deal,
            replace(deal, overlays=(*deal.overlays, overlay), referred=True),
            key=overlay.key,
            kind=EntryKind.OVERLAY,
            claim=claim,
            actor=actor,
            dispute=deal.held_by,
        )
    elif why is None and told.customer is not None and not deal.trial:
        draft.matter = draft.matter.with_deal(replace(deal, referred=True))
        draft.rewards.append(Reward(draft.mint(), told.lead, claim.id, deal.id, told.customer, draft.at))
    data = {"lead": told.lead, "person": told.person, "customer": told.customer, "credit": why is None, "why": why}
    draft.record_deal("referred", deal, policy_version=claim.terms.version, data=data)


def repriced(draft: Draft, before: Deal, after: Deal, claim: Claim) -> Deal:
    """``after`` with as much for its referral, in minor units, as its commission is worth now (CNF-05, COM-01).

    An amount that is amended or a rate that was missing changes it; a credit that finance reversed does not come back.
    """
    if _before_refunds(before) == _before_refunds(after):
        return after
    amount = _earned(draft, after, claim)
    overlays = (replace(one, amount_minor=amount) if one.kind == _KIND else one for one in after.overlays)
    return replace(after, overlays=tuple(overlays))


def credited(deal: Deal) -> Overlay | None:
    """What whoever brought the customer has of ``deal``, where they have anything."""
    return next((one for one in deal.overlays if one.kind == _KIND), None)


def due_at(deal: Deal, claim: Claim, matter: Matter, setting: Setting) -> datetime | None:
    """When a deal of the channel ended the credit of ``deal``, or its end gave it back; None where all is as it should
    be. `referral.one_source` pays one of the two, and is asked for as it was when the channel's deal came (CNF-05).
    """
    channel = matter.channel_deals
    if channel is None or not deal.live:
        return None
    if deal.yielded is not None:
        return None if channel.stands else channel.since
    if not channel.stands or credited(deal) is None:
        return None
    policies = (setting.terms_of(claim).policy, setting.policy_at(claim.program, at=channel.since))
    return channel.since if all(policy.switch("referral.one_source") for policy in policies) else None


def channel_changed(draft: Draft, claim: Claim, deal: Deal) -> None:
    """The channel is paid instead: the credit is reversed, what was paid of it is owed. Or it is not any more: the
    credit comes back, for what the commission is by now (CNF-05, COM-06, COM-09).
    """
    taken, given = deal.yielded, credited(deal)
    if taken is not None:
        credit, kind = replace(taken, amount_minor=_earned(draft, deal, claim)), EntryKind.OVERLAY
        after = deal.next_version(yielded=None, overlays=(*deal.overlays, credit))
    else:
        assert given is not None
        credit, kind = given, EntryKind.REVERSAL
        after = deal.without(given).next_version(yielded=given)
    entry = book(
        draft,
        deal,
        after,
        key=f"deal/{deal.id}:v{after.version}:{'referral' if taken is not None else 'channel'}",
        kind=kind,
        claim=claim,
        dispute=deal.held_by,
        reverses=credit.key if taken is None else None,
        quiet=True,
    )
    if entry is not None:
        tell(draft, concerned(entry), kind, claim, deal=deal.id, cause="channel")
    why = "channel" if taken is None else None
    lead = claim.referral.lead if claim.referral is not None else None
    data = {"lead": lead, "person": credit.person, "customer": None, "credit": taken is not None, "why": why}
    draft.record_deal("referred", after, policy_version=claim.terms.version, data=data)


def _channel_paid(draft: Draft, claim: Claim) -> bool:
    """Whether the channel is paid for the customer, or will be: somebody holds them there by a report that earns credit
    as of now (LEAD-14). Else nobody would be paid.
    """
    matter, setting = draft.matter, draft.setting
    return (
        claim.channel == "partner"
        or matter.channelled
        or any(
            no_credit(held.claim, held.arrivals, track=CHANNEL, setting=setting, at=draft.at) is None
            for held in matter.channel_holders
        )
    )


def _earned(draft: Draft, deal: Deal, claim: Claim) -> int:
    """`assist.pct` of the commission before refunds: each refund takes its part of an overlay by itself (COM-10)."""
    part = per_cent(draft.setting.terms_of(claim).policy.number("assist.pct"))
    return rounded(part * _before_refunds(deal))


def _before_refunds(deal: Deal) -> int:
    return commission(replace(deal, refunds=()))


def _why_not(told: Referral, deal: Deal, *, channel: bool) -> str | None:
    if told.until is not None and deal.contract_at > told.until:
        return "expired"
    if channel:
        return "channel"
    if told.person is not None and deal.share_of(told.person) is not None:
        return "own_deal"
    return None
