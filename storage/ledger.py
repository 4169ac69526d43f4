"""The commission ledger (佣金台账): append-only double entry, and what it comes to (COM-06, design section 5)."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from domain.money.model import COMPANY, Entry
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import canonical
from storage.database import Transaction, mint

_log = structlog.get_logger("fairclaim.ledger")

#: So many postings are grouped at once; their sort stays in the cache.
_SLICE = 20_000

#: An account of one deal in one currency.
BalanceKey = tuple[str, str, str]


def post(tx: Transaction, entries: Iterable[Entry]) -> list[str]:
    """Write ``entries``, each once: one whose key is there with the same content is left out (COM-06).

    The same key with other content refuses ``ledger_conflict`` and raises an alarm. Answers the keys written. The
    caller holds the lock of every matter concerned, so nobody else posts under these keys now.
    """
    wanted: dict[str, tuple[Entry, str]] = {}
    for entry in entries:
        digest = _digest(entry)
        if entry.key in wanted and wanted[entry.key][1] != digest:
            raise _conflict(entry.key)
        wanted.setdefault(entry.key, (entry, digest))
    for key, known in _digests(tx, list(wanted)).items():
        if wanted.pop(key)[1] != known:
            raise _conflict(key)
    if not wanted:
        return []
    headers, postings = [], []
    for entry, digest in wanted.values():
        header = _header(entry, digest)
        headers.append(header)
        postings += _postings(entry, header["id"])
    # Postings first: the database refuses them once their entry is there (`storage.migrations.guards`).
    tx.insert(t.ledger_posting, postings)
    tx.insert(t.ledger_entry, headers)
    _add_to_balances(tx, postings)
    return list(wanted)


def balances(tx: Transaction, deals: Sequence[str]) -> dict[BalanceKey, int]:
    """What every account of ``deals`` stands at: (account, deal, currency) → minor units."""
    if not deals:
        return {}
    b = t.ledger_balance.c
    found = tx.rows(sa.select(t.ledger_balance).where(b.deal.in_(list(deals))))
    return {(r["account"], r["deal"], r["currency"]): r["amount_minor"] for r in found}


def recomputed(tx: Transaction, deals: Sequence[str] | None = None) -> dict[BalanceKey, int]:
    """The same from the postings themselves; accounts that come to nothing are left out.

    In slices: a database sorts what it groups, and a sort of all postings would grow faster than they do.
    """
    p = t.ledger_posting.c
    statement = sa.select(p.account, p.deal, p.currency, sa.func.sum(p.amount_minor).label("total"))
    statement = statement.group_by(p.account, p.deal, p.currency)
    if deals is not None:
        statement = statement.where(p.deal.in_(list(deals)))
    totals: Counter[BalanceKey] = Counter()
    for piece in _slices(tx):
        for r in tx.execute(statement.where(piece)):
            totals[r.account, r.deal, r.currency] += int(r.total)
    return {key: total for key, total in totals.items() if total}


def _slices(tx: Transaction) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on the entry that each let some ``_SLICE`` postings pass, together all of them."""
    entry = t.ledger_posting.c.entry
    after: sa.ColumnElement[bool] = sa.true()
    while True:
        order = sa.select(entry).where(after).order_by(entry).offset(_SLICE).limit(1)
        last = tx.execute(order).scalar_one_or_none()
        if last is None:
            yield after
            return
        yield sa.and_(after, entry <= last)
        after = entry > last


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """The first thing in the ledger that is not as it must be.

    ``kind``: ``balance`` (an account is not what its postings come to; ``by_minor`` the difference), ``entry`` (an
    entry does not balance, or has other postings than it had), ``orphan`` (a posting without its entry); for
    ``performance`` and ``month`` see :mod:`storage.performance`.
    """

    kind: str
    subject: str
    currency: str | None
    by_minor: int


