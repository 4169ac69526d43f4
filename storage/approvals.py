"""Special approvals in the database: those of a matter, how many somebody has given, which one was used (CLM-34)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.approvals import ApprovalKind, SpecialApproval
from domain.matters.matter import Command, CommandKind, Matter
from storage import tables as t
from storage.database import Transaction

#: Commands that may rest on one: whoever gets the customer, or a letter, by them may be over a cap.
_RESTING = frozenset(
    {
        CommandKind.OVERRIDE,
        CommandKind.LETTER,
        CommandKind.TAKE,
        CommandKind.POOL_ASSIGN,
        CommandKind.LEAD_ACCEPT,
        CommandKind.TRANSFER,
        CommandKind.TRANSFER_LISTED,
        CommandKind.REQUEST_ACCEPT,
    }
)


def load(tx: Transaction, matter: str, commands: Collection[Command], *, excused: bool) -> dict[str, SpecialApproval]:
    """Those on claims that lie in ``matter``; no query where no command rests on one.

    ``excused``: a report is there that one lets exceed a cap, and which may be accepted now; or a lead, by silence.
    """
    if not excused and not any(command.kind in _RESTING for command in commands):
        return {}
    return {a.id: a for a in _of_matter(tx, matter)}


def givers(commands: Collection[Command]) -> set[str]:
    """Who is about to give one, and so is counted under a lock."""
    return {c.actor for c in commands if c.kind is CommandKind.OVERRIDE and c.actor is not None}


def granted(tx: Transaction, people: Collection[str]) -> dict[tuple[str, str], int]:
    """How many each of ``people``, who are locked already, has given by local month, in all programs."""
    if not people:
        return {}
    c = t.special_approval.c
    counted = sa.select(c.by, c.month, sa.func.count().label("given")).where(c.by.in_(sorted(people)))
    return {(row["by"], row["month"]): row["given"] for row in tx.rows(counted.group_by(c.by, c.month))}


def for_letters(tx: Transaction, claims: Collection[str]) -> list[SpecialApproval]:
    """Those by which one more letter may be issued on one of ``claims``, while they stand (CLM-33)."""
    c = t.special_approval.c
    wanted = sa.and_(c.claim.in_(sorted(claims)), c.kind == ApprovalKind.LETTER.value, c.used_at.is_(None))
    return [approval_of(row) for row in tx.rows(sa.select(t.special_approval).where(wanted).order_by(c.at))]


def save(tx: Transaction, before: Matter, after: Matter) -> None:
    """Write those that were given, and that one was used."""
    for approval in after.approvals.values():
        was = before.approvals.get(approval.id)
        if was is None:
            tx.insert(t.special_approval, asdict(approval) | {"kind": approval.kind.value})
        elif was != approval:
            tx.update(t.special_approval, {"id": approval.id}, {"used_at": approval.used_at})


def excuses(tx: Transaction, matter: str, person: str, *, at: datetime) -> bool:
    """Whether caps do not keep ``person`` from the customer of ``matter``, whose lock is held."""
    return any(a.excuses(person, at=at) for a in _of_matter(tx, matter))


def _of_matter(tx: Transaction, matter: str) -> Iterator[SpecialApproval]:
    return (approval_of(dict(row)) for row in tx.execute(_OF_MATTER, {"matter": matter}).mappings())


def approval_of(row: Mapping[str, Any]) -> SpecialApproval:
    """The domain's special approval of a row."""
    return SpecialApproval(**{name: row[name] for name in _NAMES if name != "kind"}, kind=ApprovalKind(row["kind"]))


_NAMES = tuple(column.name for column in t.special_approval.columns)
_OF_MATTER = (
    sa.select(t.special_approval)
    .join(t.claim, t.claim.c.id == t.special_approval.c.claim)
    .where(t.claim.c.matter == sa.bindparam("matter"))
    .order_by(t.special_approval.c.at)
)
