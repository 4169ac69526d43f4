"""The history (审计日志): a keyed hash chain per stream, appended to and never changed (AUD-01, AUD-02)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from storage.codec import canonical, plain, rfc3339
from storage.database import Transaction

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is appended. ``data`` holds ids, codes, numbers and instants only (AUD-01)."""

    stream: str
    stream_kind: str
    kind: str
    at: datetime
    actor: str | None = None
    reason: str | None = None
    policy_version: int | None = None
    before: str | None = None
    after: str | None = None
    data: Mapping[str, Any] | None = None


def append(tx: Transaction, entries: Iterable[Entry], *, fresh: Collection[str] = ()) -> None:
    """Chain ``entries`` to their streams, in order. The heads are locked, after every other lock of the transaction.

    ``fresh``: streams that this transaction has just made, so that nobody need look for their heads.
    """
    pending = list(entries)
    if not pending:
        return
    streams = sorted({e.stream for e in pending})
    heads = {row.stream: (row.seq, row.hash) for row in _heads(tx, [s for s in streams if s not in fresh])}
    known = set(heads)
    rows = []
    for entry in pending:
        seq, previous = heads.get(entry.stream, (0, GENESIS))
        row = _row(entry, seq + 1, previous)
        row["hash"] = tx.keys.link(content(row))
        heads[entry.stream] = (seq + 1, row["hash"])
        rows.append(row)
    tx.insert(t.event, rows)
    latest = {e.stream: e for e in pending}
    begun = [_head(latest[s], *heads[s]) for s in streams if s not in known]
    if begun:
        tx.insert(t.stream_head, begun)
    for stream in streams:
        if stream in known:
            seq, link = heads[stream]
            tx.update(t.stream_head, {"stream": stream}, {"seq": seq, "hash": link, "changed_at": latest[stream].at})


@dataclass(frozen=True, slots=True)
class Form:
    """The canonical JSON of an entry with two gaps: its number and the hash before it.

    The check of the chain (:mod:`storage.verification`) fills them with places where an entry may have stood.
    """

    before_hash: bytes
    before_seq: bytes
    rest: bytes

    def at(self, seq: int, prev_hash: bytes) -> bytes:
        """What the keyed hash of the entry covers at this place."""
        return b"".join((self.before_hash, prev_hash.hex().encode(), self.before_seq, b"%d" % seq, self.rest))


def form(
    *,
    stream: str,
    stream_kind: str,
    kind: str,
    at: str,
    actor: str | None,
    reason: str | None,
    policy_version: int | None,
    before: str | None,
    after: str | None,
    data: Any,
) -> Form:
    """The form of an entry; ``at`` as RFC 3339. Keys stand in the order of canonical JSON."""
    return Form(
        b"".join(
            (
                b'{"actor":',
                _json(actor),
                b',"after":',
                _json(after),
                b',"at":',
                canonical(at),
                b',"before":',
                _json(before),
                b',"data":',
                canonical(data),
                b',"kind":',
                _json(kind),
                b',"policy_version":',
                _json(policy_version),
                b',"prev_hash":"',
            )
        ),
        b'","reason":' + _json(reason) + b',"seq":',
        b',"stream":' + canonical(stream) + b',"stream_kind":' + _json(stream_kind) + b"}",
    )


def _heads(tx: Transaction, streams: list[str]) -> Iterable[sa.Row[Any]]:
    return tx.execute(_HEADS if tx.is_sqlite else _LOCKED_HEADS, {"streams": streams}) if streams else ()


_HEADS = (
    sa.select(t.stream_head.c.stream, t.stream_head.c.seq, t.stream_head.c.hash)
    .where(t.stream_head.c.stream.in_(sa.bindparam("streams", expanding=True)))
    .order_by(t.stream_head.c.stream)
)
_LOCKED_HEADS = _HEADS.with_for_update()


def content(row: Mapping[str, Any]) -> bytes:
    """What the keyed hash of an entry covers: everything in it, and the hash before it."""
    return form(
        stream=row["stream"],
        stream_kind=row["stream_kind"],
        kind=row["kind"],
        at=rfc3339(row["at"]),
        actor=row["actor"],
        reason=row["reason"],
        policy_version=row["policy_version"],
        before=row["before"],
        after=row["after"],
        data=row["data"],
    ).at(row["seq"], row["prev_hash"])


# Few different values in very many entries. Typed, or 1 and 1.0 would share an answer.
_json = lru_cache(maxsize=4096, typed=True)(canonical)


def _row(entry: Entry, seq: int, previous: bytes) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "stream_kind": entry.stream_kind,
        "seq": seq,
        "kind": entry.kind,
        "at": entry.at,
        "actor": entry.actor,
        "reason": entry.reason,
        "policy_version": entry.policy_version,
        "before": entry.before,
        "after": entry.after,
        "data": plain(entry.data or {}),
        "prev_hash": previous,
    }


def _head(entry: Entry, seq: int, link: bytes) -> dict[str, Any]:
    return {
        "stream": entry.stream,
        "kind": entry.stream_kind,
        "seq": seq,
        "hash": link,
        "changed_at": entry.at,
    }
