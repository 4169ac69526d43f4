"""Customers, reveal, erasure and ownership look-up (contract section 4)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Id, Input, Name, Output, Reason, Str, Track, Version
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


class CustomerIn(Input):
    """`POST /v1/customers` (CUS-01)."""

    kind: CustomerKindName
    name: Name
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    level: Level | None = None
    source: Str | None = None
    facets: CustomerFacets | None = None
    external_id: Annotated[Str, Field(min_length=1)] | None = None


class RecordPatch(Input):
    """`PATCH /v1/customers/{id}`: what is named is set, null empties it; the kind cannot change."""

    version: Version
    kind: CustomerKindName | None = None
    name: Name | None = None
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    level: Level | None = None
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


class CustomerOut(Output):
    """A record of the customer base; contacts are masked (AUD-03). Erased: what was personal is null."""

    id: str
    kind: CustomerKindName
    name: str | None
    phone: str | None
    email: str | None
    company_code: str | None
    level: str | None
    source: str | None
    facets: CustomerFacetsOut
    external_id: str | None
    created_at: str
    erased_at: str | None
    merged_into: str | None
    merged_from: list[str]
    version: int


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
