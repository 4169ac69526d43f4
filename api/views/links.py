"""Links between customers, for whoever reads both (contract section 14, CUS-14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.auth import Caller
from api.views.customers import claims_read, reads_base, visible_customer
from domain.customers.links import APPROVED, ENDED, PENDING, REFUSED
from storage import links, merges, texts
from storage.codec import rfc3339
from storage.database import Transaction

Row = Mapping[str, Any]


def reads_both(tx: Transaction, caller: Caller, row: Row) -> bool:
    """Whether the caller reads both customers of a link."""
    return reads_base(caller) or all(
        claims_read(tx, caller, merges.records_of(tx, row[end])) for end in ("one", "other")
    )


def link_list(tx: Transaction, caller: Caller, customer: str) -> dict[str, Any]:
    """`GET /v1/customers/{id}/links`: whatever became of them."""
    visible_customer(tx, caller, customer)
    found = links.of(tx, customer, states=(PENDING, APPROVED, REFUSED, ENDED))
    return {"items": link_views(tx, [row for row in found if reads_both(tx, caller, row)]), "next": None}


def link_view(tx: Transaction, row: Row) -> dict[str, Any]:
    """One link, which the caller is known to read."""
    return link_views(tx, [row])[0]


def link_views(tx: Transaction, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Links in the order of ``rows``."""
    said = texts.read(tx, [row[name] for row in rows for name in ("reason", "ended_reason")])
    return [
        {
            "id": row["id"],
            "customer": row["one"],
            "with": row["other"],
            "kind": row["kind"],
            "state": row["state"],
            "proof": row["proof"],
            "reason": said.get(row["reason"]) if row["reason"] is not None else None,
            "asked_by": row["asked_by"],
            "asked_at": rfc3339(row["asked_at"]),
            "waits_for": row["waits_for"],
            "decided_by": row["decided_by"],
            "decided_at": _instant(row, "decided_at"),
            "ended_by": row["ended_by"],
            "ended_at": _instant(row, "ended_at"),
            "ended_reason": said.get(row["ended_reason"]) if row["ended_reason"] is not None else None,
        }
        for row in rows
    ]


def _instant(row: Row, name: str) -> str | None:
    return rfc3339(row[name]) if row[name] is not None else None
