"""Who may be given a lead, and who of them cannot take one now (LEAD-03, LEAD-04, LEAD-16)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from domain.leads.dispatch import Candidate, Ranked, Wanted, rank, ratio_of
from domain.leads.model import Lead, Load
from domain.leads.rotation import Skip
from domain.leads.rules import DEFAULT, Rule, first_match
from domain.matters.setting import Setting
from domain.people.access import SELLING
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.pools.limits import counts_source, held, receives, workload
from domain.pools.pool import Restriction
from domain.refusals import Refusal
from domain.territories.division import Customer, territory_of


def members(program: str, team: str | None, *, setting: Setting, at: datetime) -> tuple[str, ...]:
    """Who may be given leads: active people of the program who sell, of ``team`` and below, by person number.

    Brokers are left out: a lead is the company's, and goes to its own people.
    """
    organisation = setting.organisation
    place = setting.programs[program]
    teams = organisation.subtree(team) if team is not None else None
    found = [
        person
        for person in organisation.people.values()
        if person.active
        and (teams is None or organisation.team_of(person.id, at=at) in teams)
        and sells(person.id, setting=setting, at=at)
        and place.is_member(person.id, organisation=organisation, at=at)
    ]
    return tuple(p.id for p in sorted(found, key=lambda p: p.number))


def sells(person: str, *, setting: Setting, at: datetime) -> bool:
    """Whether ``person`` wears a role of the company's own that may own customers."""
    wanted = SELLING - {Role.BROKER}
    return any(g.role in wanted and g.holds_at(at) for g in setting.organisation.grants.get(person, ()))


def there_since(person: str, program: str, *, setting: Setting, start: datetime, end: datetime) -> datetime:
    """When, from ``start`` on, ``person`` first sold in the program; ``end`` where they do not by then (LEAD-13)."""
    organisation, place = setting.organisation, setting.programs[program]
    begun = {
        *(g.start for g in organisation.grants.get(person, ())),
        *(m.start for m in place.members),
        *(s.start for s in organisation.memberships.get(person, ())),
    }
    for at in (start, *sorted(at for at in begun if start < at < end)):
        if sells(person, setting=setting, at=at) and place.is_member(person, organisation=organisation, at=at):
            return at
    return end


def may_receive(person: str, program: str, *, setting: Setting, at: datetime) -> bool:
    """Whether a customer of ``program`` may newly go to ``person`` by name: a lead, whoever comes in, a row."""
    organisation = setting.organisation
    return (
        person in organisation.people
        and organisation.is_active(person, at=at)
        and not comes_from_closed_partner(person, program, setting=setting, at=at)
        and any(g.role in SELLING and g.holds_at(at) for g in organisation.grants.get(person, ()))
        and setting.programs[program].is_member(person, organisation=organisation, at=at)
    )


def rule_for(lead: Lead, *, setting: Setting, customer: Customer | None, track: str, at: datetime) -> Rule | None:
    """The rule that decides who gets ``lead``: the program's own; where none matches, the territory plan in force at
    ``at`` names the holder (TER-02); a program that has neither means everybody. None: the fallback decides.
    """
    own = setting.lead_rules.get(lead.program, ())
    found = first_match(lead, own)
    if found is not None:
        return found
    if setting.is_divided(lead.program, track=track, at=at):
        return holder_rule(lead, setting=setting, customer=customer, track=track, at=at)
    return None if own else first_match(lead, DEFAULT)


def holder_rule(lead: Lead, *, setting: Setting, customer: Customer | None, track: str, at: datetime) -> Rule | None:
    """The person or team whose territory the customer lies in, told by the record, and by the lead where that says
    nothing; None in a gap, and where no plan divides the program (TER-02).
    """
    plan = setting.territory_plan(lead.program, at=at)
    if plan is None:
        return None
    records = customer.records if customer is not None else frozenset((lead.customer,))
    known = customer.facets if customer is not None else {}
    told = {name: word for name in _SHARED if (word := getattr(lead.facets, name)) is not None}
    found = territory_of(plan, Customer(records=records, facets={**told, **known}), track=track)
    if found is None:
        return None
    held = found.territory
    return Rule(person=held.person, team=held.team, territory=held.name, plan=plan.version)


#: Facets of a lead that a territory may ask for as well.
_SHARED = ("region", "industry", "size", "product_line")


def away(person: str, program: str, *, setting: Setting, at: datetime) -> Skip | None:
    """Why ``person`` is not there for a customer of ``program`` at ``at``: absent, on duty or off shift (PPL-05)."""
    absence = setting.organisation.absence_of(person, at=at)
    if absence is not None:
        return Skip.DUTY if absence.duty else Skip.ABSENT
    shift = setting.profile(person).shift
    is_off = shift is not None and not shift.covers(at, calendar=setting.calendar(program))
    return Skip.OFF_SHIFT if is_off else None


