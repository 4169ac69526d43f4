"""Answering a request: accept, refuse, withdraw (contract section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Waiting
from api.commands.received import receive, under_policy_of, visible_claim
from domain.claims.permissions import authorise_request, authorise_tick
from domain.matters.matter import CommandKind
from domain.refusals import FieldError, Refusal
from storage import tables as t
from storage import texts
from storage.claim_rows import claim_of, request_of
from storage.database import Transaction


def answer(
    tx: Transaction, caller: Caller, request: str, kind: CommandKind, reason: str | None, digest: str | None = None
) -> Waiting:
    """Yes, no, or no longer asked. ``digest`` names the text of a settlement that is accepted (DSP-05)."""
    found = tx.row(sa.select(t.request).where(t.request.c.id == request))
    if found is None:
        raise Refusal("not_found")
    row = _claim_of(tx, caller, found)
    with under_policy_of(tx, row["id"]):
        authorise_request(
            kind, request_of(found), claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at
        )
    if found["kind"] == "settle" and kind is CommandKind.REQUEST_ACCEPT and digest is None:
        raise Refusal("field_missing", rule="DSP-05", errors=(FieldError("digest", "field_missing"),))
    text = texts.keep(tx, reason, customer=row["customer"])
    data = {"request": request, "text": text, "digest": digest}
    return receive(tx, caller, row, kind, lambda _: data, target_type="request", target=request)


def tick(tx: Transaction, caller: Caller, request: str, *, item: int, done: bool) -> Waiting:
    """One item of the checklist of a delivery hand-off is done, or is not after all (CLM-31)."""
    found = tx.row(sa.select(t.request).where(t.request.c.id == request))
    if found is None:
        raise Refusal("not_found")
    row = _claim_of(tx, caller, found)
    with under_policy_of(tx, row["id"]):
        authorise_tick(request_of(found), claim_of(row), actor=caller.actor, setting=caller.setting, at=caller.at)
    data = {"request": request, "item": item, "done": done}
    return receive(tx, caller, row, CommandKind.DELIVERY_TICK, lambda _: data, target_type="request", target=request)


def _claim_of(tx: Transaction, caller: Caller, request: Mapping[str, Any]) -> dict[str, Any]:
    """The claim that is asked about. Who asks to settle need not read it: it may be the other one's (DSP-05)."""
    if request["kind"] == "settle" and request["by"] == caller.person:
        return tx.rows(sa.select(t.claim).where(t.claim.c.id == request["claim"]))[0]
    return visible_claim(tx, caller, request["claim"])
