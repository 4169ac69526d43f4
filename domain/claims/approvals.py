"""Special approvals (领导特批): what somebody in charge lets happen once, though a rule refuses it (CLM-34)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApprovalKind(StrEnum):
    """What a special approval may be about."""

    ASSIGN = "assign"  # the customer goes to somebody whom rules would refuse it
    KEEP = "keep"  # the claim does not lapse before the end date
    EXTEND = "extend"  # more time than extensions give
    EXCEED = "exceed"  # caps do not keep somebody from the customer
    LETTER = "letter"  # one more authorisation letter (CLM-33)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialApproval:
    """One, as it was given on ``claim`` at ``at``; ``month`` is the local one that it counts for, ``2026-11``.

    ``until`` is the last instant at which it holds. ``lost_by`` held the customer before, and may open a case until
    ``object_by``; ``made`` is the claim that came of it. Texts are ids.
    """

    id: str
    claim: str
    program: str
    kind: ApprovalKind
    by: str
    at: datetime
    month: str
    to: str | None = None
    until: datetime | None = None
    lost_by: str | None = None
    object_by: datetime | None = None
    past_share_bps: int | None = None
    made: str | None = None
    used_at: datetime | None = None
    reason_text: str | None = None
    shares_text: str | None = None

    def allows_letter(self, claim: str, *, at: datetime) -> bool:
        """Whether it lets one more letter be issued on ``claim`` at ``at``."""
        return self.kind is ApprovalKind.LETTER and self.claim == claim and self._stands(at)

    def excuses(self, person: str, *, at: datetime) -> bool:
        """Whether caps do not keep ``person`` from the customer at ``at``: it is theirs, in force and unused."""
        return self.kind is ApprovalKind.EXCEED and self.to == person and self._stands(at)

    def _stands(self, at: datetime) -> bool:
        return self.used_at is None and (self.until is None or at <= self.until)
