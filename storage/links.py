"""Customers that belong together (关联客户): a household or a company group, link by link (CUS-14).

A link names the records it was asked about. It is read from the records that stand for them, so it follows a merge, and
goes back with a record when the merge is undone (CUS-13).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.customers.links import APPROVED, ENDED, PENDING
from storage import merges
from storage import tables as t
from storage.database import Transaction, mint

_LINK = t.customer_link.c
#: Fields of records that say how to reach somebody.
_CONTACTS = ("phone", "email")


def of(tx: Transaction, customer: str, *, states: Collection[str] = (APPROVED,)) -> list[dict[str, Any]]:
    """Links in ``states`` of the customer that ``customer`` is a record of, the oldest first."""
    records = merges.records_of(tx, customer)
    wanted = sa.select(t.customer_link).where(_touches(records), _LINK.state.in_(sorted(states)))
    found = tx.rows(wanted.order_by(_LINK.asked_at, _LINK.id))
    return [row for row in found if not {row["one"], row["other"]} <= set(records)]


def of_all(tx: Transaction, records: Collection[str]) -> list[dict[str, Any]]:
    """Approved links of any of ``records``, the oldest first."""
    wanted = sa.select(t.customer_link).where(_touches(records), _LINK.state == APPROVED)
    return tx.rows(wanted.order_by(_LINK.asked_at, _LINK.id))


def related(tx: Transaction, customer: str, *, kinds: Collection[str]) -> tuple[str, ...]:
    """The records that stand for customers linked to ``customer``, over other members of its household or group too."""
    root = merges.root_of(tx, customer)
    found, new = {root}, [root]
    while new:
        ends = [end for one in new for row in of(tx, one) if row["kind"] in kinds for end in (row["one"], row["other"])]
        new = sorted({merges.root_of(tx, end) for end in ends} - found)
        found.update(new)
    return tuple(sorted(found - {root}))


def hold(tx: Transaction, customers: Collection[str]) -> None:
    """Lock the links that join ``customers``, by id: reports of two relatives come one after the other (TER-01).

    After the keys and rows of records, and before any matter.
    """
    records = {one for known in merges.records_of_all(tx, customers).values() for one in known}
    joining = sa.select(_LINK.id).where(_touches(sorted(records)), _LINK.state == APPROVED)
    tx.execute(tx.locked(joining.order_by(_LINK.id))).all()


def are_linked(tx: Transaction, one: str, other: str, *, kinds: Collection[str]) -> bool:
    """Whether two customers belong to one household or group, be it over others."""
    return merges.root_of(tx, other) in related(tx, one, kinds=kinds)


def between(tx: Transaction, one: str, other: str, *, kind: str) -> dict[str, Any] | None:
    """The link of ``kind`` that two customers have, or that is asked for."""
    theirs = set(merges.records_of(tx, other))
    known = of(tx, one, states=(APPROVED, PENDING))
    return next((row for row in known if row["kind"] == kind and {row["one"], row["other"]} & theirs), None)


def one(tx: Transaction, link: str) -> dict[str, Any] | None:
    """A link by its id."""
    return tx.row(sa.select(t.customer_link).where(_LINK.id == link))


def insert(tx: Transaction, **values: Any) -> dict[str, Any]:
    """A new link; the caller holds the locks of both records."""
    row = {"id": mint(), **values}
    tx.insert(t.customer_link, row)
    return row


def share_a_contact(tx: Transaction, one: str, other: str) -> bool:
    """Whether two records name a number or an address in common: a company and who is reached there (CUS-14)."""
    key, theirs = t.customer_key.c, t.customer_key.alias()
    same = (
        sa.select(key.customer)
        .join(theirs, sa.and_(theirs.c.field == key.field, theirs.c.digest == key.digest))
        .where(key.customer == one, theirs.c.customer == other, key.field.in_(_CONTACTS))
    )
    return tx.execute(same.limit(1)).first() is not None


def task_key(link: str) -> str:
    """Names the task to approve a link (CUS-14)."""
    return f"link:{link}"


def erase(tx: Transaction, customer: str) -> None:
    """Who belongs to an erased customer is not known any more, nor why it was said; nobody need decide it (AUD-05)."""
    rows = tx.rows(sa.select(t.customer_link).where(_touches((customer,))))
    if not rows:
        return
    said = [text for row in rows for text in (row["reason"], row["ended_reason"]) if text is not None]
    tx.execute(t.free_text.delete().where(t.free_text.c.id.in_(said)))
    asked = [task_key(row["id"]) for row in rows]
    tx.execute(t.task.update().where(t.task.c.key.in_(asked), t.task.c.state == "open").values(state="done"))
    tx.execute(t.customer_link.delete().where(_touches((customer,))))


def decided(tx: Transaction, link: str, state: str, *, by: str, at: datetime) -> None:
    """A supervisor has said yes or no; the caller holds the locks of both records."""
    tx.update(t.customer_link, {"id": link}, {"state": state, "decided_by": by, "decided_at": at, "waits_for": None})


def ended(tx: Transaction, link: str, *, by: str, at: datetime, reason: str | None) -> None:
    """It holds no longer; ``reason`` is the id of a text. The caller holds the locks of both records."""
    values = {"state": ENDED, "ended_by": by, "ended_at": at, "ended_reason": reason, "waits_for": None}
    tx.update(t.customer_link, {"id": link}, values)


def _touches(records: Collection[str]) -> sa.ColumnElement[bool]:
    return sa.or_(_LINK.one.in_(records), _LINK.other.in_(records))
