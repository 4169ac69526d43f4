"""What the service itself knows of a customer, as items of a case beside those that were entered (DSP-09).

Claims, follow-ups, stages, deals, receptions, answers of the customer and refused reports are evidence by themselves,
under their own ids: advice refers to them so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from domain.reception.model import CALL
from storage import tables as t
from storage import texts
from storage.codec import canonical, plain
from storage.database import Transaction
from storage.types import refused_follow_up

#: Kinds of automatic items. A report that was refused for the owner is an attempt, and so is a refused follow-up.
REPORT, ATTEMPT, FOLLOW_UP, DEAL, RECEPTION = "report", "attempt", "follow_up", "deal", "reception"
STAGE, CONFIRMATION = "stage", "confirmation"
_ENTERED, _CLAIM, _TOLD = "entered", "claim", "told"


def items(matters: Collection[str], dispute: str | None, *, until: datetime | None = None) -> sa.Subquery:
    """Every item of a case, as ``source``, ``id``, ``received_at`` and ``of``, whose history tells of an attempt.

    ``matters``: that of the case and, in one of kind identity, the other record's (CUS-13). ``until`` is when the case
    ended: what its owner did with the customer since is no evidence in it.
    """
    here = t.claim.c.matter.in_(sorted(matters))
    claims = sa.select(t.claim.c.id).where(here)
    every = sa.union_all(
        _listed(_ENTERED, t.evidence, t.evidence.c.received_at).where(t.evidence.c.dispute == dispute),
        _listed(_CLAIM, t.claim, t.claim.c.received_at).where(here),
        _listed(FOLLOW_UP, t.follow_up, t.follow_up.c.received_at).where(t.follow_up.c.claim.in_(claims)),
        _listed(STAGE, t.stage_move, t.stage_move.c.at).where(t.stage_move.c.claim.in_(claims)),
        _listed(DEAL, t.deal, t.deal.c.recorded_at).where(t.deal.c.claim.in_(claims)),
        _listed(RECEPTION, t.reception, t.reception.c.completed_at).where(
            t.reception.c.matter.in_(sorted(matters)),
            t.reception.c.completed_at.is_not(None),
            t.reception.c.source != CALL,
        ),
        _listed(CONFIRMATION, t.confirmation, t.confirmation.c.answered_at).where(
            t.confirmation.c.claim.in_(claims), t.confirmation.c.answer.is_not(None)
        ),
        _attempts().where(t.event.c.stream.in_(claims)),
    ).subquery("item")
    if until is None:
        return every
    return sa.select(every).where(every.c.received_at <= until).subquery("item_until")


def known(tx: Transaction, matters: Collection[str], dispute: str | None) -> dict[str, datetime]:
    """The ids of all items of a case, or of what would be one, and when each was received."""
    item = items(matters, dispute)
    return {row.id: row.received_at for row in tx.execute(sa.select(item.c.id, item.c.received_at))}


def details(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What rows of :func:`items` are about, by id: columns of ``evidence``, in a fixed number of queries."""
    ids: dict[str, list[str]] = {}
    tried_at: set[str] = set()
    for row in rows:
        ids.setdefault(row["source"], []).append(row["id"])
        if row["source"] == _TOLD:
            tried_at.add(row["of"])
    found: dict[str, dict[str, Any]] = {}
    for row in tx.rows(sa.select(t.evidence).where(t.evidence.c.id.in_(ids.get(_ENTERED, ())))):
        # What nobody entered was found by comparing two records, and has its digest already (CUS-13).
        found[row["id"]] = {**row, "automatic": row["author"] is None}
    for row in tx.rows(sa.select(t.claim).where(t.claim.c.id.in_(ids.get(_CLAIM, ())))):
        found[row["id"]] = _of_claim(row)
    for row in tx.rows(sa.select(t.follow_up).where(t.follow_up.c.id.in_(ids.get(FOLLOW_UP, ())))):
        found[row["id"]] = _automatic(row, FOLLOW_UP, row["at"], row["received_at"], row["author"], text=row["note"])
    for row in tx.rows(sa.select(t.stage_move).where(t.stage_move.c.id.in_(ids.get(STAGE, ())))):
        found[row["id"]] = _automatic(row, STAGE, row["at"], row["at"], row["person"])
    for row in tx.rows(sa.select(t.deal).where(t.deal.c.id.in_(ids.get(DEAL, ())))):
        found[row["id"]] = _automatic(row, DEAL, row["contract_at"], row["recorded_at"], row["recorded_by"])
    for row in tx.rows(sa.select(t.reception).where(t.reception.c.id.in_(ids.get(RECEPTION, ())))):
        served = _automatic(row, RECEPTION, row["arrived_at"], row["completed_at"], row["server"])
        found[row["id"]] = {**served, "about": row["owner"] or row["server"]}
    for row in tx.rows(sa.select(t.confirmation).where(t.confirmation.c.id.in_(ids.get(CONFIRMATION, ())))):
        found[row["id"]] = _of_confirmation(row)
    tried = sa.select(
        _TRIED.label("id"), t.event.c.stream.label("claim"), t.event.c.actor.label("author"), t.event.c.at
    ).where(t.event.c.stream.in_(sorted(tried_at)), t.event.c.kind == ATTEMPT, _TRIED.in_(ids.get(_TOLD, ())))
    for row in tx.rows(tried):
        found[row["id"]] = _automatic(row, _TOLD, row["at"], row["at"], row["author"]) | {"kind": ATTEMPT}
    digests = texts.digests(tx, (item["text"] for item in found.values() if "content" in item))
    for item in found.values():
        if "content" in item:
            item["digest"] = sha256(canonical([item.pop("content"), digests.get(item["text"])])).hexdigest()
    return found


