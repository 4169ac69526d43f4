"""What was said in a case, as its reader may hear it (DSP-06)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for
from domain.disputes.room import Line, ears
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import Transaction
from storage.disputes import dispute_of


def message_page(
    tx: Transaction, caller: Caller, row: dict[str, Any], *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/disputes/{id}/messages`, newest first."""
    rows, following = page(
        tx,
        heard_by(caller, row),
        time_column=t.case_message.c.at,
        id_column=t.case_message.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "messages", "dispute": row["id"]},
    )
    return {"items": message_views(tx, rows), "next": following}


def whole_talk(tx: Transaction, caller: Caller, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything that the reader of a case hears, oldest first: for its bundle."""
    c = t.case_message.c
    return message_views(tx, tx.rows(heard_by(caller, row).order_by(c.at, c.id)))


def heard_by(caller: Caller, row: dict[str, Any]) -> sa.Select[Any]:
    """The messages of a case that its reader hears."""
    c = t.case_message.c
    heard = ears(dispute_of(row), acting_for(caller))
    private: sa.ColumnElement[bool] = sa.true() if heard.sides is None else c.side.in_(sorted(heard.sides))
    if heard.answers:
        private = sa.or_(private, c.side.is_(None))
    ways = [
        c.line == Line.ROOM.value,
        c.author == caller.person,
        sa.and_(c.line == Line.ARBITRATOR.value, private),
        sa.and_(c.line == Line.MEDIATION.value, sa.true() if heard.mediation else c.released),
    ]
    return sa.select(t.case_message).where(c.dispute == row["id"], sa.or_(*ways))


def message_views(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages in the order of ``rows``."""
    said = texts.read(tx, (r["text"] for r in rows))
    return [
        {
            "id": r["id"],
            "line": r["line"],
            "party": r["side"],
            "author": r["author"],
            "at": rfc3339(r["at"]),
            "text": said.get(r["text"]),
            "release": r["released"],
        }
        for r in rows
    ]
