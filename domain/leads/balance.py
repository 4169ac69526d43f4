"""Distribution balance (机会均等): what each person got, against the share to be expected (LEAD-13, table 0.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from domain.people.organisation import Organisation
from domain.policy.policy import Policy

_MICROSECOND = timedelta(microseconds=1)


#: What of a share may be out of tolerance.
LEADS, VALUE = "leads", "value"


@dataclass(frozen=True, slots=True)
class ValueShare:
    """What leads of one currency are worth that went to somebody, in minor units, and what was to be expected."""

    currency: str
    amount_minor: int
    expected_minor: Fraction
    deviation_pct: Fraction | None  # None where nothing was to be expected
    is_off: bool


@dataclass(frozen=True, slots=True)
class Share:
    """One person's. ``present`` is the part of the window they were there; ``expected`` leads by that part.

    ``off``: which of number and value is out of tolerance, so that an alarm is raised.
    """

    person: str
    leads: int
    present: Fraction
    expected: Fraction
    deviation_pct: Fraction | None  # None where nothing was to be expected
    values: tuple[ValueShare, ...]
    off: tuple[str, ...]

    @property
    def alarm(self) -> bool:
        return bool(self.off)


def present_part(
    person: str, organisation: Organisation, *, start: datetime, end: datetime, since: datetime | None = None
) -> Fraction:
    """The part of ``start`` to ``end`` that ``person`` was there: absence lowers the expected share, and so does having
    come later, at ``since``.
    """
    joined = min(max(since or start, start), end)
    spans = sorted(
        (max(a.start, start), min(a.end, end))
        for a in organisation.absences.get(person, ())
        if a.start < end and a.end > start
    )
    away, reached = (joined - start) // _MICROSECOND, joined
    for begins, ends in spans:
        if ends > reached:
            away += (ends - max(begins, reached)) // _MICROSECOND
            reached = ends
    whole = (end - start) // _MICROSECOND
    return 1 - Fraction(away, whole) if whole else Fraction(1)


def shares(
    counts: Mapping[str, int],
    present: Mapping[str, Fraction],
    policy: Policy,
    *,
    valued: Sequence[tuple[str, str, int]] = (),
) -> tuple[Share, ...]:
    """Leads per person of ``present`` and their value against the share to be expected, in the order of ``present``.

    ``valued``: person, currency and worth in minor units of each lead that says what it is worth; currencies are
    compared by themselves. An alarm is raised beyond `lead.balance_tolerance_pct`, not while all together got fewer
    than `lead.balance_min`, of a currency as of all.
    """
    of_currency: dict[str, list[tuple[str, int]]] = {}
    for person, currency, amount_minor in valued:
        of_currency.setdefault(currency, []).append((person, amount_minor))
    # Whole leads cannot be dealt out in parts: within one of the share nobody is treated unfairly.
    leads = _compared(counts, present, policy, given=sum(counts.values()), one=1)
    values: dict[str, list[ValueShare]] = {}
    for currency, rows in sorted(of_currency.items()):
        worth: dict[str, int] = {}
        for person, amount_minor in rows:
            worth[person] = worth.get(person, 0) + amount_minor
        largest = max(amount_minor for _, amount_minor in rows)
        for person, (expected, deviation, is_off) in _compared(
            worth, present, policy, given=len(rows), one=largest
        ).items():
            share = ValueShare(currency, worth.get(person, 0), expected, deviation, is_off)
            values.setdefault(person, []).append(share)
    found = []
    for person, part in present.items():
        expected, deviation, is_off = leads[person]
        of_person = tuple(values.get(person, ()))
        off = (*([LEADS] if is_off else []), *([VALUE] if any(v.is_off for v in of_person) else []))
        found.append(Share(person, counts.get(person, 0), part, expected, deviation, of_person, off))
    return tuple(found)


def _compared(
    got: Mapping[str, int], present: Mapping[str, Fraction], policy: Policy, *, given: int, one: int
) -> dict[str, tuple[Fraction, Fraction | None, bool]]:
    """Of each person what is expected, the deviation in per cent, and whether it is too large: more than ``one`` lead,
    beyond the tolerance, of enough leads ``given`` out.
    """
    total, days = sum(got.values()), sum(present.values(), Fraction(0))
    enough = given >= policy.integer("lead.balance_min")
    tolerance = Fraction(policy.number("lead.balance_tolerance_pct"))
    found: dict[str, tuple[Fraction, Fraction | None, bool]] = {}
    for person, part in present.items():
        expected = total * part / days if days else Fraction(0)
        apart = got.get(person, 0) - expected
        deviation = apart * 100 / expected if expected else None
        is_off = deviation is not None and abs(deviation) > tolerance and abs(apart) > one
        found[person] = expected, deviation, enough and is_off
    return found


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
