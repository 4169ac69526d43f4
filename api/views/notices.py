"""The inbox: notices in words, and tasks (contract section 8, NTF-01)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction
from storage.notice_texts import worded


def notice_page(
    tx: Transaction, caller: Caller, *, unread: bool | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/me/notices`: the caller's own."""
    statement = sa.select(t.notice).where(t.notice.c.person == caller.person)
    if unread is not None:
        statement = statement.where(t.notice.c.read_at.is_(None) if unread else t.notice.c.read_at.is_not(None))
    rows, following = page(
        tx,
        statement,
        time_column=t.notice.c.at,
        id_column=t.notice.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "notices", "person": caller.person, "unread": unread},
    )
    return {"items": notice_views(tx, caller, rows), "next": following}


def own_notice(tx: Transaction, caller: Caller, notice: str) -> dict[str, Any]:
    """The row of a notice of the caller; anybody else's is ``not_found``."""
    row = tx.row(sa.select(t.notice).where(t.notice.c.id == notice, t.notice.c.person == caller.person))
    if row is None:
        raise Refusal("not_found")
    return row


def notice_views(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Notices in the order of ``rows``."""
    said = worded(tx, rows, caller.setting)
    return [
        {
            "id": r["id"],
            "kind": r["kind"],
            "urgency": r["urgency"],
            "at": rfc3339(r["at"]),
            "subject": {"type": r["subject_type"], "id": r["subject"]},
            "title": dict(said[r["id"]].title),
            "text": dict(said[r["id"]].text),
            "rule": r["rule"],
            "policy_version": r["policy_version"],
            "read_at": rfc3339(r["read_at"]) if r["read_at"] is not None else None,
        }
        for r in rows
    ]


def task_page(tx: Transaction, caller: Caller, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """`GET /v1/me/tasks`: what the caller should do, for themselves and for whom they stand in (PPL-05)."""
    rows, following = page(
        tx,
        sa.select(t.task).where(t.task.c.person.in_(acting_for(caller)), t.task.c.state == "open"),
        time_column=t.task.c.created_at,
        id_column=t.task.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "tasks", "person": caller.person},
    )
    missing = _unrecorded(tx, [r["subject"] for r in rows if r["kind"] == "follow_up_due"])
    items = [
        {
            "id": r["id"],
            "kind": r["kind"],
            "subject": {"type": r["subject_type"], "id": r["subject"]},
            "due": rfc3339(r["due"]) if r["due"] is not None else None,
            "missing": missing.get(r["subject"], []) if r["kind"] == "follow_up_due" else [],
            "state": r["state"],
        }
        for r in rows
    ]
    return {"items": items, "next": following}


def _unrecorded(tx: Transaction, claims: Sequence[str]) -> dict[str, list[str]]:
    """What the last follow-up of each claim was to record and did not (LEAD-12)."""
    if not claims:
        return {}
    rows = tx.rows(sa.select(t.claim.c.id, t.claim.c.detail).where(t.claim.c.id.in_(sorted(claims))))
    return {r["id"]: r["detail"].get("unrecorded", []) for r in rows}
