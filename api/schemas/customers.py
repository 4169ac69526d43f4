"""Customers, reveal, erasure and ownership look-up (contract section 4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.base import Id, Input, Name, Output, Reason, Str, Text, Track, Version
from api.schemas.claims import (
    ClaimOut,
    CustomerFacets,
    CustomerGiven,
    CustomerRef,
    Level,
    ProjectGiven,
    ProjectRef,
)

CustomerKindName = Literal["person", "company"]
LinkKindName = Literal["household", "group"]


class CustomerIn(Input):
    """`POST /v1/customers` (CUS-01)."""

    kind: CustomerKindName
    name: Name
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    level: Level | None = None
    level_reason: Text | None = None
    source: Str | None = None
    facets: CustomerFacets | None = None
    external_id: Annotated[Str, Field(min_length=1)] | None = None


class RecordPatch(Input):
    """`PATCH /v1/customers/{id}`: what is named is set, null empties it; the kind cannot change.

    A level that is given needs ``level_reason`` (CUS-12).
    """

    version: Version
    kind: CustomerKindName | None = None
    name: Name | None = None
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    level: Level | None = None
    level_reason: Text | None = None
    source: Str | None = None
    facets: CustomerFacets | None = None
    external_id: Annotated[Str, Field(min_length=1)] | None = None


class RevealIn(Input):
    """`POST /v1/customers/{id}/reveal` (AUD-03)."""

    fields: Annotated[list[Literal["phone", "email"]], Field(min_length=1, max_length=2)]
    purpose: Reason


class EraseIn(Input):
    reason: Reason


class MergeIn(Input):
    """`POST /v1/customers/{id}/merge`: ``into`` stands for both from then on (CUS-13)."""

    into: Id
    reason: Reason


class UnmergeIn(Input):
    """`POST /v1/customers/{id}/unmerge` (CUS-13)."""

    reason: Reason


class LinkIn(Input):
    """`POST /v1/customers/{id}/links`; ``reception``: one at which the desk saw both arrive (CUS-14)."""

    with_: Annotated[Id, Field(alias="with")]
    kind: LinkKindName
    reason: Text | None = None
    reception: Id | None = None


class LinkEndIn(Input):
    """`POST /v1/links/{id}/end` (CUS-14)."""

    reason: Reason


class LookupIn(Input):
    """`POST /v1/ownership/lookup` (CUS-08, CUS-09)."""

    program: Id
    track: Track = "sales"
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class CustomerFacetsOut(Output):
    """Null for what is not known (TER-02)."""

    region: str | None
    industry: str | None
    product_line: str | None
    market: str | None
    size: str | None
    specialty: str | None


class RelatedOut(Output):
    """Whom a customer is linked with (CUS-14)."""

    link: str
    customer: str
    kind: LinkKindName


class CustomerOut(Output):
    """A record of the customer base; contacts are masked (AUD-03). Erased: what was personal is null.

    ``level`` is what people gave; ``class`` and ``level_computed`` follow from deals and dates (CUS-12).
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    id: str
    kind: CustomerKindName
    name: str | None
    phone: str | None
    email: str | None
    company_code: str | None
    class_: Annotated[Literal["prospect", "new", "existing", "dormant"] | None, Field(alias="class")]
    level: str | None
    level_reason: str | None
    level_computed: Level | None
    source: str | None
    facets: CustomerFacetsOut
    external_id: str | None
    created_at: str
    erased_at: str | None
    merged_into: str | None
    merged_from: list[str]
    links: list[RelatedOut]
    version: int


class LinkOut(Output):
    """Two customers that belong together, or may; ``proof``: what linked them at once (CUS-14)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, serialize_by_alias=True)

    id: str
    customer: str
    with_: Annotated[str, Field(alias="with")]
    kind: LinkKindName
    state: Literal["asked", "approved", "refused", "ended"]
    proof: Literal["arrival", "contact"] | None
    reason: str | None
    asked_by: str
    asked_at: str
    waits_for: str | None
    decided_by: str | None
    decided_at: str | None
    ended_by: str | None
    ended_at: str | None
    ended_reason: str | None


class LinkPage(Output):
    items: list[LinkOut]
    next: str | None


class CustomerPage(Output):
    items: list[CustomerOut]
    next: str | None


class RevealOut(Output):
    """Clear values of the fields asked for, null for the others."""

    customer: str
    phone: str | None
    email: str | None


class CheckOut(Output):
    """A blind check that was answered; not what was asked about (CUS-08)."""

    id: str
    at: str
    person: str
    program: str
    track: Track
    answer: Literal["free", "own", "conflict", "pooled", "possible"]


class CheckPage(Output):
    items: list[CheckOut]
    next: str | None


class LookupOut(Output):
    """One word, and for readers with scope the claim that it speaks of."""

    answer: Literal["free", "own", "conflict", "pooled", "possible"]
    track: Track
    claim: ClaimOut | None
