"""Named projects of a customer (项目级报备, CLM-33)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.customers.fields import narrow
from storage import tables as t
from storage.database import Transaction, mint
from storage.merges import records_of


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project as reported."""

    name: str
    department: str | None
    site: str | None
    tender_number: str | None
    bid_date: date | None


@dataclass(frozen=True, slots=True)
class Found:
    """The project a report is about, and others of the customer that it may be the same as."""

    project: str
    possible: tuple[str, ...] = ()


def name_key(name: str) -> str:
    """Names compare by width, case and blanks alike."""
    return " ".join(narrow(name).casefold().split())[:200]


def find_or_create(
    tx: Transaction, customer: str, facts: ProjectFacts, *, groups: Sequence[Sequence[str]], at: datetime
) -> Found:
    """The project of the customer that agrees in every field of one of ``groups`` (`match.project_keys`).

    Where tender numbers do not tell them apart the same name is the same project. Close names are only possible.

    The caller holds the identity locks of the customer, so two first reports of one project meet here in turn.
    """
    if not tx.is_sqlite:
        tx.execute(sa.select(t.customer.c.id).where(t.customer.c.id == customer).with_for_update()).all()
    of = records_of(tx, customer)
    known = tx.rows(sa.select(t.project).where(t.project.c.customer.in_(of)).order_by(t.project.c.id))
    found, close = _compared(known, facts, groups)
    if found is not None:
        return Found(found)
    project = mint()
    tx.insert(
        t.project,
        {
            "id": project,
            "customer": customer,
            "name": facts.name,
            "name_key": name_key(facts.name),
            "department": facts.department,
            "site": facts.site,
            "tender_number": _tender(facts.tender_number),
            "bid_date": facts.bid_date,
            "created_at": at,
        },
    )
    return Found(project, close)


def look_up(
    tx: Transaction, customers: Collection[str], facts: ProjectFacts, groups: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Projects of ``customers`` that are the one meant, and those that it may be the same as; makes nothing."""
    rows = tx.rows(sa.select(t.project).where(t.project.c.customer.in_(sorted(customers))).order_by(t.project.c.id))
    same: list[str] = []
    close: list[str] = []
    for customer in sorted(customers):
        found, possible = _compared([r for r in rows if r["customer"] == customer], facts, groups)
        same += [found] if found is not None else []
        close += possible
    return tuple(same), tuple(close)


def _compared(
    known: Sequence[Mapping[str, Any]], facts: ProjectFacts, groups: Sequence[Sequence[str]]
) -> tuple[str | None, tuple[str, ...]]:
    """Of one customer's projects the one meant, else those with a close name."""
    key, tender = name_key(facts.name), _tender(facts.tender_number)
    given = _keys(asdict(facts))
    # One tender number is one project, whatever else the policy compares.
    for fields in (("tender_number",), *(tuple(f for f in group if f != "customer") for group in groups)):
        for row in known:
            there = _keys(row)
            if all(given[f] is not None and given[f] == there[f] for f in fields):
                return row["id"], ()
    for row in known:
        if row["name_key"] == key and (tender is None or row["tender_number"] is None):
            return row["id"], ()
    return None, tuple(r["id"] for r in known if _close(r["name_key"], key))


def _keys(project: Mapping[str, Any]) -> dict[str, Any]:
    """What a project is compared by, each None where there is nothing to compare."""
    texts = {name: name_key(project[name] or "") or None for name in ("name", "department", "site")}
    return {**texts, "tender_number": _tender(project["tender_number"]), "bid_date": project["bid_date"]}


def _tender(number: str | None) -> str | None:
    return "".join(narrow(number).upper().split()) or None if number else None


def _close(one: str, other: str) -> bool:
    """One name inside the other, blanks apart."""
    a, b = one.replace(" ", ""), other.replace(" ", "")
    return len(min(a, b, key=len)) >= 4 and (a in b or b in a)
