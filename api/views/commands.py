"""Commands: how one stands, and the answer it gives (contract section 1, "Status")."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Call, Decision, Waiting
from api.problems import problem, refusal_of
from api.views.claims import claim_view, request_views, undecided_settlement
from api.views.deals import deal_view, undecided_deal
from api.views.discussions import discussion_view, undecided_discussion
from api.views.disputes import (
    decided_evidence,
    dispute_view,
    proposal_views,
    undecided_dispute,
    undecided_evidence,
    undecided_recusal,
)
from api.views.follow_ups import follow_up_view, undecided_follow_up
from api.views.leads import lead_view
from api.views.pools import undecided_take
from api.views.receptions import reception_view, visit_view
from domain.refusals import Refusal
from storage import tables as t
from storage import texts
from storage.codec import rfc3339, unpack
from storage.database import Transaction
from storage.disputes import dispute_of

_CREATING = frozenset(
    {
        "report",
        "opening",
        "take",
        "pool_assign",
        "settle",
        "follow_up",
        "discussion_open",
        "dispute_open",
        "dispute_evidence",
        "dispute_propose",
        "dispute_challenge",
        "deal",
        "deal_receipt",
        "deal_refund",
        "deal_stage",
        "deal_assist",
        "deal_reversal",
        "lead_receive",
    }
)


def waiting_of(tx: Transaction, command: str) -> Waiting:
    """How to ring for a stored command."""
    row = _row(tx, command)
    kind = tx.execute(sa.select(t.stream.c.kind).where(t.stream.c.id == row["stream"])).scalar_one()
    return Waiting(command=command, kind=str(kind), stream=row["stream"])


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
    # Who joins a case that is open makes none (contract section 6).
    joined = row["kind"] == "dispute_open" and row["target"] != unpack(row["data"])["dispute"]
    created = row["kind"] in _CREATING and not joined
    return Decision(status=201 if created else 200, body=body, decided=True, refusal=None)


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
        return request_views(tx, found)[0] if found else undecided_settlement(tx, row)
    if row["target_type"] == "dispute":
        there = decided or row["kind"] != "dispute_open"
        return dispute_view(tx, caller, row["target"]) if there else undecided_dispute(tx, row)
    if row["target_type"] == "discussion":
        there = decided or row["kind"] != "discussion_open"
        return discussion_view(tx, caller, row["target"]) if there else undecided_discussion(tx, row)
    if row["target_type"] == "lead":
        return lead_view(tx, caller, row["target"])
    if row["target_type"] == "reception":
        return reception_view(tx, caller, row["target"])
    if row["target_type"] == "visit":
        return visit_view(tx, caller, row["target"])
    if row["target_type"] == "deal":
        there = decided or row["kind"] != "deal"
        return deal_view(tx, caller, row["target"]) if there else undecided_deal(tx, row)
    if row["target_type"] == "evidence":
        found = tx.rows(sa.select(t.evidence).where(t.evidence.c.id == row["target"]))
        return decided_evidence(tx, found[0]) if found else undecided_evidence(tx, row)
    if row["target_type"] == "recusal":
        return _recusal(tx, caller, row)
    if row["target_type"] == "proposal":
        return _proposal(tx, row)
    if row["kind"] in ("take", "pool_assign") and not decided:
        return undecided_take(tx, caller, row)
    return claim_view(tx, caller, row["claim"])


def _recusal(tx: Transaction, caller: Caller, row: dict[str, Any]) -> dict[str, Any]:
    case = dispute_view(tx, caller, unpack(row["data"])["dispute"])
    found = next((q for q in case["recusals"] if q["id"] == row["target"]), None)
    return found or undecided_recusal(tx, row)


def _proposal(tx: Transaction, row: dict[str, Any]) -> dict[str, Any]:
    """What was proposed; while undecided it has no number yet."""
    data = unpack(row["data"])
    case = tx.row(sa.select(t.dispute).where(t.dispute.c.id == data["dispute"]))
    assert case is not None
    views = proposal_views(tx, dispute_of(case))
    mine = next((v for v in views if v["digest"] == data["digest"] and v["by"] == row["actor"]), None)
    said = texts.read(tx, [data["text"]])
    return mine or {
        "n": len(views) + 1,
        "by": row["actor"],
        "terms": data["terms"],
        "text": said.get(data["text"]),
        "digest": data["digest"],
        "accepted_by": [],
        "state": "open",
    }
