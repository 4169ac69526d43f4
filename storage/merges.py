"""Records of one customer that were joined, and their matters, which became one (合并, CUS-13).

A record that was merged keeps all it had: contacts, keys, the claims, deals and leads that came under it. Only where
they lie, and so are decided, moves: into the matter of the surviving record. Which record each of them came under stays
with it, so undoing a merge needs no list of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.customers.merging import NOWHERE, Place, place_joined, place_kept
from storage import tables as t
from storage.codec import pack, unpack
from storage.database import Transaction, mint

Row = Mapping[str, Any]

# --- which records are one -------------------------------------------------------------------------------------------


def root_of(tx: Transaction, customer: str) -> str:
    """The record that stands for ``customer``: itself, or the one it was merged into."""
    return str(tx.execute(_ROOT, {"customer": customer}).scalar() or customer)


def records_of(tx: Transaction, customer: str) -> tuple[str, ...]:
    """All records of the customer that ``customer`` is a record of, the one that stands for them first."""
    root = root_of(tx, customer)
    return (root, *tx.execute(_BELOW, {"root": root}).scalars())


def records_of_all(tx: Transaction, customers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The same for several customers, in two statements."""
    wanted = sorted(set(customers))
    c = t.customer.c
    roots = {r.id: r.merged_into or r.id for r in tx.execute(sa.select(c.id, c.merged_into).where(c.id.in_(wanted)))}
    below: dict[str, list[str]] = {}
    joined = sa.select(c.id, c.merged_into).where(c.merged_into.in_(sorted(set(roots.values())))).order_by(c.id)
    for row in tx.execute(joined):
        below.setdefault(row.merged_into, []).append(row.id)
    return {one: (root, *below.get(root, ())) for one, root in roots.items()}


def came_under(tx: Transaction, column: sa.ColumnElement[str], customer: str) -> sa.ColumnElement[bool]:
    """Whether ``column`` names a record of the customer that ``customer`` is a record of."""
    records = records_of(tx, customer)
    return column == customer if records == (customer,) else column.in_(records)


def standing(tx: Transaction, customer: str) -> dict[str, Any] | None:
    """The merge by which ``customer`` is part of another record now."""
    c = t.customer_merge.c
    return tx.row(sa.select(t.customer_merge).where(c.customer == customer, c.undone_at.is_(None)))


def parts_of(tx: Transaction, customer: str) -> tuple[str, ...]:
    """``customer`` and every record that was merged into it, directly or by another one, and still is."""
    c, found, new = t.customer_merge.c, [customer], [customer]
    while new:
        beneath = sa.select(c.customer).where(c.survivor.in_(new), c.undone_at.is_(None)).order_by(c.customer)
        new = list(tx.execute(beneath).scalars())
        found += new
    return tuple(found)


_ROOT = sa.select(t.customer.c.merged_into).where(t.customer.c.id == sa.bindparam("customer"))
_BELOW = sa.select(t.customer.c.id).where(t.customer.c.merged_into == sa.bindparam("root")).order_by(t.customer.c.id)

# --- which matters are one -------------------------------------------------------------------------------------------


def matter_of(tx: Transaction, *, program: str, subject: str, track: str) -> str | None:
    """The matter in which ``subject`` is decided, that of another record where two were found to be one customer."""
    found = tx.execute(_MATTER_OF, {"program": program, "subject": subject, "track": track}).one_or_none()
    if found is None:
        return None
    return str(found.id) if found.merged_into is None else lies_in(tx, found.merged_into)


def lies_in(tx: Transaction, matter: str) -> str:
    """The matter that ``matter`` lies in, itself where it was joined to none."""
    while (into := tx.execute(_INTO, {"matter": matter}).scalar()) is not None:
        matter = into
    return matter


_MATTER_OF = sa.select(t.matter.c.id, t.matter.c.merged_into).where(
    t.matter.c.program == sa.bindparam("program"),
    t.matter.c.subject == sa.bindparam("subject"),
    t.matter.c.track == sa.bindparam("track"),
)
_INTO = sa.select(t.matter.c.merged_into).where(t.matter.c.id == sa.bindparam("matter"))

#: What lies in a matter and came under a record.
_LYING = (t.claim, t.deal, t.lead, t.dispute, t.reception, t.discussion, t.dossier, t.decision_maker_met)


def join(tx: Transaction, moved: str, into: str) -> dict[str, Any]:
    """Everything of ``moved`` lies in ``into`` from now on; what :func:`part` needs to undo it.

    The caller holds both locks, and has seen that at most one of them is claimed and no case about either is open.
    """
    source, target = _matter(tx, moved), _matter(tx, into)
    for table in (*_LYING, t.stream):
        tx.execute(table.update().where(table.c.matter == moved).values(matter=into))
    _move_commands(tx, t.command.c.matter == moved, into)
    before, beside = _place(target), _place(source)
    holder = _holder(tx, into)
    joined = place_joined(beside, before, held=holder is not None)
    _write(
        tx,
        into,
        joined,
        owner_claim=holder,
        dealt=target["dealt"] or source["dealt"],
        led=target["led"] or source["led"],
        last_at=max(target["last_at"], source["last_at"]),
    )
    _write(tx, moved, NOWHERE, owner_claim=None, merged_into=into)
    places = {"moved_place": beside, "before": before, "joined": joined}
    return {"moved": moved, "into": into, **{name: _packed(place) for name, place in places.items()}}


