"""Distribution balance (机会均等): what each person got, against the share to be expected (LEAD-13, table 0.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from domain.people.organisation import Organisation
from domain.policy.policy import Policy

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Share:
    """One person's. ``present`` is the part of the window they were there; ``expected`` leads by that part."""

    person: str
    leads: int
    present: Fraction
    expected: Fraction
    deviation_pct: Fraction | None  # None where nothing was to be expected
    alarm: bool


def present_part(person: str, organisation: Organisation, *, start: datetime, end: datetime) -> Fraction:
    """The part of ``start`` to ``end`` that ``person`` was not absent: absence lowers the expected share."""
    spans = sorted(
        (max(a.start, start), min(a.end, end))
        for a in organisation.absences.get(person, ())
        if a.start < end and a.end > start
    )
    away, reached = 0, start
    for begins, ends in spans:
        if ends > reached:
            away += (ends - max(begins, reached)) // _MICROSECOND
            reached = ends
    whole = (end - start) // _MICROSECOND
    return 1 - Fraction(away, whole) if whole else Fraction(1)


def shares(counts: Mapping[str, int], present: Mapping[str, Fraction], policy: Policy) -> tuple[Share, ...]:
    """Leads per person of ``present`` against the share to be expected, in the order of ``present``.

    An alarm is raised beyond `lead.balance_tolerance_pct`, not while all together got fewer than `lead.balance_min`.
    """
    total, days = sum(counts.values()), sum(present.values(), Fraction(0))
    enough = total >= policy.integer("lead.balance_min")
    tolerance = Fraction(policy.number("lead.balance_tolerance_pct"))
    found = []
    for person, part in present.items():
        got = counts.get(person, 0)
        expected = total * part / days if days else Fraction(0)
        deviation = (got - expected) * 100 / expected if expected else None
        # Whole leads cannot be dealt out in parts: within one of the share nobody is treated unfairly.
        is_off = deviation is not None and abs(deviation) > tolerance and abs(got - expected) > 1
        found.append(Share(person, got, part, expected, deviation, enough and is_off))
    return tuple(found)


def gini(counts: Sequence[int], weights: Sequence[Fraction]) -> Fraction:
    """The balance index (均衡度): Gini coefficient of leads per day on duty; 0 = alike, towards 1 = one has all."""
    rows = sorted(((Fraction(n) / w, w) for n, w in zip(counts, weights, strict=True) if w > 0), key=lambda r: r[0])
    whole = sum((w for _, w in rows), Fraction(0))
    total = sum((x * w for x, w in rows), Fraction(0))
    if not total:
        return Fraction(0)
    below, area = Fraction(0), Fraction(0)
    for x, w in rows:
        area += w * (2 * below + x * w)
        below += x * w
    return 1 - area / (whole * total)
