"""Answering a request: accept, refuse, withdraw (contract section 5)."""

from __future__ import annotations

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.commands.received import receive, under_policy_of, visible_claim
from domain.claims.permissions import authorise_request
from domain.matters.matter import CommandKind
from domain.refusals import Refusal
from storage import tables as t
from storage import texts
from storage.claim_rows import claim_of, request_of
from storage.database import Transaction


def answer(tx: Transaction, caller: Caller, request: str, kind: CommandKind, reason: str | None) -> Waiting:
    """Yes, no, or no longer asked."""
    found = tx.row(sa.select(t.request).where(t.request.c.id == request))
    if found is None:
        raise Refusal("not_found")
    row = visible_claim(tx, caller, found["claim"])
    with under_policy_of(tx, row["id"]):
        authorise_request(
            kind, request_of(found), claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at
        )
    text = texts.keep(tx, reason, customer=row["customer"])
    return receive(
        tx, caller, row, kind, lambda _: {"request": request, "text": text}, target_type="request", target=request
    )
