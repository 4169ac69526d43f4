"""Dossiers (客户档案) in the database: one per matter, sealed with the customer's key (CUS-11, AUD-05)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.customers.dossier import MEETINGS
from storage import customers
from storage import tables as t
from storage.codec import canonical
from storage.database import Transaction, mint


@dataclass(frozen=True)
class Dossier:
    """The dossier of a matter. ``version`` 1: nobody wrote anything yet, and ``id`` is None."""

    id: str | None
    customer: str
    version: int = 1
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)
    changed_at: datetime | None = None
    changed_by: str | None = None


def of(tx: Transaction, matter: str, customer: str) -> Dossier:
    """The dossier of ``matter`` that is kept; ``customer`` is the record that its claim came under."""
    return all_of(tx, matter, customer)[0]


def all_of(tx: Transaction, matter: str, customer: str) -> list[Dossier]:
    """The dossier of ``matter`` that is kept, and after it those that merged records brought with them (CUS-13).

    That of the claim's own record is kept, else the oldest. Content of an erased customer is empty.
    """
    rows = tx.rows(sa.select(t.dossier).where(t.dossier.c.matter == matter).order_by(t.dossier.c.id))
    own_first = sorted(rows, key=lambda row: row["customer"] != customer)
    keys = customers.data_keys(tx, [row["customer"] for row in rows])
    return [_opened(tx, row, keys.get(row["customer"])) for row in own_first] or [Dossier(None, customer)]


def keep(
    tx: Transaction, present: Dossier, content: Mapping[str, Any], *, matter: str, by: str, at: datetime
) -> Dossier:
    """``content`` replaces that of ``present``. The matter is locked, the customer is not erased."""
    key = customers.data_key(tx, present.customer)
    assert key is not None
    values = {
        "sealed": tx.keys.seal(canonical(content).decode(), key=key),
        "version": present.version + 1,
        "changed_at": at,
        "changed_by": by,
    }
    identifier = present.id or mint()
    if present.id is None:
        tx.insert(t.dossier, {"id": identifier, "matter": matter, "customer": present.customer, **values})
    else:
        tx.update(t.dossier, {"id": identifier}, values)
    return Dossier(identifier, present.customer, present.version + 1, content, at, by)


def meetings(tx: Transaction, matter: str, follow_ups: Collection[str]) -> frozenset[str]:
    """Those of ``follow_ups`` that are qualified meetings on a claim of ``matter`` (CLM-08, CLM-16)."""
    c = t.follow_up.c
    found = (
        sa.select(c.id)
        .join(t.claim, t.claim.c.id == c.claim)
        .where(
            c.id.in_(sorted(follow_ups)),
            t.claim.c.matter == matter,
            c.kind.in_(sorted(MEETINGS)),
            c.qualified,
            c.voided_at.is_(None),
        )
    )
    return frozenset(tx.execute(found).scalars())


def met(tx: Transaction, dossier: Dossier, *, matter: str, pairs: Collection[tuple[str, str]], at: datetime) -> None:
    """Whom of the decision makers somebody met in which follow-up; told again nothing changes.

    It stays when the dossier no longer names them: the work was done, whoever keeps the dossier later (CLM-08).
    """
    tx.insert_new(
        t.decision_maker_met,
        [
            {
                "id": mint(),
                "matter": matter,
                "customer": dossier.customer,
                "decision_maker": decision_maker,
                "follow_up": follow_up,
                "entered_at": at,
            }
            for decision_maker, follow_up in pairs
        ],
    )


def met_in(tx: Transaction, matter: str) -> dict[str, list[str]]:
    """The follow-ups in which each decision maker was met, in the order they were entered."""
    c = t.decision_maker_met.c
    found: dict[str, list[str]] = {}
    for row in tx.rows(sa.select(c.decision_maker, c.follow_up).where(c.matter == matter).order_by(c.id)):
        found.setdefault(row["decision_maker"], []).append(row["follow_up"])
    return found


def erase(tx: Transaction, customer: str) -> None:
    """Nothing that was known of an erased customer stays (AUD-05)."""
    for table in (t.decision_maker_met, t.dossier):
        tx.execute(table.delete().where(table.c.customer == customer))


def _opened(tx: Transaction, row: Mapping[str, Any], key: bytes | None) -> Dossier:
    text = tx.keys.open_text(row["sealed"], key=key) if key is not None else None
    return Dossier(
        id=row["id"],
        customer=row["customer"],
        version=row["version"],
        content=json.loads(text) if text is not None else {},
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )
