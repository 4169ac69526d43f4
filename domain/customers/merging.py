"""What joining two records of one customer means in a program and track, and what undoing it gives back (CUS-13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Meeting(StrEnum):
    """What stands in the way of joining, in one program and track."""

    NOTHING = "nothing"
    CASE = "case"  # a case about either record is open: it must end first (DSP-03)
    CLAIMS = "claims"  # somebody claims either record: joined, one of them would be robbed
    LEADS = "leads"  # a lead of one record is open while somebody claims the other


@dataclass(frozen=True, slots=True)
class Side:
    """How one record stands: claims that live (undecided, held, or kept for a former owner), and open leads."""

    claims: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    in_case: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer lies in a pool, or will from ``at`` on (POOL-01, POOL-02).

    ``only``: who alone may take, as it is stored.
    """

    pooled: bool = False
    at: datetime | None = None
    pool: str | None = None
    locked: bool = False
    only: Any = None


NOWHERE = Place()


def meeting(one: Side, other: Side) -> Meeting:
    """Whether what two records have in one program and track can lie together, and if not, why."""
    if one.in_case or other.in_case:
        return Meeting.CASE
    if one.claims and other.claims:
        return Meeting.CLAIMS
    if (one.leads and other.claims) or (other.leads and one.claims):
        return Meeting.LEADS
    return Meeting.NOTHING


def place_joined(moved: Place, stays: Place, *, held: bool) -> Place:
    """Where the joined customer lies: nowhere while somebody holds it, else where the surviving record does."""
    if held:
        return NOWHERE
    return stays if stays.pooled else moved


def place_kept(before: Place, joined: Place, now: Place, *, held: bool) -> Place:
    """Where the surviving record lies once the other is given back.

    ``before`` and ``joined``: before and after the merge. What became of it since stays with it.
    """
    if held:
        return NOWHERE
    return before if now == joined else now
