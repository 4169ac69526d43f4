"""What activities need from outside. Storage and channels implement these; one contract suite runs against each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from domain.matters.draft import Draft
from domain.matters.inbox import Due
from domain.matters.matter import Command, Matter
from domain.matters.setting import Setting

T = TypeVar("T")


class StoreTroubleError(Exception):
    """The database is away, busy or locked; the same call may go through later."""


class OpenMatter(Protocol):
    """A locked matter inside one transaction. ``now`` was stamped after the lock."""

    @property
    def matter(self) -> Matter: ...

    @property
    def other(self) -> Matter | None:
        """The matter that a case of kind identity concerns beside it, locked as well (CUS-13)."""
        ...

    @property
    def now(self) -> datetime: ...

    @property
    def setting(self) -> Setting: ...

    def mint(self) -> str:
        """A new id."""
        ...

    def save(self, draft: Draft) -> None:
        """Write the draft and make its matter the present one."""
        ...

    def save_beside(self, draft: Draft) -> None:
        """The same of the other record's matter."""
        ...

    def guarded(self, work: Callable[[], None]) -> Exception | None:
        """``work`` in a savepoint: undone and returned as the error if it fails; database trouble passes through."""
        ...

    def failed(self, item: Command | Due, *, error_id: str, park: bool) -> None:
        """Remember one more failed try of ``item``; ``park`` gives it up and answers its command (`internal_error`)."""
        ...

    def tries(self, item: Command | Due) -> int:
        """How often ``item`` has failed so far."""
        ...

    def close(self) -> Standing:
        """Arm every stream of the matter, ring those that must know sooner; the standing of the own stream."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands after a drain. ``next_instant`` is when it must be awake again, None = never.

    ``restart``: its workflow is to continue as new, once.
    """

    state: str
    ended: bool
    next_instant: datetime | None
    restart: bool = False


class MatterStore(Protocol):
    """Matters, opened one transaction at a time."""

    def within(self, stream: str, work: Callable[[OpenMatter], T]) -> T:
        """``work`` on the matter of ``stream``, committed if it returns. StoreTroubleError if the database is away."""
        ...

    def park_alarm(self, error_id: str, error: Exception) -> None:
        """Tell the operator that an item was given up; nothing of the data goes with it."""
        ...


@dataclass(frozen=True, slots=True)
class Bell:
    """A stream to ring: for a bell row (``id``), for a ``command`` that waits, or because a sweep found it."""

    stream: str
    kind: str
    id: str | None = None
    command: str | None = None


class BellStore(Protocol):
    """Bells that wait, commands that nobody rang for, streams that are overdue."""

    def waiting(self, limit: int) -> Sequence[Bell]:
        """Bells due now, and streams of commands undecided for longer than a ring takes; each stream once."""
        ...

    def rung(self, bells: Sequence[Bell]) -> None:
        """Take the bells off the table."""
        ...

    def failed(self, bells: Sequence[Bell]) -> None:
        """Try these bells again later, each later than the last time."""
        ...

    def overdue(self, limit: int) -> Sequence[Bell]:
        """Open streams whose next instant is more than a minute past (design section 2, overdue sweep)."""
        ...

    def spread(self) -> int:
        """Hang bells for every claim that a new fact about many concerns, earliest deadlines first, at a limited
        rate; how many. A fact is taken once (design section 2, "Bulk changes")."""
        ...

    def hang_all(self) -> int:
        """Hang a bell for every open stream, earliest deadlines first: the engine's store was found empty."""
        ...


class Ringer(Protocol):
    """Rings one stream through the engine."""

    async def __call__(self, bell: Bell) -> bool:
        """Whether the stream was drained."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """One notice as it leaves the house: masked, in both languages, to one address (NTF-01)."""

    delivery: str
    notice: str
    kind: str
    at: datetime
    subject_type: str
    subject: str
    address: str | None
    language: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    data: Mapping[str, object]


class UndeliverableError(Exception):
    """The channel refused for a reason that trying again will not mend; ``code`` names it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(Protocol):
    """An outside channel: e-mail, webhook."""

    def send(self, message: Message) -> None:
        """Deliver, or raise: UndeliverableError for good, anything else to be tried again."""
        ...


class Outbox(Protocol):
    """Deliveries and planned reminders, kept by the store."""

    def remind(self, limit: int) -> int:
        """Turn reminders that are due and still true into notices; how many were looked at (CLM-18)."""
        ...

    def due(self, channel: str, limit: int) -> Sequence[Message]:
        """Deliveries of ``channel`` to try now, the oldest first."""
        ...

    def give_up_others(self, channels: Collection[str], code: str) -> None:
        """Deliveries of all but these channels are not tried any more."""
        ...

    def sent(self, delivery: str) -> None: ...

    def failed(self, delivery: str, code: str, *, for_good: bool) -> None:
        """Remember the failure: later again, or never (`notify.retry_max`)."""
        ...


class House(Protocol):
    """What is kept in order beside the claims: checkpoints of the history, the payout day, old rows."""

    def checkpoint(self) -> bool:
        """Sign the heads of all streams if `audit.checkpoint_h` is over; whether it did (AUD-02)."""
        ...

    def payout_day(self) -> None:
        """From `payout.day` on finance is asked, once, for the run of the month before (COM-12)."""
        ...

    def partner_statements(self) -> None:
        """Make the statement of the month before for each partner to whom it brought something, once (PPL-08)."""
        ...

    def trial_over(self) -> None:
        """Remind the admins, once, of a program in trial for longer than `program.trial_days` (POL-08)."""
        ...

    def territory_reviews(self) -> None:
        """Tell oversight, once, of a territory plan whose review is overdue (TER-04)."""
        ...

    def lead_balance(self) -> None:
        """Tell of people whose share of leads is far from what is to be expected, once per window (LEAD-13)."""
        ...

    def class_levels(self) -> None:
        """Keep with customers the levels that deals, silence and policy bring by now (CUS-12)."""
        ...

    def unclaimed(self) -> None:
        """Send high-ranked customers whom nobody took from their pool in time to smart dispatch (POOL-05)."""
        ...

    def restricted_waits(self) -> None:
        """Ask who is in charge about restricted customers for whom nobody has been on duty (POOL-08)."""
        ...

    def tidy(self) -> None:
        """Delete what has had its time: idempotency keys, counters, old refusals."""
        ...
