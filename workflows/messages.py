"""What crosses the engine: opaque ids and codes only (design section 2). New fields get defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClaimStart:
    """A claim's workflow is started with its id alone, and continues as new with it."""

    claim: str


@dataclass(frozen=True, slots=True)
class DisputeStart:
    """A case's workflow is started with its id alone, and continues as new with it."""

    dispute: str


@dataclass(frozen=True, slots=True)
class LeadStart:
    """A lead's workflow is started with its id alone, and continues as new with it."""

    lead: str
