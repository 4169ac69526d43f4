"""Duty statements, acknowledgements and comments on rules (contract section 23: PPL-03)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Id, Input, Messages, Output, Reason
from api.schemas.people import RoleName


class StatementIn(Input):
    """What the holders of a role are there for, in both languages."""

    zh: Reason
    en: Reason


class DutyIn(Input):
    """`POST /v1/duties`: the next version for a role."""

    role: RoleName
    text: StatementIn
    reason: Reason | None = None


class DutyOut(Output):
    """``acknowledged_at`` is that of the reader."""

    id: str
    role: str
    version: int
    text: Messages
    current: bool
    published_by: str
    published_at: str
    acknowledged_at: str | None


class DutyPage(Output):
    items: list[DutyOut]
    next: str | None


class AcknowledgeIn(Input):
    """``about``: a duty statement, or a version of a program's policy."""

    about: Id


class AcknowledgementOut(Output):
    about: str
    person: str
    at: str


class OwedOut(Output):
    """Who has not acknowledged what concerns them ``since`` then."""

    person: str
    about: str
    kind: Literal["duty", "rules"]
    role: str | None
    program: str | None
    version: int
    since: str
    due: str | None
    overdue: bool


class OwedList(Output):
    count: int
    overdue: int
    items: Annotated[list[OwedOut], Field(max_length=200)]


class RuleCommentIn(Input):
    about: Id
    text: Reason


class RuleCommentOut(Output):
    id: str
    about: str
    author: str
    text: str
    at: str


class RuleCommentPage(Output):
    items: list[RuleCommentOut]
    next: str | None
