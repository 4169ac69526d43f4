"""Identifying features (客户特征) of visitors: sealed, found by blind words, gone after a time (CUS-10, AUD-05).

A word is blinded with its program and field, so the same word tells nothing of another program or field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.customers.features import words, words_found_by
from domain.reception.model import Reception
from storage import customers
from storage import tables as t
from storage.database import Transaction, mint


@dataclass(frozen=True, slots=True)
class Feature:
    """What was noticed of a visitor. ``field`` is one of `customer.feature_fields`, None for what has none."""

    field: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """A reception whose visitor is like the one asked about, and the fields in which they are."""

    reception: str
    fields: tuple[str, ...]


def keep(tx: Transaction, said: Iterable[Feature], of: Reception, *, until: datetime | None) -> tuple[str, ...]:
    """Seal what was noticed at a reception, to be deleted at ``until``; the ids. Of an erased customer: nothing."""
    key = customers.data_key(tx, of.customer)
    if key is None:
        return ()
    kept = []
    for feature in said:
        identifier = mint()
        kept.append(identifier)
        tx.insert(
            t.feature,
            {
                "id": identifier,
                "reception": of.id,
                "customer": of.customer,
                "field": feature.field,
                "sealed": tx.keys.seal(feature.text, key=key),
                "until": until,
            },
        )
        if feature.field is not None:
            digests = _digests(tx, of.program, feature.field, words_found_by(feature.text))
            tx.insert_new(t.feature_word, [{"digest": digest, "feature": identifier} for digest in digests])
    return tuple(kept)


def read(tx: Transaction, ids: Iterable[str], *, at: datetime) -> dict[str, Feature]:
    """Features by their ids; without those whose time is over at ``at``, or whose customer is erased."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = tx.rows(sa.select(t.feature).where(t.feature.c.id.in_(wanted), _kept_at(at)))
    keys = customers.data_keys(tx, {row["customer"] for row in rows})
    found = {}
    for row in rows:
        key = keys.get(row["customer"])
        text = tx.keys.open_text(row["sealed"], key=key) if key is not None else None
        if text is not None:
            found[row["id"]] = Feature(row["field"], text)
    return found


def alike(tx: Transaction, program: str, asked: Mapping[str, str], *, at: datetime, limit: int) -> list[Likeness]:
    """Receptions of the program with a feature that has all words of the one asked about, in the same field.

    Those alike in more fields go first, later ones before earlier ones; ``limit`` at most.
    """
    f, w, r = t.feature.c, t.feature_word.c, t.reception.c
    found: dict[str, tuple[list[str], datetime]] = {}
    for field, text in asked.items():
        digests = _digests(tx, program, field, words(text))
        if not digests:
            continue
        statement = (
            sa.select(r.id, r.arrived_at)
            .join(t.feature, f.reception == r.id)
            .join(t.feature_word, w.feature == f.id)
            .where(w.digest.in_(digests), _kept_at(at))
            .group_by(r.id, r.arrived_at)
            .having(sa.func.count() == len(digests))
        )
        for row in tx.rows(statement):
            found.setdefault(row["id"], ([], row["arrived_at"]))[0].append(field)
    ranked = sorted(found.items(), key=lambda item: (len(item[1][0]), item[1][1], item[0]), reverse=True)
    return [Likeness(reception, tuple(fields)) for reception, (fields, _) in ranked[:limit]]


def drop(tx: Transaction, ids: Iterable[str]) -> None:
    """Take back what was replaced."""
    tx.execute(t.feature.delete().where(t.feature.c.id.in_(sorted(ids))))


def erase(tx: Transaction, customer: str) -> None:
    """Nothing that was noticed of an erased customer stays (AUD-05)."""
    tx.execute(t.feature.delete().where(t.feature.c.customer == customer))


def _kept_at(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(t.feature.c.until.is_(None), t.feature.c.until > at)


def _digests(tx: Transaction, program: str, field: str, said: Iterable[str]) -> list[str]:
    return sorted(tx.keys.blind("feature", f"{program}\0{field}\0{word}").hex()[:32] for word in said)
