"""The queue of a site (接待轮序): who is signed in today and whose turn is next (LEAD-08, LEAD-09).

Turns go round as leads do (:mod:`domain.leads.rotation`), among those who are signed in. A row keeps all of it, so a
restart finds the place where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from domain.leads.rotation import Rotation, in_turn


class Presence(StrEnum):
    """What somebody who is signed in said of themselves."""

    FREE = "free"
    BUSY = "busy"  # with an owned customer
    DUTY = "duty"  # called away


@dataclass(frozen=True, slots=True)
class Queue:
    """Who takes turns on ``day``. ``buddies``: who serves for whom; ``swaps``: who asked to change places with whom."""

    day: date | None = None
    rotation: Rotation = field(default_factory=Rotation)
    present: Mapping[str, Presence] = field(default_factory=dict)
    buddies: Mapping[str, str] = field(default_factory=dict)
    swaps: Mapping[str, str] = field(default_factory=dict)

    def on(self, day: date, *, carry_over: bool) -> Queue:
        """The queue as it is on ``day``: nobody is signed in on a new one, and the order begins anew unless it is
        carried over (`rotation.order`). Turns owed stay owed.
        """
        if day == self.day:
            return self
        rotation = self.rotation if carry_over else Rotation(owed=self.rotation.owed)
        return replace(self, day=day, rotation=rotation, present={}, swaps={})

    def with_presence(self, person: str, presence: Presence | None) -> Queue:
        """``person`` signs in, says what keeps them, or signs out (None); a place once taken is kept for the day."""
        present = {p: said for p, said in self.present.items() if p != person or presence is not None}
        if presence is None:
            swaps = {p: other for p, other in self.swaps.items() if person not in (p, other)}
            return replace(self, present=present, swaps=swaps)
        return replace(self, present={**present, person: presence}, rotation=self.rotation.joined([person]))

    def with_buddy(self, person: str, buddy: str | None) -> Queue:
        """``buddy`` serves for ``person`` where they cannot; None: nobody in particular (LEAD-15)."""
        others = {p: b for p, b in self.buddies.items() if p != person}
        return replace(self, buddies=others if buddy is None else {**others, person: buddy})

    def with_swap(self, person: str, other: str) -> tuple[Queue, bool]:
        """``person`` wants to change places with ``other``; done once ``other`` wants it too (LEAD-09)."""
        if self.swaps.get(other) != person:
            return replace(self, swaps={**self.swaps, person: other}), False
        exchange = {person: other, other: person}
        rotation = self.rotation
        order = tuple(exchange.get(p, p) for p in rotation.order)
        # The last turn was that of a place, whoever stands there now.
        last = exchange.get(rotation.last, rotation.last) if rotation.last is not None else None
        swaps = {p: o for p, o in self.swaps.items() if p not in exchange and o not in exchange}
        return replace(self, rotation=replace(rotation, order=order, last=last), swaps=swaps), True

    def with_rotation(self, rotation: Rotation) -> Queue:
        """The same after a turn."""
        return replace(self, rotation=rotation)

    def in_order(self) -> tuple[str, ...]:
        """Who is signed in, in the order in which turns come; those who are owed one first."""
        listed = [p for p in in_turn(self.rotation) if p in self.present]
        return tuple(sorted(listed, key=lambda p: not self.rotation.owed_to(p)))
