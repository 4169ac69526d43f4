"""The ledger, statements, performance and payout runs (contract section 7: COM-06, COM-11 to COM-13)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Currency, Input, Output, Pending

#: A calendar month of the years that dates may lie in.
Month = Annotated[str, Field(pattern=r"^(19[7-9]\d|2[01]\d\d)-(0[1-9]|1[0-2])$")]


class PayoutIn(Input):
    """A run over a calendar month of the company's zone, in one currency."""

    period: Month
    currency: Currency


# --- answers ---------------------------------------------------------------------------------------------------


class AccountOut(Output):
    person: str
    currency: str
    accrued_minor: int
    held_minor: int
    payable_minor: int
    paid_minor: int
    receivable_minor: int


class PayeeAccountOut(Output):
    """The accounts of a person, or of a partner organisation (PPL-08)."""

    person: str | None
    partner: str | None
    currency: str
    accrued_minor: int
    held_minor: int
    payable_minor: int
    paid_minor: int
    receivable_minor: int


class AccountPage(Output):
    items: list[PayeeAccountOut]
    next: str | None


class PostingOut(Output):
    account: str
    currency: str
    amount_minor: int


class EntryOut(Output):
    """``key`` names the cause; postings sum to zero per currency. ``reverses``: the key of what was told by mistake.

    ``reason``: in the words of whoever gave it; of a set-off the other deal.
    """

    id: str
    key: str
    kind: str
    at: str
    deal: str
    dispute: str | None
    ruling: str | None
    plan_version: int | None
    rate_rule: str | None
    share_bps: int | None
    stage: str | None
    reverses: str | None
    reason: str | None
    postings: list[PostingOut]


class EntryPage(Output):
    items: list[EntryOut]
    next: str | None


class StatementLine(Output):
    """Why this amount: deal, rule, rate, share, stage, and what holds it (COM-11)."""

    entry: str
    key: str
    kind: str
    at: str
    deal: str
    deal_number: int
    deal_kind: str
    program: str
    track: str
    product: str | None
    plan_version: int | None
    rate_rule: str | None
    rate_bps: int | None
    share_bps: int | None
    stage: str | None
    dispute: str | None
    ruling: str | None
    status: Literal["accrued", "held", "payable", "paid", "receivable", "settled"]
    held_by: list[str]
    reverses: str | None
    reason: str | None
    currency: str
    accrued_minor: int
    held_minor: int
    payable_minor: int
    paid_minor: int
    receivable_minor: int


class StatementOut(Output):
    """A page of somebody's lines, newest first, with what all their accounts stand at."""

    person: str
    totals: list[AccountOut]
    items: list[StatementLine]
    next: str | None


class PerformanceLineOut(Output):
    """What a deal counts for one person in a month (COM-13). Below zero where it takes back.

    ``team``: the person's home team on the day of the event, ``event_at``. ``share_bps``: the part of one deal.
    ``corrects``: the key under which the deal counted first; null where it is that line.
    """

    key: str
    month: str
    person: str
    team: str
    program: str
    deal: str
    deal_number: int
    deal_kind: str
    event_at: str
    at: str
    currency: str
    amount_minor: int
    share_bps: int
    corrects: str | None


class PerformanceTotal(Output):
    """``deals_bps``: how many deals, in basis points of one."""

    currency: str
    amount_minor: int
    deals_bps: int


class PerformancePage(Output):
    """``closes_at`` where month and program are given: from then on only another month corrects this one.

    ``totals`` are of all pages, and stand on the first.
    """

    closes_at: str | None
    totals: list[PerformanceTotal] | None
    items: list[PerformanceLineOut]
    next: str | None


class PayoutLine(Output):
    """For a person, or for a partner; ``posted_minor``: how much of it the ledger has as paid by now."""

    person: str | None
    partner: str | None
    amount_minor: int
    posted_minor: int


class DroppedLine(Output):
    """What a run does not pay: disputed, not payable any more, or set off against what is owed (below zero)."""

    person: str | None
    partner: str | None
    deal: str
    amount_minor: int
    reason: Literal["disputed", "not_payable", "set_off"]


class PayoutOut(Output):
    """``paid`` once every line is posted; until then a run that was paid is ``approved``, with ``paid_by``.

    ``due_on`` is the payout day of the period (`payout.day`); ``pending`` a command that is to post a line.
    """

    id: str
    period: str
    currency: str
    state: Literal["draft", "approved", "paid"]
    lines: list[PayoutLine]
    dropped: list[DroppedLine]
    due_on: str
    prepared_by: str
    approved_by: str | None
    paid_by: str | None
    created_at: str
    pending: Pending | None


class PayoutPage(Output):
    items: list[PayoutOut]
    next: str | None
