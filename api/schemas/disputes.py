"""Disputes (contract section 6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Bool, Bps, Id, Input, Instant, Messages, Output, Pending, Reason, Text, Track

GroundsName = Literal["ownership", "share", "contested_lapse", "refused_report", "poaching", "identity"]
DisputeStateName = Literal[
    "opened",
    "proposed",
    "negotiating",
    "mediating",
    "arbitrating",
    "ruled",
    "final",
    "settled",
    "dismissed",
    "withdrawn",
]
OutcomeName = Literal["party", "joint", "pool", "no_change"]
EvidenceKind = Literal["statement", "answer", "file", "reception", "named_account", "territory", "customer_choice"]

#: What is on record by itself; `same_…` and `other_…` say how two records compare, not what is on them (CUS-13).
RecordedKind = Literal[
    "report",
    "attempt",
    "follow_up",
    "stage",
    "deal",
    "confirmation",
    "same_phone",
    "same_email",
    "same_company_code",
    "same_name",
    "same_before",
    "buyer",
    "relative",
    "other_phone",
    "other_email",
    "other_company_code",
    "other_name",
]

LineName = Literal["room", "arbitrator", "mediation"]


class ShareIn(Input):
    person: Id
    share_bps: Bps


class OutcomeIn(Input):
    """What a case may end with; `party` and `joint` name an owner, who is a party."""

    outcome: OutcomeName
    owner: Id | None = None
    shares: Annotated[list[ShareIn], Field(max_length=20, default_factory=list)]
    same: Bool | None = None


class ClaimNamed(Input):
    """The matter of a dispute by program and customer, for those who have no claim of their own."""

    program: Id
    customer: Id
    track: Track = "sales"
    project: Id | None = None


class DisputeIn(Input):
    """`POST /v1/disputes` (DSP-01, DSP-02). `claim` is the opener's own, or any concerned for those in charge."""

    claim: Id | ClaimNamed
    grounds: GroundsName
    other_customer: Id | None = None
    statement: Reason
    asks: OutcomeIn | None = None
    contests: Annotated[list[Id], Field(max_length=50, default_factory=list)]


class ObjectionIn(Input):
    """What the result of tier 0 rests on that is not so: a recorded fact, or one that is missing (DSP-04)."""

    contests: Annotated[list[Id], Field(max_length=50, default_factory=list)]
    missing: Text | None = None
    reason: Text | None = None


class MediatorIn(Input):
    person: Id


class ArbitratorIn(Input):
    person: Id
    reason: Reason


class EvidenceIn(Input):
    kind: EvidenceKind
    text: Text | None = None
    file: Id | None = None
    at: Instant | None = None
    about: Id | None = None
    consent: Bool | None = None


class MessageIn(Input):
    """Something said in the case. `release`: what is said in mediation may be shown to the arbitrator (DSP-06)."""

    text: Reason
    line: LineName = "room"
    release: Bool | None = None


class RecusalIn(Input):
    person: Id
    reason: Reason


class RecusalDecisionIn(Input):
    """Yes or no; a blank reason is `reason_required`, after what goes before."""

    accepted: Bool
    reason: Text


class QuestionIn(Input):
    question: Reason


class ProposalIn(Input):
    terms: OutcomeIn
    text: Reason


class DigestIn(Input):
    digest: Annotated[str, Field(strict=True, pattern="^[0-9a-f]{64}$")]


class ViolationIn(Input):
    """A breach of rules that is found; `person` is a party."""

    person: Id
    text: Reason


class RulingIn(OutcomeIn):
    """`POST /v1/disputes/{id}/ruling` (DSP-14). Blank facts or reason are `reason_required`, after what goes before."""

    facts: Text
    reason: Text
    evidence: Annotated[list[Id], Field(max_length=200, default_factory=list)]
    follows_advice: Bool
    violations: Annotated[list[ViolationIn], Field(max_length=20, default_factory=list)]


class AppealIn(Input):
    reason: Reason
    evidence: Annotated[list[Id], Field(max_length=200)]


class DismissIn(Input):
    reason: Text


# --- answers ---------------------------------------------------------------------------------------------------


class ShareOut(Output):
    person: str
    share_bps: int


class OutcomeOut(Output):
    outcome: OutcomeName
    owner: str | None
    shares: list[ShareOut]
    same: bool | None


class PartyOut(Output):
    person: str
    claim: str | None
    role: Literal["opener", "respondent", "joined"]
    represented_by: str | None
    heard: bool
    appealed: bool