def _listed(source: str, table: sa.Table, received_at: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(
        sa.literal(source).label("source"),
        table.c.id.label("id"),
        received_at.label("received_at"),
        table.c.id.label("of"),
    )


#: An attempt by a follow-up is no record of its own: the owner's history tells of it, under the id it was sent by.
_TRIED = refused_follow_up(t.event.c.data)


def _attempts() -> sa.Select[Any]:
    return sa.select(
        sa.literal(_TOLD).label("source"),
        _TRIED.label("id"),
        t.event.c.at.label("received_at"),
        t.event.c.stream.label("of"),
    ).where(t.event.c.kind == ATTEMPT, _TRIED.is_not(None))


def _of_claim(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = ATTEMPT if row["reason"] == "customer_owned" else REPORT
    return _automatic(row, kind, row["received_at"], row["received_at"], row["reporter"])


def _of_confirmation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Nobody of the house says it: it has no author, and its origin is the customer (CNF-01)."""
    at, about = row["answered_at"], row["person"] if row["answer"] == "yes" else row["named"]
    said = _automatic(row, CONFIRMATION, at, at, None, text=row["text"])
    if row["form"] is not None:  # the digest of an answer by link is as it was before there were forms
        said |= {"file": row["form"], "content": {**said["content"], "form": row["form"]}}
    return {**said, "about": about, "origin": "customer"}


#: What of a record its hash covers: what does not change any more once it is there.
_CONTENT: dict[str, tuple[str, ...]] = {
    _CLAIM: ("receipt", "reporter", "channel", "received_at"),
    _TOLD: ("claim", "author", "at"),
    FOLLOW_UP: ("claim", "author", "kind", "at", "received_at", "answered"),
    STAGE: ("claim", "stage", "person", "actor", "at", "counts"),
    RECEPTION: ("site", "server", "owner", "source", "arrived_at", "completed_at"),
    CONFIRMATION: ("claim", "point", "person", "answer", "named", "asked_at", "answered_at"),
    DEAL: ("claim", "number", "kind", "amount_minor", "currency", "contract_at", "recorded_at", "recorded_by"),
}


def _automatic(
    row: Mapping[str, Any],
    kind: str,
    at: datetime,
    received_at: datetime,
    author: str | None,
    *,
    text: str | None = None,
) -> dict[str, Any]:
    names = _CONTENT.get(kind, _CONTENT[_CLAIM])
    return {
        "id": row["id"],
        "kind": kind,
        "at": at,
        "received_at": received_at,
        "author": author,
        "about": None,
        "origin": "system",
        "consent": None,
        "text": text,
        "file": None,
        "corrects": None,
        "automatic": True,
        "content": plain({"id": row["id"], **{name: row[name] for name in names}}),
    }
