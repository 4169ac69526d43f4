"""Claims, follow-ups and requests (contract section 5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.approvals import ClaimOverrideOut
from api.schemas.base import (
    Bool,
    Bps,
    Date,
    Id,
    Input,
    Instant,
    Money,
    Name,
    Output,
    Pending,
    Reason,
    Str,
    Text,
    Track,
    Version,
)
from api.schemas.letters import LetterOut

ClaimStateName = Literal[
    "reported", "protected", "active", "won", "disputed", "arbitrated", "lapsed", "released", "rejected", "withdrawn"
]
Level = Literal["VIP", "A", "B", "C"]
Channel = Literal["in_house", "partner"]
ConfirmationPoint = Literal["after_first_visit", "before_contract"]
#: What an outside system knows the claim or follow-up by; sent again it gives back what it named before (INT-03).
ExternalId = Annotated[Str, Field(min_length=1)]


class CustomerFacets(Input):
    """What territories are divided by, a word each (TER-02)."""

    region: Name | None = None
    industry: Name | None = None
    product_line: Name | None = None
    market: Name | None = None
    size: Name | None = None
    specialty: Name | None = None


class CustomerRef(Input):
    """A customer of the base, by id."""

    id: Id


class CustomerGiven(Input):
    """A customer as the reporter knows them."""

    kind: Literal["person", "company"]
    name: Name
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    external_id: Str | None = None
    level: Level | None = None
    source: Str | None = None
    facets: CustomerFacets | None = None


class ProjectRef(Input):
    id: Id


class ProjectGiven(Input):
    name: Name
    department: Str | None = None
    site: Str | None = None
    tender_number: Str | None = None
    bid_date: Date | None = None
    award_date: Date | None = None


class FirstContact(Input):
    kind: Literal["call", "visit", "message", "reception"]
    at: Instant
    note: Text | None = None


class ReportIn(Input):
    """`POST /v1/claims` (CLM-02)."""

    program: Id
    track: Track = "sales"
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None = None
    need: Text | None = None
    progress: Text | None = None
    next_follow_up_at: Instant | None = None
    expected_close: Date | None = None
    expected_amount: Money | None = None
    source: Str | None = None
    channel: Channel = "in_house"
    first_contact: FirstContact | None = None
    provisional: Bool = False
    external_id: ExternalId | None = None


class CustomerPatch(Input):
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None
    name: Name | None = None


class ProjectPatch(Input):
    """What becomes known of a named project; its name stays (CLM-33)."""

    department: Str | None = None
    site: Str | None = None
    tender_number: Str | None = None
    bid_date: Date | None = None
    award_date: Date | None = None


class ClaimPatch(Input):
    """`PATCH /v1/claims/{id}`: correction, completion, news."""

    version: Version
    need: Text | None = None
    progress: Text | None = None
    next_follow_up_at: Instant | None = None
    expected_close: Date | None = None
    expected_amount: Money | None = None
    customer: CustomerPatch | None = None
    project: ProjectPatch | None = None


class OptionalReason(Input):
    reason: Text | None = None


class NeededReason(Input):
    reason: Reason


class CommentIn(Input):
    text: Reason


class BuyerIn(Input):
    """Who signs beside the customer (认购人、共有人, CUS-14)."""

    kind: Literal["person", "company"] = "person"
    name: Name
    phone: Str | None = None
    email: Str | None = None
    company_code: Str | None = None


class BuyersIn(Input):
    """`POST /v1/claims/{id}/buyers` (CUS-14): who signs from now on, of which live ``deal`` if there are several."""

    buyers: Annotated[list[BuyerIn], Field(max_length=20)]
    deal: Id | None = None
    reason: Text | None = None


class WinIn(Input):
    amount: Money
    contract_at: Instant
    kind: Literal["new", "renewal", "upsell", "repurchase"] = "new"
    contract_end: Date | None = None
    product: Str | None = None
    external_id: Str | None = None
    buyers: list[BuyerIn] = Field(default_factory=list, max_length=20)


class CancelDealIn(Input):
    reason: Reason
    deal: Id | None = None


class ReleaseIn(Input):
    reason: Name
    text: Text | None = None
    pool: Id | None = None
    to: Id | None = None


class TransferIn(Input):
    to: Id
    reason: Text | None = None
    past_share_bps: Bps | None = None


class CollaboratorIn(Input):
    person: Id
    rights: Literal["read", "work"]


class SettleIn(Input):
    """`POST /v1/claims/{id}/settle` (DSP-05): `yields` with template yield, `share_bps` with shares."""

    template: Literal["yield", "joint", "shares"]
    person: Id | None = None
    yields: Literal["asker", "other"] | None = None
    share_bps: Annotated[int, Field(strict=True, ge=1, le=9999)] | None = None
    text: Text | None = None


class SalesStageIn(Input):
    """`POST /v1/claims/{id}/stage` (CLM-30): `met`: conditions that are stated; `reason`: why others are skipped."""

    stage: Name
    person: Id | None = None
    met: Annotated[list[Name], Field(max_length=50)] | None = None
    reason: Text | None = None


class DeliveryIn(Input):
    """`POST /v1/claims/{id}/delivery` (CLM-31)."""

    team: Id
    checklist: Annotated[list[Name], Field(min_length=1, max_length=20)]


class TickIn(Input):
    """`POST /v1/requests/{id}/tick`: the item by its place in the checklist, from 1 (CLM-31)."""

    item: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    done: Bool = True


class ConfirmationIn(Input):
    """`POST /v1/claims/{id}/confirmations` (CNF-01)."""

    point: ConfirmationPoint


class AcceptIn(OptionalReason):
    """`POST /v1/requests/{id}/accept`; `digest` names the text of a settlement that is accepted (DSP-05)."""

    digest: Annotated[str, Field(strict=True, pattern="^[0-9a-f]{64}$")] | None = None


class ExtendIn(Input):
    reason: Reason
    days: Annotated[int, Field(strict=True, ge=1, le=3650)] | None = None
    files: Annotated[list[Id], Field(max_length=20)] | None = None


class PauseIn(Input):
    kind: Literal["customer_request", "legal", "delivery"]
    reason: Reason


class FollowUpIn(Input):
    kind: Literal["call", "message", "meeting", "visit", "demo"]
    note: Text
    at: Instant | None = None
    answered: Bool | None = None
    outcome: Text | None = None
    next_at: Instant | None = None
    files: Annotated[list[Id], Field(max_length=20)] | None = None
    external_id: ExternalId | None = None


class FollowUpCorrection(Input):
    note: Text | None = None
    outcome: Text | None = None
    next_at: Instant | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class ClaimCustomer(Output):
    id: str
    kind: Literal["person", "company"]
    name: str | None
    phone: str | None
    email: str | None
    company_code: str | None
    level: str | None


class ClaimProject(Output):
    id: str
    name: str
    department: str | None
    site: str | None
    tender_number: str | None
    bid_date: str | None
    award_date: str | None


class ClockOut(Output):
    clock: Literal[
        "first_follow_up",
        "idle",
        "no_deal",
        "protection",
        "stage",
        "sales_stage",
        "provisional",
        "queue",
        "approval",
        "after_deal",
        "rhythm",
    ]
    deadline: str | None
    remaining_s: int | None
    paused: bool
    rule: str


class PausedOut(Output):
    kind: str
    since: str


class CollaboratorOut(Output):
    person: str
    rights: Literal["read", "work"]


class ConflictOut(Output):
    owner_name: str | None
    end_date: str | None


class MoneyOut(Output):
    amount_minor: int
    currency: str


class SettlementOut(Output):
    """What two people settle (DSP-05). `outside`: the parameters that it is beyond, so that a supervisor decides."""

    template: Literal["yield", "joint", "shares"]
    other: str | None
    yields: str | None
    share_bps: int | None
    digest: str | None
    outside: list[str]


class DeliveryOut(Output):
    """What is handed to the team that delivers (CLM-31). `answer`: why it was returned; `ticked`: places, from 1."""

    team: str
    checklist: list[str | None]
    ticked: list[int]
    late: bool
    answer: str | None


RequestKindName = Literal["extension", "pause", "transfer", "release", "guard", "handover", "settle", "delivery"]


class RequestOut(Output):
    id: str
    kind: RequestKindName
    claim: str
    by: str | None
    waiting_for: list[str]
    state: Literal["open", "accepted", "refused", "expired", "withdrawn"]
    decide_by: str | None
    reason: str | None
    settlement: SettlementOut | None
    delivery: DeliveryOut | None
    pending: Pending | None


class NextStageOut(Output):
    """The stage after the present one, and what entering it asks for (CLM-30)."""

    name: str
    role: str | None
    conditions: list[str]


class SalesStageOut(Output):
    """The sales stage of a claim (CLM-30). `responsible` null: nobody was named of the role that answers for it."""

    name: str
    role: str | None
    responsible: str | None
    outputs: list[str]
    duties: list[str]
    missing: list[str]
    since: str
    due: str | None
    missed: bool
    skipped: list[str]
    next: NextStageOut | None


class ResemblanceOut(Output):
    """A customer that the one of a claim may be the same as; ``differs`` of a close name only (CUS-05)."""

    customer: str
    name: str | None
    score_bps: int | None
    differs: dict[str, str]


class OutsideOut(Output):
    """The territory of somebody else that the customer lay in at receipt (TER-05)."""

    territory: str
    plan: str
    holder: str | None
    comment: str | None


class ConfirmationOut(Output):
    """What the customer was asked (CNF-01): whether `person` served them first; whom else they `named`."""

    id: str
    point: ConfirmationPoint
    person: str
    state: Literal["open", "expired", "yes", "no", "overridden"]
    asked_at: str
    until: str | None
    decided_at: str | None
    named: str | None
    form: str | None


class NoCreditOut(Output):
    """The arrival that the report came too late for (LEAD-14)."""

    reception: str
    arrived_at: str
    reported_at: str
    why: Literal["after_arrival", "intercepted"]


class ClaimOut(Output):
    """A claim as its reader may see it; contacts are masked (AUD-03)."""

    id: str
    receipt: int
    program: str
    track: Track
    customer: ClaimCustomer
    project: ClaimProject | None
    reporter: str
    owner: str | None
    partner: str | None
    team: str
    state: ClaimStateName
    waits_for: Literal["judge", "earlier", "visit", "correction", "queue", "opening", "beside", "number"] | None
    reason: str | None
    reason_text: str | None
    release_reason: str | None
    queue_position: int | None
    need: str | None
    progress: str | None
    next_follow_up_at: str | None
    expected_close: str | None
    expected_amount: MoneyOut | None
    source: str | None
    channel: Channel
    provisional: bool
    missing: list[str]
    complete_by: str | None
    received_at: str
    accepted_at: str | None
    ended_at: str | None
    deadline: str | None
    clocks: list[ClockOut]
    paused: list[PausedOut]
    stage: SalesStageOut | None
    held: bool
    opening: Literal["row", "objection"] | None
    would_refuse: str | None
    no_credit: NoCreditOut | None
    dispute: str | None
    deals: list[str]
    collaborators: list[CollaboratorOut]
    requests: list[RequestOut]
    conflict: ConflictOut | None
    possible: list[ResemblanceOut] | None
    out_of_territory: OutsideOut | None
    overrides: list[ClaimOverrideOut]
    confirmations: list[ConfirmationOut]
    letters: list[LetterOut]
    policy_version: int
    allowed: list[str]
    pending: Pending | None
    version: int


class ConfirmationLinkOut(Output):
    """`code` is told once; a repeat of the call is answered without it."""

    id: str
    code: str | None
    until: str | None


class ClaimPage(Output):
    items: list[ClaimOut]
    next: str | None


class RequestPage(Output):
    items: list[RequestOut]
    next: str | None


class TimelineItem(Output):
    seq: int
    kind: str
    at: str
    actor: str | None
    reason: str | None
    policy_version: int | None
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    data: dict[str, Any]
    hash: str


class TimelinePage(Output):
    items: list[TimelineItem]
    next: str | None


class VoidedOut(Output):
    by: str
    reason: str | None
    at: str


class FollowUpOut(Output):
    id: str
    claim: str
    author: str
    kind: Literal["call", "message", "meeting", "visit", "demo"]
    note: str | None
    at: str
    received_at: str
    late: bool
    answered: bool
    outcome: str | None
    next_at: str | None
    files: list[str]
    qualified: bool
    why: str | None
    missing: list[str]
    revision: int
    voided: VoidedOut | None
    state: ClaimStateName
    deadline: str | None
    pending: Pending | None


class FollowUpPage(Output):
    items: list[FollowUpOut]
    next: str | None
