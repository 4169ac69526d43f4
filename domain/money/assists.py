"""Colleagues who credit each other often are seen (COM-05): news for oversight, no reproach and no effect on money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.claims.model import Claim
from domain.matters.draft import Draft
from domain.money.model import Assist, Deal


def credited(draft: Draft, claim: Claim, given: Assist) -> None:
    """Note the credit; where it makes its two people mutual, oversight of the program is told.

    They are told when it begins, and again only after it had ended: the window moves on with the days.
    """
    draft.assists.append(given)
    earlier = draft.matter.assists
    draft.matter = replace(draft.matter, assists=(*earlier, given))
    policy = draft.setting.policy_at(claim.program, at=draft.at)
    most, window = policy.integer("assist.flag_pair"), policy.duration("assist.flag_days")
    if not most or window is None:
        return
    since = draft.setting.calendar(claim.program).subtract(draft.at, window)
    before = [one for one in earlier if one.pair == given.pair and one.at > since]
    if is_mutual([*before, given], most) and not is_mutual(before, most):
        facts = {"by": given.pair[0], "person": given.pair[1], "count": len(before) + 1}
        for person in _told(draft, given):
            draft.tell(person, "alarm.assists", claim, rule="COM-05", facts=facts)


def proposed(draft: Draft, claim: Claim, deal: Deal) -> str | None:
    """Whom the owner is to credit for the first deal: the sender who handed the customer over as a lead (LEAD-16).

    The credit itself is the owner's to give, as any other (COM-05).
    """
    sender = claim.handed_by
    if sender is None or sender == claim.owner or deal.share_of(sender) is not None:
        return None
    if claim.referral is not None and claim.referral.person == sender:
        return None  # who brings a customer is credited for that, and once (CNF-05)
    is_first = not any(one.id != deal.id for one in draft.matter.live_deals(claim.id))
    allows = draft.setting.terms_of(claim).policy.integer("assist.per_deal") > 0
    is_here = draft.setting.organisation.is_active(sender, at=draft.at)
    return sender if is_first and allows and is_here else None


def mistaken(draft: Draft, credit: str) -> None:
    """The credit was told by mistake: it makes nobody mutual any more."""
    draft.mistaken_assists.append(credit)
    draft.matter = replace(draft.matter, assists=tuple(one for one in draft.matter.assists if one.id != credit))


def is_mutual(given: Sequence[Assist], most: int) -> bool:
    """Whether two people have credited each other, each at least once, and ``most`` times together."""
    return len(given) >= most and len({one.by for one in given}) == 2


def _told(draft: Draft, given: Assist) -> list[str]:
    """Oversight of the program, the two apart; the admins where nobody of it is left."""
    organisation = draft.setting.organisation
    for group in (draft.setting.programs[given.program].oversight, organisation.admins(at=draft.at)):
        found = [p for p in dict.fromkeys(group) if p not in given.pair and organisation.is_active(p, at=draft.at)]
        if found:
            return found
    return []
