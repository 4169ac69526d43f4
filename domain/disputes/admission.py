"""Until when a case may be opened, and by whom without asking first (DSP-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.claims.model import Claim
from domain.matters.setting import Setting
from domain.money.model import Deal
from domain.refusals import Refusal


def open_until(claim: Claim, deals: Iterable[Deal], *, setting: Setting) -> datetime | None:
    """The last instant at which a case about ``claim`` may be opened, None where nothing limits it.

    The event that is contested is the end of ``claim``; of one that lives, the latest of ``deals``, those of whoever
    holds the customer. It is judged by the policy in force at that event.
    """
    recorded = [deal.recorded_at for deal in deals if deal.recorded_at is not None]
    if claim.ended_at is not None:
        event, limit = claim.ended_at, _limit_of(claim, setting)
    elif recorded:
        event, limit = max(recorded), "dispute.after_deal_days"
    else:
        return None
    length = setting.policy_at(claim.program, at=event).duration(limit)
    return None if length is None else setting.calendar(claim.program).add(event, length).at


def _limit_of(claim: Claim, setting: Setting) -> str:
    """Who lost a customer by a special approval has a time of their own, unless policy sets none (CLM-34)."""
    own, usual = "override.objection_wh", "dispute.contest_wd"
    if claim.reason != "by_override" or claim.ended_at is None:
        return usual
    return usual if setting.policy_at(claim.program, at=claim.ended_at).duration(own) is None else own


def require_consent(dismissed: Iterable[datetime], *, program: str, setting: Setting, at: datetime) -> None:
    """Refuse with ``consent_needed`` whoever has had too many cases of their own dismissed lately.

    ``dismissed``: when each was, in ``program``. Somebody in charge may still open the case for them.
    """
    policy = setting.policy_at(program, at=at)
    period = policy.duration("dispute.frivolous_days")
    if period is None:
        return
    since = setting.calendar(program).subtract(at, period)
    count, cap = sum(instant > since for instant in dismissed), policy.integer("dispute.frivolous_max")
    if count >= cap:
        refusal = Refusal("consent_needed", rule="DSP-02", facts={"count": count, "cap": cap})
        refusal.policy_version = policy.version
        raise refusal
