"""Commands: how one stands, and the answer it gives (contract section 1, "Status")."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Call, Decision, Waiting
from api.problems import problem, refusal_of
from api.views.claims import claim_view, request_views
from api.views.follow_ups import follow_up_view, undecided_follow_up
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

_CREATING = frozenset({"report", "follow_up"})


def waiting_of(tx: Transaction, command: str) -> Waiting:
    """How to ring for a stored command."""
    row = _row(tx, command)
    return Waiting(command=command, kind="claim", stream=row["stream"])


def decision_of(tx: Transaction, call: Call, command: str) -> Decision:
    """The answer of a command as things stand."""
    row = _row(tx, command)
    if row["problem"] is not None:
        return Decision(status=409, body=None, decided=True, refusal=refusal_of(row["problem"]))
    decided = row["decided_at"] is not None
    body = _body(tx, call.caller, row, decided=decided)
    if not decided:
        body["pending"] = {"command": command}
        return Decision(status=202, body=body, decided=False, refusal=None)
    return Decision(status=201 if row["kind"] in _CREATING else 200, body=body, decided=True, refusal=None)


def command_view(row: dict[str, Any], *, language: str, request_id: str, instance: str) -> dict[str, Any]:
    """``GET /v1/commands/{id}``."""
    refusal: Refusal | None = refusal_of(row["problem"]) if row["problem"] is not None else None
    decided = "refused" if refusal is not None else "applied"
    return {
        "id": row["id"],
        "kind": row["kind"],
        "target": {"type": row["target_type"], "id": row["target"]},
        "state": decided if row["decided_at"] is not None else "pending",
        "received_at": rfc3339(row["received_at"]),
        "decided_at": rfc3339(row["decided_at"]) if row["decided_at"] is not None else None,
        "problem": problem(refusal, language=language, request_id=request_id, instance=instance)
        if refusal is not None
        else None,
    }


def _row(tx: Transaction, command: str) -> dict[str, Any]:
    row = tx.row(sa.select(t.command).where(t.command.c.id == command))
    assert row is not None
    return row


def _body(tx: Transaction, caller: Caller, row: dict[str, Any], *, decided: bool) -> dict[str, Any]:
    if row["target_type"] == "follow_up":
        # What a voiding is about stands there already; only an entry that was just sent does not.
        logged = decided or row["kind"] != "follow_up"
        return follow_up_view(tx, row["target"]) if logged else undecided_follow_up(tx, row)
    if row["target_type"] == "request":
        found = tx.rows(sa.select(t.request).where(t.request.c.id == row["target"]))
        return request_views(tx, found)[0]
    return claim_view(tx, caller, row["claim"])
