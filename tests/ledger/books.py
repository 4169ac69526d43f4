"""Deals and entries to post, without a company around them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

from domain.money.model import COMPANY, Entry, EntryKind, PerformanceLine, Posting
from storage import tables as t
from storage.database import Database, mint

AT = datetime(2031, 3, 3, 2, 0, tzinfo=UTC)
PERSON = "0190a5d4-7b3c-7000-8000-000000000001"


def deal(database: Database) -> str:
    """The id of a deal that nobody has claimed."""
    made = mint()
    database.transact(
        lambda tx: tx.insert(
            t.deal,
            {
                "id": made,
                "number": tx.next_number("deal"),
                "program": mint(),
                "customer": mint(),
                "kind": "new",
                "state": "unclaimed",
                "amount_minor": 100_000,
                "currency": "CNY",
                "contract_at": AT,
                "recorded_at": AT,
                "recorded_by": mint(),
            },
        )
    )
    return made


def account(word: str, person: str = PERSON) -> str:
    return f"person:{person}:{word}"


def accrual(deal: str, amount_minor: int = 5_000, *, key: str | None = None, currency: str = "CNY") -> Entry:
    """What a deal earns one person."""
    return Entry(
        key=key or f"deal/{deal}:accrue",
        kind=EntryKind.ACCRUAL,
        at=AT,
        deal=deal,
        postings=(
            Posting(account("accrued"), currency, amount_minor, 10_000),
            Posting(COMPANY, currency, -amount_minor),
        ),
    )


def release(deal: str, amount_minor: int, *, receipt: str = "1") -> Entry:
    return Entry(
        key=f"receipt/{receipt}:release",
        kind=EntryKind.RELEASE,
        at=AT,
        deal=deal,
        postings=(
            Posting(account("accrued"), "CNY", -amount_minor, 10_000),
            Posting(account("payable"), "CNY", amount_minor, 10_000),
        ),
    )


def counts(deal: str) -> dict[str, object]:
    """The row of what a deal counts for one person."""
    line = PerformanceLine(
        key=f"deal/{deal}:accrue",
        person=PERSON,
        team=mint(),
        deal=deal,
        program=mint(),
        month="2031-03",
        event_at=AT,
        at=AT,
        currency="CNY",
        amount_minor=100_000,
        share_bps=10_000,
    )
    return asdict(line)
