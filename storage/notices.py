"""Notices (通知) and what leaves the house with them: inbox rows and outbox rows in the same save (NTF-01)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.matters.draft import Notice
from storage import tables as t
from storage.codec import plain
from storage.database import Transaction, mint


def queue_notices(tx: Transaction, notices: Sequence[Notice], *, at: datetime) -> None:
    """An inbox row per notice, and one delivery per outside channel that is switched on."""
    if not notices:
        return
    rows = [
        {
            "id": mint(),
            "person": n.person,
            "kind": n.kind,
            "urgency": n.urgency,
            "at": at,
            "subject_type": n.subject_type,
            "subject": n.subject,
            "rule": n.rule,
            "policy_version": n.policy_version,
            "facts": plain(n.facts),
        }
        for n in notices
    ]
    tx.insert(t.notice, rows)
    channels = tx.database.channels
    if channels:
        tx.insert(
            t.outbox,
            [
                {"id": mint(), "channel": channel, "notice": row["id"], "due_at": at, "tries": 0}
                for row in rows
                for channel in channels
            ],
        )


def mark_read(tx: Transaction, notice: str, *, at: datetime) -> None:
    """Remember when a notice was first read."""
    tx.execute(t.notice.update().where(t.notice.c.id == notice, t.notice.c.read_at.is_(None)).values(read_at=at))
