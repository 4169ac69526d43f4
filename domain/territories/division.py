"""A territory plan, and whose a customer is by it (TER-02): the same plan and customer give the same answer always."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations

from domain.people.organisation import Organisation

#: What a rule may ask of a customer; each is one word of the customer's record.
CONDITIONS = ("region", "industry", "product_line", "market", "size", "specialty")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as rules see them. ``records``: all records that stand for them (CUS-13)."""

    records: frozenset[str]
    facets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """``when``: for each condition the words of which the customer must have one, as :func:`folded` leaves them."""

    when: Mapping[str, frozenset[str]]

    def matches(self, facets: Mapping[str, str]) -> bool:
        """Whether the customer, whose ``facets`` are folded, has a word of every condition."""
        return all(facets.get(name) in words for name, words in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A part of the division, held in one track by a person, or by a team that stands for its subtree."""

    name: str
    track: str = "sales"
    person: str | None = None
    team: str | None = None
    rules: tuple[Rule, ...] = ()
    accounts: frozenset[str] = frozenset()  # named key accounts (重点客户): records of customers

    def is_of(self, person: str, *, organisation: Organisation, at: datetime) -> bool:
        """Whether ``person`` holds the territory at ``at``: by name, as one of its team, or as who speaks for it."""
        if person in (self.person, self.answers(organisation=organisation, at=at)):
            return True
        return self.team is not None and self.team in organisation.path_up(organisation.team_of(person, at=at))

    def answers(self, *, organisation: Organisation, at: datetime) -> str | None:
        """Who speaks for the territory: its person, or the nearest leader of its team; None if they left (PPL-01)."""
        in_line: Iterable[str | None] = (self.person,)
        if self.team is not None:
            in_line = (organisation.leader_of(team, at=at) for team in organisation.path_up(self.team))
        return next((p for p in in_line if p is not None and organisation.is_active(p, at=at)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryPlan:
    """A version that was activated; it is in force from ``effective_at`` until the next one, or until it is ended."""

    id: str
    program: str
    version: int
    effective_at: datetime
    ended_at: datetime | None = None
    territories: tuple[Territory, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The territory a customer lies in. ``account``: as a named account; else by a rule of ``conditions`` words."""

    territory: Territory
    account: bool
    conditions: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two territories, by name, that the same customer may lie in with nothing to decide between them.

    ``account`` is the record both name, or ``when`` says which customers both rules mean.
    """

    territories: tuple[str, str]
    account: str | None
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


def folded(word: str) -> str:
    """How words are compared: without blanks around them, in one case."""
    return word.strip().casefold()


def in_force(plans: Sequence[TerritoryPlan], at: datetime) -> TerritoryPlan | None:
    """The one plan of a program that holds at ``at`` (TER-03), or None.

    The latest activation counts; one that was called off before its time never took over.
    """
    begun = [p for p in plans if p.effective_at <= at and (p.ended_at is None or p.effective_at < p.ended_at)]
    latest = max(begun, key=lambda p: (p.effective_at, p.version), default=None)
    return latest if latest is not None and (latest.ended_at is None or at < latest.ended_at) else None


def located(plan: TerritoryPlan, customer: Customer, *, track: str) -> tuple[Found, ...]:
    """Every territory of ``track`` that has the best claim to ``customer``, by name; more than one overlap.

    A named account beats rules, and of rules the one with more conditions wins (TER-02).
    """
    here = [territory for territory in plan.territories if territory.track == track]
    named = [Found(t, account=True, conditions=0) for t in here if t.accounts & customer.records]
    if named:
        return tuple(sorted(named, key=_name))
    facets = {name: folded(word) for name, word in customer.facets.items()}
    by_rule = {
        t.name: Found(t, account=False, conditions=max(len(rule.when) for rule in fitting))
        for t in here
        if (fitting := [rule for rule in t.rules if rule.matches(facets)])
    }
    most = max((found.conditions for found in by_rule.values()), default=0)
    return tuple(sorted((f for f in by_rule.values() if f.conditions == most), key=_name))


def territory_of(plan: TerritoryPlan, customer: Customer, *, track: str) -> Found | None:
    """The territory of ``customer``; None: no rule matches, so they go to the program's default pool (TER-02).

    Of territories that overlap the one whose name comes first, by code points, has the customer.
    """
    return next(iter(located(plan, customer, track=track)), None)


def overlaps(territories: Sequence[Territory]) -> tuple[Overlap, ...]:
    """Pairs of territories that could both have one customer, whatever customers there are (TER-03)."""
    found: set[Overlap] = set()
    rules: dict[str, list[Rule]] = {t.track: [] for t in territories}
    for territory in territories:
        rules[territory.track] += territory.rules
    for one, other in combinations(sorted(territories, key=lambda t: t.name), 2):
        if one.track != other.track:
            continue
        names = (one.name, other.name)
        found |= {Overlap(names, account) for account in one.accounts & other.accounts}
        for mine in one.rules:
            for theirs in other.rules:
                both = _both(mine, theirs)
                if both is not None and not _is_decided(both, len(mine.when), rules[one.track]):
                    found.add(Overlap(names, None, tuple((n, tuple(sorted(w))) for n, w in sorted(both.items()))))
    return tuple(sorted(found, key=lambda o: (o.territories, o.account is None, o.account or "", o.when)))


def _name(found: Found) -> str:
    return found.territory.name


def _both(one: Rule, other: Rule) -> dict[str, frozenset[str]] | None:
    """What is true of every customer that both rules mean; None where a condition tells them apart, or one wins."""
    if len(one.when) != len(other.when):
        return None
    both = {**one.when, **other.when}
    for name in one.when.keys() & other.when.keys():
        both[name] = one.when[name] & other.when[name]
    return both if all(both.values()) else None


def _is_decided(both: Mapping[str, frozenset[str]], conditions: int, rules: Sequence[Rule]) -> bool:
    """Whether a rule with more conditions means all of these customers, so that neither of the two has them."""
    return any(
        len(rule.when) > conditions and all(name in both and both[name] <= words for name, words in rule.when.items())
        for rule in rules
    )
