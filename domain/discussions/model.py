"""What a team discussion (团队讨论) is made of. Immutable: a decision replaces it (DSP-07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.claims.lifecycle import DISPUTABLE
from domain.claims.model import Claim, TermsRef


class DiscussionState(StrEnum):
    """How far a discussion has come."""

    OPEN = "open"  # 讨论中
    DECIDED = "decided"  # 已定责任人: the parties may still refuse
    CLOSED = "closed"  # 已执行
    DISPUTED = "disputed"  # 转为争议


class Result(StrEnum):
    """How a decision was carried out."""

    KEPT = "kept"
    TRANSFERRED = "transferred"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Who should be responsible (责任人), and how the customer is followed up; ``plan`` is the id of the text."""

    n: int
    by: str
    at: datetime
    person: str
    plan: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whom the supervisor names, with plan and reason (ids of texts); ``said`` is the keyed digest of the plan.

    ``past_share_bps``: what the former owner keeps, in hundredths of a per cent, None as in a plain transfer.
    ``takes_effect_at``: until then the parties may refuse; None where nobody is asked.
    """

    by: str
    at: datetime
    person: str
    plan: str | None
    reason: str | None
    said: str
    past_share_bps: int | None = None
    takes_effect_at: datetime | None = None

    def says_what(self, other: Decision) -> bool:
        """Whether both say the same, in whatever words it was reasoned."""
        mine, theirs = (self.person, self.said, self.past_share_bps), (other.person, other.said, other.past_share_bps)
        return mine == theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussion:
    """A discussion. References are ids; instants are aware UTC.

    ``claim`` is the one it was opened on, whose stream it runs in; ``claims`` are those whose people are its parties.
    """

    id: str
    matter: str
    program: str
    claim: str
    opened_by: str
    opened_at: datetime
    terms: TermsRef
    topic: str | None
    claims: tuple[str, ...]
    members: tuple[str, ...]
    state: DiscussionState = DiscussionState.OPEN
    close_by: datetime | None = None
    overdue: bool = False
    proposals: tuple[Proposal, ...] = ()
    votes: tuple[tuple[str, int], ...] = ()  # who, for which proposal; one each
    decision: Decision | None = None
    agreed: tuple[str, ...] = ()  # claims whose people accepted the decision
    result: Result | None = None
    dispute: str | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it is still going on: a matter has at most one such discussion."""
        return self.state in (DiscussionState.OPEN, DiscussionState.DECIDED)

    @property
    def due(self) -> datetime | None:
        """When something happens by itself: the decision takes effect, or nobody has decided in time."""
        if self.state is DiscussionState.DECIDED:
            return self.decision.takes_effect_at if self.decision is not None else None
        return self.close_by if self.state is DiscussionState.OPEN and not self.overdue else None

    def with_vote(self, person: str, proposal: int) -> Discussion:
        """A vote replaces the one before of the same person."""
        return replace(self, votes=(*(v for v in self.votes if v[0] != person), (person, proposal)))

    def stakes(self, claims: Mapping[str, Claim]) -> dict[str, Claim]:
        """The claims of its parties by whose they are now, of ``claims``; what was laid down is nobody's stake."""
        found = (claims[c] for c in self.claims if c in claims)
        return {(c.owner or c.reporter): c for c in found if c.state in DISPUTABLE and not c.settled}
