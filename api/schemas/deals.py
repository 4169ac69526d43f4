"""Deals (contract section 7: COM-01 to COM-05, COM-07, COM-10)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import (
    Count,
    Date,
    Id,
    Input,
    Instant,
    Money,
    Name,
    Output,
    Pending,
    Reason,
    Track,
    Version,
)
from api.schemas.claims import MoneyOut, NoCreditOut, WinIn
from api.schemas.disputes import ShareIn, ShareOut

DealStateName = Literal["unclaimed", "open", "cancelled"]
SharesStateName = Literal["none", "proposed", "agreed", "set", "disputed"]
StageName = Literal["contract", "first_payment", "full_payment"]


class DealIn(WinIn):
    """`POST /v1/deals`: on the claim that holds the customer; unclaimed where nobody does (COM-01, CLM-03)."""

    program: Id
    track: Track = "sales"
    customer: Id
    project: Id | None = None


class DealPatch(Input):
    version: Version
    amount: Money | None = None
    contract_end: Date | None = None


class AllocateIn(Input):
    claim: Id


Shares = Annotated[list[ShareIn], Field(min_length=1, max_length=100)]


class SharesIn(Input):
    shares: Shares


class SharesSetIn(Input):
    shares: Shares
    reason: Reason


class SharesDigestIn(Input):
    """``digest`` names the shares that are accepted, as the deal shows it."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ReceiptIn(Input):
    amount: Money
    at: Instant
    reference: Name


class RefundIn(Input):
    amount: Money
    at: Instant
    reference: Name
    reason: Reason


class StageIn(Input):
    stage: StageName
    at: Instant
    proof: Reason


class ReversalIn(Input):
    """``reverses`` is the key of an entry: that of a receipt, refund, stage or assist told by mistake (COM-06)."""

    reverses: Name
    reason: Reason


class AssistIn(Input):
    """Without amount and points it is `assist.pct` of the commission (COM-05)."""

    person: Id
    amount: Money | None = None
    points: Count | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class OverlayOut(Output):
    person: str
    amount: MoneyOut
    points: int | None


class StageOut(Output):
    stage: StageName
    at: str
    proof: str | None


class ReversedOut(Output):
    by: str | None
    at: str
    reason: str | None


class ToldOut(Output):
    """Something that was told about a deal, by the key of its entry; ``reversed``: it was by mistake (COM-06)."""

    key: str
    kind: Literal["receipt", "refund", "stage", "assist"]
    at: str | None
    amount: MoneyOut | None
    reference: str | None
    stage: StageName | None
    person: str | None
    reversed: ReversedOut | None


class ProposedOut(Output):
    """Shares that wait for consent; ``digest`` is what the holders accept (COM-04)."""

    shares: list[ShareOut]
    digest: str
    by: str
    accepted_by: list[str]
    waiting_for: list[str]
    until: str | None


class BuyerOut(Output):
    """Masked (CUS-14)."""

    kind: Literal["person", "company"]
    name: str
    phone: str | None


class NamedBuyerOut(BuyerOut):
    """Of a deal, or of a claim before there is one; ``ended_at``: signs no longer (CUS-14)."""

    deal: Id | None
    by: Id
    at: Instant
    ended_by: Id | None
    ended_at: Instant | None
    ended_reason: str | None


class NamedBuyers(Output):
    items: list[NamedBuyerOut]
    next: None


class DealOut(Output):
    """``accrued``, ``released``, ``paid`` are totals so far; ``held`` is what disputes hold now (COM-07, COM-08)."""

    id: str
    number: int | None
    program: str
    track: str
    customer: str
    project: str | None
    kind: str
    claim: str | None
    owner: str | None
    amount: MoneyOut
    state: DealStateName
    contract_at: str
    contract_end: str | None
    product: str | None
    external_id: str | None
    buyers: list[BuyerOut]
    plan_version: int | None
    rate_rule: str | None
    rate_bps: int | None
    commission: MoneyOut
    shares: list[ShareOut]
    shares_state: SharesStateName
    proposed: ProposedOut | None
    overlays: list[OverlayOut]
    credit_proposed: str | None
    no_credit: NoCreditOut | None
    stages: list[StageOut]
    told: list[ToldOut]
    received: MoneyOut
    accrued: MoneyOut
    released: MoneyOut
    held: MoneyOut
    paid: MoneyOut
    pending: Pending | None
    version: int


class DealPage(Output):
    items: list[DealOut]
    next: str | None


class AssistOut(Output):
    """``by`` credited ``person``."""

    deal: str
    by: str
    person: str
    at: str


class AssistPairOut(Output):
    """Two who credited each other, ``count`` times together in the last `assist.flag_days`; the latest first."""

    people: list[str]
    count: int
    last_at: str
    assists: list[AssistOut]


class AssistPairPage(Output):
    items: list[AssistPairOut]
    next: str | None
