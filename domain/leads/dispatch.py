"""Smart dispatch (智能分单): who fits a lead best, with the parts that say why (LEAD-05, LEAD-07).

Pure and without chance: the same facts give the same ranking, in whatever order people and leads come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from domain.leads.model import Facets, Load
from domain.leads.weighing import Weighed, weigh
from domain.people.profile import Profile
from domain.policy.policy import Policy
from domain.pools.limits import workload

#: Months of experience that a customer of each level asks for.
_SEASONED = {"VIP": 36, "A": 24, "B": 12}
#: From so many months on nobody is more experienced.
_MOST_MONTHS = 60
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the lead asks for: its facets, and kind and level of its customer."""

    facets: Facets
    customer_kind: str
    customer_level: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody eligible, with what is known of them. ``number`` is their person number."""

    person: str
    number: int
    load: Load
    capacity_points: int
    profile: Profile


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place: the weighed parts, and the share of their capacity that is taken."""

    person: str
    weighed: Weighed
    ratio: Fraction


def ratio_of(load: Load, capacity_points: int, policy: Policy) -> Fraction:
    """Workload (工作负载, table 0.4): points in hand per point of capacity. Without capacity one is full."""
    points = Fraction(workload(claims=load.claims, leads=load.leads, overdue=load.overdue, policy=policy))
    return points / capacity_points if capacity_points > 0 else Fraction(1) + points


def rank(candidates: Iterable[Candidate], wanted: Wanted, policy: Policy) -> tuple[Ranked, ...]:
    """Best first. Equal score: lower load, then the longer wait since the last lead, then the person number."""
    weights, confirm = policy.weights("dispatch.weights"), policy.switch("people.skill_confirm")
    placed = []
    for one in candidates:
        ratio = ratio_of(one.load, one.capacity_points, policy)
        weighed = weigh(_values(one, wanted, ratio, confirm=confirm), weights)
        since = one.load.last_lead_at or _NEVER
        placed.append(((-weighed.centi, ratio, since, one.number), Ranked(one.person, weighed, ratio)))
    return tuple(ranked for _, ranked in sorted(placed, key=lambda p: p[0]))


def _values(one: Candidate, wanted: Wanted, ratio: Fraction, *, confirm: bool) -> Mapping[str, int | None]:
    """Each part from 0 to 100; None where neither side says anything about it."""
    profile, facets = one.profile, wanted.facets
    return {
        "load": max(0, _percent(1 - ratio)),
        "skill": _mean(20 * profile.level(skill, confirm=confirm) for skill in facets.specialties),
        "need": _need(one.profile, wanted),
        "success": _percent(Fraction(one.load.won + 1, one.load.ended + 2)),
        "experience": None
        if profile.experience_months is None
        else min(100, _percent(Fraction(profile.experience_months, _MOST_MONTHS))),
        "interest": _mean(100 if interest in profile.interests else 0 for interest in facets.interests),
    }


def _need(profile: Profile, wanted: Wanted) -> int | None:
    """How the person fits what the lead names: industry, product line, region, language, customer kind and level."""
    facets = wanted.facets
    named = (
        (facets.industry, profile.industries),
        (facets.product_line, profile.product_lines),
        (facets.region, profile.regions),
        (facets.language, profile.languages),
        (wanted.customer_kind, profile.customer_kinds),
    )
    # Of a person who names no industry nothing is known about industries: that part is left out.
    fits = [100 if word in known else 0 for word, known in named if word is not None and known]
    months = _SEASONED.get(wanted.customer_level or "")
    if months is not None and profile.experience_months is not None:
        fits.append(min(100, _percent(Fraction(profile.experience_months, months))))
    return _mean(fits)


def _mean(values: Iterable[int]) -> int | None:
    found = list(values)
    return _whole(Fraction(sum(found), len(found))) if found else None


def _percent(part: Fraction) -> int:
    return _whole(part * 100)


def _whole(value: Fraction) -> int:
    """The nearest whole number, halves up."""
    return (value + Fraction(1, 2)).__floor__()
