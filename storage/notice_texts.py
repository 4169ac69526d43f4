"""Notices in words, for the inbox and for outside channels alike: names as their reader may be told them (NTF-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.customers.names import CustomerKind, mask_person_name
from domain.matters.setting import Setting
from domain.notices import Sentences, Subject, sentences
from storage import customers
from storage import tables as t
from storage.database import Transaction

#: Facts that name a colleague by id.
_PEOPLE = ("by", "person")


def worded(tx: Transaction, rows: Sequence[Mapping[str, Any]], setting: Setting) -> dict[str, Sentences]:
    """The sentences of notice rows, by id, in a fixed number of queries.

    A company is named, a person is ``张*``, an erased customer nobody; instants are on the clock of the program's
    calendar, or of the company's where there is no program.
    """
    places = _places(tx, t.claim, {r["subject"] for r in rows if r["subject_type"] == "claim"})
    places |= _places(tx, t.dispute, {r["subject"] for r in rows if r["subject_type"] == "dispute"})
    places |= _places(tx, t.lead, {r["subject"] for r in rows if r["subject_type"] == "lead"})
    places |= _places(tx, t.reception, {r["subject"] for r in rows if r["subject_type"] == "reception"})
    places |= _places(tx, t.discussion, {r["subject"] for r in rows if r["subject_type"] == "discussion"})
    subjects = {r["subject"] for r in rows if r["subject_type"] == "customer"}
    names = _customer_names(tx, subjects | {customer for customer, _ in places.values()})
    people = _people(
        tx,
        {one for r in rows for name in _PEOPLE if isinstance(one := r["facts"].get(name), str)}
        | {one for r in rows for one in r["facts"].get("room", ())},
    )
    found: dict[str, Sentences] = {}
    for row in rows:
        about = row["subject"]
        customer, program = places.get(about, (about, about if row["subject_type"] == "program" else None))
        found[row["id"]] = sentences(
            row["kind"],
            row["facts"],
            subject=Subject(customer=names.get(customer), people=people),
            zone=_zone(setting, program, row),
            rule=row["rule"],
        )
    return found


def _places(tx: Transaction, table: sa.Table, ids: set[str]) -> dict[str, tuple[str, str]]:
    """Customer and program of claims, cases, leads, receptions or discussions."""
    if not ids:
        return {}
    c = table.c
    found = tx.rows(sa.select(c.id, c.customer, c.program).where(c.id.in_(sorted(ids))))
    return {r["id"]: (r["customer"], r["program"]) for r in found}


def _customer_names(tx: Transaction, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    keys = customers.data_keys(tx, ids)
    names: dict[str, str] = {}
    for row in tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(sorted(ids)))):
        contact = customers.contact_of(tx, row, keys.get(row["id"]))
        if contact.name is not None:
            names[row["id"]] = contact.name if contact.kind is CustomerKind.COMPANY else mask_person_name(contact.name)
    return names


def _people(tx: Transaction, ids: set[str]) -> dict[str, str]:
    if not ids:
        return {}
    found = tx.rows(sa.select(t.person.c.id, t.person.c.name).where(t.person.c.id.in_(sorted(ids))))
    return {r["id"]: tx.keys.open_text(r["name"]) or "" for r in found}


def _zone(setting: Setting, program: str | None, row: Mapping[str, Any]) -> str:
    if program is not None:
        return setting.calendar(program).zone
    return setting.company_policy_at(row["at"]).word("calendar.zone") or "UTC"
