"""A program with its members, its oversight group and the policy versions it has had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.people.organisation import Organisation
from domain.pools.pool import Pool


@dataclass(frozen=True, slots=True)
class Member:
    """A person, or a team that stands for its subtree, from ``start`` until before ``end``."""

    id: str
    team: str | None
    person: str | None
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of a policy that has become active at ``effective_at`` (POL-02, POL-04)."""

    id: str
    version: int
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Migration:
    """Open claims take on ``policy`` at ``at``, an explicit and previewed act (POL-02). ``claims`` None = all.

    ``goes_live``: it is the policy that ends a trial, by which their clocks begin again (POL-08).
    """

    number: int
    policy: PolicyVersion
    at: datetime
    claims: frozenset[str] | None
    goes_live: bool = False


@dataclass(frozen=True)
class Program:
    """A program (业务项目). ``policies`` are the versions that were ever active, oldest first."""

    id: str
    open: bool
    calendar: str
    default_pool: str
    oversight: tuple[str, ...]
    panel: tuple[str, ...]
    members: Sequence[Member]
    policies: Sequence[PolicyVersion]
    migrations: Sequence[Migration] = ()
    pools: Sequence[Pool] = ()

    def policy_at(self, at: datetime) -> PolicyVersion:
        """The version in force at ``at``; before the first one, the first (POL-02)."""
        return in_force(self.policies, at) or self.policies[0]

    def pool(self, pool: str) -> Pool:
        """One of the program's pools, which is known to be one."""
        return next(p for p in self.pools if p.id == pool)

    def is_member(self, person: str, *, organisation: Organisation, at: datetime) -> bool:
        """Whether ``person`` belongs to the program at ``at``, directly or through a team above (CLM-02)."""
        teams = set(organisation.path_up(organisation.team_of(person, at=at)))
        return any(
            (m.person == person or m.team in teams) and m.start <= at and (m.end is None or at < m.end)
            for m in self.members
        )


def in_force(versions: Sequence[PolicyVersion], at: datetime) -> PolicyVersion | None:
    """The latest of ``versions`` that was effective at ``at``, or None."""
    found: PolicyVersion | None = None
    for version in versions:
        if version.effective_at <= at and (found is None or version.effective_at >= found.effective_at):
            found = version
    return found