def comes_from_closed_partner(person: str, program: str, *, setting: Setting, at: datetime) -> bool:
    """Whether ``person`` stands in a partner organisation that takes no reports on the day of ``at`` (PPL-08)."""
    partner = setting.organisation.partner_of(person)
    return partner is not None and not partner.takes_reports(on=setting.calendar(program).local_date(at))


def candidate(person: str, load: Load, *, setting: Setting, policy: Policy) -> Candidate:
    """``person`` with what is known of them."""
    profile = setting.profile(person)
    capacity = profile.capacity_points
    return Candidate(
        person=person,
        number=setting.organisation.people[person].number,
        load=load,
        capacity_points=policy.integer("people.capacity_points") if capacity is None else capacity,
        profile=profile,
    )


def skips(
    candidates: Iterable[Candidate],
    program: str,
    *,
    had: Collection[str],
    only: Restriction | None = None,
    setting: Setting,
    policy: Policy,
    at: datetime,
) -> dict[str, Skip]:
    """Those of ``candidates`` who cannot take a customer of ``program`` now, each with the reason that weighs most.

    ``had``: who had it before; ``only``: who alone may have the customer, who lies in a pool (POOL-08).
    """
    found = {one.person: _skip(one, program, had, setting=setting, policy=policy, at=at) for one in candidates}
    barred = (person for person in found if not receives(setting, only, program, person, at=at))
    found |= dict.fromkeys(tuple(barred), Skip.RESTRICTED)
    return {person: why for person, why in found.items() if why is not None}


def fitting(
    people: Iterable[str],
    program: str,
    loads: Mapping[str, Load],
    *,
    had: Collection[str],
    only: Restriction | None = None,
    wanted: Wanted,
    setting: Setting,
    policy: Policy,
    at: datetime,
) -> tuple[tuple[Ranked, ...], dict[str, Skip]]:
    """``people`` who can take a customer from the best fit down, and those who cannot (LEAD-05, LEAD-07)."""
    known = [candidate(p, loads.get(p, Load()), setting=setting, policy=policy) for p in people]
    unable = skips(known, program, had=had, only=only, setting=setting, policy=policy, at=at)
    return rank((one for one in known if one.person not in unable), wanted, policy), unable


def with_room(
    people: Iterable[str], program: str, loads: Mapping[str, Load], *, setting: Setting, policy: Policy, at: datetime
) -> tuple[str, ...]:
    """The `recommend.count` of ``people`` who are there and have the least work for what they can carry (POOL-11)."""
    known = [candidate(p, loads.get(p, Load()), setting=setting, policy=policy) for p in people]
    unable = skips(known, program, had=(), setting=setting, policy=policy, at=at)
    able = [one for one in known if one.person not in unable]
    able.sort(key=lambda one: (ratio_of(one.load, one.capacity_points, policy), one.number))
    return tuple(one.person for one in able[: policy.integer("recommend.count")])


def load_facts(one: Candidate, policy: Policy) -> dict[str, float | int]:
    """Points in hand and what somebody can carry, as `overloaded` tells of them."""
    points = workload(claims=one.load.claims, leads=one.load.leads, overdue=one.load.overdue, policy=policy)
    return {"points": float(points), "capacity": one.capacity_points}


def _skip(
    one: Candidate, program: str, had: Collection[str], *, setting: Setting, policy: Policy, at: datetime
) -> Skip | None:
    if one.person in had:
        return Skip.HAD_IT
    return away(one.person, program, setting=setting, at=at) or (Skip.FULL if _is_full(one, policy) else None)


def _is_full(one: Candidate, policy: Policy) -> bool:
    """No room under the cap of open claims (CLM-25) or of customers held (POOL-07), leads in hand included, or as much
    work as the capacity allows (POOL-11).

    What an opening load brought is work like any other, and takes no room under the caps (INT-10).
    """
    cap = policy.limit("claim.cap_person")
    if cap is not None and one.load.capped + one.load.leads >= cap:
        return True
    cap = policy.limit("pool.holding_cap")
    leads = sum(number for source, number in one.load.by_source.items() if counts_source(source, policy))
    if cap is not None and held(one.load.held, policy) + leads >= cap:
        return True
    return is_overloaded(one, policy)


def is_overloaded(one: Candidate, policy: Policy) -> bool:
    """As much work as the capacity allows (POOL-11)."""
    most = policy.number("load.max_ratio")
    return most > 0 and ratio_of(one.load, one.capacity_points, policy) >= most


def require_room(one: Candidate, policy: Policy) -> None:
    """Refuse whoever is named for a customer and holds, or works, as much as allowed (POOL-07, POOL-11)."""
    cap, count = policy.limit("pool.holding_cap"), held(one.load.held, policy)
    if cap is not None and count >= cap:
        raise Refusal("holding_cap", rule="POOL-07", facts={"cap": cap, "count": count})
    if is_overloaded(one, policy):
        raise Refusal("overloaded", rule="POOL-11", facts=load_facts(one, policy))
