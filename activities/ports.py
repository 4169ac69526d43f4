"""What activities need from outside. Storage and channels implement these; one contract suite runs against each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    def now(self) -> datetime: ...

    @property
    def setting(self) -> Setting: ...

    def mint(self) -> str:
        """A new id."""
        ...

    def save(self, draft: Draft) -> None:
        """Write the draft and make its matter the present one."""
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
    """Where a stream stands after a drain. ``next_instant`` is when it must be awake again, None = never."""

    state: str
    ended: bool
    next_instant: datetime | None


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
    """A stream to ring. ``id`` is None where a sweep found it rather than a bell row."""

    stream: str
    kind: str
    id: str | None = None


class BellStore(Protocol):
    """Bells that wait, commands that nobody rang for, streams that are overdue."""

    def waiting(self, limit: int) -> Sequence[Bell]:
        """Bells due now, and streams of commands undecided for longer than a ring takes."""
        ...

    def rung(self, bells: Sequence[Bell]) -> None:
        """Take the bells off the table."""
        ...

    def failed(self, bell: Bell) -> None:
        """Try this bell again later."""
        ...

    def overdue(self, limit: int) -> Sequence[Bell]:
        """Open streams whose next instant is more than a minute past (design section 2, overdue sweep)."""
        ...

    def bulk(self, limit: int) -> Sequence[Bell]:
        """Streams that a fact for many claims concerns, earliest deadlines first; each is named once."""
        ...

    def open_streams(self, after: str | None, limit: int) -> Sequence[Bell]:
        """All open streams by id, a page at a time."""
        ...
