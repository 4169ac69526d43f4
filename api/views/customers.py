"""Customers as their readers see them: contacts masked for everybody (contract section 4, AUD-03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, masked_phone, scope_of
from domain.claims.lifecycle import ClaimState
from domain.customers.classes import Dealings, class_of, level_of
from domain.customers.email import mask_email
from domain.customers.names import CustomerKind, mask_person_name
from domain.people.access import ReadScope, has_any_scope, has_role
from domain.people.organisation import Role
from domain.refusals import Refusal
from domain.territories.division import CONDITIONS
from storage import customers, dealings, links, merges, texts
from storage import tables as t
from storage.claim_queries import of_customers_matching, readable_claims
from storage.codec import rfc3339
from storage.database import Transaction

#: Roles that keep the customer base. Customers lie in no team and no program, so any scope of theirs reaches it.
KEEPING = frozenset({Role.MARKETING, Role.RECEPTION})


def reads_base(caller: Caller) -> bool:
    """Whether the caller reads every customer, with a claim or without."""
    organisation = caller.setting.organisation
    return has_any_scope(caller.actor, KEEPING, organisation=organisation, at=caller.at) or has_role(
        caller.actor, {Role.ADMIN, Role.AUDITOR}, organisation=organisation, at=caller.at
    )


def visible_customer(tx: Transaction, caller: Caller, customer: str) -> dict[str, Any]:
    """The row of a customer the caller reads; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.customer).where(t.customer.c.id == customer))
    if row is None or not (reads_base(caller) or claims_read(tx, caller, merges.records_of(tx, customer))):
        raise Refusal("not_found")
    return row


def require_keeper(caller: Caller) -> None:
    """Who keeps the customer base: admin, marketing, reception (contract section 4)."""
    if not keeps_base(caller):
        raise Refusal("not_allowed", rule="PPL-02")


def keeps_base(caller: Caller) -> bool:
    """Whether the caller keeps the customer base."""
    keepers = KEEPING | {Role.ADMIN}
    return has_any_scope(caller.actor, keepers, organisation=caller.setting.organisation, at=caller.at)


def claims_read(
    tx: Transaction, caller: Caller, of: Sequence[str], *, scope: ReadScope | None = None
) -> list[dict[str, Any]]:
    """Claims on the customers ``of`` that the caller reads, the newest first."""
    scope = scope or scope_of(caller)
    statement = sa.select(t.claim).where(t.claim.c.customer.in_(sorted(of)))
    if not scope.everything:
        statement = statement.where(readable_claims(scope, acting_for(caller)))
    return tx.rows(statement.order_by(t.claim.c.received_at.desc(), t.claim.c.id.desc()))


