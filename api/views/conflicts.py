"""Latent conflicts as those in charge see them (contract section 6, DSP-19)."""

from __future__ import annotations

from typing import Any

from api.auth import Caller
from api.paging import page
from api.views.claims import scope_of
from domain.people.access import READING_CASES
from storage import tables as t
from storage.codec import rfc3339
from storage.conflicts import in_scope
from storage.database import Transaction


def conflict_page(
    tx: Transaction, caller: Caller, *, program: str | None, person: str | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/conflicts`."""
    partner = caller.setting.organisation.partner_of(caller.person)
    among = partner.team if partner is not None else None
    rows, following = page(
        tx,
        in_scope(scope_of(caller, READING_CASES), program=program, person=person, among=among),
        time_column=t.conflict.c.at,
        id_column=t.conflict.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "conflicts", "program": program, "person": person},
    )
    items = [
        {
            **{name: row[name] for name in ("id", "kind", "times", "program", "track", "customer", "project", "claim")},
            "at": rfc3339(row["at"]),
            "last_at": rfc3339(row["last_at"]),
            "people": [row["one"], row["other"]],
        }
        for row in rows
    ]
    return {"items": items, "next": following}
