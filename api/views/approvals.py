"""Special approvals as a program's members and a claim's readers see them (contract section 20: CLM-34)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, override_on_claim, scope_of
from domain.customers.names import mask_person_name
from storage import customers, texts
from storage import tables as t
from storage.claim_queries import readable_claims
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]
_A = t.special_approval.c


def override_page(
    tx: Transaction,
    caller: Caller,
    *,
    program: str | None,
    claim: str | None,
    by: str | None,
    kind: str | None,
    month: str | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """One's own, and those in programs that one belongs to or reads all of; how many each leader gave. Newest first."""
    asked = {"program": program, "claim": claim, "by": by, "kind": kind, "month": month}
    mine = sa.or_(_A.program.in_(_programs(caller)), _A.by == caller.person)
    shown = [mine, *(_A[name] == value for name, value in asked.items() if value)]
    rows, following = page(
        tx,
        sa.select(t.special_approval).where(*shown),
        time_column=_A.at,
        id_column=_A.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "overrides", **asked},
    )
    counted = sa.select(_A.by, _A.month, sa.func.count().label("count")).where(*shown)
    counts = tx.rows(counted.group_by(_A.by, _A.month).order_by(_A.month.desc(), _A.by))
    return {"items": _views(tx, caller, rows), "counts": counts, "next": following}


def _programs(caller: Caller) -> list[str]:
    """Programs whose special approvals the caller is shown; in-house ones are no business of a partner's people."""
    setting, organisation = caller.setting, caller.setting.organisation
    if organisation.partner_of(caller.person) is not None:
        return []
    scope = scope_of(caller)
    return [
        program.id
        for program in setting.programs.values()
        if scope.everything
        or program.id in scope.programs
        or program.is_member(caller.person, organisation=organisation, at=caller.at)
    ]


def _views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    claims = [row["claim"] for row in rows]
    c = t.claim.c
    under = {r["id"]: r["customer"] for r in tx.rows(sa.select(c.id, c.customer).where(c.id.in_(claims)))}
    read = _read(tx, caller, claims)
    told = [row for row in rows if row["claim"] in read]
    said = texts.read(tx, (row[name] for row in told for name in ("reason_text", "shares_text")))
    people = _customers(tx, set(under.values()))
    return [
        {
            **override_on_claim(row),
            "program": row["program"],
            "claim": row["claim"],
            "month": row["month"],
            "lost_by": row["lost_by"],
            "object_by": _text(row["object_by"]),
            "made": row["made"],
            "used_at": _text(row["used_at"]),
            "past_share_bps": row["past_share_bps"],
            "customer": people[under[row["claim"]]],
            "reason": said.get(row["reason_text"]),
            "shares": said.get(row["shares_text"]),
        }
        for row in rows
    ]


def _read(tx: Transaction, caller: Caller, claims: Sequence[str]) -> set[str]:
    """Those of ``claims`` that the caller reads."""
    scope = scope_of(caller)
    if scope.everything:
        return set(claims)
    mine = readable_claims(scope, acting_for(caller))
    return set(tx.execute(sa.select(t.claim.c.id).where(t.claim.c.id.in_(claims), mine)).scalars())


def _customers(tx: Transaction, ids: set[str]) -> dict[str, Row]:
    """Kind and name, a person's masked."""
    rows = tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(sorted(ids))))
    keys = customers.data_keys(tx, ids)
    names = {r["id"]: customers.contact_of(tx, r, keys.get(r["id"])).name for r in rows}
    return {r["id"]: {"kind": r["kind"], "name": _masked(r["kind"], names[r["id"]])} for r in rows}


def _masked(kind: str, name: str | None) -> str | None:
    return mask_person_name(name) if name is not None and kind == "person" else name


def _text(at: Any) -> str | None:
    return rfc3339(at) if at is not None else None