def knowing(tx: Transaction, claims: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``claims`` through which their reader knows the customer.

    A report that was refused tells its reader nothing about whom it met, and neither does one still undecided while
    somebody else holds the customer: else a report would be a way to read a stranger's record (CUS-08). An objection to
    a row of an opening load names nothing that its maker would have known (INT-10).
    """
    claims = [c for c in claims if c["opening"] != "objection" or c["accepted_at"] is not None]
    undecided = {c["customer"] for c in claims if c["accepted_at"] is None and c["state"] == ClaimState.REPORTED.value}
    held: set[str] = set()
    if undecided:
        held = set(
            tx.execute(
                sa.select(t.claim.c.customer).where(t.claim.c.customer.in_(sorted(undecided)), t.claim.c.holds)
            ).scalars()
        )
    return [
        c
        for c in claims
        if c["accepted_at"] is not None or (c["state"] == ClaimState.REPORTED.value and c["customer"] not in held)
    ]


def customer_view(tx: Transaction, caller: Caller, row: dict[str, Any]) -> dict[str, Any]:
    """One customer, which the caller is known to read."""
    return customer_views(tx, caller, [row])[0]


def customer_views(tx: Transaction, caller: Caller, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Customers in the order of ``rows``, in a fixed number of queries."""
    if not rows:
        return []
    ids = [r["id"] for r in rows]
    records = merges.records_of_all(tx, ids)
    if reads_base(caller):
        known = set(ids)
    else:
        all_of_them = sorted({record for one in records.values() for record in one})
        through = {c["customer"] for c in knowing(tx, claims_read(tx, caller, all_of_them))}
        known = {one for one, its in records.items() if through & set(its)}
    keys = customers.data_keys(tx, ids)
    related = _related(tx, caller, records)
    dealt = dealings.of_all(tx, {one: records[one] for one in known}, setting=caller.setting) if known else {}
    reasons = texts.read(tx, [r["level_reason"] for r in rows if r["id"] in known])
    return [
        _view(
            r,
            customers.contact_of(tx, r, keys.get(r["id"])),
            records[r["id"]],
            related[r["id"]],
            known=r["id"] in known,
        )
        | _classed(caller, dealt.get(r["id"]))
        | {"level_reason": reasons.get(r["level_reason"])}
        for r in rows
    ]


def _classed(caller: Caller, dealt: Dealings | None) -> dict[str, Any]:
    """Class and level by the company's policy, for whoever knows the customer: a deal is news to a rival (CUS-12)."""
    if dealt is None:
        return {"class": None, "level_computed": None}
    policy = caller.setting.company_policy_at(caller.at)
    calendar = next(iter(caller.setting.calendars.values()))
    return {
        "class": class_of(dealt, policy=policy, calendar=calendar, at=caller.at).value,
        "level_computed": level_of(dealt, policy=policy, calendar=calendar, at=caller.at),
    }


def _related(tx: Transaction, caller: Caller, records: Mapping[str, Sequence[str]]) -> dict[str, list[dict[str, Any]]]:
    """Whom each customer is linked with, as far as the caller reads them too (CUS-14)."""
    found = links.of_all(tx, sorted({record for one in records.values() for record in one}))
    if not found:
        return {one: [] for one in records}
    ends = merges.records_of_all(tx, [end for row in found for end in (row["one"], row["other"])])
    read = set(ends)
    if not reads_base(caller):
        through = {c["customer"] for c in claims_read(tx, caller, [r for its in ends.values() for r in its])}
        read = {end for end, its in ends.items() if through & set(its)}
    return {
        one: [
            {"link": row["id"], "customer": ends[other][0], "kind": row["kind"]}
            for row in found
            for mine, other in ((row["one"], row["other"]), (row["other"], row["one"]))
            if mine in its and other not in its and other in read
        ]
        for one, its in records.items()
    }


def customer_page(
    tx: Transaction,
    caller: Caller,
    *,
    kind: str | None,
    level: str | None,
    external_id: str | None,
    q: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """`GET /v1/customers`."""
    c = t.customer.c
    statement = sa.select(t.customer).where(c.merged_into.is_(None))
    for column, value in ((c.kind, kind), (c.level, level)):
        if value is not None:
            statement = statement.where(column == value)
    if external_id is not None:
        statement = statement.where(_with_merged(tx, lambda column: column.external_id == external_id))
    if q is not None:
        region = _region(caller)
        words = q
        statement = statement.where(
            _with_merged(tx, lambda column: of_customers_matching(tx, column.id, words, region=region))
        )
    if not reads_base(caller):
        mine = sa.select(t.claim.c.customer)
        scope = scope_of(caller)
        if not scope.everything:
            mine = mine.where(readable_claims(scope, acting_for(caller)))
        statement = statement.where(_with_merged(tx, lambda column: column.id.in_(mine)))
    rows, following = page(
        tx,
        statement,
        time_column=c.created_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "customers", "kind": kind, "level": level, "external_id": external_id, "q": q},
    )
    return {"items": customer_views(tx, caller, rows), "next": following}


def _with_merged(tx: Transaction, which: Callable[[Any], sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Records of which ``which`` is true, or that stand for merged ones of which it is (CUS-13).

    There are few merged ones, and mostly none that is meant: asked for by themselves, they leave a list to its index.
    """
    c, merged = t.customer.c, t.customer.alias()
    if tx.execute(sa.select(c.id).where(c.merged_into.is_not(None)).limit(1)).first() is None:
        return which(c)
    found = sa.select(merged.c.merged_into).where(merged.c.merged_into.is_not(None), which(merged.c)).distinct()
    elsewhere = list(tx.execute(found).scalars())
    return sa.or_(which(c), c.id.in_(elsewhere)) if elsewhere else which(c)


def others(tx: Transaction, caller: Caller, of: Sequence[str]) -> int:
    """How many of the customers ``of`` the caller has no claim of their own on (AUD-04)."""
    if not of:
        return 0
    mine = sa.select(t.claim.c.customer).where(
        t.claim.c.customer.in_(sorted(of)),
        sa.or_(t.claim.c.owner == caller.person, t.claim.c.reporter == caller.person),
    )
    return len(set(of)) - len(set(tx.execute(mine).scalars()))


def _region(caller: Caller) -> str:
    return caller.setting.company_policy_at(caller.at).word("match.phone_region") or "CN"


def _view(
    row: dict[str, Any],
    contact: customers.Contact,
    records: Sequence[str],
    related: Sequence[dict[str, Any]],
    *,
    known: bool,
) -> dict[str, Any]:
    """``records``: all of the customer, the one that stands for them first."""
    name = contact.name
    if name is not None and not known and contact.kind is CustomerKind.PERSON:
        name = mask_person_name(name)
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": name,
        "phone": masked_phone(contact.phone),
        "email": mask_email(contact.email) if contact.email else None,
        "company_code": contact.company_code,
        "level": contact.level,
        "source": contact.source,
        "facets": {name: contact.facets.get(name) for name in CONDITIONS},
        "external_id": contact.external_id,
        "created_at": rfc3339(row["created_at"]),
        "erased_at": rfc3339(row["erased_at"]) if row["erased_at"] is not None else None,
        "merged_into": row["merged_into"],
        "merged_from": list(records[1:]) if row["merged_into"] is None else [],
        "links": list(related),
        "version": row["version"],
    }
