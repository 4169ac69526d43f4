"""Partner organisations, their invitations and monthly statements (additions to the contract, section 12: PPL-08)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Date, Id, Input, Instant, Name, Output, Reason, Str, Version
from api.schemas.ledger import Month, StatementLine
from api.schemas.people import LocaleName, PersonOut


class PartnerIn(Input):
    """`POST /v1/partners`: ``manager`` is the channel manager; ``from`` and ``to`` are days of the agreement."""

    name: Name
    manager: Id
    parent: Id | None = None
    from_: Annotated[Date, Field(alias="from")]
    to: Date | None = None


class PartnerPatch(Input):
    """`PATCH /v1/partners/{id}`. ``lead`` null: it has no manager of its own; ``to`` null: no last day."""

    version: Version
    name: Name | None = None
    manager: Id | None = None
    lead: Id | None = None
    from_: Annotated[Date | None, Field(alias="from")] = None
    to: Date | None = None


class SuspensionIn(Input):
    reason: Reason


class InvitationIn(Input):
    """`POST /v1/partners/{id}/invitations`."""

    expires_at: Instant | None = None


class JoinIn(Input):
    """`POST /v1/join`: who has no token yet, by the code they were given."""

    code: Annotated[Str, Field(min_length=1)]
    name: Name
    phone: Str | None = None
    email: Str | None = None
    locale: LocaleName | None = None


class PartnerStatementIn(Input):
    """A calendar month of the company's zone that is over."""

    period: Month


class QuestionIn(Input):
    reason: Reason


# --- answers ---------------------------------------------------------------------------------------------------


class PartnerOut(Output):
    """``manager``: the channel manager (渠道经理); ``lead``: the partner's own manager."""

    id: str
    name: str
    team: str
    manager: str | None
    lead: str | None
    from_: Annotated[str, Field(alias="from")]
    to: str | None
    suspended_at: str | None
    takes_reports: bool
    created_at: str
    version: int


class PartnerPage(Output):
    items: list[PartnerOut]
    next: str | None


class InvitationOut(Output):
    """``code`` is told this once; null when the same key asks again."""

    id: str
    code: str | None
    expires_at: str


class JoinedOut(Output):
    """A new broker; ``token`` is the secret they sign in with."""

    person: PersonOut
    partner: str
    token: str


class AmountsOut(Output):
    """What stands on, or was added to, the accounts of a partner in one currency."""

    currency: str
    accrued_minor: int
    held_minor: int
    payable_minor: int
    paid_minor: int
    receivable_minor: int


class PartnerLinesOut(Output):
    """A page of a partner's lines, newest first, with what its accounts stand at."""

    partner: str
    totals: list[AmountsOut]
    items: list[StatementLine]
    next: str | None


class PartnerStatementOut(Output):
    """A month of a partner (对账): fixed when it was made, confirmed or questioned by its lead."""

    id: str
    partner: str
    period: str
    state: Literal["open", "confirmed", "questioned"]
    totals: list[AmountsOut]
    made_at: str
    confirm_by: str | None
    decided_by: str | None
    decided_at: str | None
    reason: str | None


class PartnerStatementPage(Output):
    items: list[PartnerStatementOut]
    next: str | None
