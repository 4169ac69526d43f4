"""Special approvals (contract section 20: CLM-34)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from api.schemas.base import Bps, Id, Input, Instant, Output, Reason, Text

OverrideKindName = Literal["assign", "keep", "extend", "exceed", "letter"]
LocalMonth = Annotated[str, Query(pattern="^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")]


class OverrideIn(Input):
    """`POST /v1/claims/{id}/override`; `shares`: what it means for shares, in words."""

    kind: OverrideKindName
    to: Id | None = None
    until: Instant | None = None
    past_share_bps: Bps | None = None
    shares: Text | None = None
    reason: Reason


class ClaimOverrideOut(Output):
    """A special approval as it stands on a claim."""

    id: str
    kind: OverrideKindName
    by: str
    at: str
    to: str | None
    until: str | None


class OverrideCustomerOut(Output):
    kind: Literal["person", "company"]
    name: str | None


class OverrideOut(ClaimOverrideOut):
    """One as the program's members see it; `reason` and `shares` for who reads the claim."""

    program: str
    claim: str
    month: str
    lost_by: str | None
    object_by: str | None
    made: str | None
    used_at: str | None
    past_share_bps: int | None
    customer: OverrideCustomerOut
    reason: str | None
    shares: str | None


class OverrideCountOut(Output):
    by: str
    month: str
    count: int


class OverridePage(Output):
    """Counted per leader and local month, over all pages."""

    items: list[OverrideOut]
    counts: list[OverrideCountOut]
    next: str | None
