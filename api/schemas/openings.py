"""The opening load of a program (docs/http-contract.md, section 16)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from api.schemas.base import Id, Input, Instant, Name, Output, Reason, Str, Text, Track
from api.schemas.claims import (
    Channel,
    ClaimCustomer,
    ClaimProject,
    ClaimStateName,
    CustomerGiven,
    CustomerRef,
    ExternalId,
    ProjectGiven,
    ProjectRef,
)


class OpeningIn(Input):
    """`POST /v1/programs/{id}/opening`."""

    go_live_at: Instant | None = None


class OpeningRowIn(Input):
    """`POST /v1/programs/{id}/opening/rows`: a customer the company had before, as it stands with their owner."""

    owner: Id
    track: Track = "sales"
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None = None
    stage: Name | None = None
    last_follow_up_at: Instant | None = None
    protection_days_left: Annotated[StrictInt, Field(ge=0, le=3650)] | None = None
    need: Text | None = None
    progress: Text | None = None
    source: Str | None = None
    channel: Channel = "in_house"
    external_id: ExternalId | None = None


class ObjectionIn(Input):
    reason: Reason


# --- answers ---------------------------------------------------------------------------------------------------


class OpeningOut(Output):
    """How an opening load stands; open rows are counted."""

    program: str
    opened_by: str
    opened_at: str
    go_live_at: str
    state: Literal["listed", "live"]
    rows: int
    contested: int


class OpeningRowOut(Output):
    """A row as members of the program read it to see whether they object."""

    id: str
    receipt: int
    customer: ClaimCustomer
    project: ClaimProject | None
    track: Track
    owner: str
    owner_name: str
    stage: str | None
    last_follow_up_at: str | None
    protection_days_left: int | None
    object_by: str
    others: int
    objection: str | None
    state: ClaimStateName
    received_at: str


class OpeningRowPage(Output):
    items: list[OpeningRowOut]
    next: str | None
