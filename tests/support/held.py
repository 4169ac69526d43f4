"""A claim that holds its customer, and what its clocks are counted with, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from domain.calendar import WorkingCalendar
from domain.claims.clocks import Terms
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim, TermsRef
from domain.policy.policy import Policy

#: Monday 2031-03-03 10:00 in Shanghai, which has no summer time.
ACCEPTED = datetime(2031, 3, 3, 2, tzinfo=UTC)


def terms(**policy: Any) -> Terms:
    """The defaults and ``policy`` (``claim__idle_days=3``), in a week of five days from nine to six."""
    calendar = WorkingCalendar("Asia/Shanghai", frozenset(range(1, 6)), 540, 1080, {})
    values = {name.replace("__", "."): value for name, value in policy.items()}
    return Terms(Policy.resolve(values, version=1), calendar)


def claim(**more: Any) -> Claim:
    """In `active`, received and accepted at :data:`ACCEPTED`, no clock begun."""
    given: dict[str, Any] = {
        "id": "c",
        "receipt": 1,
        "matter": "m",
        "program": "p",
        "reporter": "li",
        "owner": "li",
        "team": "t",
        "state": ClaimState.ACTIVE,
        "received_at": ACCEPTED,
        "rank_at": ACCEPTED,
        "accepted_at": ACCEPTED,
        "terms": TermsRef("p1", "c1", 1, 1),
    }
    return Claim(**given | more)
