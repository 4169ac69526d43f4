"""What the rules would have done in a program that runs on trial (POL-08)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ResultKind(StrEnum):
    """What is computed and shown (POL-08)."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    LAPSE = "lapse"
    TIER_0 = "tier_0"
    COMMISSION = "commission"


@dataclass(frozen=True, slots=True)
class WouldHave:
    """One thing that the rules would have done at ``at``, as of the facts on record then.

    ``person``: whom it concerns: the reporter of a refused report, the owner of a claim, whom tier 0 names. ``code``:
    that of the refusal, the reason of the lapse, the kind of the ledger's entry. ``facts`` hold ids, codes, numbers and
    instants, no text; money is in minor units.
    """

    kind: ResultKind
    at: datetime
    claim: str
    team: str
    person: str | None
    code: str | None
    rule: str | None
    policy_version: int | None
    facts: Mapping[str, Any]
