"""Pools, entries and what admins do with them (contract section 11)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import Id, Input, Name, Output, Reason, Str, Track, Version
from api.schemas.claims import Level
from api.schemas.programs import MemberIn

OpenTo = Literal["members", "admins"]
People = Annotated[list[Id], Field(max_length=1000)]
Entries = Annotated[list[Id], Field(min_length=1, max_length=200)]
#: ``"08:00-10:00"``, or ``{weekdays?, hours}``; whether they are hours at all the command says (POOL-04).
Windows = Annotated[list[Any], Field(max_length=50)]


class RuleIn(Input):
    """Which customers come here (POOL-02)."""

    levels: Annotated[list[Level], Field(max_length=4)] = Field(default_factory=list)
    sources: Annotated[list[Str], Field(max_length=100)] = Field(default_factory=list)
    regions: Annotated[list[Str], Field(max_length=100)] = Field(default_factory=list)


class PriorityIn(Input):
    """Who may take customers of these levels first (POOL-05)."""

    levels: Annotated[list[Level], Field(min_length=1, max_length=4)]
    people: People = Field(default_factory=list)
    teams: People = Field(default_factory=list)


class PoolIn(Input):
    """`POST /v1/pools`."""

    program: Id
    name: Name
    open_to: OpenTo = "members"
    members: Annotated[list[MemberIn], Field(max_length=1000)] = Field(default_factory=list)
    admins: People = Field(default_factory=list)
    windows: Windows | None = None
    rule: RuleIn | None = None
    priority: PriorityIn | None = None


class PoolPatch(Input):
    """`PATCH /v1/pools/{id}`: what is left out stays, ``null`` takes windows, rule or priority away."""

    version: Version
    name: Name | None = None
    open_to: OpenTo | None = None
    members: Annotated[list[MemberIn], Field(max_length=1000)] | None = None
    admins: People | None = None
    windows: Windows | None = None
    rule: RuleIn | None = None
    priority: PriorityIn | None = None


class AssignIn(Input):
    """`POST …/assign`."""

    to: Id
    reason: Reason


class AssignManyIn(Input):
    """`POST /v1/pools/{id}/assign`: several entries for one person."""

    customers: Entries
    to: Id
    reason: Reason


class BatchIn(Input):
    """Entries and why."""

    customers: Entries
    reason: Reason


class MoveIn(BatchIn):
    """`POST …/move`."""

    to: Id


class NeededSkillIn(Input):
    """A skill and the level of it that is needed at least (PPL-04)."""

    skill: Str
    level: Annotated[int, Field(strict=True, ge=1, le=5)] = 1


class RestrictIn(BatchIn):
    """`POST …/restrict`: nobody named means no restriction (POOL-08)."""

    people: People = Field(default_factory=list)
    teams: People = Field(default_factory=list)
    skills: Annotated[list[NeededSkillIn], Field(max_length=50)] = Field(default_factory=list)


class AddIn(Input):
    """`POST …/add`: customers by id, not entries."""

    customers: Entries
    track: Track = "sales"
    reason: Reason


# --- answers ---------------------------------------------------------------------------------------------------


class PoolMemberOut(Output):
    team: str | None
    person: str | None


class RuleOut(Output):
    levels: list[Level]
    sources: list[str]
    regions: list[str]


class PriorityOut(Output):
    levels: list[Level]
    people: list[str]
    teams: list[str]


class PoolOut(Output):
    """A pool; ``may_take``, ``open_now`` and ``opens_at`` are as of now and for the caller."""

    id: str
    program: str
    name: str
    is_default: bool
    open_to: OpenTo
    members: list[PoolMemberOut]
    admins: list[str]
    windows: list[Any] | None
    rule: RuleOut | None
    priority: PriorityOut | None
    may_take: bool
    open_now: bool
    opens_at: str | None
    version: int


class PoolPage(Output):
    items: list[PoolOut]
    next: str | None


class PooledCustomerOut(Output):
    """A customer before taking: contacts hidden as the policy says, a person's name shortened (POOL-10)."""

    kind: Literal["person", "company"]
    name: str | None
    phone: str | None
    email: str | None
    company_code: str | None
    level: Level | None
    source: str | None


class EntryOut(Output):
    id: str
    pool: str
    program: str
    track: Track
    customer: PooledCustomerOut
    entered_at: str
    takeable_from: str
    locked: bool
    restricted: bool
    high: bool
    may_take: bool


class EntryPage(Output):
    items: list[EntryOut]
    next: str | None


class HeldOut(Output):
    """One of those who held the customer before (POOL-02)."""

    owner: str | None
    from_: Annotated[str, Field(alias="from")]
    to: str
    end: Literal["lapsed", "released"]
    reason: str | None
    follow_ups: int


class EntryDetailsOut(EntryOut):
    history: list[HeldOut]
    claims: int
    follow_ups: int


class RowOut(Output):
    """What became of one row of a batch."""

    customer: str | None
    ok: bool
    code: str | None
    entry: EntryOut | None


class RowsOut(Output):
    rows: list[RowOut]


class AssignedRowOut(Output):
    """One row of an assignment: received as ``command`` about what becomes ``claim``, or refused at once."""

    customer: str
    ok: bool
    code: str | None
    command: str | None
    claim: str | None


class AssignedOut(Output):
    rows: list[AssignedRowOut]


class LoadPartOut(Output):
    kind: Literal["lead", "protected", "active", "proposal", "overdue"]
    count: int
    points: float


class LoadOut(Output):
    """How much somebody has on hand, and how much more they may take (POOL-06, POOL-07, POOL-11)."""

    person: str
    points: float
    capacity_points: int
    ratio: float | None
    overloaded: bool
    held: int
    holding_cap: int | None
    takes_today: int
    daily_takes: int | None
    parts: list[LoadPartOut]
