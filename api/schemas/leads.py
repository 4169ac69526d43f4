"""Leads, assignment rules, figures (contract section 13)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from api.schemas.base import Bool, Id, Input, Money, Name, Output, Pending, Reason, Str, Text, Track, Version
from api.schemas.claims import (
    ClaimCustomer,
    CustomerGiven,
    CustomerRef,
    ExternalId,
    MoneyOut,
    ProjectGiven,
    ProjectRef,
)

LeadStateName = Literal[
    "received", "assessing", "offered", "escalated", "returned", "accepted", "attached", "pooled", "closed"
]
GradeName = Literal["A", "B", "C", "D"]
Percent = Annotated[StrictInt, Field(ge=0, le=100)]
Words = Annotated[list[Name], Field(max_length=20)]
Factors = Annotated[dict[Name, Percent], Field(max_length=20)]


class FacetsIn(Input):
    """What rules and matching compare (LEAD-03, LEAD-05)."""

    region: Name | None = None
    industry: Name | None = None
    size: Name | None = None
    product_line: Name | None = None
    language: Name | None = None
    specialties: Words | None = None
    interests: Words | None = None


class ReferrerIn(Input):
    """Who brings the customer: a colleague or a customer (CNF-05)."""

    person: Id | None = None
    customer: Id | None = None


class LeadIn(Input):
    """`POST /v1/leads` (LEAD-01)."""

    program: Id
    track: Track = "sales"
    source: Name
    campaign: Str | None = None
    customer: CustomerRef | CustomerGiven
    project: ProjectRef | ProjectGiven | None = None
    need: Text | None = None
    facets: FacetsIn | None = None
    factors: Factors | None = None
    value: Money | None = None
    person: Id | None = None
    referrer: ReferrerIn | None = None
    external_id: ExternalId | None = None


class ReturnIn(Input):
    reason: Name
    text: Text | None = None


class ContactIn(Input):
    kind: Literal["call", "message", "meeting", "visit"]
    answered: Bool = True
    note: Reason


class AssignIn(Input):
    person: Id | None = None
    text: Text | None = None


class AssessIn(Input):
    specialties: Words
    factors: Factors | None = None
    text: Text | None = None


class GradeIn(Input):
    """Other facts, or a grade by hand with its reason (LEAD-02)."""

    factors: Factors | None = None
    grade: GradeName | None = None
    reason: Text | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class FacetsOut(Output):
    region: str | None
    industry: str | None
    size: str | None
    product_line: str | None
    language: str | None
    specialties: list[str]
    interests: list[str]


class PartOut(Output):
    factor: str
    weight: float
    value: int | None
    points: float


class ScoreOut(Output):
    score: int
    parts: list[PartOut]
    missing: list[str]


class RankedOut(Output):
    """A place in a ranking, with the parts that say why (LEAD-05)."""

    person: str
    score: int
    parts: list[PartOut]


class SkippedOut(Output):
    person: str
    reason: Literal["absent", "off_shift", "duty", "full", "had_it", "restricted"]


class OfferOut(Output):
    person: str
    stands_for: str | None
    at: str
    way: Literal["named", "rule", "rotation", "dispatch", "territory", "former_owner", "stand_in"]
    territory: str | None
    makeup: bool
    skipped: list[SkippedOut]
    ranking: list[RankedOut]
    end: Literal["accepted", "returned", "missed", "replaced", "attached"] | None
    ended_at: str | None


class ReferralOut(Output):
    """Who brought the customer, and why they are not credited (CNF-05); `related`: they belong together."""

    person: str | None
    customer: str | None
    credit: bool
    why: Literal["in_base", "visited"] | None
    until: str | None
    related: bool


class LeadOut(Output):
    """A lead as its reader may see it; contacts are masked (AUD-03)."""

    id: str
    number: int
    program: str
    track: Track
    customer: ClaimCustomer
    project: str | None
    source: str
    campaign: str | None
    sender: str
    need: str | None
    facets: FacetsOut
    value: MoneyOut | None
    state: LeadStateName
    receiver: str | None
    offers: list[OfferOut]
    score: ScoreOut
    grade: GradeName
    grade_reason: str | None
    specialties: list[str]
    assessed: bool
    assess_by: str | None
    respond_by: str | None
    accept_by: str | None
    responded_at: str | None
    by_silence: bool
    breaches: int
    return_reason: str | None
    claim: str | None
    duplicate_of: str | None
    referral: ReferralOut | None
    received_at: str
    ended_at: str | None
    policy_version: int
    allowed: list[Literal["accept", "return", "contact", "assign", "assess", "grade", "close"]]
    pending: Pending | None
    version: int


class LeadPage(Output):
    items: list[LeadOut]
    next: str | None


class LeftOutOut(Output):
    person: str
    reason: Literal["absent", "off_shift", "duty", "full", "had_it", "restricted"]


class RecommendationOut(Output):
    """Who fits, best first, and who was left out; advice only (LEAD-07)."""

    people: list[RankedOut]
    left_out: list[LeftOutOut]


# --- assignment rules ------------------------------------------------------------------------------------------

Choice = Annotated[list[Name], Field(min_length=1, max_length=50)]


class RuleWhen(Input):
    """For each condition the words of which the lead must have one."""

    region: Choice | None = None
    industry: Choice | None = None
    size: Choice | None = None
    product_line: Choice | None = None
    source: Choice | None = None
    grade: Annotated[list[GradeName], Field(min_length=1, max_length=4)] | None = None


class RuleTo(Input):
    """A person, a pool, or the people of a team (without: of the program) by ``way``."""

    person: Id | None = None
    team: Id | None = None
    way: Literal["rotation", "dispatch"] | None = None
    pool: Bool | None = None


class LeadRuleIn(Input):
    when: RuleWhen
    to: RuleTo


class LeadRulesPatch(Input):
    """`PATCH /v1/programs/{id}/lead-rules`: the whole list, in order (LEAD-03)."""

    version: Version
    rules: Annotated[list[LeadRuleIn], Field(max_length=200)]


class RuleOut(Output):
    when: dict[str, list[str]]
    to: dict[str, str | bool]


class LeadRulesOut(Output):
    program: str
    rules: list[RuleOut]
    version: int


# --- figures ---------------------------------------------------------------------------------------------------


class ValueBalance(Output):
    """What a person's leads of one currency are worth, against the share to be expected, in minor units."""

    currency: str
    amount_minor: int
    expected_minor: float
    deviation_pct: float | None


class BalanceRow(Output):
    """One person's share of the leads of a window (LEAD-13). ``workload`` is points in hand per point of capacity.

    ``off``: which of number and value is out of tolerance.
    """

    person: str
    leads: int
    value: list[MoneyOut]
    expected: float
    days_present: float
    deviation_pct: float | None
    values: list[ValueBalance]
    alarm: bool
    off: list[Literal["leads", "value"]]
    workload: float


class BalanceOut(Output):
    program: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    leads: int
    gini: float
    items: list[BalanceRow]


class RateRow(Output):
    """What became of somebody's leads (LEAD-16). Rates are per cent of those decided; invalid ones stand apart."""

    person: str
    offered: int
    accepted: int
    returned: int
    invalid: int
    missed: int
    return_pct: float | None
    reasons: dict[str, int]
    alarm: bool


class RatesOut(Output):
    program: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    senders: list[RateRow]
    receivers: list[RateRow]
