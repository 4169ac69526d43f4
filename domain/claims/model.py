"""What a claim (报备) is made of. Immutable: a decision replaces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from domain.calendar.duration import Duration
from domain.claims.lifecycle import HOLDING, ClaimState


class Clock(StrEnum):
    """The clocks of a claim (CLM-12, CLM-14, CLM-17, CLM-27, CLM-28, CLM-30, CLM-32, CLM-04, LEAD-12)."""

    FIRST_FOLLOW_UP = "first_follow_up"
    PROVISIONAL = "provisional"
    STAGE = "stage"
    SALES_STAGE = "sales_stage"
    IDLE = "idle"
    NO_DEAL = "no_deal"
    PROTECTION = "protection"
    QUEUE = "queue"
    AFTER_DEAL = "after_deal"
    APPROVAL = "approval"
    RHYTHM = "rhythm"


#: Equal deadlines are decided in this order (table 0.2).
CLOCK_ORDER: dict[Clock, int] = {clock: place for place, clock in enumerate(Clock)}

#: The reason a claim lapses with when this clock runs out; `approval` escalates instead (CLM-04), `rhythm` only warns
#: (LEAD-12).
LAPSE_REASON: dict[Clock, str] = {
    Clock.FIRST_FOLLOW_UP: "no_first_follow_up",
    Clock.PROVISIONAL: "incomplete",
    Clock.STAGE: "stage_missed",
    Clock.SALES_STAGE: "stage_missed",
    Clock.IDLE: "idle",
    Clock.NO_DEAL: "no_deal",
    Clock.PROTECTION: "protection_end",
    Clock.QUEUE: "queue_end",
    Clock.AFTER_DEAL: "after_deal",
}


class PauseKind(StrEnum):
    """Why clocks stand still (CLM-21). Absence stops only the first-follow-up and idle clocks."""

    DISPUTE = "dispute"
    ABSENCE = "absence"
    HANDOVER = "handover"
    CUSTOMER_REQUEST = "customer_request"
    LEGAL = "legal"
    DELIVERY = "delivery"


#: Pauses that somebody approves; together they last at most `claim.pause_max_days`.
APPROVED_PAUSES: frozenset[PauseKind] = frozenset({PauseKind.CUSTOMER_REQUEST, PauseKind.LEGAL, PauseKind.DELIVERY})


class RequestKind(StrEnum):
    """What can wait for somebody's yes (contract section 5, Request)."""

    EXTENSION = "extension"
    PAUSE = "pause"
    TRANSFER = "transfer"
    RELEASE = "release"
    GUARD = "guard"
    HANDOVER = "handover"
    SETTLE = "settle"
    DELIVERY = "delivery"


class RequestState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Waiting(StrEnum):
    """Why a report stays `reported`."""

    JUDGE = "judge"  # a supervisor must decide (CLM-03)
    EARLIER = "earlier"  # an earlier valid report is undecided (CLM-05)
    VISIT = "visit"  # shape visit_deal: the first visit accepts it (CLM-12)
    CORRECTION = "correction"  # sent back to the reporter (CLM-04, CLM-05)
    QUEUE = "queue"  # somebody else holds the customer, and policy keeps a place (CLM-27)
    OPENING = "opening"  # members of the program may still object to it (INT-10)
    BESIDE = "beside"  # somebody else holds the customer, and the program runs on trial (POL-08)
    NUMBER = "number"  # its customer may be that of a report before it: a number is masked (CUS-07)


