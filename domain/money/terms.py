"""What a deal is worth by the plan and the policy of its contract date (COM-01 to COM-03, COM-07)."""

from __future__ import annotations

from dataclasses import replace

from domain.claims.model import Claim
from domain.matters.draft import Draft
from domain.money.booking import ask_finance, share_of
from domain.money.model import WHOLE_BPS, Deal, Share, SharesState
from domain.money.plans import Earned, plan_at, rate_for
from domain.people.organisation import Role
from domain.territories.division import territory_of


def on_terms(draft: Draft, deal: Deal, claim: Claim) -> Deal:
    """``deal`` with plan, rate and way of release in force at contract (COM-02, COM-07).

    Where no rate fits nothing accrues, and finance has a task.
    """
    policy = draft.setting.policy_at(claim.program, at=deal.contract_at)
    deal = replace(
        deal,
        release=policy.commission_release,
        joint_bonus_pct=policy.number("joint.bonus_pct"),
    )
    return rated(draft, deal, claim)


def rated(draft: Draft, deal: Deal, claim: Claim) -> Deal:
    """``deal`` with the rate that the version in force at contract date has for it (COM-02)."""
    on = draft.setting.calendar(claim.program).local_date(deal.contract_at)
    plan = plan_at(draft.setting.plans, program=claim.program, on=on)
    rate = rate_for(plan, _earned(draft, deal)) if plan is not None else None
    key = f"rate:{deal.id}"
    if rate is None:
        ask_finance(draft, claim, deal.id, key=key, kind="rate_missing")
    elif deal.plan_version is not None:
        draft.closed_tasks.append(key)  # it was asked for before
    return replace(
        deal,
        plan=plan.id if plan is not None else None,
        plan_version=plan.version if plan is not None else None,
        rate_rule=rate.rule if rate is not None else None,
        rate_bps=rate.rate_bps if rate is not None else None,
    )


def credited(draft: Draft, deal: Deal, claim: Claim) -> Deal:
    """``deal`` with who is behind it: its owner, and whoever has a part by what was agreed before (COM-01, CLM-24).

    `deal.credit` may give deals of a kind to the account manager who works the claim, or keep the shares of the deal
    before. Who stood in for the owner on the day of the contract has a part of it (LEAD-15).
    """
    owner = claim.owner
    assert owner is not None
    credit = draft.setting.terms_of(claim).policy.deal_credit(deal.kind)
    others = claim.sharing
    if credit == "shares":
        others = _as_before(draft, claim) or others
    elif credit == "account_manager":
        owner = _account_manager(draft, claim) or owner
        others = ()
    shares = owner_and(draft, owner, (*others, *_stand_in(draft, deal, claim, owner, others)))
    state = SharesState.AGREED if len(shares) > 1 else SharesState.NONE
    return replace(deal, owner=owner, shares=shares, shares_state=state)


def _stand_in(
    draft: Draft, deal: Deal, claim: Claim, owner: str, others: tuple[tuple[str, int], ...]
) -> tuple[tuple[str, int], ...]:
    """`standin.share_pct` of what ``others`` leave of a deal made on the visit, that is on its day.

    The owner keeps `split.owner_min_pct` and is never left without a part (COM-03). Of several on that day the last one
    received the customer who signed.
    """
    day = draft.setting.calendar(claim.program).local_date(deal.contract_at)
    there = [one.person for one in claim.stood_in if one.on == day]
    if not there or there[-1] in (owner, *(person for person, _ in others)):
        return ()
    policy = draft.setting.terms_of(claim).policy
    least = max(1, int(policy.number("split.owner_min_pct") * 100))
    left = WHOLE_BPS - sum(bps for _, bps in others)
    return ((there[-1], max(0, min(int(policy.number("standin.share_pct") * left / 100), left - least))),)


def owner_and(draft: Draft, owner: str, others: tuple[tuple[str, int], ...]) -> tuple[Share, ...]:
    """The parts of ``others``, and what is left of the whole for the owner."""
    organisation = draft.setting.organisation
    kept = tuple(share_of(organisation, person, bps) for person, bps in others if person != owner and bps)
    rest = WHOLE_BPS - sum(share.bps for share in kept)
    return (share_of(organisation, owner, rest), *kept)


def _earned(draft: Draft, deal: Deal) -> Earned:
    organisation = draft.setting.organisation
    teams: tuple[str, ...] = ()
    if deal.owner is not None:
        teams = tuple(organisation.path_up(organisation.team_of(deal.owner, at=deal.contract_at)))
    return Earned(
        product=deal.product,
        kind=deal.kind,
        territory=_territory(draft, deal),
        level=draft.matter.customer_level,
        teams=teams,
    )


def _territory(draft: Draft, deal: Deal) -> str | None:
    """The territory of the customer in this track by the plan in force at contract, whoever made the deal (TER-02)."""
    matter = draft.matter
    plan = draft.setting.territory_plan(matter.program, at=deal.contract_at)
    if plan is None or matter.division is None:
        return None
    found = territory_of(plan, matter.division, track=matter.track)
    return found.territory.name if found is not None else None


def _as_before(draft: Draft, claim: Claim) -> tuple[tuple[str, int], ...]:
    """The parts of everybody but the owner in the latest live deal of the claim."""
    live = [deal for deal in draft.matter.live_deals(claim.id) if deal.share_of(claim.owner or "") is not None]
    latest = max(live, key=lambda deal: (deal.contract_at, deal.number), default=None)
    return tuple((s.person, s.bps) for s in latest.shares if s.person != claim.owner) if latest is not None else ()


def _account_manager(draft: Draft, claim: Claim) -> str | None:
    organisation = draft.setting.organisation
    workers = (claim.owner, *(c.person for c in claim.collaborators if c.rights == "work"))
    return next(
        (
            person
            for person in workers
            if person is not None
            and any(
                grant.role is Role.ACCOUNT_MANAGER and grant.holds_at(draft.at)
                for grant in organisation.grants.get(person, ())
            )
        ),
        None,
    )
