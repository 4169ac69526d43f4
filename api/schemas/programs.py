"""Programs and their members (contract section 3)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.base import Id, Input, Name, Output, Version
from api.schemas.people import ExternalId

PresetName = Literal["general", "real_estate", "b2b_saas", "channel_partner"]
#: Parameters by name and overrides; what they may hold is the policy's to judge (`policy_invalid`).
Parameters = Annotated[dict[str, Any], Field(max_length=1000)]
Overrides = Annotated[list[Any], Field(max_length=1000)]
PersonIds = Annotated[list[Id], Field(max_length=100)]


class MemberIn(Input):
    """`{team}` or `{person}`: a team stands for its subtree."""

    team: Id | None = None
    person: Id | None = None


class ProgramIn(Input):
    """`POST /v1/programs` (TER-01, PPL-07, POL-03)."""

    name: Name
    members: Annotated[list[MemberIn], Field(max_length=1000)]
    oversight: PersonIds | None = None
    preset: PresetName | None = None
    policy: Parameters | None = None
    overrides: Overrides | None = None
    calendar: Id | None = None
    panel: PersonIds | None = None
    external_id: ExternalId | None = None


class ProgramPatch(Input):
    """`PATCH /v1/programs/{id}`."""

    version: Version
    name: Name | None = None
    oversight: PersonIds | None = None
    panel: PersonIds | None = None
    calendar: Id | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class MemberOut(Output):
    """A member from ``from`` until before ``to``; those who were members stay listed."""

    id: str
    team: str | None
    person: str | None
    from_: Annotated[str, Field(alias="from")]
    to: str | None


class ProgramOut(Output):
    """A program; ``policy_version`` is the one in force."""

    id: str
    name: str
    state: Literal["open", "closed"]
    members: list[MemberOut]
    oversight: list[str]
    panel: list[str]
    calendar: str
    default_pool: str
    policy_version: int
    external_id: str | None
    version: int


class ProgramPage(Output):
    items: list[ProgramOut]
    next: str | None
