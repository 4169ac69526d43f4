"""Collision sets of masked numbers (隐号撞号集): who keeps the place, who waits, who collides (CUS-07).

Reports of one program, subject and track. As long as a number is masked nobody knows whether two reports mean one
customer, so the earliest keeps its place and the others wait, neither refused nor protected. A completed number
settles what it can and the set is judged again. Nothing here is taken back: who holds a place keeps it, who collides
was certain to, and who waits may still become either. So the order in which numbers are completed cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from domain.customers.masked_numbers import digits_of, may_be_equal
from domain.customers.phone import MaskedPhone


class Seat(StrEnum):
    """Where a report stands in its set."""

    HOLDS = "holds"
    """Nothing in the set stands before it: considered like any report, at its original time."""
    WAITS = "waits"
    """Stays `reported`; limits of judgement stand still (CLM-04, CLM-05)."""
    COLLIDES = "collides"
    """The customer of the rival for certain: refused, queued or disputed as ``claim.on_collision`` says (CLM-27).

    Whether it comes up again when the rival ends is for that rule; the set is done with it.
    """
    CONTESTED = "contested"
    """Two that hold turn out to be one customer: a case of kind identity between them (CUS-13).

    It takes a disagreeing surname to get here; the set could not see the other one.
    """


class Agreement(StrEnum):
    """What is known of two reports."""

    ONE = "one"
    PERHAPS = "perhaps"
    TWO = "two"


class Numbered(Protocol):
    """A number and the surname that goes with it."""

    @property
    def surname(self) -> str | None: ...
    @property
    def number(self) -> MaskedPhone | str: ...


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """What a record says of its customer's number: masked as it was reported, or in international form."""

    surname: str | None = field(repr=False)
    number: MaskedPhone | str = field(repr=False)

    @property
    def complete(self) -> bool:
        return isinstance(self.number, str)


@dataclass(frozen=True, slots=True)
class NumberReport:
    """What the set has to know of a report.

    ``place``: its rank under the ownership rules at the original report times, smallest first; the receipt number
    unless a rule before first_report separates the rivals (CLM-05, CLM-06). ``surname`` normalised, None if there is
    none to compare. ``number``: masked as reported, or in international form.
    """

    id: str
    place: int
    surname: str | None = field(repr=False)
    number: MaskedPhone | str = field(repr=False)

    @property
    def complete(self) -> bool:
        return isinstance(self.number, str)


@dataclass(frozen=True, slots=True)
class Seated:
    """A report, its seat, and for all seats but HOLDS the report that is in its way."""

    report: NumberReport
    seat: Seat
    rival: str | None = None


def agreement(one: Numbered, other: Numbered) -> Agreement:
    """Two full numbers decide by themselves, whatever the names; a masked one needs the surname as well (CUS-02)."""
    digits, others = digits_of(one.number), digits_of(other.number)
    if isinstance(one.number, str) and isinstance(other.number, str):
        return Agreement.ONE if digits == others else Agreement.TWO
    alike = one.surname is not None and one.surname == other.surname and may_be_equal(digits, others)
    return Agreement.PERHAPS if alike else Agreement.TWO


@dataclass(frozen=True, slots=True)
class CollisionSet:
    """The open reports that may be one another's customer, in order of place. Every step returns the set after it.

    It may hold more reports than really collide; those in nobody's way hold their places, unharmed.
    """

    seated: tuple[Seated, ...] = ()

    def __iter__(self) -> Iterator[Seated]:
        return iter(self.seated)

    def of(self, report: str) -> Seated:
        """KeyError if the set has no such report."""
        for seated in self.seated:
            if seated.report.id == report:
                return seated
        raise KeyError(report)

    def rivals(self, report: str) -> tuple[str, ...]:
        """The ids of those that may be the same customer, first place first."""
        asked = self.of(report).report
        return tuple(
            other.report.id
            for other in self.seated
            if other.report.id != report and agreement(asked, other.report) is not Agreement.TWO
        )

    def joined_by(self, report: NumberReport) -> CollisionSet:
        """The set with a new report. ValueError if its id or place is taken: two reports never share a receipt."""
        if any(report.id == s.report.id or report.place == s.report.place for s in self.seated):
            raise ValueError("id or place is taken")
        return _judged((*self.seated, Seated(report, Seat.WAITS)))

    def completed(self, report: str, number: str) -> CollisionSet:
        """The set once the whole number of ``report`` is known, and judged again. Safe to do twice.

        ValueError for a number that is not in international form or lacks the visible digits (ask
        :func:`~domain.customers.masked_numbers.agrees` first: that is another customer's number), and for another
        one than was completed before.
        """
        known = self.of(report).report
        if not number.startswith("+") or not may_be_equal(digits_of(known.number), digits_of(number)):
            raise ValueError("not the number that was reported")
        whole = replace(known, number=number)
        return _judged(replace(s, report=whole) if s.report.id == report else s for s in self.seated)

    def without(self, report: str) -> CollisionSet:
        """The set once ``report`` has ended or was withdrawn: the next moves up. Safe to do twice."""
        return _judged(s for s in self.seated if s.report.id != report)

    def moves_to(self, after: CollisionSet) -> tuple[Seated, ...]:
        """Those of ``after`` whose seat or rival changed, first place first: what has to be carried out and told."""
        unmoved = {(s.report.id, s.seat, s.rival) for s in self.seated}
        return tuple(s for s in after.seated if (s.report.id, s.seat, s.rival) not in unmoved)


def _judged(seated: Iterable[Seated]) -> CollisionSet:
    """Judge every report, first place first, until nothing changes any more."""
    now = sorted(seated, key=lambda s: s.report.place)
    while True:
        before = list(now)
        for position, judged in enumerate(now):
            now[position] = _seat(judged, now)
        if now == before:
            return CollisionSet(tuple(now))


def _seat(judged: Seated, all_seated: list[Seated]) -> Seated:
    report = judged.report
    # who collides will not own, so nobody waits for them
    others = [s for s in all_seated if s.report.id != report.id and s.seat is not Seat.COLLIDES]
    holding = [s for s in others if s.seat in _HOLDING]
    one = [s for s in holding if agreement(report, s.report) is Agreement.ONE]
    match judged.seat:
        case Seat.COLLIDES:
            return judged
        case Seat.HOLDS | Seat.CONTESTED:
            return Seated(report, Seat.CONTESTED, one[0].report.id) if one else Seated(report, Seat.HOLDS)
        case Seat.WAITS:
            return _seat_of_waiting(report, others, one)


def _seat_of_waiting(report: NumberReport, others: list[Seated], one: list[Seated]) -> Seated:
    if one and one[0].report.place < report.place:
        return Seated(report, Seat.COLLIDES, one[0].report.id)
    in_the_way = [
        s
        for s in others
        if agreement(report, s.report) is not Agreement.TWO
        # a place that is held is kept, also against an earlier report that came to the set later
        and (s.report.place < report.place or (s.seat in _HOLDING and s not in one))
    ]
    if in_the_way:
        return Seated(report, Seat.WAITS, in_the_way[0].report.id)
    return Seated(report, Seat.CONTESTED, one[0].report.id) if one else Seated(report, Seat.HOLDS)


_HOLDING = (Seat.HOLDS, Seat.CONTESTED)
