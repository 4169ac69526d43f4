"""Follow-ups (contract section 5, CLM-15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.model import Claim
from storage import tables as t
from storage import texts
from storage.codec import rfc3339, unpack
from storage.database import Transaction


def follow_up_view(tx: Transaction, follow_up: str) -> dict[str, Any]:
    """One follow-up with its claim's present state and deadline."""
    row = tx.row(sa.select(t.follow_up).where(t.follow_up.c.id == follow_up))
    assert row is not None
    return follow_up_views(tx, [row])[0]


def follow_up_views(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Follow-ups in the order of ``rows``."""
    if not rows:
        return []
    said = texts.read(tx, (r[name] for r in rows for name in ("note", "outcome", "voided_text")))
    claims = {
        r["id"]: r
        for r in tx.rows(
            sa.select(t.claim.c.id, t.claim.c.state, t.claim.c.deadline).where(
                t.claim.c.id.in_(sorted({r["claim"] for r in rows}))
            )
        )
    }
    return [_view(r, said, claims[r["claim"]]["state"], claims[r["claim"]]["deadline"]) for r in rows]


def view_of(row: dict[str, Any], said: dict[str, str], claim: Claim) -> dict[str, Any]:
    """A follow-up that was just recorded, without asking the database for what is at hand."""
    return _view({"voided_at": None, **row}, said, claim.state.value, claim.deadline)


def undecided_follow_up(tx: Transaction, command: dict[str, Any]) -> dict[str, Any]:
    """A follow-up that was received and is not decided yet: it counts for nothing so far."""
    data = unpack(command["data"])
    row = {
        "id": data["follow_up"],
        "claim": command["claim"],
        "author": command["actor"],
        "kind": data["kind"],
        "note": data["note"],
        "outcome": data.get("outcome"),
        "at": data["at"],
        "received_at": command["received_at"],
        "late": False,
        "answered": data["answered"],
        "next_at": data.get("next_at"),
        "files": data.get("files") or [],
        "qualified": False,
        "why": None,
        "unrecorded": None,
        "revision": 1,
        "voided_at": None,
        "voided_text": None,
        "voided_by": None,
    }
    return follow_up_views(tx, [row])[0]


def _view(row: dict[str, Any], said: dict[str, str], state: str, deadline: datetime | None) -> dict[str, Any]:
    return {
        "id": row["id"],
        "claim": row["claim"],
        "author": row["author"],
        "kind": row["kind"],
        "note": said.get(row["note"]),
        "at": rfc3339(row["at"]),
        "received_at": rfc3339(row["received_at"]),
        "late": row["late"],
        "answered": row["answered"],
        "outcome": said.get(row["outcome"]) if row["outcome"] else None,
        "next_at": _text(row["next_at"]),
        "files": row["files"],
        "qualified": row["qualified"],
        "why": row["why"],
        "missing": row["unrecorded"] or [],
        "revision": row["revision"],
        "voided": {
            "by": row["voided_by"],
            "reason": said.get(row["voided_text"]) if row["voided_text"] else None,
            "at": rfc3339(row["voided_at"]),
        }
        if row["voided_at"] is not None
        else None,
        "state": state,
        "deadline": _text(deadline),
        "pending": None,
    }


def _text(at: Any) -> str | None:
    return rfc3339(at) if at is not None else None
