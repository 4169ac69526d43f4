"""Trial runs (contract section 17, POL-08)."""

from __future__ import annotations

from typing import Any, Literal

from api.schemas.base import Output

ResultKindName = Literal["accept", "refuse", "lapse", "tier_0", "commission"]


class ResultCounts(Output):
    accept: int
    refuse: int
    lapse: int
    tier_0: int
    commission: int


class TrialOut(Output):
    """The trial of a program; ``ends_at`` is when the admins are reminded, not when it ends by itself."""

    program: str
    mode: Literal["trial", "live"]
    began_at: str | None
    ends_at: str | None
    live_at: str | None
    counts: ResultCounts
    otherwise: int


class TrialResultOut(Output):
    """One thing that the rules would have done; ``otherwise``: people did, or it stands, otherwise."""

    id: str
    kind: ResultKindName
    at: str
    claim: str
    person: str | None
    code: str | None
    rule: str | None
    policy_version: int | None
    facts: dict[str, Any]
    otherwise: bool


class TrialResultPage(Output):
    items: list[TrialResultOut]
    next: str | None


class WentLiveOut(TrialOut):
    """The trial as it ended: ``items`` are the first of what people did otherwise, the latest first."""

    grace_until: str
    policy_version: int
    items: list[TrialResultOut]
    next: str | None
