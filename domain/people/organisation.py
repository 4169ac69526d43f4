"""The team tree with dated memberships and leaders (PPL-01), absences and delegates (PPL-05)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.people.partners import Partner


class Role(StrEnum):
    """Built-in roles (PPL-02)."""

    REP = "rep"  # 销售代表
    ACCOUNT_MANAGER = "account_manager"  # 客户经理
    SERVICE = "service"  # 售后
    MARKETING = "marketing"  # 市场
    PRE_SALES = "pre_sales"  # 技术支持
    BROKER = "broker"  # 渠道经纪人
    RECEPTION = "reception"  # 前台
    TEAM_LEAD = "team_lead"  # 主管
    MANAGER = "manager"  # 销售经理
    MEDIATOR = "mediator"  # 调解员
    ARBITRATOR = "arbitrator"  # 仲裁员
    OVERSIGHT = "oversight"  # 监督员
    FINANCE = "finance"  # 财务
    POLICY_ADMIN = "policy_admin"  # 规则管理员
    AUDITOR = "auditor"  # 审计员
    ADMIN = "admin"  # 管理员


class ScopeKind(StrEnum):
    """How far a grant reaches (PPL-02)."""

    OWN = "own"
    TEAM = "team"
    PROGRAM = "program"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Person:
    """A person (人员), without name and contacts: rules never need them. ``partner`` is PPL-08."""

    id: str
    number: int
    team: str
    active: bool
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """A team (团队); ``parent`` is None for the root only."""

    id: str
    parent: str | None
    leader: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A dated relation: ``subject`` belongs to (or is led by) ``object`` from ``start`` until before ``end``."""

    subject: str
    object: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role grant (角色授权): role × scope, dated, revocable (PPL-02)."""

    id: str
    person: str
    role: Role
    scope: ScopeKind
    scope_id: str | None
    start: datetime
    end: datetime | None

    def holds_at(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Absence:
    """An absence (请假) from ``start`` until before ``end``, entered at ``entered_at`` (PPL-05).

    ``duty``: the company called the person away (外勤、培训); missed turns are made good (LEAD-04).
    """

    id: str
    person: str
    start: datetime
    end: datetime
    entered_at: datetime
    duty: bool = False


@dataclass(frozen=True, slots=True)
class Delegation:
    """``delegate`` (代理) decides for ``person`` from ``start`` until before ``end`` (PPL-05)."""

    id: str
    person: str
    delegate: str
    start: datetime
    end: datetime


class ChangeKind(StrEnum):
    """What happened to a person who held customers (PPL-06)."""

    LEFT = "left"  # 离职
    MOVED = "moved"  # 转岗


@dataclass(frozen=True, slots=True)
class PersonChange:
    """One fact with an effective instant that every later drain reads (PPL-06). ``number`` orders the facts.

    ``program``: the person changed out of this program only; None concerns customers held in every program.
    """

    number: int
    person: str
    kind: ChangeKind
    at: datetime
    program: str | None = None


@dataclass(frozen=True)
class Organisation:
    """A snapshot of the company. Built by storage, read by rules; nothing here changes it."""

    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    root: str
    memberships: Mapping[str, Sequence[Span]] = field(default_factory=dict)  # by person
    leaderships: Mapping[str, Sequence[Span]] = field(default_factory=dict)  # by team
    grants: Mapping[str, Sequence[Grant]] = field(default_factory=dict)  # by person
    absences: Mapping[str, Sequence[Absence]] = field(default_factory=dict)  # by person
    delegations: Mapping[str, Sequence[Delegation]] = field(default_factory=dict)  # by person
    changes: Mapping[str, Sequence[PersonChange]] = field(default_factory=dict)  # by person
    partners: Mapping[str, Partner] = field(default_factory=dict)

    def team_of(self, person: str, *, at: datetime) -> str:
        """The home team of ``person`` on the day of ``at`` (PPL-01)."""
        span = _at(self.memberships.get(person, ()), at)
        return span.object if span else self.people[person].team

    def leader_of(self, team: str, *, at: datetime) -> str | None:
        """Who led ``team`` at ``at``, or None."""
        spans = self.leaderships.get(team)
        if spans is None:
            return self.teams[team].leader
        span = _at(spans, at)
        return span.object if span else None

    def is_active(self, person: str, *, at: datetime) -> bool:
        """Whether ``person`` had not left by ``at``: what came before that is decided as if they were still here."""
        if self.people[person].active:
            return True
        return any(c.kind is ChangeKind.LEFT and c.program is None and at < c.at for c in self.changes.get(person, ()))

    def partner_of(self, person: str) -> Partner | None:
        """The partner organisation that ``person`` stands in (PPL-08)."""
        return self.partners.get(self.people[person].partner or "")

    def channel_of(self, person: str) -> str:
        """By which channel a customer comes whom ``person`` owns: a broker's by the partner (CLM-10, PPL-08)."""
        return "partner" if self.partner_of(person) is not None else "in_house"

    def partner_of_team(self, team: str) -> Partner | None:
        """The partner organisation whose team this is."""
        return next((partner for partner in self.partners.values() if partner.team == team), None)

    def teams_spoken_for(self, person: str) -> frozenset[str]:
        """Teams of partners whose own manager ``person`` is."""
        return frozenset(partner.team for partner in self.partners.values() if partner.lead == person)

    def channel_managers(self, *, at: datetime) -> dict[str, str]:
        """The channel manager (渠道经理) of each partner that has one."""
        found = {partner.id: self.leader_of(partner.team, at=at) for partner in self.partners.values()}
        return {partner: leader for partner, leader in found.items() if leader is not None}

    def path_up(self, team: str) -> Iterator[str]:
        """``team``, its parent, and so on up to the root."""
        current: str | None = team
        while current is not None:
            yield current
            current = self.teams[current].parent

    def subtree(self, team: str) -> frozenset[str]:
        """``team`` and all teams below it."""
        below: set[str] = {team}
        frontier = [team]
        children = self.children
        while frontier:
            found = children.get(frontier.pop(), ())
            below.update(found)
            frontier.extend(found)
        return frozenset(below)

    @property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Teams by parent."""
        cached: dict[str, tuple[str, ...]] | None = self.__dict__.get("_children")
        if cached is None:
            build: dict[str, list[str]] = {}
            for team in self.teams.values():
                if team.parent is not None:
                    build.setdefault(team.parent, []).append(team.id)
            cached = {parent: tuple(ids) for parent, ids in build.items()}
            self.__dict__["_children"] = cached
        return cached

    def led_by(self, person: str) -> tuple[str, ...]:
        """Teams that ``person`` leads now."""
        cached: dict[str, tuple[str, ...]] | None = self.__dict__.get("_led")
        if cached is None:
            build: dict[str, list[str]] = {}
            for team in self.teams.values():
                if team.leader is not None:
                    build.setdefault(team.leader, []).append(team.id)
            cached = {leader: tuple(ids) for leader, ids in build.items()}
            self.__dict__["_led"] = cached
        return cached.get(person, ())

    def is_absent(self, person: str, *, at: datetime) -> bool:
        """Whether an absence covers ``at``."""
        return self.absence_of(person, at=at) is not None

    def absence_of(self, person: str, *, at: datetime) -> Absence | None:
        """The absence that covers ``at``; of several, one that is no duty."""
        covering = [a for a in self.absences.get(person, ()) if a.start <= at < a.end]
        return min(covering, key=lambda a: a.duty, default=None)

    def present_between(self, person: str, *, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The parts of ``start`` to ``end`` that no absence covers: several that overlap count once (PPL-05)."""
        parts: list[tuple[datetime, datetime]] = []
        since = start
        for away in sorted(self.absences.get(person, ()), key=lambda a: a.start):
            if since < away.start:
                parts.append((since, min(away.start, end)))
            since = max(since, away.end)
            if since >= end:
                break
        if since < end:
            parts.append((since, end))
        return tuple((a, b) for a, b in parts if a < b)

    def delegate_of(self, person: str, *, at: datetime) -> str | None:
        """Who decides for ``person`` at ``at`` (PPL-05), or None."""
        for delegation in self.delegations.get(person, ()):
            if delegation.start <= at < delegation.end:
                return delegation.delegate
        return None

    def superiors(self, person: str, *, at: datetime) -> Iterator[str]:
        """Active leaders above ``person``, nearest first, their own team's leader included, never themselves."""
        seen = {person}
        for team in self.path_up(self.team_of(person, at=at)):
            leader = self.leader_of(team, at=at)
            if leader is not None and leader not in seen and self.is_active(leader, at=at):
                seen.add(leader)
                yield leader

    def supervisor(
        self, person: str, *, at: datetime, oversight: Sequence[str] = (), interested: Collection[str] = ()
    ) -> str | None:
        """The supervisor (主管) of ``person`` (contract section 2).

        The nearest active leader above who has no interest; else the program's ``oversight`` in order; else the
        admin with the lowest person number. None only where nobody else is left.
        """
        barred = {person, *interested}
        for candidate in self._in_line(person, at=at, oversight=oversight):
            if candidate not in barred and self.is_active(candidate, at=at):
                return candidate
        return None

    def next_supervisor(
        self,
        person: str,
        *,
        after: Iterable[str],
        at: datetime,
        oversight: Sequence[str] = (),
        interested: Collection[str] = (),
    ) -> str | None:
        """The next one in the same line who is not in ``after`` (CLM-04: one supervisor up)."""
        return self.supervisor(person, at=at, oversight=oversight, interested={*interested, *after})

    def _in_line(self, person: str, *, at: datetime, oversight: Sequence[str]) -> Iterator[str]:
        yield from self.superiors(person, at=at)
        yield from (o for o in oversight if o in self.people)
        yield from self.admins(at=at)

    def admins(self, *, at: datetime) -> tuple[str, ...]:
        """Active people with the admin role on the company, by person number."""
        found = [
            self.people[g.person]
            for grants in self.grants.values()
            for g in grants
            if g.role is Role.ADMIN and g.scope is ScopeKind.COMPANY and g.holds_at(at)
        ]
        return tuple(p.id for p in sorted(set(found), key=lambda p: p.number) if self.is_active(p.id, at=at))


def _at(spans: Sequence[Span], at: datetime) -> Span | None:
    for span in reversed(spans):
        if span.start <= at and (span.end is None or at < span.end):
            return span
    return None