class WindowOut(Output):
    window: Literal["continue", "objection", "negotiation", "mediation", "evidence", "recusal", "tier", "appeal"]
    deadline: str


class RecusalOut(Output):
    """A party's request that somebody be recused, decided one tier up until `until` (DSP-13)."""

    id: str
    person: str
    by: str
    reason: str | None
    asked_at: str
    decider: str | None
    until: str | None
    state: Literal["open", "accepted", "refused", "moot"]
    decided_by: str | None
    decided_at: str | None
    decision: str | None
    pending: Pending | None


class PointOut(Output):
    """One reason: the rule, whom it speaks for, its points and what it rests on, in words too (DSP-11).

    `contested`: of that evidence, what a party disputes (DSP-04).
    """

    rule: str
    rule_id: str
    person: str | None
    points: float
    evidence: list[str]
    contested: list[str]
    text: Messages


class AdviceOut(Output):
    """What the ownership rules say of the recorded facts; it decides nothing (DSP-11)."""

    outcome: OutcomeOut | Literal["no_recommendation"]
    missing: list[str]
    points: list[PointOut]
    reasons: list[Messages]
    policy_version: int
    facts_digest: str
    similar: list[str]


class RecordedPointOut(Output):
    rule: str
    rule_id: str
    person: str | None
    points: float
    evidence: list[str]
    contested: list[str]


class RecordedAdviceOut(Output):
    """The advice as it stood when the case was decided (DSP-11)."""

    outcome: OutcomeOut | Literal["no_recommendation"]
    missing: list[str]
    points: list[RecordedPointOut]
    policy_version: int
    facts_digest: str
    similar: list[str]


class ViolationOut(Output):
    person: str
    text: str | None


class RulingOut(Output):
    id: str
    tier: int
    by: str | None
    at: str
    outcome: OutcomeOut
    reason: str | None
    facts: str | None
    evidence: list[str]
    violations: list[ViolationOut]
    follows_advice: bool | None
    advice: RecordedAdviceOut | None
    final_at: str | None
    final: bool


class DisputeOut(Output):
    """A case as its reader may see it."""

    id: str
    number: int
    program: str
    track: Track
    customer: str
    other_customer: str | None
    project: str | None
    grounds: GroundsName
    statement: str | None
    asks: OutcomeOut | None
    state: DisputeStateName
    tier: int | None
    parties: list[PartyOut]
    served_by: str | None
    mediator: str | None
    arbitrator: str | None
    windows: list[WindowOut]
    deadline: str | None
    outcome: OutcomeOut | None
    rulings: list[RulingOut]
    recusals: list[RecusalOut]
    policy_version: int
    opened_at: str
    ended_at: str | None
    allowed: list[str]
    pending: Pending | None
    version: int


class DisputePage(Output):
    items: list[DisputeOut]
    next: str | None


class EvidenceOut(Output):
    """An item of the case; what is `automatic` is on record by itself."""

    id: str
    kind: EvidenceKind | RecordedKind
    at: str
    received_at: str
    author: str | None
    about: str | None
    origin: Literal["system", "customer", "third_party", "party"]
    consent: bool | None
    text: str | None
    file: str | None
    sha256: str
    after_opening: bool
    automatic: bool
    corrects: str | None
    pending: Pending | None


class MessageOut(Output):
    """Something that was said; `party` is whose private line to the arbitrator it is on."""

    id: str
    line: LineName
    party: str | None
    author: str
    at: str
    text: str | None
    release: bool


class MessagePage(Output):
    items: list[MessageOut]
    next: str | None


class EvidencePage(Output):
    items: list[EvidenceOut]
    next: str | None


class ProposalOut(Output):
    n: int
    by: str
    terms: OutcomeOut
    text: str | None
    digest: str
    accepted_by: list[str]
    state: Literal["open", "replaced", "agreed", "declined"]


class ProposalPage(Output):
    items: list[ProposalOut]
    next: str | None


class PrecedentOut(Output):
    """A final ruling without names. `blurred`: in a program of few people it is undated."""

    id: str
    program: str
    track: Track
    grounds: GroundsName
    tier: int
    outcome: OutcomeName
    rules: list[str]
    overturned: bool
    at: str | None
    policy_version: int
    blurred: bool


class PrecedentPage(Output):
    items: list[PrecedentOut]
    next: str | None
