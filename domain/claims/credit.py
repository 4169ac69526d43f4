"""Whether a partner's report earns credit in the channel track: it came before the customer did (LEAD-14, CLM-10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.claims.model import Arrival, Claim
from domain.matters.draft import Draft
from domain.matters.setting import Setting
from domain.money.model import NoCredit

#: Where partners are owed (渠道).
CHANNEL = "channel"


def no_credit(
    claim: Claim, arrivals: Iterable[Arrival], *, track: str, setting: Setting, at: datetime
) -> NoCredit | None:
    """The first arrival until ``at`` that the report came after, or less than `ownership.intercept_min` before.

        None: it earns credit, as every report does that the partner led the customer here for since, as desk and server
    have confirmed, or that somebody ruled for in a case.
    """
    if track != CHANNEL or claim.channel != "partner" or claim.credit_ruled:
        return None
    terms, people = setting.terms_of(claim), setting.organisation.people
    partner = people[claim.owner or claim.reporter].partner
    known = [one for one in arrivals if one.at <= at]
    reported_at = claim.reported_at
    since = [one for one in known if one.at >= reported_at]  # a visit for a report of before says nothing of this one
    led = {people[one.broker].partner for one in since if one.counted and one.broker is not None}
    if partner is not None and partner in led:
        return None
    limit = terms.policy.intercept(claim.channel)
    safe_from = terms.calendar.add(reported_at, limit).at if limit is not None else reported_at
    first = min((one for one in known if one.at < safe_from), key=lambda one: (one.at, one.id), default=None)
    if first is None:
        return None
    why = "after_arrival" if first.at < reported_at else "intercepted"
    return NoCredit(first.id, arrived_at=first.at, reported_at=reported_at, why=why)


def of(draft: Draft, claim: Claim) -> NoCredit | None:
    """The same for a claim of the matter in hand, as of now."""
    return no_credit(claim, draft.matter.arrivals, track=draft.matter.track, setting=draft.setting, at=draft.at)


def tell_if_none(draft: Draft, claim: Claim) -> None:
    """Whoever reports somebody who was here already is told so at once, with rule and time (CLM-10)."""
    found = of(draft, claim)
    if found is None:
        return
    draft.record("no_credit", claim, data=found.facts())
    draft.tell(claim.reporter, "claim.no_credit", claim, rule="LEAD-14", facts={"arrived": found.arrived_at})
