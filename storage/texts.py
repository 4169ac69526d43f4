"""Free text: sealed in a table of its own, referred to by id, gone with its customer (AUD-01, AUD-05)."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from storage import customers
from storage import tables as t
from storage.database import Transaction, mint


def keep(tx: Transaction, text: str | None, *, customer: str | None, key: bytes | None = None) -> str | None:
    """Seal ``text`` and return its id; None and blank text keep nothing, and neither does text on an erased customer.

    With a ``customer`` it is sealed with that customer's ``key`` (looked up where not given), else with the master.
    """
    if text is None or not text.strip():
        return None
    if customer is not None and key is None:
        key = customers.data_key(tx, customer)
        if key is None:
            return None
    identifier = mint()
    tx.insert(
        t.free_text,
        {"id": identifier, "customer": customer, "sealed": tx.keys.seal(text, key=key), "digest": tx.keys.digest(text)},
    )
    return identifier


def read(tx: Transaction, ids: Iterable[str | None]) -> dict[str, str]:
    """The texts of ``ids``; erased ones are left out."""
    wanted = sorted({i for i in ids if i is not None})
    if not wanted:
        return {}
    rows = tx.rows(sa.select(t.free_text).where(t.free_text.c.id.in_(wanted)))
    keys = customers.data_keys(tx, (r["customer"] for r in rows if r["customer"] is not None))
    texts: dict[str, str] = {}
    for row in rows:
        if row["customer"] is not None and row["customer"] not in keys:
            continue
        text = tx.keys.open_text(row["sealed"], key=keys.get(row["customer"]))
        if text is not None:
            texts[row["id"]] = text
    return texts


def digests(tx: Transaction, ids: Iterable[str | None]) -> dict[str, str]:
    """The keyed digests of ``ids``, erased texts included."""
    wanted = sorted({i for i in ids if i is not None})
    if not wanted:
        return {}
    c = t.free_text.c
    return {r["id"]: r["digest"] for r in tx.rows(sa.select(c.id, c.digest).where(c.id.in_(wanted)))}
