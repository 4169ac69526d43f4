"""Authorisation letters as readers of their claims see them (contract section 20: CLM-33)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import LETTERS, acting_for, letter_view, scope_of
from domain.refusals import Refusal
from storage import tables as t
from storage.claim_queries import readable_claims
from storage.database import Transaction

Row = dict[str, Any]


def one_letter(tx: Transaction, caller: Caller, letter: str) -> Row:
    """The letter, for who reads its claim; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(LETTERS.where(t.letter.c.id == letter, _readable(caller)))
    if row is None:
        raise Refusal("not_found")
    return letter_view(row, at=caller.at)


def letter_page(
    tx: Transaction,
    caller: Caller,
    *,
    program: str | None,
    claim: str | None,
    number: int | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """Letters of claims the caller reads, newest first."""
    asked = {"program": program, "claim": claim, "number": number}
    columns = {"program": t.claim.c.program, "claim": t.letter.c.claim, "number": t.letter.c.number}
    rows, following = page(
        tx,
        LETTERS.where(_readable(caller), *(columns[name] == value for name, value in asked.items() if value)),
        time_column=t.letter.c.issued_at,
        id_column=t.letter.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "letters", **asked},
    )
    return {"items": [letter_view(row, at=caller.at) for row in rows], "next": following}


def _readable(caller: Caller) -> sa.ColumnElement[bool]:
    scope = scope_of(caller)
    return sa.true() if scope.everything else readable_claims(scope, acting_for(caller))
