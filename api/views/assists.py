"""Who credits whom in a program, as far as it is mutual and often (COM-05)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import scope_of
from api.views.programs import program_row
from domain.people.access import READING_CASES
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def assist_pair_page(tx: Transaction, caller: Caller, program: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/programs/{id}/assist-pairs`: pairs of the last `assist.flag_days`, who credited each other last first.

    For oversight and whoever reads all of the program; never the pairs one is part of.
    """
    program_row(tx, program)
    scope = scope_of(caller, READING_CASES)
    if not scope.everything and program not in scope.programs:
        raise Refusal("not_allowed", rule="PPL-02")
    policy = caller.setting.policy_at(program, at=caller.at)
    most, window = policy.integer("assist.flag_pair"), policy.duration("assist.flag_days")
    if not most or window is None:
        return {"items": [], "next": None}
    c = t.assist.c
    since = caller.setting.calendar(program).subtract(caller.at, window)
    recent = (c.program == program, c.at > since)
    pairs = (
        sa.select(c.one, c.other, sa.func.max(c.at).label("last_at"), sa.func.count().label("count"))
        .where(*recent, c.one != caller.person, c.other != caller.person)
        .group_by(c.one, c.other)
        .having(sa.func.count() >= most, sa.func.count(c.by.distinct()) == 2)
        .subquery()
    )
    rows, following = page(
        tx,
        sa.select(pairs),
        time_column=pairs.c.last_at,
        id_column=(pairs.c.one, pairs.c.other),
        cursor=cursor,
        limit=limit,
        filters={"list": "assist_pairs", "program": program},
    )
    shown = [(row["one"], row["other"]) for row in rows]
    given = tx.rows(sa.select(t.assist).where(*recent, sa.tuple_(c.one, c.other).in_(shown)).order_by(c.at.desc()))
    items = [
        {
            "people": [row["one"], row["other"]],
            "count": row["count"],
            "last_at": rfc3339(row["last_at"]),
            "assists": [
                {"deal": one["deal"], "by": one["by"], "person": one["person"], "at": rfc3339(one["at"])}
                for one in given
                if (one["one"], one["other"]) == (row["one"], row["other"])
            ],
        }
        for row in rows
    ]
    return {"items": items, "next": following}
