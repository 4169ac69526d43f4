"""Team discussions (docs/http-contract.md, "Disputes")."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from api.schemas.base import Bps, Id, Input, Output, Pending, Reason, Text, Track

DiscussionStateName = Literal["open", "decided", "closed", "disputed"]


class DiscussionIn(Input):
    """`POST /v1/discussions`. `claim` is any claim on the customer."""

    claim: Id
    topic: Reason


class DiscussionProposalIn(Input):
    """Who should be responsible, and how the customer is followed up."""

    person: Id
    plan: Reason


class DiscussionVoteIn(Input):
    proposal: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]


class DiscussionDecisionIn(DiscussionProposalIn):
    """A blank reason is `reason_required`, after what goes before. `past_share_bps` as in a transfer (CLM-24)."""

    reason: Text
    past_share_bps: Bps | None = None


class DiscussionAnswerIn(Input):
    answer: Literal["accept", "refuse"]
    text: Text | None = None


# --- answers ---------------------------------------------------------------------------------------------------


class DiscussionPartyOut(Output):
    person: str
    claim: str
    agreed: bool


class DiscussionProposalOut(Output):
    n: int
    by: str
    at: str
    person: str
    plan: str | None
    votes: list[str]


class DiscussionDecisionOut(Output):
    by: str
    at: str
    person: str
    plan: str | None
    reason: str | None
    past_share_bps: int | None
    takes_effect_at: str | None


class DiscussionOut(Output):
    """A team discussion (团队讨论). Votes advise, `led_by` decides."""

    id: str
    program: str
    track: Track
    customer: str
    project: str | None
    claim: str
    topic: str | None
    state: DiscussionStateName
    opened_by: str
    opened_at: str
    led_by: str | None
    members: list[str]
    parties: list[DiscussionPartyOut]
    proposals: list[DiscussionProposalOut]
    close_by: str | None
    overdue: bool
    decision: DiscussionDecisionOut | None
    result: Literal["kept", "transferred", "assigned"] | None
    dispute: str | None
    ended_at: str | None
    policy_version: int
    pending: Pending | None
    version: int


class DiscussionPage(Output):
    items: list[DiscussionOut]
    next: str | None
