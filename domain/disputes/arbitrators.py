"""Who decides a dispute, who stands in, who is passed over and why (DSP-08, DSP-12, DSP-13, PPL-05, PPL-07, PPL-08).

Three tiers follow the team tree: the lowest neutral superior common to all parties, the next neutral manager above,
the program's panel. Nothing here reads a clock: the instant is passed in, and the same facts in any order give the
same answer. Where the documents are silent: ``docs/decisions/arbitrators.md``.

>>> first = plan(sides=sides, bench=bench, at=now).first      # the case goes to arbitration
>>> plan_above(first, sides=sides, bench=bench, at=now).first  # its limit was missed, or a party appeals
>>> reassignment(first, sides=sides, bench=bench, at=now)      # the arbitrator left, is away or was recused
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Final, Self

from domain.calendar.working_calendar import Deadline, WorkingCalendar
from domain.people.access import Place, covers
from domain.people.organisation import Organisation, Role
from domain.policy.policy import Policy
from domain.programs.program import Program
from domain.refusals import Refusal


class Tier(IntEnum):
    """The arbitration tiers (仲裁层级) that people decide; tier 0 is the system (DSP-04, DSP-12)."""

    FIRST = 1  # 共同上级
    SECOND = 2  # 上一级
    PANEL = 3  # 高管仲裁


class Source(StrEnum):
    """Why a person sits: by a post in the tree, by the panel's list, or because nobody else was left (DSP-13)."""

    SUPERIOR = "superior"
    PANEL = "panel"
    NAMED = "named"  # by the admin, for this case
    OVERSIGHT = "oversight"
    ADMIN = "admin"


