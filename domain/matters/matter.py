"""A matter as a decision sees it: its claims, open requests, live deals and undecided commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.claims.approvals import SpecialApproval
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Arrival, ChannelHolder, Claim, Referral, Request, Waiting
from domain.claims.numbers import Rival
from domain.discussions.model import Discussion
from domain.disputes.facts import Fact
from domain.disputes.model import Dispute
from domain.leads.model import Desk, Lead
from domain.money.model import Assist, ChannelDeals, Deal
from domain.pools.limits import Holdings, Taker
from domain.pools.pool import Restriction
from domain.territories.division import Customer


class CommandKind(StrEnum):
    """Commands on a claim (contract section 5). A follow-up is a fact with a command (CLM-15)."""

    REPORT = "report"
    OPENING = "opening"
    TAKE = "take"
    POOL_ASSIGN = "pool_assign"
    TRANSFER_LISTED = "transfer_listed"
    ACCEPT = "accept"
    REJECT = "reject"
    SEND_BACK = "send_back"
    COMMENT = "comment"
    WITHDRAW = "withdraw"
    CORRECT = "correct"
    PROJECT_AWARD = "project_award"
    PROJECT_MET = "project_met"
    FOLLOW_UP = "follow_up"
    VOID = "void"
    WIN = "win"
    CANCEL_DEAL = "cancel_deal"
    RELEASE = "release"
    TRANSFER = "transfer"
    EXTEND = "extend"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    OVERRIDE = "override"
    LETTER = "letter"
    STAGE_MOVE = "stage_move"
    DELIVER = "deliver"
    DELIVERY_TICK = "delivery_tick"
    CONFIRM_ASK = "confirm_ask"
    CONFIRM_ANSWER = "confirm_answer"
    CONFIRM_OVERRIDE = "confirm_override"
    SETTLE = "settle"
    COLLABORATE = "collaborate"
    COLLABORATOR_REMOVE = "collaborator_remove"
    REQUEST_ACCEPT = "request_accept"
    REQUEST_REFUSE = "request_refuse"
    REQUEST_WITHDRAW = "request_withdraw"
    DISPUTE_OPEN = "dispute_open"
    DISPUTE_OBJECT = "dispute_object"
    DISPUTE_WAIVE = "dispute_waive"
    DISPUTE_MEDIATOR = "dispute_mediator"
    DISPUTE_PROPOSE = "dispute_propose"
    DISPUTE_AGREE = "dispute_agree"
    DISPUTE_DECLINE = "dispute_decline"
    DISPUTE_EVIDENCE = "dispute_evidence"
    DISPUTE_HEARD = "dispute_heard"
    DISPUTE_ASK_MORE = "dispute_ask_more"
    DISPUTE_CHALLENGE = "dispute_challenge"
    DISPUTE_RECUSE = "dispute_recuse"
    DISPUTE_ARBITRATOR = "dispute_arbitrator"
    DISPUTE_RULE = "dispute_rule"
    DISPUTE_APPEAL = "dispute_appeal"
    DISPUTE_WITHDRAW = "dispute_withdraw"
    DISPUTE_CONTINUE = "dispute_continue"
    DISPUTE_DISMISS = "dispute_dismiss"
    DISCUSSION_OPEN = "discussion_open"
    DISCUSSION_PROPOSE = "discussion_propose"
    DISCUSSION_VOTE = "discussion_vote"
    DISCUSSION_DECIDE = "discussion_decide"
    DISCUSSION_ANSWER = "discussion_answer"
    DEAL = "deal"
    DEAL_AMEND = "deal_amend"
    DEAL_ALLOCATE = "deal_allocate"
    DEAL_SHARES = "deal_shares"
    DEAL_SHARES_ACCEPT = "deal_shares_accept"
    DEAL_SHARES_SET = "deal_shares_set"
    DEAL_RECEIPT = "deal_receipt"
    DEAL_REFUND = "deal_refund"
    DEAL_STAGE = "deal_stage"
    DEAL_ASSIST = "deal_assist"
    DEAL_REVERSAL = "deal_reversal"
    DEAL_PAID = "deal_paid"
    LEAD_RECEIVE = "lead_receive"
    LEAD_ACCEPT = "lead_accept"
    LEAD_RETURN = "lead_return"
    LEAD_CONTACT = "lead_contact"
    LEAD_ASSIGN = "lead_assign"
    LEAD_ASSESS = "lead_assess"
    LEAD_GRADE = "lead_grade"
    LEAD_CLOSE = "lead_close"
    RECEPTION = "reception"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Command:
    """Something received at ``received_at`` that a drain must answer. ``data`` holds ids, codes, numbers, instants.

    A command in a case names the case in ``data``; its ``claim`` is one that the case is about. The ``claim`` of a
    command on a lead is the lead.
    """

    id: str
    kind: CommandKind
    claim: str
    actor: str | None
    received_at: datetime
    data: Mapping[str, Any]

    @property
    def asks_about(self) -> str | None:
        """The matter of the record that may be the same customer, where that is what is asked (CUS-13)."""
        asked: str | None = self.data.get("other_matter") if self.kind is CommandKind.DISPUTE_OPEN else None
        return asked


@dataclass(frozen=True, slots=True)
class FollowUpFact:
    """A recorded follow-up as far as voiding needs it."""

    id: str
    author: str
    received_at: datetime
    qualified: bool
    voided: bool
    unrecorded: tuple[str, ...] = ()  # what it was to record and did not (LEAD-12)
    recorded_at: datetime | None = None  # when the claim had the last of it, which was told later

    @property
    def counts_from(self) -> datetime:
        """When its record was whole, where nothing of it is missing: by its receipt, or by what was told later."""
        return max(self.received_at, self.recorded_at or self.received_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """(program, subject, track). ``last_at`` is the latest stamp ever given in it; the next one is later."""

    id: str
    program: str
    customer: str
    customer_kind: str
    customer_level: str | None
    customer_source: str | None = None
    division: Customer | None = None  # what territories are told by; None where this transaction made it (TER-02)
    project: str | None
    awarded_on: date | None  # a tendered project: when it was awarded, until that is known the day of the bid (CLM-33)
    track: str
    last_at: datetime
    pooled: bool = False
    pool_at: datetime | None = None  # nurture (CLM-23): the customer enters the pool then
    pool: str | None = None  # where the customer lies, or will (POOL-02)
    pool_locked: bool = False  # an admin keeps everybody from taking (POOL-01)
    pool_only: Restriction | None = None  # who alone may take (POOL-08)
    brought: Referral | None = None  # who brought the customer who lies in the pool, and is owed it yet (CNF-05)
    arrivals: tuple[Arrival, ...] = ()  # in the channel track, where a report or a deal comes (LEAD-14)
    channelled: bool = False  # where somebody brought them: the channel is paid for a deal already (CNF-05)
    channel_holders: tuple[ChannelHolder, ...] = ()  # likewise: who holds the customer in the channel track
    channel_deals: ChannelDeals | None = None  # where somebody was credited for that, and there were any
    claims: Mapping[str, Claim] = field(default_factory=dict)
    erased: bool = False  # nobody knows the customer any more (AUD-05)
    rivals: tuple[Rival, ...] = ()  # matters that may be the same customer's: a number is masked (CUS-07)
    requests: Mapping[str, Request] = field(default_factory=dict)
    deals: Mapping[str, Deal] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    follow_ups: Mapping[str, tuple[FollowUpFact, ...]] = field(default_factory=dict)  # by claim, when voiding
    # Of people who may receive the customer: what claims they have, and when they last lost this very customer.
    holdings: Mapping[str, Holdings] = field(default_factory=dict)
    lost: Mapping[str, datetime] = field(default_factory=dict)
    # Of whoever may take the customer here; None in look-ups, which count nothing (POOL-06, POOL-07).
    takers: Mapping[str, Taker] | None = None
    disputes: Mapping[str, Dispute] = field(default_factory=dict)  # the open one, and those that commands name
    discussions: Mapping[str, Discussion] = field(default_factory=dict)  # likewise (DSP-07)
    # Of disputes whose commands ask for it: when each item of evidence was received.
    evidence: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    records: frozenset[str] = frozenset()  # what is evidence by itself, where a command may refer to it (DSP-09)
    # What ownership is judged by, where a command is about to ask for it; with amounts that are expected (DSP-04).
    facts: tuple[Fact, ...] = ()
    contested: frozenset[str] = frozenset()  # what was disputed in earlier cases that nobody decided (DSP-04)
    amounts: tuple[tuple[int, str], ...] = ()
    similar: tuple[str, ...] = ()  # precedents that advice on the case to be decided may name, the nearest first
    likeness: tuple[str, ...] = ()  # what this record and the one asked about say of being one customer (CUS-13)
    leads: Mapping[str, Lead] = field(default_factory=dict)  # open ones, and those that commands name
    desk: Desk | None = None  # what a lead is given out from, where one may be
    # Where somebody is about to credit a colleague: what the two have credited each other in the program (COM-05).
    assists: tuple[Assist, ...] = ()
    # Special approvals on claims of this matter, where a command may rest on one; how many each person who is about to
    # give one has given, by local month (CLM-34).
    approvals: Mapping[str, SpecialApproval] = field(default_factory=dict)
    granted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    parked: frozenset[str] = frozenset()  # items given up as poison, by their key

    @property
    def owner_claim(self) -> Claim | None:
        """The claim that holds the customer, in this track (TER-01)."""
        return next((c for c in self.claims.values() if c.holds), None)

    @property
    def objections_until(self) -> datetime | None:
        """Until when members may object to what an opening load says of the customer: the latest counts (INT-10)."""
        return max((c.opening.object_by for c in self.objectionable if c.opening is not None), default=None)

    @property
    def objectionable(self) -> tuple[Claim, ...]:
        """Rows of an opening load and objections to them whose time is not over, in their order (INT-10)."""
        waiting = (c for c in self.claims.values() if c.state is ClaimState.REPORTED and c.waiting is Waiting.OPENING)
        return tuple(sorted(waiting, key=lambda c: (c.rank_at, c.receipt)))

    @property
    def open_dispute(self) -> Dispute | None:
        """The one case that is going on about this customer, in this track (DSP-01)."""
        return next((d for d in self.disputes.values() if d.is_open and d.matter == self.id), None)

    @property
    def open_discussion(self) -> Discussion | None:
        """The one team discussion that is going on about this customer, in this track (DSP-07)."""
        return next((d for d in self.discussions.values() if d.is_open), None)

    @property
    def holding_dispute(self) -> Dispute | None:
        """The case that holds unpaid commission here, be it about another record of the customer (COM-08, CUS-13)."""
        return next((d for d in self.disputes.values() if d.is_open), None)

    @property
    def frozen_by(self) -> Dispute | None:
        """The case about another record of the customer that holds claims of this one (CUS-13)."""
        return next((d for d in self.disputes.values() if d.is_open and d.matter != self.id), None)

    @property
    def frozen_elsewhere(self) -> bool:
        """Whether there is such a case."""
        return self.frozen_by is not None

    @property
    def in_case(self) -> bool:
        """Whether a case is going on about this customer: nobody gets it by anything else (DSP-03, TER-01)."""
        return self.open_dispute is not None or self.frozen_elsewhere

    @property
    def other(self) -> str | None:
        """The matter that a case of kind identity concerns beside this one, or that one is asked for (CUS-13)."""
        present = self.open_dispute
        if present is not None and present.other_matter is not None:
            return present.other_matter
        return next((c.asks_about for c in self.commands if c.asks_about is not None), None)

    def evidence_after(self, dispute: str, at: datetime) -> frozenset[str]:
        """Items of a case that were received later than ``at``."""
        return frozenset(i for i, received in self.evidence.get(dispute, {}).items() if received > at)

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

    def with_dispute(self, dispute: Dispute) -> Matter:
        return replace(self, disputes={**self.disputes, dispute.id: dispute})

    def with_discussion(self, discussion: Discussion) -> Matter:
        return replace(self, discussions={**self.discussions, discussion.id: discussion})

    def with_lead(self, lead: Lead) -> Matter:
        return replace(self, leads={**self.leads, lead.id: lead})

    def with_evidence(self, dispute: str, item: str, at: datetime) -> Matter:
        """What is decided next, in the same drain perhaps, must know the item."""
        return replace(self, evidence={**self.evidence, dispute: {**self.evidence.get(dispute, {}), item: at}})

    def with_take(self, person: str, at: datetime) -> Matter:
        """What is decided next, in the same drain perhaps, must know that a take was used (POOL-06)."""
        takers = self.takers or {}
        return replace(self, takers={**takers, person: takers.get(person, Taker()).with_take(at)})

    def excuse(self, person: str, *, at: datetime) -> SpecialApproval | None:
        """The special approval by which caps do not keep ``person`` from the customer at ``at`` (CLM-34)."""
        return next((a for a in self.approvals.values() if a.excuses(person, at=at)), None)

    def with_approval(self, approval: SpecialApproval) -> Matter:
        """What is decided next, in the same drain perhaps, must know that it was given, or used."""
        counted, granted = (approval.by, approval.month), self.granted
        if approval.id not in self.approvals:
            granted = {**granted, counted: granted.get(counted, 0) + 1}
        return replace(self, approvals={**self.approvals, approval.id: approval}, granted=granted)

    def out_of_pool(self) -> Matter:
        """The customer has an owner again: it lies in no pool (POOL-02)."""
        return replace(self, pooled=False, pool_at=None, pool=None, pool_locked=False, pool_only=None, brought=None)

    def with_voided(self, claim: str, follow_up: str) -> Matter:
        """What is decided next, in the same drain perhaps, must know that the entry is void."""
        facts = tuple(replace(f, voided=f.voided or f.id == follow_up) for f in self.follow_ups.get(claim, ()))
        return replace(self, follow_ups={**self.follow_ups, claim: facts})

    def without_command(self, command: str) -> Matter:
        return replace(self, commands=tuple(c for c in self.commands if c.id != command))

    def without_other(self, matter: str) -> Matter:
        """Nobody asks about the record of ``matter`` any more: it is known as another one's (CUS-13)."""

        def without(command: Command) -> Command:
            asks = command.asks_about == matter
            return replace(command, data={**command.data, "other_matter": None}) if asks else command

        return replace(self, commands=tuple(without(command) for command in self.commands))

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
