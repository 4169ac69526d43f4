"""Who may read and do what (PPL-02, AUD-04; contract section 9). One answer for API, search, lists and the drain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from domain.people.organisation import Grant, Organisation, Role, ScopeKind

#: Roles that may own customers and report them (requirements 0.1, "Rep").
SELLING: frozenset[Role] = frozenset({Role.REP, Role.ACCOUNT_MANAGER, Role.BROKER})
#: Roles that read every claim in their scope (contract section 9).
READING: frozenset[Role] = frozenset({Role.MANAGER, Role.OVERSIGHT, Role.FINANCE, Role.AUDITOR, Role.ADMIN})

#: Roles that read every case in their scope (contract section 6).
READING_CASES: frozenset[Role] = READING - {Role.FINANCE}


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person. ``roles`` is what the token narrows to, None = no narrowing (AUD-06)."""

    person: str
    roles: frozenset[Role] | None = None

    def wears(self, role: Role) -> bool:
        return self.roles is None or role in self.roles


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object lies: its program and the teams it belongs to, each None or empty if it has none."""

    program: str | None = None
    teams: tuple[str, ...] = ()


def grants_of(actor: Actor, *, organisation: Organisation, at: datetime) -> tuple[Grant, ...]:
    """The grants that count for ``actor`` now: dated, not narrowed away, of an active person."""
    if actor.person not in organisation.people or not organisation.is_active(actor.person, at=at):
        return ()
    return tuple(g for g in organisation.grants.get(actor.person, ()) if g.holds_at(at) and actor.wears(g.role))


def covers(grant: Grant, *, place: Place, organisation: Organisation) -> bool:
    """Whether the grant's scope reaches ``place``. ``own`` reaches no place: it is the person's own records."""
    if grant.scope is ScopeKind.COMPANY:
        return True
    if grant.scope is ScopeKind.PROGRAM:
        return place.program is not None and grant.scope_id == place.program
    scope = grant.scope_id
    if grant.scope is ScopeKind.TEAM and scope is not None and scope in organisation.teams:
        return any(scope in tuple(organisation.path_up(team)) for team in place.teams)
    return False


def has_role(
    actor: Actor,
    roles: Collection[Role],
    *,
    organisation: Organisation,
    at: datetime,
    place: Place | None = None,
) -> bool:
    """Whether ``actor`` wears one of ``roles`` over ``place``; without a place over the company.

    The leader of a team wears ``team_lead`` over its subtree without a grant (contract section 2).
    """
    wanted = set(roles)
    where = place or Place()
    if any(
        g.role in wanted and covers(g, place=where, organisation=organisation)
        for g in grants_of(actor, organisation=organisation, at=at)
    ):
        return True
    return (
        Role.TEAM_LEAD in wanted
        and actor.wears(Role.TEAM_LEAD)
        and any(leads(actor.person, team, organisation=organisation) for team in where.teams)
    )


def has_any_scope(actor: Actor, roles: Collection[Role], *, organisation: Organisation, at: datetime) -> bool:
    """Whether ``actor`` wears one of ``roles`` anywhere, own records included."""
    wanted = set(roles)
    return any(g.role in wanted for g in grants_of(actor, organisation=organisation, at=at))


def leads(person: str, team: str, *, organisation: Organisation) -> bool:
    """Whether ``person`` leads ``team`` or a team above it, and is active."""
    if not organisation.people[person].active or team not in organisation.teams:
        return False
    return any(organisation.teams[t].leader == person for t in organisation.path_up(team))


@dataclass(frozen=True, slots=True)
class ReadScope:
    """Which claims somebody reads: everything, or the union of own, of teams and of programs."""

    person: str
    everything: bool
    teams: frozenset[str]
    programs: frozenset[str]

    def reads(self, *, program: str, teams: Collection[str], people: Collection[str | None]) -> bool:
        """Whether a claim of ``program`` that belongs to ``teams`` and concerns ``people`` is inside."""
        return self.everything or self.person in people or program in self.programs or not self.teams.isdisjoint(teams)


def read_scope(
    actor: Actor,
    *,
    organisation: Organisation,
    at: datetime,
    oversight_of: Collection[str] = (),
    roles: Collection[Role] = READING,
) -> ReadScope:
    """What ``actor`` reads of claims (contract section 9, "read a claim").

    ``oversight_of``: programs whose oversight group names the person (PPL-07). ``roles`` that read in their scope,
    leaders apart; cases are not read by finance (section 6).
    """
    teams: set[str] = set()
    programs: set[str] = set()
    everything = False
    for grant in grants_of(actor, organisation=organisation, at=at):
        scope = grant.scope_id
        if grant.role not in roles and grant.role is not Role.TEAM_LEAD:
            continue
        if grant.scope is ScopeKind.COMPANY:
            everything = True
        elif grant.scope is ScopeKind.PROGRAM and scope is not None:
            programs.add(scope)
        elif grant.scope is ScopeKind.TEAM and scope is not None and scope in organisation.teams:
            teams |= organisation.subtree(scope)
    if organisation.people[actor.person].active:
        if actor.wears(Role.TEAM_LEAD):
            for team in organisation.led_by(actor.person):
                teams |= organisation.subtree(team)
        if actor.wears(Role.OVERSIGHT):
            programs |= set(oversight_of)
        if actor.wears(Role.BROKER):
            teams |= organisation.teams_spoken_for(actor.person)  # its own manager reads what a partner has (PPL-08)
    return ReadScope(actor.person, everything, frozenset(teams), frozenset(programs))