@dataclass(frozen=True, slots=True)
class RunningClock:
    """One clock. ``deadline`` is None while it stands still, ``remaining`` None while it runs.

    ``start`` and ``length`` are what the deadline was counted from, so that a new calendar year can count it again
    (TER-06); ``rule`` is the parameter that set it; ``provisional`` tells that an unpublished year was crossed.
    """

    clock: Clock
    deadline: datetime | None
    start: datetime
    length: Duration
    rule: str
    provisional: bool = False
    remaining: Duration | None = None

    @property
    def paused(self) -> bool:
        return self.deadline is None


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause in force since ``since``; ``until`` is when it ends by itself, or None."""

    kind: PauseKind
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Something that waits for somebody until ``decide_by``. ``data`` holds ids, numbers and codes only."""

    id: str
    kind: RequestKind
    claim: str
    by: str | None
    waiting_for: tuple[str, ...]
    created_at: datetime
    decide_by: datetime | None
    state: RequestState = RequestState.OPEN
    reason_text: str | None = None  # id of the free text
    decided_by: str | None = None
    decided_at: datetime | None = None
    data: dict[str, Any] | None = None

    @property
    def due(self) -> datetime | None:
        """When something becomes of it by itself; a delivery that is late already only waits (CLM-31)."""
        return None if (self.data or {}).get("late") else self.decide_by

    @property
    def holds_lapse(self) -> bool:
        """A timely extension or guard request keeps the claim until it is decided (CLM-17, CLM-22)."""
        return self.state is RequestState.OPEN and self.kind in (RequestKind.EXTENSION, RequestKind.GUARD)


