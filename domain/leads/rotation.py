"""Round robin (轮流分配) over the people of a rotation, fair by count however large a batch (LEAD-04, LEAD-08).

The turn goes on from whoever had the last one. Somebody who cannot take it is passed over; for reasons of duty, or
because they had this very lead before, they have the next turn first. So people who could always take one never differ
by more than one. What is remembered is the order, the last place and the turns owed: a row, not a process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Skip(StrEnum):
    """Why somebody is passed over."""

    ABSENT = "absent"
    OFF_SHIFT = "off_shift"
    DUTY = "duty"  # called away by the company
    FULL = "full"
    HAD_IT = "had_it"  # was offered this lead before
    BUSY = "busy"  # with a customer of their own, who came to the site (LEAD-09)
    SERVING = "serving"  # a turn they were given before
    RESTRICTED = "restricted"  # others alone may have the customer (POOL-08)


#: Passed over for one of these one has the next turn first (`rotation.makeup`).
_OWED = frozenset({Skip.DUTY, Skip.HAD_IT, Skip.BUSY})


@dataclass(frozen=True, slots=True)
class Rotation:
    """Who is in it, in order of joining; whoever left keeps the place, so that the last turn can still be found."""

    order: tuple[str, ...] = ()
    last: str | None = None
    owed: Mapping[str, int] = field(default_factory=dict)  # make-up turns (补轮) by person

    def owed_to(self, person: str) -> int:
        """How many make-up turns ``person`` has coming."""
        return self.owed.get(person, 0)

    def with_owed(self, person: str, turns: int) -> Rotation:
        """The same with ``turns`` make-up turns for ``person``."""
        owed = {**self.owed, person: turns}
        return replace(self, owed={p: n for p, n in sorted(owed.items()) if n > 0})

    def joined(self, members: Iterable[str]) -> Rotation:
        """Newcomers go to the end of the order, in the order given."""
        known = set(self.order)
        fresh = tuple(p for p in dict.fromkeys(members) if p not in known)
        return replace(self, order=(*self.order, *fresh)) if fresh else self


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is; ``makeup``: an earlier one made good. ``skipped``: who was passed over, and why."""

    person: str
    makeup: bool
    skipped: tuple[tuple[str, Skip], ...]


def next_turn(
    rotation: Rotation, members: Sequence[str], *, skips: Mapping[str, Skip], makeup: bool
) -> tuple[Turn | None, Rotation]:
    """The next turn among ``members``, and the rotation after it; None and an unmoved rotation if nobody can take it.

    ``skips``: members who cannot take this one. ``makeup``: turns missed for duty are made good (`rotation.makeup`).
    Whom a restriction passes over keeps their place, as this one was never theirs (POOL-08).
    """
    rotation = rotation.joined(members)
    present = set(members)
    for person in in_turn(rotation):
        if person in present and person not in skips and rotation.owed_to(person):
            passed = tuple((p, skips[p]) for p in rotation.order if p in present and p in skips)
            return Turn(person, True, passed), rotation.with_owed(person, rotation.owed_to(person) - 1)
    skipped: list[tuple[str, Skip]] = []
    for person in in_turn(rotation):
        if person not in present:
            continue
        if person in skips:
            skipped.append((person, skips[person]))
            continue
        kept = [passed_over for passed_over, why in skipped if why is Skip.RESTRICTED]
        rotation = _behind(replace(rotation, last=person), kept)
        for passed_over, why in skipped:
            if makeup and why in _OWED:
                # One turn is owed however often one was away: who comes back does not get a week's leads at once.
                rotation = rotation.with_owed(passed_over, max(1, rotation.owed_to(passed_over)))
        return Turn(person, False, tuple(skipped)), rotation
    return None, rotation


def _behind(rotation: Rotation, kept: Sequence[str]) -> Rotation:
    """Whoever had the last turn goes behind everybody; those of ``kept`` stay in front of all others."""
    if not kept:
        return rotation
    others = (p for p in in_turn(rotation) if p not in kept)
    return replace(rotation, order=(*kept, *others))


def given_back(rotation: Rotation, person: str) -> Rotation:
    """A turn that brought an invalid lead did not count: ``person`` has another one coming (LEAD-16)."""
    return rotation.with_owed(person, rotation.owed_to(person) + 1)


def in_turn(rotation: Rotation) -> Sequence[str]:
    """Everybody of the order from whoever is next."""
    if rotation.last is None:
        return rotation.order
    after = rotation.order.index(rotation.last) + 1
    return rotation.order[after:] + rotation.order[:after]
