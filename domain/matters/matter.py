"""A matter as a decision sees it: its claims, open requests, live deals and undecided commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, Deal, Request


class CommandKind(StrEnum):
    """Commands on a claim (contract section 5). A follow-up is a fact with a command (CLM-15)."""

    REPORT = "report"
    ACCEPT = "accept"
    REJECT = "reject"
    SEND_BACK = "send_back"
    WITHDRAW = "withdraw"
    CORRECT = "correct"
    FOLLOW_UP = "follow_up"
    VOID = "void"
    WIN = "win"
    CANCEL_DEAL = "cancel_deal"
    RELEASE = "release"
    TRANSFER = "transfer"
    EXTEND = "extend"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    REQUEST_ACCEPT = "request_accept"
    REQUEST_REFUSE = "request_refuse"
    REQUEST_WITHDRAW = "request_withdraw"


@dataclass(frozen=True, slots=True)
class Command:
    """Something received at ``received_at`` that a drain must answer. ``data`` holds ids, codes, numbers, instants."""

    id: str
    kind: CommandKind
    claim: str
    actor: str | None
    received_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FollowUpFact:
    """A recorded follow-up as far as voiding needs it."""

    id: str
    author: str
    received_at: datetime
    qualified: bool
    voided: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """(program, subject, track). ``last_at`` is the latest stamp ever given in it; the next one is later."""

    id: str
    program: str
    customer: str
    customer_kind: str
    customer_level: str | None
    project: str | None
    bid_date: date | None
    track: str
    last_at: datetime
    pooled: bool = False
    pool_at: datetime | None = None  # nurture (CLM-23): the customer enters the pool then
    claims: Mapping[str, Claim] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    deals: Mapping[str, Deal] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    follow_ups: Mapping[str, tuple[FollowUpFact, ...]] = field(default_factory=dict)  # by claim, when voiding
    # Of people who may receive the customer: their claims by state, and when they last lost this very customer.
    holdings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    lost: Mapping[str, datetime] = field(default_factory=dict)
    parked: frozenset[str] = frozenset()  # items given up as poison, by their key

    @property
    def owner_claim(self) -> Claim | None:
        """The claim that holds the customer, in this track (TER-01)."""
        return next((c for c in self.claims.values() if c.holds), None)

    def requests_of(self, claim: str) -> tuple[Request, ...]:
        return tuple(r for r in self.requests.values() if r.claim == claim)

    def live_deals(self, claim: str) -> tuple[Deal, ...]:
        return tuple(d for d in self.deals.values() if d.claim == claim and d.live)

    def with_claim(self, claim: Claim) -> Matter:
        return replace(self, claims={**self.claims, claim.id: claim})

    def with_request(self, request: Request) -> Matter:
        return replace(self, requests={**self.requests, request.id: request})

    def with_deal(self, deal: Deal) -> Matter:
        return replace(self, deals={**self.deals, deal.id: deal})

    def with_voided(self, claim: str, follow_up: str) -> Matter:
        """What is decided next, in the same drain perhaps, must know that the entry is void."""
        facts = tuple(replace(f, voided=f.voided or f.id == follow_up) for f in self.follow_ups.get(claim, ()))
        return replace(self, follow_ups={**self.follow_ups, claim: facts})

    def without_command(self, command: str) -> Matter:
        return replace(self, commands=tuple(c for c in self.commands if c.id != command))

    def with_parked(self, item: str) -> Matter:
        return replace(self, parked=self.parked | {item})

    def reserved_for(self, at: datetime) -> Claim | None:
        """A lapsed claim in its grace period: only its former owner may have the customer back (CLM-20)."""
        return next(
            (
                c
                for c in self.claims.values()
                if c.state is ClaimState.LAPSED and c.grace_until is not None and at <= c.grace_until
            ),
            None,
        )
