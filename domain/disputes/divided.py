"""What the territory plan of a program says of a case: whom the division names, as a fact of the advice (TER-02)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.disputes.facts import Fact, Plan, Report
from domain.matters.setting import Setting
from domain.people.organisation import Organisation
from domain.territories.division import Customer, Territory, territory_of


def division(
    facts: Iterable[Fact], customer: Customer | None, *, program: str, track: str, setting: Setting
) -> tuple[Fact, ...]:
    """The person or team of the customer's territory, by the plan in force when the first report that stands was
    received; () without a plan then, or where it says nothing of the customer.

    The plan's id is the evidence. ``customer``: as known now, None where nobody asked.
    """
    stands = [f.entered_at for f in facts if isinstance(f, Report) and f.ended_at is None and not f.false]
    at = min(stands, default=None)
    plan = setting.territory_plan(program, at=at) if at is not None else None
    found = territory_of(plan, customer, track=track) if plan is not None and customer is not None else None
    if at is None or plan is None or found is None:
        return ()
    named = Plan(
        evidence=plan.id,
        at=plan.effective_at,
        entered_at=plan.effective_at,
        rule="named_account" if found.account else "territory",
        people=_people(found.territory, setting.organisation, at),
    )
    return (named,)


def _people(territory: Territory, organisation: Organisation, at: datetime) -> tuple[str, ...]:
    return tuple(sorted(p for p in organisation.people if territory.is_of(p, organisation=organisation, at=at)))
