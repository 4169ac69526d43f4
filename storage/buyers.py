"""Buyers (认购人、共有人) who sign beside the customer: sealed, and gone with whom they are about (CUS-14)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from storage import customers
from storage import tables as t
from storage.codec import canonical
from storage.database import Transaction, mint

_BUYER = t.deal_buyer.c


def keep(
    tx: Transaction,
    deal: str,
    buyers: Collection[tuple[Mapping[str, str | None], str | None]],
    *,
    customer: str,
    by: str,
    at: datetime,
) -> None:
    """Each as given, with the record that its keys match; nothing of the buyers of an erased customer."""
    key = customers.data_key(tx, customer)
    if not buyers or key is None:
        return
    rows = [
        {
            "id": mint(),
            "deal": deal,
            "customer": customer,
            "record": record,
            "sealed": tx.keys.seal(canonical(dict(given)).decode(), key=key),
            "entered_at": at,
            "entered_by": by,
        }
        for given, record in buyers
    ]
    tx.insert(t.deal_buyer, rows)


def of(tx: Transaction, deals: Collection[str]) -> dict[str, list[dict[str, str | None]]]:
    """The buyers of deals as they were given, in that order; erased ones are left out."""
    rows = tx.rows(sa.select(t.deal_buyer).where(_BUYER.deal.in_(sorted(deals))).order_by(_BUYER.id))
    keys = customers.data_keys(tx, (row["customer"] for row in rows))
    found: dict[str, list[dict[str, str | None]]] = {}
    for row in rows:
        if row["customer"] not in keys:
            continue
        text = tx.keys.open_text(row["sealed"], key=keys[row["customer"]])
        if text is not None:
            found.setdefault(row["deal"], []).append(json.loads(text))
    return found


def erase(tx: Transaction, customer: str) -> None:
    """Neither who signed with an erased customer, nor where an erased customer signed with others (AUD-05)."""
    tx.execute(t.deal_buyer.delete().where(sa.or_(_BUYER.customer == customer, _BUYER.record == customer)))