@dataclass(frozen=True, slots=True)
class TermsRef:
    """The policy versions fixed at acceptance (POL-02): ids of the program's and the company's policy.

    ``version`` is the number that answers and history name; ``calendar_version`` the calendar that the clocks were
    counted with (TER-06).
    """

    policy: str
    company_policy: str
    version: int
    calendar_version: int


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A company whose name is close to the reported one (CUS-05). ``differs``: parts that do not agree, and how."""

    customer: str
    score_bps: int
    differs: Mapping[str, str]

    def facts(self) -> dict[str, Any]:
        """As commands, history and answers carry it."""
        return {"customer": self.customer, "score_bps": self.score_bps, "differs": dict(self.differs)}


@dataclass(frozen=True, slots=True)
class Outside:
    """The customer of a report lies in somebody else's territory, by the plan in force at its receipt (TER-05).

    ``holder`` speaks for the territory, None if nobody does. Once ``asked``, what they say is kept as the text
    ``comment``; ``hearing``: nobody judges before they have said it, or their time is over.
    """

    territory: str
    plan: str
    version: int
    holder: str | None
    asked: bool = False
    hearing: bool = False
    comment: str | None = None


class Confirmed(StrEnum):
    """What became of a confirmation: the customer said yes or no, or a supervisor goes on without one."""

    OPEN = "open"
    YES = "yes"
    NO = "no"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The customer is asked whether ``person`` was the first to serve them (客户确认, CNF-01).

    Its link is good until ``until``, for ever where that is None. ``named``: whom a customer who said no named.
    ``form``: the file of the paper they signed, where they did not answer by the link.
    """

    id: str
    point: str
    person: str
    asked_at: datetime
    until: datetime | None
    state: Confirmed = Confirmed.OPEN
    decided_at: datetime | None = None
    named: str | None = None
    form: str | None = None

    @property
    def settles(self) -> bool:
        """Whether contract and commission wait for nothing more at this point."""
        return self.state in (Confirmed.YES, Confirmed.OVERRIDDEN)

    def is_open(self, at: datetime) -> bool:
        return self.state is Confirmed.OPEN and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """Who brought a new customer by ``lead`` (老带新, CNF-05): a colleague, or another customer.

    ``why``: for what reason nobody is credited at the deal; ``until``: a contract signed later credits nobody.
    """

    lead: str
    person: str | None = None
    customer: str | None = None
    until: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class StandIn:
    """``person`` received the customer for the owner on the local day ``on``. ``visit``: the follow-up that logs it;
    None where the visit made the claim (LEAD-15).
    """

    person: str
    on: date
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """The customer was received at a site. ``broker``: who led them here; ``counted``: desk and server confirmed it
    (LEAD-14).
    """

    id: str
    at: datetime
    broker: str | None = None
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Collaborator:
    """Somebody whom the owner invited (CLM-29). ``rights``: read, or work as well."""

    person: str
    rights: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a claim comes from an opening load (期初导入, INT-10): a row of it, or a member's objection to one.

    Members may object until ``object_by``, its go-live. ``protection``: what was left of it at the receipt of a row,
    None where the load does not say.
    """

    object_by: datetime
    objection: bool = False
    protection: Duration | None = None

    @property
    def kind(self) -> str:
        """``row`` or ``objection``, as answers and history name it."""
        return "objection" if self.objection else "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim. Instants are aware UTC; references are ids; free text is a reference too."""

    id: str
    receipt: int
    matter: str
    program: str
    reporter: str
    team: str
    state: ClaimState
    received_at: datetime
    rank_at: datetime
    terms: TermsRef
    channel: str = "in_house"
    source: str | None = None
    customer_kind: str = "person"
    customer_level: str | None = None
    grade: str | None = None  # of the lead it came from (LEAD-12)
    handed_by: str | None = None  # who handed that lead over to its owner by name (LEAD-16)
    owner: str | None = None
    reason: str | None = None
    reason_text: str | None = None
    release_reason: str | None = None
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    provisional: bool = False
    missing: tuple[str, ...] = ()
    complete_by: datetime | None = None
    clocks: tuple[RunningClock, ...] = ()
    pauses: tuple[Pause, ...] = ()
    pause_used_us: int = 0
    waiting: Waiting | None = None
    judges: tuple[str, ...] = ()  # the last one is in charge; those before missed the limit, or left
    correct_by: datetime | None = None
    decided: bool = False  # the report itself has been decided or put on the judgement list
    possible: tuple[str, ...] = ()  # customers it may be the same as (CUS-02)
    close: tuple[Resemblance, ...] = ()  # those of them whose name is close, the closest first (CUS-05)
    rivals: tuple[str, ...] = ()  # owners of those customers at receipt
    related: tuple[str, ...] = ()  # claims of others that held relatives of the customer at receipt (CUS-14)
    related_to: tuple[str, ...] = ()  # whose those are, each in the place of their claim
    outside: Outside | None = None
    ambiguous: bool = False  # its keys match two customers (CLM-03)
    visited_at: datetime | None = None
    stage: str | None = None  # the sales stage it was moved to; None: still in the first one (CLM-30)
    proposed: bool = False  # that stage is the proposal or a later one: more work than an active claim (table 0.4)
    stage_at: datetime | None = None
    stage_person: str | None = None  # who was named to answer for it
    stage_skipped: tuple[str, ...] = ()  # conditions that were not met when it was reached
    stage_missed: bool = False  # its deadline passed, and policy only warns
    last_qualified_at: datetime | None = None
    idle_since: datetime | None = None  # when the idle clock last began by anything but a follow-up
    idle_stops: tuple[tuple[datetime, datetime | None], ...] = ()  # when it stood still since then
    rhythm_since: datetime | None = None  # when the rhythm last began by neither: a move, a completed record (LEAD-12)
    extended_until: datetime | None = None
    qualified_on: date | None = None
    qualified_count: int = 0
    unrecorded: tuple[str, ...] = ()  # what the last qualified follow-up was to record and did not (LEAD-12)
    recorded: tuple[tuple[str, datetime], ...] = ()  # fields of it that were told later, and when each first was
    last_note: str | None = None  # keyed digest of the last entry's content
    follow_ups: int = 0
    escalated: bool = False  # the supervisor has a task about the missing first follow-up (CLM-14)
    extensions: int = 0
    guard_extended: bool = False
    dealt: bool = False  # a deal was ever recorded on it
    rescued: bool = False
    grace_until: datetime | None = None
    changes_seen: int = 0  # the last PersonChange this claim has taken in
    absence_seen: datetime | None = None  # the end of the last absence it has taken in
    migrations_seen: int = 0  # the last policy migration it has taken in
    kept_until: datetime | None = None  # PPL-06: a mover keeps it until then
    hand_over_by: datetime | None = None  # PPL-06: a leaver's claim is decided until then
    earlier: ClaimState | None = None  # the state before its dispute
    dispute: str | None = None
    settled: bool = False  # its reporter settled with the holder: it stands against nobody any more (DSP-05)
    collaborators: tuple[Collaborator, ...] = ()
    sharing: tuple[tuple[str, int], ...] = ()  # parts of others in deals to come, in bps (CLM-24, DSP-15)
    stood_in: tuple[StandIn, ...] = ()  # who received the customer for the owner (LEAD-15)
    opening: Opening | None = None  # for ever (INT-10)
    referral: Referral | None = None  # who is credited with its first deal (CNF-05)
    confirmations: tuple[Confirmation, ...] = ()  # what the customer was asked, in the order it was decided (CNF-01)
    given: bool = (
        False  # by the company, as a lead or at a site: nobody judges it, and it is no take (LEAD-16, POOL-03)
    )
    by_reception: bool = False  # a completed reception made it: it takes no room under the caps of open claims (CLM-25)
    spared_until: datetime | None = None  # none of its clocks makes it lapse before then (INT-10)
    ruled_holder: bool | None = None  # a ruling that is not final yet says whether it holds; None = as before
    letters: int = 0  # authorisation letters that were issued on it, whatever became of them (CLM-33)
    overridden: bool = False  # a special approval stands on it (CLM-34)
    approved_until: datetime | None = None  # by a special approval none of its clocks makes it lapse before (CLM-34)
    excused: bool = False  # caps did not keep its reporter from the customer: a special approval let them (CLM-34)
    credit_ruled: bool = False  # a ruling in the channel track found for it: it earns credit (LEAD-14)
    credit_from: datetime | None = None  # of a customer handed over inside the partner: when they were reported
    would_refuse: str | None = None  # the code with which the rules would have refused it in a trial (POL-08)
    version: int = 1

    @property
    def holds(self) -> bool:
        """Whether this claim holds the customer (table 0.2)."""
        if self.state in (ClaimState.DISPUTED, ClaimState.ARBITRATED):
            if self.ruled_holder is not None:
                return self.ruled_holder
            return self.owner is not None and self.earlier in HOLDING
        return self.state in HOLDING

    @property
    def reported_at(self) -> datetime:
        """When the partner reported the customer, for credit: a colleague goes on with the report (LEAD-14, PPL-08)."""
        return self.credit_from or self.rank_at

    def worked_by(self, person: str | None) -> bool:
        """Whether ``person`` works this held claim: its owner, or a collaborator with that right (CLM-29)."""
        if person is None:
            return False
        return self.owner == person or Collaborator(person, "work") in self.collaborators

    def clock(self, clock: Clock) -> RunningClock | None:
        return next((c for c in self.clocks if c.clock is clock), None)

    def with_clock(self, clock: RunningClock) -> Claim:
        """The same claim with this clock added or replaced."""
        return replace(self, clocks=(*(c for c in self.clocks if c.clock is not clock.clock), clock))

    def without_clock(self, *clocks: Clock) -> Claim:
        return replace(self, clocks=tuple(c for c in self.clocks if c.clock not in clocks))

    @property
    def deadline(self) -> datetime | None:
        """The earliest deadline of the running clocks (CLM-17). Nothing happens by itself when a follow-up is due."""
        found = (c.deadline for c in self.clocks if c.deadline is not None and c.clock is not Clock.RHYTHM)
        return min(found, default=None)

    @property
    def ends_at(self) -> datetime | None:
        """When the customer may be lost next. In `won` that is the end of the after-deal period alone: the deadline of
        the sales stage only warns there (CLM-32, CLM-30).
        """
        if self.state is not ClaimState.WON:
            return self.deadline
        after_deal = self.clock(Clock.AFTER_DEAL)
        return after_deal.deadline if after_deal is not None else None


@dataclass(frozen=True, slots=True)
class ChannelHolder:
    """``claim`` holds the customer in the channel track; ``arrivals`` of theirs say whether it earns there (CNF-05)."""

    claim: Claim
    arrivals: tuple[Arrival, ...] = ()
