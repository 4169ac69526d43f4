"""Whether somebody may take a pooled customer now (POOL-03 to POOL-11, CLM-25, CLM-26). Pure: figures in, refusals out.

The order of the checks is the contract's (section 11). The same checks stand before a report of a pooled customer is
received, in the drain that decides a take, and where a report is accepted that a judge kept waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from domain.calendar.duration import DAY_US
from domain.calendar.wall_clock import WallClock
from domain.claims.lifecycle import ClaimState
from domain.pools.pool import Pool, Restriction, opens_at
from domain.refusals import Refusal

if TYPE_CHECKING:
    from domain.claims.model import Claim
    from domain.matters.matter import Matter
    from domain.matters.setting import Setting
    from domain.policy.policy import Policy
    from domain.policy.values import Window

#: States that count for `claim.cap_person` and `claim.cap_team` (CLM-25).
CAPPED = ("reported", "protected", "active", "disputed", "arbitrated")
#: What of claims weighs in the workload (table 0.4): two states, and `active` at stage proposal or later by itself.
WEIGHED = ("protected", "active", "proposal")
_LOST = (ClaimState.LAPSED, ClaimState.RELEASED)


#: Somebody's claims by state and source.
Holdings: TypeAlias = Mapping[tuple[str, str | None], int]


@dataclass(frozen=True, slots=True)
class Taker:
    """What counts against whoever takes, **outside** the matter in hand, counted under a lock on the person.

    ``takes``: instants of the successful ones, of two days at least; ``held``: claims that they own, by state, and
    under `proposal` how many of the active ones are that far; ``holdings``: the same claims by state and source;
    ``open``: those that they own or have reported and that caps count, by state; ``team_open``: those of their team,
    where a cap asks for it; ``leads``: in their hands; ``overdue``: open tasks past their time; ``lost``: ends of their
    claims on this very customer, and whether for idleness.
    """

    takes: tuple[datetime, ...] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    holdings: Holdings = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)
    team_open: int = 0
    leads: int = 0
    overdue: int = 0
    lost: tuple[tuple[datetime, bool], ...] = ()

    def with_take(self, at: datetime) -> Taker:
        return replace(self, takes=(*self.takes, at))


class UncountedError(Exception):
    """A decision asks for figures that were not counted for it: it is to be made again, once they are."""


class Uncounted(Mapping[str, Taker]):
    """In place of the figures of people whom the decision ahead will hardly ask for; raises whoever does."""

    def __getitem__(self, person: str) -> Taker:
        raise UncountedError

    def __iter__(self) -> Iterator[str]:
        raise UncountedError

    def __len__(self) -> int:
        raise UncountedError


def is_entry(matter: Matter, at: datetime) -> bool:
    """Whether the customer lies in a pool at ``at``: grace and nurture are over (CLM-20, CLM-23)."""
    return matter.pooled and (matter.pool_at is None or matter.pool_at <= at)


def admits(only: Restriction | None, person: str, *, program: str, setting: Setting, at: datetime) -> bool:
    """Whether a customer of ``program`` that is left to ``only`` may go to ``person`` (POOL-08); None: to anybody."""
    return not only or only.admits(
        person,
        profile=setting.profile(person),
        confirm=setting.policy_at(program, at=at).switch("people.skill_confirm"),
        organisation=setting.organisation,
        at=at,
    )


def receives(setting: Setting, only: Restriction | None, program: str, person: str, *, at: datetime) -> bool:
    """Whether ``person`` may be given a customer who is left to ``only``; in a trial nobody is kept out (POL-08)."""
    return admits(only, person, program=program, setting=setting, at=at) or setting.in_trial(program, at=at)


def takeable_from(entered_at: datetime, policy: Policy, *, setting: Setting, program: str) -> datetime:
    """When the cool-off of a customer who entered at ``entered_at`` is over (POOL-09)."""
    rest = policy.duration("pool.cool_off_h")
    return setting.calendar(program).add(entered_at, rest).at if rest is not None else entered_at


def day_ends(at: datetime, *, zone: str) -> datetime:
    """The local midnight after ``at``."""
    clock = WallClock(zone)
    return clock.find((clock.read(at) // DAY_US + 1) * DAY_US, seen_from=at)


def capacity_of(person: str, policy: Policy, *, setting: Setting) -> int:
    """The load points somebody can carry: their profile's, else the policy's (PPL-04)."""
    own = setting.profile(person).capacity_points
    return policy.integer("people.capacity_points") if own is None else own


def is_held(state: str, source: str | None, policy: Policy) -> bool:
    """Whether a claim of this state and source counts for `pool.holding_cap` (POOL-07)."""
    return state in policy.words("pool.holding_counts") and counts_source(source, policy)


def counts_source(source: str | None, policy: Policy) -> bool:
    """Whether `pool.holding_sources` names the source of a claim or lead, or none at all (POOL-07)."""
    sources = policy.words("pool.holding_sources")
    return not sources or source in sources


def held(claims: Holdings, policy: Policy) -> int:
    """How many customers somebody holds, of the states and sources that count (POOL-07)."""
    return sum(number for (state, source), number in claims.items() if is_held(state, source, policy))


def workload(*, claims: Mapping[str, int], leads: int, overdue: int, policy: Policy) -> Decimal:
    """Points of open items (table 0.4). ``claims``: by state, and under `proposal` how many of the active ones are at
    that stage or a later one, which weigh as that instead (CLM-30).
    """
    weights = policy.weights("load.weights")
    others = leads * weights["lead"] + overdue * weights["overdue"]
    return sum((number * weights[kind] for kind, number in weighed(claims).items()), others)


def weighed(claims: Mapping[str, int]) -> dict[str, int]:
    """Claims by what they weigh as, each once."""
    found = {kind: claims.get(kind, 0) for kind in WEIGHED}
    return found | {"active": found["active"] - found["proposal"]}


@dataclass(frozen=True)
class Attempt:
    """``person`` reaches for the customer of ``matter`` at ``at``."""

    matter: Matter
    setting: Setting
    person: str
    at: datetime

    @property
    def policy(self) -> Policy:
        return self.setting.policy_at(self.matter.program, at=self.at)

    @property
    def pool(self) -> Pool:
        """Where the customer lies; one that waits for its entry, or was just taken, counts with the default pool."""
        program = self.setting.programs[self.matter.program]
        return program.pool(self.matter.pool or program.default_pool)

    def check_member(self) -> None:
        """A member of the program and of the pool (POOL-01), else ``not_member``."""
        program, organisation = self.setting.programs[self.matter.program], self.setting.organisation
        if not program.is_member(self.person, organisation=organisation, at=self.at):
            raise Refusal("not_member", rule="POOL-01")
        if not self.pool.open_to(self.person, organisation=organisation, at=self.at):
            raise Refusal("not_member", rule="POOL-01")

    def check_entry(self) -> None:
        """Lock, restriction, priority, window, cool-off, the former owner's wait (POOL-04, -05, -08, -09, CLM-26)."""
        self.check_reserved()
        until = opens_at(self._windows(), self.at, zone=self._zone)
        if until is not None:
            raise Refusal("window_closed", rule="POOL-04", facts={"until": until})
        if self.at < self._takeable_from():
            raise Refusal("cooling_off", rule="POOL-09", facts={"until": self._takeable_from()})
        self.check_returning()

    def check_reserved(self) -> None:
        """Locked, for others only, or for others first: ``restricted`` (POOL-01, POOL-05, POOL-08)."""
        matter, organisation = self.matter, self.setting.organisation
        if matter.pool_locked:
            raise Refusal("restricted", rule="POOL-01", facts={"locked": True})
        if not admits(matter.pool_only, self.person, program=matter.program, setting=self.setting, at=self.at):
            raise Refusal("restricted", rule="POOL-08")
        first, lead = self.pool.priority, self.policy.duration("pool.priority_lead_min")
        if first is None or lead is None or matter.customer_level not in first.levels:
            return
        until = self.setting.calendar(matter.program).add(self._takeable_from(), lead).at
        if self.at < until and not first.first.includes(self.person, organisation=organisation, at=self.at):
            raise Refusal("restricted", rule="POOL-05", facts={"until": until})

    def check_room(self) -> None:
        """How many customers and how much work they have already (POOL-07, POOL-11)."""
        taker = self._taker
        if taker is None:
            return
        cap, policy = self.policy.limit("pool.holding_cap"), self.policy
        inside = (c for c in self._counted if c.owner == self.person and is_held(c.state.value, c.source, policy))
        count = held(taker.holdings, policy) + sum(1 for _ in inside)
        if cap is not None and count >= cap:
            raise Refusal("holding_cap", rule="POOL-07", facts={"cap": cap, "count": count})
        ratio = self.policy.number("load.max_ratio")
        if not ratio:
            return
        capacity = capacity_of(self.person, self.policy, setting=self.setting)
        present = {
            state: self._count(taker.held, (state,), lambda claim: claim.owner) for state in ("protected", "active")
        }
        mine = (c for c in self._counted if c.state is ClaimState.ACTIVE and c.proposed and c.owner == self.person)
        present["proposal"] = taker.held.get("proposal", 0) + sum(1 for _ in mine)
        points = workload(claims=present, leads=taker.leads, overdue=taker.overdue, policy=self.policy)
        if points >= ratio * capacity:
            raise Refusal("overloaded", rule="POOL-11", facts={"points": float(points), "capacity": capacity})

    def check_claims(self, *, halved_at: float | None, team: str | None) -> None:
        """The cap on open claims (CLM-25). ``halved_at``: the poor rate that halves it; ``team``: if teams have one."""
        taker, cap = self._taker, self.policy.limit("claim.cap_person")
        if taker is None:
            return
        if cap is not None:
            cap = max(1, cap // 2) if halved_at is not None else cap
            mine = (c for c in self._capped if (c.owner or c.reporter) == self.person)
            count = sum(taker.open.get(state, 0) for state in CAPPED) + sum(1 for _ in mine)
            if count >= cap:
                facts = {"cap": cap, "count": count, "per": "person", "rate_pct": halved_at}
                raise Refusal("claim_cap", rule="CLM-25", facts=facts)
        team_cap = self.policy.limit("claim.cap_team")
        if team_cap is None or team is None:
            return
        inside = sum(c.team == team for c in self._capped)
        if taker.team_open + inside >= team_cap:
            facts = {"cap": team_cap, "count": taker.team_open + inside, "per": "team"}
            raise Refusal("claim_cap", rule="CLM-25", facts=facts)

    def check_day(self) -> None:
        """Successful takes of the local day; what was given back counts (POOL-06)."""
        taker, cap = self._taker, self.policy.limit("pool.daily_takes")
        if taker is None or cap is None:
            return
        clock = WallClock(self._zone)
        today = clock.date_of(self.at)
        count = sum(clock.date_of(taken) == today for taken in taker.takes)
        if count >= cap:
            until = day_ends(self.at, zone=self._zone)
            raise Refusal("daily_limit", rule="POOL-06", facts={"cap": cap, "count": count, "until": until})

    def check_returning(self) -> None:
        """Whoever lost the customer, by lapse or release, waits (CLM-26)."""
        taker = self._taker
        lost = list(taker.lost) if taker is not None else []
        # Those of this matter in hand may have ended a moment ago, in this very drain.
        lost += [
            (c.ended_at, c.reason == "idle")
            for c in self.matter.claims.values()
            if c.state in _LOST and c.owner == self.person and c.ended_at is not None
        ]
        calendar = self.setting.calendar(self.matter.program)
        waits: list[datetime] = []
        for ended_at, idle in lost:
            wait = self.policy.reclaim_wait(self.matter.customer_kind, idle=idle)
            if wait is not None:
                waits.append(calendar.add(ended_at, wait).at)
        until = max(waits, default=self.at)
        if self.at < until:
            raise Refusal("reclaim_wait", rule="CLM-26", facts={"until": until})

    @property
    def _taker(self) -> Taker | None:
        """The figures; None where nothing is counted, in look-ups that decide nothing."""
        takers = self.matter.takers
        return takers[self.person] if takers is not None else None

    @property
    def _zone(self) -> str:
        return self.setting.calendar(self.matter.program).zone

    def _windows(self) -> Collection[Window]:
        own = self.pool.windows
        return self.policy.pool_windows if own is None else own

    def _takeable_from(self) -> datetime:
        assert self.matter.pool_at is not None  # set with every entry
        return takeable_from(self.matter.pool_at, self.policy, setting=self.setting, program=self.matter.program)

    @property
    def _counted(self) -> Iterator[Claim]:
        """Claims of this matter, without what an opening load brought: nobody is refused for it (INT-10)."""
        return (claim for claim in self.matter.claims.values() if claim.opening is None)

    @property
    def _capped(self) -> Iterator[Claim]:
        """Those of them that caps of open claims count: what a reception made is no report (CLM-25)."""
        return (claim for claim in self._counted if claim.state.value in CAPPED and not claim.by_reception)

    def _count(self, outside: Mapping[str, int], states: Collection[str], whose: Callable[[Claim], str | None]) -> int:
        inside = sum(claim.state.value in states and whose(claim) == self.person for claim in self._counted)
        return sum(outside.get(state, 0) for state in states) + inside
