"""Lists of claims, requests, follow-ups and history entries, a page at a time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, claim_views, request_views, scope_of, sides
from api.views.follow_ups import follow_up_views
from storage import tables as t
from storage.claim_queries import ClaimFilters, claims_in_scope, readable_claims
from storage.claim_rows import claim_of
from storage.codec import rfc3339
from storage.database import Transaction


def claim_page(
    tx: Transaction, caller: Caller, filters: ClaimFilters, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """`GET /v1/claims`."""
    organisation = caller.setting.organisation
    subtree = organisation.subtree(filters.team) if filters.team in organisation.teams and filters.team else frozenset()
    statement, ways = claims_in_scope(
        tx, filters, scope=scope_of(caller), acting_for=acting_for(caller), subtree=subtree
    )
    rows, following = page(
        tx,
        statement,
        ways=ways,
        time_column=t.claim.c.received_at,
        id_column=t.claim.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "claims", **{k: _plain(v) for k, v in vars(filters).items()}},
    )
    return {"items": claim_views(tx, caller, rows), "next": following}


def request_page(
    tx: Transaction,
    caller: Caller,
    *,
    claim: str | None,
    waiting_for: str | None,
    kind: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """`GET /v1/requests`."""
    statement = sa.select(t.request).join(t.claim, t.claim.c.id == t.request.c.claim)
    scope = scope_of(caller)
    if not scope.everything:
        statement = statement.where(sa.or_(t.request.c.by == caller.person, readable_claims(scope, acting_for(caller))))
    if claim is not None:
        statement = statement.where(t.request.c.claim == claim)
    if kind is not None:
        statement = statement.where(t.request.c.kind == kind)
    if waiting_for is not None:
        statement = statement.where(
            t.request.c.id.in_(sa.select(t.request_waiting.c.request).where(t.request_waiting.c.person == waiting_for))
        )
    rows, following = page(
        tx,
        statement,
        time_column=t.request.c.created_at,
        id_column=t.request.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "requests", "claim": claim, "waiting_for": waiting_for, "kind": kind},
    )
    return {"items": request_views(tx, rows), "next": following}


def follow_up_page(tx: Transaction, claim: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """`GET /v1/claims/{id}/follow-ups`."""
    rows, following = page(
        tx,
        sa.select(t.follow_up).where(t.follow_up.c.claim == claim),
        time_column=t.follow_up.c.received_at,
        id_column=t.follow_up.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "follow-ups", "claim": claim},
    )
    return {"items": follow_up_views(tx, rows), "next": following}


def timeline_page(tx: Transaction, stream: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """`GET /v1/claims/{id}/timeline`: by place in the chain, the last entry first."""
    rows, following = page(
        tx,
        sa.select(t.event).where(t.event.c.stream == stream),
        time_column=t.event.c.seq,
        id_column=t.event.c.stream,
        cursor=cursor,
        limit=limit,
        filters={"list": "timeline", "stream": stream},
    )
    return {"items": [timeline_item(r) for r in rows], "next": following}


def claim_timeline(
    tx: Transaction, caller: Caller, row: dict[str, Any], *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """The same of the claim ``row``; who spoke for the territory is told to none of its sides (TER-05)."""
    found = timeline_page(tx, row["id"], limit=limit, cursor=cursor)
    if caller.person in sides(claim_of(row)):
        for item in found["items"]:
            if item["kind"] in _BY_HOLDER:
                item["actor"] = None
                item["data"] = {name: value for name, value in item["data"].items() if name != "person"}
    return found


#: Entries that name whoever speaks for the territory of a report.
_BY_HOLDER = frozenset({"holder_asked", "commented"})


def timeline_item(row: dict[str, Any]) -> dict[str, Any]:
    """One history entry as the contract shows it."""
    return {
        "seq": row["seq"],
        "kind": row["kind"],
        "at": rfc3339(row["at"]),
        "actor": row["actor"],
        "reason": row["reason"],
        "policy_version": row["policy_version"],
        "from": row["before"],
        "to": row["after"],
        "data": row["data"],
        "hash": row["hash"].hex(),
    }


def _plain(value: Any) -> Any:
    return rfc3339(value) if hasattr(value, "isoformat") else value
