"""What deals and the commission ledger are made of (COM-01 to COM-12). Immutable: a decision replaces it.

Money is an integer of minor units with a currency beside it; shares are basis points of the whole. References are ids,
instants are aware UTC, free text is a reference too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

#: The other side of every commission.
COMPANY = "company:commission"

#: Stages in which a commission can be released, in their order (COM-07).
STAGES = ("contract", "first_payment", "full_payment")

WHOLE_BPS = 10_000

#: No single amount is more, in minor units: sums over thousands of deals stay within the 64 bits of a database.
MOST_MINOR = 10**15


class Account(StrEnum):
    """What a payee's commission is at: each deal and payee has these five (design section 5)."""

    ACCRUED = "accrued"  # 应计
    HELD = "held"  # 冻结
    PAYABLE = "payable"  # 应付
    PAID = "paid"  # 已付
    RECEIVABLE = "receivable"  # 应收


class DealState(StrEnum):
    UNCLAIMED = "unclaimed"
    OPEN = "open"
    CANCELLED = "cancelled"


class SharesState(StrEnum):
    """How far the people behind a deal agree on their shares (COM-04). None: the owner has the whole."""

    NONE = "none"
    PROPOSED = "proposed"
    AGREED = "agreed"
    SET = "set"
    DISPUTED = "disputed"


class EntryKind(StrEnum):
    """What happened to the money (contract section 7)."""

    ACCRUAL = "accrual"
    RELEASE = "release"
    HOLD = "hold"
    HOLD_RELEASE = "hold_release"
    REALLOCATION = "reallocation"
    CLAWBACK = "clawback"
    AMENDMENT = "amendment"
    OVERLAY = "overlay"
    PAYMENT = "payment"
    SET_OFF = "set_off"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid: a person, or the partner organisation of a broker (PPL-08). ``number``: the person's."""

    kind: str
    id: str
    number: int = 0

    @property
    def key(self) -> str:
        """What their accounts begin with."""
        return f"{self.kind}:{self.id}"

    def account(self, account: Account) -> str:
        return f"{self.key}:{account.value}"


@dataclass(frozen=True, slots=True)
class Share:
    """A person's part of a deal. ``number`` decides who takes left-over units; ``partner`` is paid in their place."""

    person: str
    bps: int
    number: int = 0
    partner: str | None = None

    @property
    def payee(self) -> Payee:
        if self.partner is not None:
            return Payee("partner", self.partner)
        return Payee("person", self.person, self.number)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came from the customer (回款)."""

    id: str
    amount_minor: int
    at: datetime
    reference: str
    recorded_by: str | None = None

    @property
    def key(self) -> str:
        """The key of the entry that it causes."""
        return f"receipt/{self.id}:release"


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back (退款). ``counts`` is False while a late one waits for approval (COM-10)."""

    id: str
    amount_minor: int
    at: datetime
    reference: str
    reason: str | None = None  # id of the free text
    recorded_by: str | None = None
    counts: bool = True
    approved_by: str | None = None

    @property
    def key(self) -> str:
        """The key of the entry that it causes."""
        return f"refund/{self.id}:clawback"


@dataclass(frozen=True, slots=True)
class StageProof:
    """A stage that was reached, with its proof (COM-07)."""

    id: str
    stage: str
    at: datetime
    proof: str | None = None  # id of the free text
    recorded_by: str | None = None

    @property
    def key(self) -> str:
        """The key of the entry that it causes."""
        return f"stage/{self.id}:release"


@dataclass(frozen=True, slots=True)
class Overlay:
    """Credit outside the 100 % (COM-05): for a colleague who helped. Points are no money."""

    id: str
    person: str
    amount_minor: int = 0
    points: int | None = None
    kind: str = "assist"
    number: int = 0
    partner: str | None = None

    @property
    def payee(self) -> Payee:
        if self.partner is not None:
            return Payee("partner", self.partner)
        return Payee("person", self.person, self.number)

    @property
    def key(self) -> str:
        """The key of the entry that it causes."""
        return f"assist/{self.id}:accrue"


#: What somebody tells about a deal. Nothing else is taken back by a reversal (COM-06).
Told = Receipt | Refund | StageProof | Overlay