def first_fault(tx: Transaction) -> LedgerFault | None:
    """Compare the balances with a recomputation, and every entry with its own count of postings (COM-06).

    Three passes that the database makes by itself, so nothing grows here with the ledger.
    """
    e, p, b = t.ledger_entry.c, t.ledger_posting.c, t.ledger_balance.c
    both = sa.union_all(
        sa.select(p.account, p.deal, p.currency, p.amount_minor.label("amount")),
        sa.select(b.account, b.deal, b.currency, -b.amount_minor),
    ).subquery()
    total = sa.func.sum(both.c.amount)
    row = tx.execute(
        sa.select(both.c.account, both.c.deal, both.c.currency, total.label("total"))
        .group_by(both.c.account, both.c.deal, both.c.currency)
        .having(total != 0)
        .order_by(both.c.account, both.c.deal)
        .limit(1)
    ).first()
    if row is not None:
        return LedgerFault("balance", f"{row.account} of {row.deal}", row.currency, int(row.total))
    off = sa.func.sum(p.amount_minor)
    row = tx.execute(
        sa.select(p.entry, p.currency, off.label("total")).group_by(p.entry, p.currency).having(off != 0).limit(1)
    ).first()
    if row is not None:
        return LedgerFault("entry", row.entry, row.currency, int(row.total))
    counted = sa.select(p.entry, sa.func.count().label("lines")).group_by(p.entry).subquery()
    row = tx.execute(
        sa.select(e.id)
        .outerjoin(counted, counted.c.entry == e.id)
        .where(sa.func.coalesce(counted.c.lines, 0) != e.lines)
        .limit(1)
    ).first()
    if row is not None:
        return LedgerFault("entry", row.id, None, 0)
    row = tx.execute(
        sa.select(p.entry).outerjoin(t.ledger_entry, e.id == p.entry).where(e.id.is_(None)).limit(1)
    ).first()
    return LedgerFault("orphan", row.entry, None, 0) if row is not None else None


def holder_of(account: str) -> str | None:
    """The id of whose account it is; None for the company's."""
    return None if account == COMPANY else account.split(":")[1]


def _digest(entry: Entry) -> str:
    """What must be the same under one key. When it is written down is not part of it."""
    content = [
        entry.kind.value,
        entry.deal,
        entry.dispute,
        entry.ruling,
        entry.stage,
        entry.reverses,
        sorted([p.account, p.currency, p.amount_minor] for p in entry.postings),
    ]
    return hashlib.sha256(canonical(content)).hexdigest()


def _digests(tx: Transaction, keys: list[str]) -> dict[str, str]:
    if not keys:
        return {}
    found = tx.execute(sa.select(t.ledger_entry.c.key, t.ledger_entry.c.digest).where(t.ledger_entry.c.key.in_(keys)))
    return {r.key: r.digest for r in found}


def _conflict(key: str) -> Refusal:
    _log.error("ledger_conflict", key=key)
    return Refusal("ledger_conflict", rule="COM-06", facts={"key": key})


def _header(entry: Entry, digest: str) -> dict[str, Any]:
    return {
        "id": mint(),
        "key": entry.key,
        "kind": entry.kind.value,
        "at": entry.at,
        "deal": entry.deal,
        "dispute": entry.dispute,
        "ruling": entry.ruling,
        "plan_version": entry.plan_version,
        "rate_rule": entry.rate_rule,
        "share_bps": entry.share_bps,
        "stage": entry.stage,
        "reverses": entry.reverses,
        "reason": entry.reason,
        "lines": len(entry.postings),
        "digest": digest,
    }


def _postings(entry: Entry, header: str) -> list[dict[str, Any]]:
    return [
        {
            "entry": header,
            "line": line,
            "account": posting.account,
            "holder": holder_of(posting.account),
            "deal": entry.deal,
            "currency": posting.currency,
            "amount_minor": posting.amount_minor,
            "share_bps": posting.share_bps,
            "at": entry.at,
        }
        for line, posting in enumerate(entry.postings, start=1)
    ]


def _add_to_balances(tx: Transaction, postings: Iterable[Mapping[str, Any]]) -> None:
    added: dict[BalanceKey, int] = {}
    for posting in postings:
        key = (posting["account"], posting["deal"], posting["currency"])
        added[key] = added.get(key, 0) + posting["amount_minor"]
    rows = [
        {
            "account": account,
            "deal": deal,
            "currency": currency,
            "holder": holder_of(account),
            "amount_minor": amount,
        }
        # In order: two transactions that touch the same accounts wait for each other and never in a circle.
        for (account, deal, currency), amount in sorted(added.items())
    ]
    tx.execute(_add_to(tx.is_sqlite), rows)


@cache
def _add_to(is_sqlite: bool) -> sa.Executable:
    b = t.ledger_balance
    statement = (sqlite.insert if is_sqlite else postgresql.insert)(b)
    return statement.on_conflict_do_update(
        index_elements=[b.c.account, b.c.deal, b.c.currency],
        set_={"amount_minor": b.c.amount_minor + statement.excluded.amount_minor},
    )
