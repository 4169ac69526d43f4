"""A pool (公海) of a program: who belongs to it, who looks after it, when it is open, which customers come to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.calendar.duration import DAY_US, MINUTE_US
from domain.calendar.wall_clock import WallClock
from domain.people.organisation import Organisation
from domain.people.profile import Profile
from domain.policy.values import Window


@dataclass(frozen=True, slots=True)
class Group:
    """Some people: named ones, and teams that stand for their subtrees."""

    people: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people or self.teams)

    def includes(self, person: str, *, organisation: Organisation, at: datetime) -> bool:
        """Whether ``person`` is one of them at ``at``."""
        if person in self.people:
            return True
        team = organisation.team_of(person, at=at)
        return any(above in self.teams for above in organisation.path_up(team))


@dataclass(frozen=True, slots=True)
class Restriction:
    """Who alone may take a customer (指定人员, POOL-08): one of ``group``, or whoever has one of ``skills``.

    A skill comes with the level, 1 to 5, that is needed at least.
    """

    group: Group = Group()
    skills: tuple[tuple[str, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.group or self.skills)

    def admits(self, person: str, *, profile: Profile, confirm: bool, organisation: Organisation, at: datetime) -> bool:
        """Whether ``person`` is one of them at ``at``. ``confirm``: only confirmed skills count (PPL-04)."""
        if self.group.includes(person, organisation=organisation, at=at):
            return True
        return any(profile.level(skill, confirm=confirm) >= level for skill, level in self.skills)


@dataclass(frozen=True, slots=True)
class EntryRule:
    """Which customers come here (POOL-02): an empty part says nothing, all parts given must fit.

    ``regions`` are compared as :func:`~domain.territories.division.folded` leaves them.
    """

    levels: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def fits(self, *, level: str | None, source: str | None, region: str | None) -> bool:
        """Whether a customer of this level, source and region comes here. A rule that names nothing fits nobody."""
        parts = ((self.levels, level), (self.sources, source), (self.regions, region))
        return any(wanted for wanted, _ in parts) and all(not wanted or found in wanted for wanted, found in parts)


@dataclass(frozen=True, slots=True)
class Priority:
    """Customers of these ``levels`` are for ``first`` alone in the lead time (POOL-05)."""

    levels: frozenset[str]
    first: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool. ``members`` empty: every member of the program; ``windows`` None: those of the policy (POOL-04)."""

    id: str
    program: str
    is_default: bool
    admins_only: bool
    members: Group
    admins: frozenset[str]
    windows: tuple[Window, ...] | None
    rule: EntryRule | None
    priority: Priority | None
    created_at: datetime

    def open_to(self, person: str, *, organisation: Organisation, at: datetime) -> bool:
        """Whether a member of the program may take here (POOL-01)."""
        if self.admins_only:
            return False
        return not self.members or self.members.includes(person, organisation=organisation, at=at)


def pool_for(
    pools: Sequence[Pool],
    *,
    level: str | None,
    source: str | None,
    region: str | None,
    default: str | None,
    named: str | None = None,
    gap: bool = False,
) -> Pool:
    """Where a customer goes (POOL-02): the pool named, else the first whose rule fits, else the default one, as for
    whoever lies in a ``gap`` of the territory plan (TER-02).

    ``pools`` are those of one program, ``default`` what the policy calls the default pool, where it names one.
    """
    by_id = {pool.id: pool for pool in pools}
    if named in by_id:
        return by_id[named]
    for pool in sorted(pools, key=lambda p: (p.created_at, p.id)):
        if not gap and pool.rule is not None and pool.rule.fits(level=level, source=source, region=region):
            return pool
    if default in by_id:
        return by_id[default]
    return next(pool for pool in pools if pool.is_default)


def opens_at(windows: Collection[Window], at: datetime, *, zone: str) -> datetime | None:
    """When the next of ``windows`` opens, by the wall of ``zone``; None while one is open, or there are none (POOL-04).

    A window is half-open: at its last instant it is closed.
    """
    if not windows:
        return None
    clock = WallClock(zone)
    wall = clock.read(at)
    today = wall // DAY_US
    starts: list[int] = []
    for day in range(today, today + _WEEK + 1):
        weekday = date.fromordinal(day).isoweekday()
        for window in windows:
            if weekday not in window.weekdays:
                continue
            start, end = (
                day * DAY_US + minute * MINUTE_US for minute in (window.hours.start_min, window.hours.end_min)
            )
            if start <= wall < end:
                return None
            if start > wall:
                starts.append(start)
    return clock.find(min(starts), seen_from=at)


_WEEK = 7
