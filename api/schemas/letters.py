"""Authorisation letters (contract section 20: CLM-33)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query

from api.schemas.base import Input, Instant, Output

LetterNumber = Annotated[int, Query(ge=1, le=2**31 - 1)]


class LetterIn(Input):
    """`POST /v1/claims/{id}/letters`; without `expires_at` it stands until the protection ends."""

    expires_at: Instant | None = None


class LetterOut(Output):
    """An authorisation letter. `override`: the special approval that let it be one more."""

    id: str
    number: int
    program: str
    claim: str
    project: str
    state: Literal["valid", "void", "expired"]
    issued_by: str
    issued_at: str
    expires_at: str
    voided_at: str | None
    override: str | None


class LetterPage(Output):
    items: list[LetterOut]
    next: str | None
