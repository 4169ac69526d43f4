"""Buyers (认购人、共有人) who sign beside the customer: sealed, and gone with whom they are about (CUS-14).

A row belongs to a deal, or to the claim on which somebody subscribed before there was one; it ends with their part.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from storage import customers
from storage import tables as t
from storage.codec import canonical
from storage.database import Transaction, mint

_BUYER = t.deal_buyer.c

Buyer: TypeAlias = dict[str, str | None]
Subscribed: TypeAlias = Mapping[str, Sequence[Buyer]]
"""By claim, whoever subscribed on it."""


def keep(
    tx: Transaction,
    buyers: Collection[tuple[Mapping[str, str | None], str | None]],
    *,
    deal: str | None,
    claim: str | None,
    customer: str,
    by: str,
    at: datetime,
) -> None:
    """Each as given, with the record that its keys match; nothing of the buyers of an erased customer.

    Of a ``deal``, or of the ``claim`` before there is one.
    """
    key = customers.data_key(tx, customer)
    if not buyers or key is None:
        return
    rows = [
        {
            "id": mint(),
            "deal": deal,
            "claim": claim,
            "customer": customer,
            "record": record,
            "sealed": tx.keys.seal(canonical(dict(given)).decode(), key=key),
            "entered_at": at,
            "entered_by": by,
        }
        for given, record in buyers
    ]
    tx.insert(t.deal_buyer, rows)


def end(tx: Transaction, *, deal: str | None, claim: str, by: str, at: datetime, reason: str | None) -> None:
    """Whoever signs the ``deal`` does so no longer, or subscribed on ``claim``; ``reason`` is the id of a text.

    Those who subscribed are over with the deal as well: it took them over, and another first deal would again.
    """
    theirs = _BUYER.claim == claim if deal is None else sa.or_(_BUYER.deal == deal, _BUYER.claim == claim)
    values = {"ended_at": at, "ended_by": by, "ended_reason": reason}
    tx.execute(t.deal_buyer.update().where(theirs, _BUYER.ended_at.is_(None)).values(values))


def of(tx: Transaction, deals: Collection[str]) -> dict[str, list[Buyer]]:
    """The buyers of deals as they were given, in that order; erased ones are left out."""
    found: dict[str, list[Buyer]] = {}
    for row, given in _opened(tx, _BUYER.deal.in_(sorted(deals)), _BUYER.ended_at.is_(None)):
        found.setdefault(row["deal"], []).append(given)
    return found


def subscribed(tx: Transaction, matter: str) -> Subscribed:
    """Whoever subscribed on a claim of the matter, before there was a deal."""
    claims = sa.select(t.claim.c.id).where(t.claim.c.matter == matter)
    found: dict[str, list[Buyer]] = {}
    for row, given in _opened(tx, _BUYER.claim.in_(claims), _BUYER.ended_at.is_(None)):
        found.setdefault(row["claim"], []).append(given)
    return found


def on_claim(tx: Transaction, claim: str) -> list[tuple[dict[str, Any], Buyer]]:
    """Who was ever named on a claim and its deals, by row, the latest first."""
    deals = sa.select(t.deal.c.id).where(t.deal.c.claim == claim)
    found = list(_opened(tx, sa.or_(_BUYER.claim == claim, _BUYER.deal.in_(deals))))
    return sorted(found, key=lambda one: one[0]["entered_at"], reverse=True)


def _opened(tx: Transaction, *where: sa.ColumnElement[bool]) -> Iterator[tuple[dict[str, Any], Buyer]]:
    rows = tx.rows(sa.select(t.deal_buyer).where(*where).order_by(_BUYER.id))
    keys = customers.data_keys(tx, (row["customer"] for row in rows))
    for row in rows:
        text = tx.keys.open_text(row["sealed"], key=keys[row["customer"]]) if row["customer"] in keys else None
        if text is not None:
            yield row, json.loads(text)


def erase(tx: Transaction, customer: str) -> None:
    """Neither who signed with an erased customer, nor where an erased customer signed with others (AUD-05)."""
    tx.execute(t.deal_buyer.delete().where(sa.or_(_BUYER.customer == customer, _BUYER.record == customer)))