@dataclass(frozen=True, slots=True)
class Reversal:
    """That ``told`` was told by mistake (冲销, COM-06): the deal has it no more, the record has both.

    ``reason`` is the id of a free text, ``digest`` the keyed digest of its words: the same told again is known by it.
    """

    told: Told
    at: datetime
    by: str | None
    reason: str | None
    digest: str

    @property
    def key(self) -> str:
        """The key of its entry: it names what is reversed, so that nothing is reversed twice."""
        return f"reversal/{self.told.id}"


@dataclass(frozen=True, slots=True)
class Assist:
    """That ``by``, who owned the deal, credited ``person`` for help (COM-05)."""

    id: str
    deal: str
    program: str
    by: str
    person: str
    at: datetime

    @property
    def pair(self) -> tuple[str, str]:
        """The two, whoever credited whom."""
        return min(self.by, self.person), max(self.by, self.person)


@dataclass(frozen=True, slots=True)
class ChannelDeals:
    """Whether a deal with the customer stands in the channel track, as it is since ``since`` (CNF-05)."""

    stands: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Proposed:
    """Shares that wait for consent until ``until``; ``digest`` names these very shares (COM-04).

    ``needs`` are those who must accept: the holders, and the supervisor where shares change after contract.
    """

    shares: tuple[Share, ...]
    digest: str
    by: str
    needs: tuple[str, ...]
    accepted_by: tuple[str, ...] = ()
    until: datetime | None = None
    before: SharesState = SharesState.NONE  # what stands where nothing comes of it


@dataclass(frozen=True, slots=True)
class Succession:
    """A hand-over of what is still to come of ``former``'s part to ``successor`` (PPL-06).

    ``reached_num / reached_den`` is the part of the commission that was released by then: it stays the former's, and
    of the rest the successor has ``successor_bps``.
    """

    former: str  # keys of payees
    successor: Payee
    successor_bps: int
    reached_num: int
    reached_den: int


@dataclass(frozen=True, slots=True)
class Recognition:
    """That a deal counts (COM-13): since its event at ``at``, first by the cause ``key``.

    ``teams``: the home team on that day of everybody it has counted for, by person. ``counts`` is False once the
    receipt that made it count was reversed, until it is paid in full again.
    """

    at: datetime
    key: str
    teams: Mapping[str, str] = field(default_factory=dict)
    counts: bool = True


@dataclass(frozen=True, slots=True)
class NoCredit:
    """Why a deal in the channel track pays nothing: its report came too late for ``reception`` (LEAD-14).

    ``why``: ``after_arrival``, or ``intercepted`` where it came before it by less than `ownership.intercept_min`.
    """

    reception: str
    arrived_at: datetime
    reported_at: datetime
    why: str

    def facts(self) -> dict[str, Any]:
        """As history and answers carry it."""
        return {
            "reception": self.reception,
            "arrived_at": self.arrived_at,
            "reported_at": self.reported_at,
            "why": self.why,
        }


