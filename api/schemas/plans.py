"""Commission plans (contract section 7: COM-02)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Bps, Date, Id, Input, Name, Output
from api.schemas.policies import PolicyStateName

DealKind = Literal["new", "renewal", "upsell", "repurchase"]


class RateConditions(Input):
    """What a line asks of a deal; a team stands for its subtree. Nothing asked: it fits every deal."""

    product: Name | None = None
    kind: DealKind | None = None
    territory: Name | None = None
    level: Literal["VIP", "A", "B", "C"] | None = None
    team: Id | None = None


class RateIn(Input):
    when: RateConditions
    rate_bps: Bps


class PlanIn(Input):
    """A draft of the next version (方案), of the company where ``program`` is null."""

    program: Id | None
    effective_from: Date
    rates: Annotated[list[RateIn], Field(min_length=1, max_length=1_000)]


# --- answers ---------------------------------------------------------------------------------------------------


class RateOut(Output):
    """``rule`` names the line on everything that was counted by it."""

    rule: str
    when: dict[str, str]
    rate_bps: int


class PlanOut(Output):
    id: str
    program: str | None
    version: int
    state: PolicyStateName
    effective_from: str
    rates: list[RateOut]
    author: str
    reviewed_by: str | None
    approved_by: str | None
    created_at: str


class PlanPage(Output):
    items: list[PlanOut]
    next: str | None
