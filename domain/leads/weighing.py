"""Weighted sums whose parts are shown and add up: scores of leads (LEAD-02), ranking of people (LEAD-05)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

#: What counts where a fact is missing: neither for nor against.
NEUTRAL: Final = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One factor: its weight, its value 0 to 100 (None: missing), and its points in hundredths of the score."""

    factor: str
    weight: Decimal
    value: int | None
    centi: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """``centi``: hundredths of a point, 0 to 10,000; the sum of its parts."""

    centi: int
    parts: tuple[Part, ...]

    @property
    def score(self) -> int:
        """Whole points, halves up."""
        return (self.centi + 50) // 100

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(part.factor for part in self.parts if part.value is None)


def weigh(values: Mapping[str, int | None], weights: Mapping[str, Decimal]) -> Weighed:
    """The mean of ``values`` (0 to 100) under ``weights``; what is missing counts as neutral and is named.

    Exact: the hundredths left over by rounding go to the parts with the largest remainders, so the parts always sum to
    the whole, whatever the order the factors came in. Without any weight everything is neutral.
    """
    total = sum((Fraction(w) for w in weights.values()), Fraction(0))
    counted = {name: NEUTRAL if values.get(name) is None else int(values[name] or 0) for name in weights}
    if total == 0:
        return Weighed(NEUTRAL * 100, tuple(Part(n, w, values.get(n), 0) for n, w in sorted(weights.items())))
    exact = {name: Fraction(weights[name]) * counted[name] * 100 / total for name in weights}
    whole = int(sum(exact.values(), Fraction(0)) + Fraction(1, 2))
    floors = {name: int(value) for name, value in exact.items()}
    left = whole - sum(floors.values())
    for name in sorted(exact, key=lambda n: (floors[n] - exact[n], n))[:left]:
        floors[name] += 1
    return Weighed(whole, tuple(Part(n, weights[n], values.get(n), floors[n]) for n in sorted(weights)))