#: In ``holds`` of a deal: its commission waits for the customer's confirmation, not for a case (CNF-01).
CONFIRMATION: Final = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal (成交, COM-01). What it is worth to whom is computed from it: `domain.money.positions`.

    Terms are those at contract: plan, rate, way of release and bonus stay whatever the policy says later (COM-02).
    ``paid`` and ``set_off`` are by payee key; a set-off is positive where it used something payable up, negative where
    it filled something owed (COM-10). ``holds`` are the disputes that hold the unpaid commission (COM-08), and
    :data:`CONFIRMATION`.
    """

    id: str
    program: str
    customer: str
    contract_at: datetime
    amount_minor: int
    currency: str
    claim: str | None = None
    number: int = 0  # 0: storage numbers it when it is saved
    track: str = "sales"
    project: str | None = None
    kind: str = "new"
    state: DealState = DealState.OPEN
    contract_end: date | None = None
    product: str | None = None
    external_id: str | None = None
    recorded_at: datetime | None = None
    recorded_by: str | None = None
    owner: str | None = None
    plan: str | None = None  # id of the plan version
    plan_version: int | None = None
    rate_rule: str | None = None
    rate_bps: int | None = None  # None: no rate fits, nothing accrues (COM-02)
    release: Mapping[str, Decimal] | None = None  # per cent by stage; None: pro rata of the cash received (COM-07)
    joint_bonus_pct: Decimal = Decimal(0)
    shares: tuple[Share, ...] = ()
    shares_state: SharesState = SharesState.NONE
    proposed: Proposed | None = None
    overlays: tuple[Overlay, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    refunds: tuple[Refund, ...] = ()
    stages: tuple[StageProof, ...] = ()
    successions: tuple[Succession, ...] = ()
    paid: Mapping[str, int] = field(default_factory=dict)
    last_paid_at: datetime | None = None
    set_off: Mapping[str, int] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    reversals: tuple[Reversal, ...] = ()
    reversal_asked: Mapping[str, str] = field(default_factory=dict)  # what is told, who asked: late ones wait (COM-10)
    referred: bool = False  # who brought its customer was credited with it (CNF-05)
    yielded: Overlay | None = None  # their credit, since the channel is paid for the customer instead
    credit_proposed: str | None = None  # for the owner to confirm: who handed the customer over (LEAD-16)
    cancel_asked_by: str | None = None  # a late cancellation waits for a second person (COM-10)
    recognise_at: str | None = None  # which event it counts by, at contract (COM-13); None: of before that was kept
    recognised: Recognition | None = None
    no_credit: NoCredit | None = None  # in the channel track: the customer was here before the report (LEAD-14)
    trial: bool = False  # recorded in a trial: its commission is computed and never posted (POL-08)
    version: int = 1

    @property
    def disputed_by(self) -> tuple[str, ...]:
        """The cases that hold it (COM-08)."""
        return tuple(held for held in self.holds if held != CONFIRMATION)

    @property
    def held_by(self) -> str | None:
        """The latest of them."""
        return self.disputed_by[-1] if self.disputed_by else None

    @property
    def live(self) -> bool:
        """Whether it keeps its customer with the owner (CLM-32)."""
        return self.state is DealState.OPEN

    @property
    def received_minor(self) -> int:
        return sum(r.amount_minor for r in self.receipts)

    @property
    def refunded_minor(self) -> int:
        """What went back, as far as it counts."""
        return sum(r.amount_minor for r in self.refunds if r.counts)

    @property
    def told(self) -> tuple[Told, ...]:
        """Everything that was told about it and not reversed."""
        return (*self.receipts, *self.refunds, *self.stages, *self.overlays)

    def without(self, told: Told) -> Deal:
        """The deal as if ``told`` had never been told."""
        return replace(
            self,
            receipts=tuple(one for one in self.receipts if one != told),
            refunds=tuple(one for one in self.refunds if one != told),
            stages=tuple(one for one in self.stages if one != told),
            overlays=tuple(one for one in self.overlays if one != told),
        )

    def share_of(self, person: str) -> Share | None:
        return next((s for s in self.shares if s.person == person), None)

    def next_version(self, **changes: Any) -> Deal:
        """The deal with ``changes``, as its next version."""
        return replace(self, version=self.version + 1, **changes)


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry. ``account``: ``person:<id>:accrued``, ``partner:<id>:held``, ``company:commission``."""

    account: str
    currency: str
    amount_minor: int
    share_bps: int | None = None  # the payee's share at that time, for "why this amount" (COM-11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the ledger (COM-06). ``key`` names its cause: the same cause is the same entry, however often."""

    key: str
    kind: EntryKind
    at: datetime
    deal: str
    postings: tuple[Posting, ...]
    dispute: str | None = None
    ruling: str | None = None
    plan_version: int | None = None
    rate_rule: str | None = None
    share_bps: int | None = None  # where one payee only is concerned
    stage: str | None = None
    reverses: str | None = None
    reason: str | None = None  # a code or the id of a text

    def __post_init__(self) -> None:
        totals: dict[str, int] = {}
        for posting in self.postings:
            totals[posting.currency] = totals.get(posting.currency, 0) + posting.amount_minor
        if not self.postings or any(totals.values()):
            raise ValueError(f"an entry that is empty or does not balance: {self.key}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceLine:
    """What a deal counts for ``person``, of ``team`` on the day of its event, in ``month`` (COM-13). Never changed.

    ``key`` names the cause like that of an entry; ``corrects`` the cause by which the deal counted first. ``share_bps``
    is the part of one deal; where a line takes back, it and the amount are below zero.
    """

    key: str
    person: str
    team: str
    deal: str
    program: str
    month: str
    event_at: datetime
    at: datetime
    currency: str
    amount_minor: int
    share_bps: int
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A line of a plan: ``rate_bps`` for deals that fit ``when``. ``rule`` names it by its place: r1, r2, ..."""

    when: Mapping[str, str]
    rate_bps: int
    rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of a commission plan (佣金方案, COM-02); without ``program`` the company's."""

    id: str
    version: int
    program: str | None
    effective_from: date
    rates: tuple[Rate, ...]
