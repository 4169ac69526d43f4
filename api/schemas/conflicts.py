"""What `/v1/conflicts` answers (contract section 6, DSP-19)."""

from __future__ import annotations

from typing import Literal

from api.schemas.base import Output, Track


class ConflictMetOut(Output):
    """Two people who met on one customer; ``times``: how often in the window that began at ``at``."""

    id: str
    kind: Literal["attempt", "logging", "close_name", "named"]
    at: str
    last_at: str
    times: int
    program: str
    track: Track
    customer: str
    project: str | None
    claim: str
    people: list[str]


class ConflictPage(Output):
    items: list[ConflictMetOut]
    next: str | None