class Bar(StrEnum):
    """Why a person is passed over. The order is that in which they are looked for: the first one is named."""

    INACTIVE = "inactive"
    PARTY = "party"
    INTERESTED = "interested"
    RECUSED = "recused"
    MEDIATOR = "mediator"  # mediated the same case (DSP-08)
    LOWER_TIER = "lower_tier"  # has, or had, the case at a lower tier (DSP-13)
    DIRECT_LEADER = "direct_leader"  # of only some parties; of all of them where the policy is strict (DSP-13)
    ABSENT = "absent"  # and nobody fit to stand in (PPL-05)
    DELEGATION_CHAIN = "delegation_chain"  # a delegate who is away and has a delegate of their own (PPL-05)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Whom a case concerns. All collections are sets in meaning; their order changes nothing.

    ``parties`` are the present ones, successors in place of leavers (PPL-06). ``interested``: whose pay depends on
    the outcome, that is reporters, owners, collaborators with a share, and who else gains. ``recused``: accepted
    requests (DSP-13). ``mediated``: who mediated it (DSP-08). ``ruled``: who decided it at a lower tier, delegates
    by their own name. ValueError: no party.
    """

    parties: Collection[str]
    opened_at: datetime
    interested: Collection[str] = ()
    recused: Collection[str] = ()
    mediated: Collection[str] = ()
    ruled: Collection[str] = ()

    def __post_init__(self) -> None:
        if not self.parties:
            raise ValueError("a case without parties has nobody to decide between")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Among whom an arbitrator is looked for. ``panel``, ``named`` and ``oversight`` are in order of preference.

    ``channel_managers``: the channel manager (渠道经理) by partner organisation (PPL-08). ``named``: whom the admin
    named for this case, when nobody else was left (DSP-13).
    """

    organisation: Organisation
    program: str | None = None
    panel: Sequence[str] = ()
    oversight: Sequence[str] = ()
    named: Sequence[str] = ()
    strict_neutral: bool = False
    channel_managers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        program: Program,
        policy: Policy,
        organisation: Organisation,
        named: Sequence[str] = (),
        channel_managers: Mapping[str, str] | None = None,
    ) -> Self:
        """The bench of a case in ``program`` under the policy version that governs the case (DSP-17)."""
        return cls(
            organisation=organisation,
            program=program.id,
            panel=program.panel,
            oversight=program.oversight,
            named=named,
            strict_neutral=policy.switch("dispute.strict_neutral"),
            channel_managers=channel_managers or {},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who has the case at a tier. ``team``: the post it comes from, None where it comes from a list.

    ``delegate`` decides on behalf while ``person`` is away (PPL-05); None while they are there.
    """

    tier: Tier
    person: str
    source: Source
    team: str | None = None
    delegate: str | None = None

    @property
    def acting(self) -> str:
        """Who gets the task and the notices."""
        return self.delegate or self.person


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Somebody who would have been next, and why not. ``on_behalf_of``: they were looked at as a delegate."""

    person: str
    bar: Bar
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class TierPlan:
    """One tier: who sits, or None if it is passed over, and who was passed over before them."""

    tier: Tier
    seat: Seat | None
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The tiers of a case in order, as they would be filled now (上级协调). Made anew whenever it is asked for."""

    tiers: tuple[TierPlan, ...]

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The tiers that have somebody, lowest first."""
        return tuple(t.seat for t in self.tiers if t.seat is not None)

    @property
    def first(self) -> Seat | None:
        """Who has the case next; None: nobody neutral is left, the admin has to name a person (DSP-13)."""
        return next(iter(self.seats), None)

    @property
    def passed_over(self) -> tuple[PassedOver, ...]:
        """Everybody passed over on the way to ``first``: what the record of the assignment names."""
        passed: list[PassedOver] = []
        for tier in self.tiers:
            passed += tier.passed_over
            if tier.seat is not None:
                break
        return tuple(passed)


@dataclass(frozen=True, slots=True)
class Reassignment:
    """What becomes of a seat. ``bar``: why its holder cannot go on, None if they can.

    ``seat``: who has the case now, the same one (perhaps with another delegate) or somebody else; None: nobody is
    left, the case waits at its tier for a person named by the admin.
    """

    former: Seat
    seat: Seat | None
    bar: Bar | None = None
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def restarts_limit(self) -> bool:
        """Whether a new limit begins: the limit is the tier's, so only with another tier (DSP-12)."""
        return self.seat is not None and self.seat.tier is not self.former.tier


def plan(*, sides: Sides, bench: Bench, at: datetime) -> Plan:
    """All three tiers of a case at ``at`` (DSP-12): what it begins arbitration with, and what its file shows.

    Where neither line nor panel has anybody neutral, the third tier falls to a person named by the admin, else to
    oversight in order, else to an admin (DSP-13, contract sections 2 and 9).
    """
    return _Inquiry(sides, bench, at).plan(Tier.FIRST, lower=(), last_resort=True)


def plan_above(seat: Seat, *, sides: Sides, bench: Bench, at: datetime, history: Sequence[Seat] = ()) -> Plan:
    """The tiers above ``seat``, when its limit is missed or its ruling appealed (DSP-12, DSP-16).

    ``history``, here and below: every seat the case has had, in any order; those of lower tiers count. ``first``
    None: ``seat`` is the top tier, so it is reminded and never decided by timeout, and an appeal is ``appeal_final``.
    """
    lower = (*_lower(seat.tier + 1, history), seat)
    return _Inquiry(sides, bench, at).plan(seat.tier + 1, lower=lower, last_resort=False)


def reassignment(seat: Seat, *, sides: Sides, bench: Bench, at: datetime, history: Sequence[Seat] = ()) -> Reassignment:
    """Whether the holder of ``seat`` goes on at ``at``, through a delegate perhaps, and who takes over if not.

    Somebody who leaves, is away without a fit delegate, has been recused or turned out to have an interest hands over
    in the same tier, which keeps its limit; if it has nobody else, to the next tier with a limit of its own
    (DSP-12, PPL-05). Who merely lost the post goes on, and who comes back does not get the case back.
    """
    inquiry = _Inquiry(sides, bench, at)
    lower = _lower(seat.tier, history)
    found = inquiry.seated(seat, barred=_holders(lower))
    if isinstance(found, Seat):
        return Reassignment(seat, found)
    following = inquiry.plan(seat.tier, lower=lower, last_resort=True)
    return Reassignment(seat, following.first, found[-1].bar, following.passed_over)


def seat_changes_at(
    seat: Seat, *, sides: Sides, bench: Bench, after: datetime, history: Sequence[Seat] = ()
) -> datetime | None:
    """The next known instant at which ``reassignment`` gives another seat or delegate; None if there is none (PPL-05).

    What is entered later (an absence, a hand-over) rings the case anew.
    """
    barred = _holders(_lower(seat.tier, history))
    for instant in sorted({i for i in _turns(seat.person, sides.parties, bench.organisation) if i > after}):
        found = _Inquiry(sides, bench, instant).seated(seat, barred=barred)
        if found != seat:
            return instant
    return None


def seat_fills_at(
    seat: Seat, *, sides: Sides, bench: Bench, after: datetime, history: Sequence[Seat] = ()
) -> datetime | None:
    """The next known instant from which the holder of a vacant ``seat``, or who stands in, can go on; else None."""
    barred = _holders(_lower(seat.tier, history))
    for instant in sorted({i for i in _turns(seat.person, sides.parties, bench.organisation) if i > after}):
        if isinstance(_Inquiry(sides, bench, instant).seated(seat, barred=barred), Seat):
            return instant
    return None


def may_name(*, sides: Sides, bench: Bench, at: datetime) -> tuple[str, ...]:
    """Who names an arbitrator where nobody neutral is left (DSP-13): admins, then oversight, none with an interest."""
    inquiry = _Inquiry(sides, bench, at)
    people = dict.fromkeys((*bench.organisation.admins(at=at), *bench.oversight))
    return tuple(person for person in people if not inquiry.gains(person) and inquiry.is_active(person))


def named_seat(person: str, *, sides: Sides, bench: Bench, at: datetime, history: Sequence[Seat] = ()) -> Seat:
    """The seat of ``person``, named for the case, at the panel's tier; ``history``: all seats it has had (DSP-13).

    Refusals: ``person_inactive`` for who has left, or is away without anybody fit to stand in; ``recusal_required``.
    """
    seat = Seat(tier=Tier.PANEL, person=person, source=Source.NAMED)
    found = _Inquiry(sides, bench, at).seated(seat, barred=_holders(_lower(seat.tier, history)))
    if isinstance(found, Seat):
        return found
    bar = found[-1].bar
    code = "person_inactive" if bar in (Bar.INACTIVE, Bar.ABSENT) else "recusal_required"
    raise Refusal(code, rule="DSP-13", facts={"bar": bar.value})


def acts_for(
    actor: str, *, seat: Seat, sides: Sides, bench: Bench, at: datetime, history: Sequence[Seat] = ()
) -> str | None:
    """On whose behalf ``actor`` decides as arbitrator: None in their own name, else the holder of the seat (PPL-05).

    Refusals: ``not_allowed`` if the case is not theirs (DSP-14), ``recusal_required`` with a conflict of their own
    (DSP-13, PPL-05), ``delegation_chain`` for the delegate of a delegate (PPL-05).
    """
    organisation = bench.organisation
    bar = _Inquiry(sides, bench, at).bar(actor, barred=_holders(_lower(seat.tier, history)))
    delegate = organisation.delegate_of(seat.person, at=at)
    if bar is Bar.INACTIVE or actor not in (seat.person, delegate):
        chained = delegate is not None and organisation.delegate_of(delegate, at=at) == actor
        if chained and bar is not Bar.INACTIVE:
            raise Refusal("delegation_chain", rule="PPL-05")
        raise Refusal("not_allowed", rule="DSP-14")
    if bar is not None:
        raise Refusal("recusal_required", rule="DSP-13" if actor == seat.person else "PPL-05", facts={"bar": bar.value})
    return None if actor == seat.person else seat.person


def conflict_of(person: str, *, sides: Sides, bench: Bench, at: datetime) -> Bar | None:
    """Why ``person`` may neither rule nor mediate nor advise in the case (DSP-13); absence is no conflict."""
    return _Inquiry(sides, bench, at).bar(person)


def recusal_decider(
    challenged: str,
    *,
    seat: Seat | None,
    sides: Sides,
    bench: Bench,
    at: datetime,
    history: Sequence[Seat] = (),
    missed: Collection[str] = (),
) -> Seat | None:
    """Who decides on a party's request against ``challenged`` (回避): the tier above theirs (DSP-13).

    ``seat``: where the challenged person sits, None for a mediator, whose requests go to the first tier. Above the
    top tier: the next of the panel, then oversight in order, then an admin. ``missed``: who let
    ``dispute.recusal_wh`` pass; it goes on to the next one. None: nobody is left, the request falls.
    """
    inquiry = _Inquiry(sides, bench, at)
    start = Tier.FIRST if seat is None else seat.tier + 1
    held = () if seat is None else (*_lower(start, history), seat)
    barred = frozenset({challenged, *missed})
    above = inquiry.plan(start, lower=held, last_resort=False, barred=barred).seats
    if above:
        return above[0]
    return inquiry.first_of(inquiry.lists(), barred=barred | _holders(held)).seat


def common_superiors(*, sides: Sides, bench: Bench, at: datetime) -> tuple[str, ...]:
    """Active leaders above all parties without an interest, nearest first (requirements 0.1, "Supervisor"; PPL-08)."""
    inquiry = _Inquiry(sides, bench, at)
    leaders = dict.fromkeys(post.leader for post in inquiry.line)
    return tuple(person for person in leaders if not inquiry.gains(person) and inquiry.is_active(person))


def common_supervisor(*, sides: Sides, bench: Bench, at: datetime) -> str | None:
    """Who approves for all parties: the nearest of ``common_superiors``, else oversight in order, else an admin.

    Approving is no ruling: the direct leader of only some of the parties may, an absent one acts through a delegate.
    """
    inquiry = _Inquiry(sides, bench, at)
    others = (*bench.oversight, *bench.organisation.admins(at=at))
    neutral = (person for person in others if not inquiry.gains(person) and inquiry.is_active(person))
    return next(iter((*common_superiors(sides=sides, bench=bench, at=at), *neutral)), None)


def check_mediator(person: str, *, by: str, sides: Sides, bench: Bench, at: datetime) -> None:
    """Refuse unless ``by`` may name ``person`` as mediator (调解员) of the case (DSP-08, DSP-13).

    A superior common to the parties, their delegate, and oversight without an interest may name one; where there are
    none, the last supervisor. Refusals: ``not_allowed``, ``person_inactive``, ``recusal_required``.
    """
    inquiry = _Inquiry(sides, bench, at)
    superiors = {*common_superiors(sides=sides, bench=bench, at=at), common_supervisor(sides=sides, bench=bench, at=at)}
    naming = {*superiors, *bench.oversight, *(bench.organisation.delegate_of(s, at=at) for s in superiors if s)}
    if by not in naming or inquiry.gains(by) or not inquiry.is_active(by):
        raise Refusal("not_allowed", rule="DSP-08")
    bar = inquiry.bar(person)
    if bar is Bar.INACTIVE:
        raise Refusal("person_inactive", rule="DSP-08")
    if bar is not None:
        raise Refusal("recusal_required", rule="DSP-13", facts={"bar": bar.value})


def eligible_mediators(*, sides: Sides, bench: Bench, at: datetime) -> tuple[str, ...]:
    """Neutral, present people with a ``mediator`` grant that reaches the case, to choose from (contract section 9).

    By person number, those whom the plan of the case needs as arbitrators last: a mediator cannot arbitrate (DSP-08).
    """
    organisation = bench.organisation
    inquiry = _Inquiry(sides, bench, at)
    place = Place(bench.program, tuple(organisation.team_of(p, at=at) for p in inquiry.parties))
    granted = {
        grant.person
        for grants in organisation.grants.values()
        for grant in grants
        if grant.role is Role.MEDIATOR
        and grant.holds_at(at)
        and covers(grant, place=place, organisation=organisation)
        and inquiry.bar(grant.person) is None
        and not organisation.is_absent(grant.person, at=at)
    }
    needed = _holders(plan(sides=sides, bench=bench, at=at).seats)
    return tuple(sorted(granted, key=lambda p: (p in needed, organisation.people[p].number)))


def tier_deadline(tier: Tier, *, start: datetime, policy: Policy, calendar: WorkingCalendar) -> Deadline | None:
    """Until when a tier that began at ``start`` rules: ``dispute.tier_wh``, the panel ``dispute.exec_wd`` (DSP-12).

    None where the policy switches the limit off.
    """
    limit = policy.duration("dispute.exec_wd" if tier is Tier.PANEL else "dispute.tier_wh")
    return None if limit is None else calendar.add(start, limit)


def recusal_deadline(*, start: datetime, policy: Policy, calendar: WorkingCalendar) -> Deadline | None:
    """Until when a party's request is decided, ``dispute.recusal_wh`` (DSP-13); None where it is switched off."""
    limit = policy.duration("dispute.recusal_wh")
    return None if limit is None else calendar.add(start, limit)


_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Post:
    """A place in the common line. ``team`` is None for a channel manager, who stands below all teams (PPL-08)."""

    team: str | None
    leader: str


@dataclass(frozen=True)
class _Inquiry:
    """One case looked at at one instant. Everything it works out is kept for that look."""

    sides: Sides
    bench: Bench
    at: datetime

    def plan(self, start: int, *, lower: Sequence[Seat], last_resort: bool, barred: frozenset[str] = _NOBODY) -> Plan:
        """The tiers from ``start`` up, below which ``lower`` had the case."""
        taken = barred | _holders(lower)
        posts = self._posts_above(lower)
        tiers: list[TierPlan] = []
        for tier in (Tier.FIRST, Tier.SECOND):
            if tier >= start:
                tiers.append(self._first_on(posts, tier, barred=taken))
                if (seat := tiers[-1].seat) is not None:
                    taken |= _holders((seat,))
        if start <= Tier.PANEL:
            panel = ((person, Source.PANEL) for person in self.bench.panel)
            tiers.append(self.first_of(panel, barred=taken))
        if last_resort and not any(tier.seat for tier in tiers):
            rest = self.first_of(self._last_resort(), barred=taken)
            before = tiers.pop().passed_over
            tiers.append(replace(rest, passed_over=tuple(dict.fromkeys((*before, *rest.passed_over)))))
        return Plan(tuple(tiers))

    def lists(self) -> Iterator[tuple[str, Source]]:
        """Whoever is on a list of the program, the panel first."""
        yield from ((person, Source.PANEL) for person in self.bench.panel)
        yield from self._last_resort()

    def first_of(self, candidates: Iterable[tuple[str, Source]], *, barred: frozenset[str]) -> TierPlan:
        """The first of a list who may sit, as the panel's tier."""
        passed: list[PassedOver] = []
        for person, source in candidates:
            found = self.seated(Seat(tier=Tier.PANEL, person=person, source=source), barred=barred)
            if isinstance(found, Seat):
                return TierPlan(Tier.PANEL, found, tuple(passed))
            passed += found
        return TierPlan(Tier.PANEL, None, tuple(passed))

    def seated(self, seat: Seat, *, barred: frozenset[str] = _NOBODY) -> Seat | tuple[PassedOver, ...]:
        """``seat`` with whoever stands in now, or why nobody can sit on it, its holder last."""
        organisation, person = self.bench.organisation, seat.person
        bar = self.bar(person, barred=barred)
        if bar is not None:
            return (PassedOver(person, bar),)
        if not organisation.is_absent(person, at=self.at):
            return replace(seat, delegate=None)
        delegate = organisation.delegate_of(person, at=self.at)
        if delegate is None:
            return (PassedOver(person, Bar.ABSENT),)
        bar = self._bar_of_delegate(delegate, barred=barred)
        if bar is not None:
            return PassedOver(delegate, bar, on_behalf_of=person), PassedOver(person, Bar.ABSENT)
        return replace(seat, delegate=delegate)

    def bar(self, person: str, *, barred: frozenset[str] = _NOBODY) -> Bar | None:
        """What keeps ``person`` from the case, their presence apart. ``barred`` had it at a lower tier."""
        tests = (
            (Bar.INACTIVE, not self.is_active(person)),
            (Bar.PARTY, person in self.parties),
            (Bar.INTERESTED, self.gains(person)),
            (Bar.RECUSED, person in self.sides.recused),
            (Bar.MEDIATOR, person in self.sides.mediated),
            (Bar.LOWER_TIER, person in barred or person in self.sides.ruled),
            (Bar.DIRECT_LEADER, person in self._too_near),
        )
        return next((bar for bar, holds in tests if holds), None)

    def gains(self, person: str) -> bool:
        """Parties, who has an interest, and who decides for a party as its delegate now."""
        return person in self.parties or person in self.sides.interested or person in self._speaking

    def is_active(self, person: str) -> bool:
        organisation = self.bench.organisation
        return person in organisation.people and organisation.is_active(person, at=self.at)

    @cached_property
    def parties(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.sides.parties)))

    @cached_property
    def line(self) -> tuple[_Post, ...]:
        """Posts above all parties, lowest first: teams as when the case was opened, leaders as of now (PPL-01)."""
        organisation = self.bench.organisation
        led = ((team, organisation.leader_of(team, at=self.at)) for team in self._common_teams)
        posts = tuple(_Post(team, leader) for team, leader in led if leader is not None)
        managers = {self._channel_manager(party) for party in self.parties}
        only = managers.pop() if len(managers) == 1 else None
        return posts if only is None else (_Post(None, only), *posts)

    @cached_property
    def _common_teams(self) -> tuple[str, ...]:
        """Teams that all parties belong to, through those above, lowest first; none between a partner and staff."""
        organisation = self.bench.organisation
        stands: list[str | None] = [
            self._channel_manager(party) if self._partner(party) else party for party in self.parties
        ]
        if len({self._partner(party) is None for party in self.parties}) > 1:
            return ()
        paths = [
            tuple(organisation.path_up(organisation.team_of(person, at=self.sides.opened_at)))
            for person in stands
            if person is not None and person in organisation.people
        ]
        if len(paths) < len(stands):
            return ()
        return tuple(team for team in paths[0] if all(team in path for path in paths))

    @cached_property
    def _too_near(self) -> frozenset[str]:
        """Direct leaders of only some parties, when the case was opened or now; strictly, of all of them too."""
        found: set[str] = set()
        for at in (self.sides.opened_at, self.at):
            direct = {self._direct_leader(party, at) for party in self.parties}
            if len(direct) > 1 or self.bench.strict_neutral:
                found.update(leader for leader in direct if leader is not None)
        return frozenset(found)

    @cached_property
    def _speaking(self) -> frozenset[str]:
        delegates = (self.bench.organisation.delegate_of(party, at=self.at) for party in self.parties)
        return frozenset(delegate for delegate in delegates if delegate is not None)

    def _direct_leader(self, party: str, at: datetime) -> str | None:
        """The nearest active leader above who is no party: one who is has handed this part to the next above."""
        if self._partner(party) is not None:
            return self._channel_manager(party)
        above = self.bench.organisation.superiors(party, at=at)
        return next((leader for leader in above if leader not in self.parties), None)

    def _partner(self, person: str) -> str | None:
        return self.bench.organisation.people[person].partner

    def _channel_manager(self, person: str) -> str | None:
        partner = self._partner(person)
        return None if partner is None else self.bench.channel_managers.get(partner)

    def _posts_above(self, lower: Sequence[Seat]) -> Iterator[_Post]:
        """Posts above the highest one that had the case, each to be looked at once."""
        had = [seat.team for seat in lower if seat.source is Source.SUPERIOR]
        if not had:
            return iter(self.line)
        teams = self._common_teams
        # A team that was moved away in the meantime says nothing about who stands above whom.
        highest = max((teams.index(team) for team in had if team in teams), default=-1)
        return (post for post in self.line if post.team in teams[highest + 1 :])

    def _first_on(self, posts: Iterator[_Post], tier: Tier, *, barred: frozenset[str]) -> TierPlan:
        passed: dict[PassedOver, None] = {}
        for post in posts:
            seat = Seat(tier=tier, person=post.leader, source=Source.SUPERIOR, team=post.team)
            found = self.seated(seat, barred=barred)
            if isinstance(found, Seat):
                return TierPlan(tier, found, tuple(passed))
            passed.update(dict.fromkeys(found))
        return TierPlan(tier, None, tuple(passed))

    def _last_resort(self) -> Iterator[tuple[str, Source]]:
        yield from ((person, Source.NAMED) for person in self.bench.named)
        yield from ((person, Source.OVERSIGHT) for person in self.bench.oversight)
        yield from ((person, Source.ADMIN) for person in self.bench.organisation.admins(at=self.at))

    def _bar_of_delegate(self, delegate: str, *, barred: frozenset[str]) -> Bar | None:
        organisation = self.bench.organisation
        bar = self.bar(delegate, barred=barred)
        if bar is not None or not organisation.is_absent(delegate, at=self.at):
            return bar
        chained = organisation.delegate_of(delegate, at=self.at) is not None
        return Bar.DELEGATION_CHAIN if chained else Bar.ABSENT


def _lower(tier: int, history: Sequence[Seat]) -> tuple[Seat, ...]:
    return tuple(seat for seat in history if seat.tier < tier)


def _holders(seats: Iterable[Seat]) -> frozenset[str]:
    """Everybody who had the case on ``seats``, delegates too: whoever decided on behalf has decided."""
    return frozenset(person for seat in seats for person in (seat.person, seat.delegate) if person is not None)


def _turns(person: str, parties: Collection[str], organisation: Organisation) -> Iterator[datetime]:
    """Instants at which ``person`` or one of their delegates comes or goes, or who speaks for whom changes."""
    stand_ins = {d.delegate for d in organisation.delegations.get(person, ())}
    for somebody in (person, *parties):
        for delegation in organisation.delegations.get(somebody, ()):
            yield from (delegation.start, delegation.end)
    for somebody in {person} | stand_ins:
        for absence in organisation.absences.get(somebody, ()):
            yield from (absence.start, absence.end)
        yield from (change.at for change in organisation.changes.get(somebody, ()))