def part(tx: Transaction, done: Row, records: Collection[str], *, at: datetime) -> None:
    """Undo one :func:`join`: what came under ``records`` lies where it lay, what came since stays.

    The caller holds the locks of both, and has seen that no case is open.
    """
    moved, now_in = done["moved"], lies_in(tx, done["into"])
    target = _matter(tx, now_in)
    back: list[str] = []
    for table in _LYING:
        here = sa.and_(table.c.matter == now_in, table.c.customer.in_(sorted(records)))
        back += tx.execute(sa.select(table.c.id).where(here)).scalars()
        tx.execute(table.update().where(here).values(matter=moved))
    tx.execute(t.stream.update().where(t.stream.c.id.in_(back)).values(matter=moved))
    _move_commands(tx, t.command.c.claim.in_(back), moved)
    kept_by, back_with = _holder(tx, now_in), _holder(tx, moved)
    before, joined = _unpacked(done["before"]), _unpacked(done["joined"])
    kept = place_kept(before, joined, _place(target), held=kept_by is not None)
    _write(tx, now_in, kept, owner_claim=kept_by, split=True, last_at=max(target["last_at"], at))
    place = NOWHERE if back_with is not None else _unpacked(done["moved_place"])
    last_at = max(_matter(tx, moved)["last_at"], target["last_at"], at)
    # That there is something is asked for only to save reading what is not there.
    flags = {"dealt": target["dealt"], "led": target["led"]}
    _write(tx, moved, place, owner_claim=back_with, merged_into=None, last_at=last_at, **flags)


def _move_commands(tx: Transaction, which: sa.ColumnElement[bool], into: str) -> None:
    """What nobody has decided yet is decided where its claim lies."""
    tx.execute(t.command.update().where(which, t.command.c.decided_at.is_(None)).values(matter=into))


def _holder(tx: Transaction, matter: str) -> str | None:
    return tx.execute(sa.select(t.claim.c.id).where(t.claim.c.matter == matter, t.claim.c.holds)).scalar()


def _matter(tx: Transaction, matter: str) -> dict[str, Any]:
    row = tx.row(sa.select(t.matter).where(t.matter.c.id == matter))
    assert row is not None
    return row


def _write(tx: Transaction, matter: str, place: Place, **values: Any) -> None:
    pool = {"pool": place.pool, "pool_at": place.at, "pool_locked": place.locked, "pool_only": place.only}
    tx.execute(t.matter.update().where(t.matter.c.id == matter).values(pooled=place.pooled, **pool, **values))


def _place(row: Row) -> Place:
    return Place(row["pooled"], row["pool_at"], row["pool"], row["pool_locked"], row["pool_only"])


def _packed(place: Place) -> Any:
    return pack([place.pooled, place.at, place.pool, place.locked, place.only])


def _unpacked(data: Any) -> Place:
    return Place(*unpack(data))


# --- merging and undoing it ------------------------------------------------------------------------------------------


def keep(
    tx: Transaction,
    customer: str,
    survivor: str,
    *,
    joined: Sequence[Row],
    by: str,
    reason: str | None,
    at: datetime,
) -> None:
    """``survivor`` stands for ``customer`` from now on, and for all that ``customer`` stood for."""
    row = {"id": mint(), "customer": customer, "survivor": survivor, "at": at, "by": by, "reason": reason}
    tx.insert(t.customer_merge, {**row, "joined": list(joined)})
    below = sa.or_(t.customer.c.id == customer, t.customer.c.merged_into == customer)
    _set_root(tx, below, survivor)
    _count_version(tx, survivor)


def undo(tx: Transaction, merge: Row, *, root: str, by: str, reason: str | None, at: datetime) -> None:
    """The record of ``merge`` stands for itself again, and for what was merged into it. ``root`` stood for it."""
    tx.update(t.customer_merge, {"id": merge["id"]}, {"undone_at": at, "undone_by": by, "undone_reason": reason})
    customer = merge["customer"]
    _set_root(tx, t.customer.c.id == customer, None)
    beneath = [part for part in parts_of(tx, customer) if part != customer]
    if beneath:
        _set_root(tx, t.customer.c.id.in_(beneath), customer)
    _count_version(tx, root)


def _set_root(tx: Transaction, which: sa.ColumnElement[bool], root: str | None) -> None:
    c = t.customer.c
    tx.execute(t.customer.update().where(which).values(merged_into=root, version=c.version + 1))


def _count_version(tx: Transaction, customer: str) -> None:
    c = t.customer.c
    tx.execute(t.customer.update().where(c.id == customer).values(version=c.version + 1))
