"""Who signs and subscribes beside a customer, as it is answered: masked for everybody (CUS-14, AUD-03)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.views.claims import masked_phone
from domain.customers.names import mask_person_name
from storage import buyers, texts
from storage.codec import rfc3339
from storage.database import Transaction


def buyers_view(tx: Transaction, claim: str) -> dict[str, Any]:
    """`GET /v1/claims/{id}/buyers`: the latest first."""
    known = buyers.on_claim(tx, claim)
    said = texts.read(tx, (row["ended_reason"] for row, _ in known))
    items = [
        {
            "deal": row["deal"],
            **masked_buyer(given),
            "by": row["entered_by"],
            "at": rfc3339(row["entered_at"]),
            "ended_by": row["ended_by"],
            "ended_at": rfc3339(row["ended_at"]) if row["ended_at"] is not None else None,
            "ended_reason": said.get(row["ended_reason"]),
        }
        for row, given in known
    ]
    return {"items": items, "next": None}


def masked_buyer(given: Mapping[str, str | None]) -> dict[str, Any]:
    """One buyer, without what would reach them."""
    return {
        "kind": given["kind"],
        "name": mask_person_name(given["name"] or "") if given["kind"] == "person" else given["name"],
        "phone": masked_phone(given["phone"]),
    }
