"""People, teams, grants, tokens, absences and delegations (contract section 2)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Bool, Id, Input, Instant, Name, Output, Str, Text, Version

LocaleName = Literal["zh-CN", "en"]
RoleName = Literal[
    "rep",
    "account_manager",
    "service",
    "marketing",
    "pre_sales",
    "broker",
    "reception",
    "team_lead",
    "manager",
    "mediator",
    "arbitrator",
    "oversight",
    "finance",
    "policy_admin",
    "auditor",
    "admin",
]
ScopeName = Literal["own", "team", "program", "company"]
#: Something an outside system knows the object by.
ExternalId = Annotated[Str, Field(min_length=1)]


class PersonIn(Input):
    """`POST /v1/people` (PPL-01)."""

    name: Name
    team: Id | None = None
    email: Str | None = None
    phone: Str | None = None
    locale: LocaleName | None = None
    external_id: ExternalId | None = None


class PersonPatch(Input):
    """`PATCH /v1/people/{id}`. ``email`` and ``phone`` may be taken away with null."""

    version: Version
    name: Name | None = None
    team: Id | None = None
    email: Str | None = None
    phone: Str | None = None
    locale: LocaleName | None = None


class TeamIn(Input):
    """`POST /v1/teams`: without ``parent`` it would be a second root (PPL-01)."""

    name: Name
    parent: Id | None = None
    leader: Id | None = None
    external_id: ExternalId | None = None


class TeamPatch(Input):
    """`PATCH /v1/teams/{id}`. ``leader`` null: nobody leads it."""

    version: Version
    name: Name | None = None
    parent: Id | None = None
    leader: Id | None = None


class ScopeIn(Input):
    """How far a grant reaches; ``id`` names the team or program."""

    kind: ScopeName
    id: Id | None = None


class GrantIn(Input):
    """`POST /v1/people/{id}/grants` (PPL-02): from ``from`` until before ``to``."""

    role: RoleName
    scope: ScopeIn
    from_: Annotated[Instant | None, Field(alias="from")] = None
    to: Instant | None = None


class TokenIn(Input):
    """`POST /v1/people/{id}/tokens` (AUD-06). ``roles`` narrows, never widens."""

    name: Name
    expires_at: Instant | None = None
    roles: Annotated[list[RoleName], Field(max_length=16)] | None = None


class AbsenceIn(Input):
    """`POST /v1/people/{id}/absences` (PPL-05)."""

    from_: Annotated[Instant, Field(alias="from")]
    to: Instant
    reason: Text | None = None
    duty: Bool = False


class DelegationIn(Input):
    """`POST /v1/people/{id}/delegations` (PPL-05)."""

    delegate: Id
    from_: Annotated[Instant, Field(alias="from")]
    to: Instant


# --- answers ---------------------------------------------------------------------------------------------------


class PersonOut(Output):
    """A person; ``email`` and ``phone`` only for admins, leaders above and the person."""

    id: str
    number: int
    name: str
    team: str
    active: bool
    locale: LocaleName
    email: str | None
    phone: str | None
    external_id: str | None
    partner: str | None
    created_at: str
    version: int


class PersonPage(Output):
    items: list[PersonOut]
    next: str | None


class MembershipOut(Output):
    team: str
    from_: Annotated[str, Field(alias="from")]
    to: str | None


class MembershipPage(Output):
    items: list[MembershipOut]
    next: str | None


class ScopeOut(Output):
    kind: ScopeName
    id: str | None


class GrantOut(Output):
    id: str
    person: str
    role: RoleName
    scope: ScopeOut
    from_: Annotated[str, Field(alias="from")]
    to: str | None


class GrantPage(Output):
    items: list[GrantOut]
    next: str | None


class NewTokenOut(Output):
    """``token`` is the secret, told this once; null when the same key asks again."""

    id: str
    name: str
    token: str | None
    roles: list[RoleName] | None
    expires_at: str | None


class TokenOut(Output):
    id: str
    name: str
    roles: list[RoleName] | None
    expires_at: str | None
    created_at: str
    revoked_at: str | None


class TokenPage(Output):
    items: list[TokenOut]
    next: str | None


class AbsenceOut(Output):
    id: str
    person: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    duty: bool


class AbsencePage(Output):
    items: list[AbsenceOut]
    next: str | None


class DelegationOut(Output):
    id: str
    person: str
    delegate: str
    from_: Annotated[str, Field(alias="from")]
    to: str


class DelegationPage(Output):
    items: list[DelegationOut]
    next: str | None


class TeamOut(Output):
    id: str
    name: str
    parent: str | None
    leader: str | None
    external_id: str | None
    version: int


class TeamPage(Output):
    items: list[TeamOut]
    next: str | None


class CompanyOut(Output):
    name: str
    root_team: str


class MeOut(Output):
    """`GET /v1/me`: the caller, what they may do now, and the company's policy version in force."""

    person: PersonOut
    grants: list[GrantOut]
    company: CompanyOut
    policy_version: int
    now: str
