"""Territory plans (contract section 19: TER-02, TER-03)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Id, Input, Instant, Name, Output, Reason, Track
from api.schemas.customers import CustomerFacetsOut

Words = Annotated[list[Name], Field(min_length=1, max_length=50)]


class ConditionsIn(Input):
    """What a rule asks of a customer: one of the words of each condition. Nothing asked: it means everybody."""

    region: Words | None = None
    industry: Words | None = None
    product_line: Words | None = None
    market: Words | None = None
    size: Words | None = None
    specialty: Words | None = None


class HolderIn(Input):
    """Either a person, or a team that stands for its subtree."""

    person: Id | None = None
    team: Id | None = None


class TerritoryIn(Input):
    name: Name
    track: Track = "sales"
    to: HolderIn
    rules: Annotated[list[ConditionsIn], Field(max_length=500, default_factory=list)]
    accounts: Annotated[list[Id], Field(max_length=2_000, default_factory=list)]


class TerritoryPlanIn(Input):
    """`POST /v1/territories`: a draft of the program's next version."""

    program: Id
    territories: Annotated[list[TerritoryIn], Field(min_length=1, max_length=100)]
    reason: Reason | None = None


class WaiverIn(Input):
    """Why two territories may overlap."""

    territories: Annotated[list[Name], Field(min_length=2, max_length=2)]
    reason: Reason


class ListedIn(Input):
    """One claim of a transfer list, and who is to have it."""

    claim: Id
    to: Id


class TransferListIn(Input):
    """`POST …/transfers`."""

    claims: Annotated[list[ListedIn], Field(min_length=1, max_length=200)]
    reason: Reason


class ActivatePlanIn(Input):
    at: Instant | None = None
    waived: Annotated[list[WaiverIn], Field(max_length=1_000, default_factory=list)]


class ReviewIn(Input):
    """How a review ended: kept, or to be replaced by ``draft``."""

    draft: Id | None = None
    reason: Reason


# --- answers ---------------------------------------------------------------------------------------------------


class HolderOut(Output):
    person: str | None
    team: str | None


class TerritoryOut(Output):
    name: str
    track: Track
    to: HolderOut
    rules: list[dict[str, list[str]]]
    accounts: list[str]


class WaiverOut(Output):
    territories: list[str]
    by: str
    reason: str | None


class TerritoryPlanOut(Output):
    id: str
    program: str
    version: int
    state: Literal["draft", "active", "archived"]
    territories: list[TerritoryOut]
    waived: list[WaiverOut]
    author: str
    reason: str | None
    activated_by: str | None
    effective_at: str | None
    ended_at: str | None
    review_by: str | None
    created_at: str
    allowed: list[str]


class TerritoryPlanPage(Output):
    items: list[TerritoryPlanOut]
    next: str | None


class OverlapOut(Output):
    """Both name ``account``, or have rules that mean whoever fits ``when``."""

    territories: list[str]
    account: str | None
    when: dict[str, list[str]] | None
    customers: int


class GapOut(Output):
    facets: CustomerFacetsOut
    customers: int


class GapsOut(Output):
    customers: int
    items: list[GapOut]


class ElsewhereOut(Output):
    """A held claim whose customer lies in a territory that is not its owner's."""

    claim: str
    owner: str
    territory: str


class ClaimsElsewhereOut(Output):
    count: int
    items: list[ElsewhereOut]


class PreviewOut(Output):
    overlaps: list[OverlapOut]
    gaps: GapsOut
    claims: ClaimsElsewhereOut


class TerritoryFigures(Output):
    """What lies in a territory now. ``load_points``: the workload of those who hold it (POOL-11)."""

    name: str
    track: Track
    claims: int
    deals: int
    disputes: int
    people: int
    load_points: float


class ReviewOut(Output):
    plan: str
    review_by: str | None
    overdue: bool
    territories: list[TerritoryFigures]
    overlaps: list[OverlapOut]
    gaps: GapsOut
    claims: ClaimsElsewhereOut


class ListedOut(Output):
    """``state`` of a row: listed until the approval, then that of its command; ``code``: why it was refused."""

    claim: str
    owner: str
    to: str
    state: Literal["listed", "pending", "applied", "refused"]
    code: str | None
    command: str | None


class TransferListOut(Output):
    """Claims that are to follow a division (TER-03)."""

    id: str
    plan: str
    program: str
    state: Literal["proposed", "approved", "refused", "withdrawn"]
    claims: list[ListedOut]
    by: str
    reason: str | None
    created_at: str
    approved_by: str | None
    approved_at: str | None
    ended_by: str | None
    ended_at: str | None
    ended_reason: str | None


class TransferListPage(Output):
    items: list[TransferListOut]
    next: str | None
