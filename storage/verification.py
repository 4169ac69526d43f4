"""Checking the history: every entry against the key, every stream against the checkpoints (AUD-02, COM-06).

One pass in the order of (stream, seq) over one snapshot of the database, beside the folded checkpoint files, the
stream heads and the claims, so memory does not grow with the history. Rows are read as the database has them and not
through the tables' types: a row that makes no sense is a finding, not an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from storage import ledger, performance
from storage import tables as t
from storage.checkpoints import Checkpoint, Fault, Heads, dashed, fold, snapshot
from storage.codec import rfc3339
from storage.database import Database, Transaction
from storage.history import GENESIS, Form, form
from storage.installation import WrongKeysError
from storage.keys import KeyRing
from storage.ledger import LedgerFault
from storage.setting import Snapshots
from storage.tampering import Kind, name
from storage.types import from_us

T = TypeVar("T")

#: So many rows behind a broken place are looked at, and so many broken streams compared with one another.
_LOOKED_AT = 50_000
_COMPARED = 1_000
_EVERY = 10_000


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first entry that is not as it was written. ``where`` tells which record shows it: entry, head or claim.

    ``head`` and ``claim``: all entries are genuine, but the stream's head or the claim's row is not what they say.
    """

    stream: str
    seq: int
    kind: Kind
    where: str = "entry"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. ``checkpoint``: the newest one that counted; ``fault``: a file of them that does not.

    ``ledger``: the first account that is not what its postings come to, the first entry that does not balance (COM-06),
    the first deal that is counted as performance otherwise than its facts say (COM-13).
    """

    ok: bool
    streams: int
    events: int
    checkpoint: Checkpoint | None
    first_bad: FirstBad | None
    fault: Fault | None = None
    ledger: LedgerFault | None = None

    def as_json(self) -> dict[str, Any]:
        """`GET /v1/audit/verify` and ``fairclaim verify --json``."""
        return {
            "ok": self.ok,
            "streams": self.streams,
            "events": self.events,
            "checkpoint": {"id": c.id, "at": c.at, "signature": c.signature} if (c := self.checkpoint) else None,
            "first_bad": {"stream": b.stream, "seq": b.seq, "kind": b.kind} if (b := self.first_bad) else None,
            "fault": {"part": f.part, "kind": f.kind} if (f := self.fault) else None,
            "ledger": {"kind": m.kind, "subject": m.subject, "currency": m.currency, "by_minor": m.by_minor}
            if (m := self.ledger)
            else None,
        }


def verify(
    database: Database,
    keys: KeyRing,
    folder: Path,
    *,
    stream: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verdict:
    """Check all streams and the ledger, or one stream; ``progress`` is told how many entries are done.

    WrongKeysError where the key ring is not the one this database was written with.
    """
    with database.reading() as tx:
        written_with = tx.execute(sa.select(t.company.c.key_id)).scalar()
        known = tx.execute(sa.select(sa.func.coalesce(sa.func.max(t.checkpoint.c.number), 0))).scalar_one()
    if written_with is not None and written_with != keys.fingerprint:
        raise WrongKeysError
    # The files before the database: what was sealed by now is in every later state of it.
    with fold(folder, keys, only=stream, known=known) as heads, snapshot(database) as tx:
        found = _Check(tx, keys, heads, stream, progress or (lambda _done: None)).run()
        money = _money_fault(tx) if stream is None else None
        ok = found.ok and heads.fault is None and money is None
        return replace(found, checkpoint=heads.last, fault=heads.fault, ledger=money, ok=ok)


def _money_fault(tx: Transaction) -> LedgerFault | None:
    return ledger.first_fault(tx) or performance.first_fault(tx, cache(lambda: Snapshots().setting(tx)))


@dataclass(slots=True)
class _Row:
    """An entry as the database has it. ``raw`` is the row, the stream's name in front."""

    raw: tuple[Any, ...]

    @property
    def seq(self) -> Any:
        return self.raw[1]

    @property
    def prev_hash(self) -> bytes:
        return _bytes(self.raw[11])

    @property
    def hash(self) -> bytes:
        return _bytes(self.raw[12])

    def form(self, stream: str | None = None) -> Form | None:
        """Its canonical form, as if it stood in ``stream``; None where the row cannot be an entry at all."""
        key, _, stream_kind, kind, at, actor, reason, policy_version, before, after, data, _, _ = self.raw
        try:
            return form(
                stream=dashed(stream or key),
                stream_kind=stream_kind,
                kind=kind,
                at=rfc3339(from_us(at)),
                actor=dashed(actor) if actor is not None else None,
                reason=reason,
                policy_version=policy_version,
                before=before,
                after=after,
                data=json.loads(data),
            )
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None


@dataclass(slots=True)
class _Finding:
    """A broken place, with what is needed to look for its entry elsewhere."""

    bad: FirstBad
    key: str
    genuine: bytes | None
    previous: bytes
    row: _Row | None


class _Check:
    """One pass over the history."""

    def __init__(
        self, tx: Transaction, keys: KeyRing, heads: Heads, stream: str | None, progress: Callable[[int], None]
    ) -> None:
        self._keys = keys
        self._heads = heads
        self._progress = progress
        self._events = _Ahead(_event_rows(tx, stream))
        self._anchors = _Ahead((key.replace("-", ""), seq, link) for key, seq, link in heads.walk())
        self._head_rows = _Ahead(_head_rows(tx, stream))
        self._claims = _Ahead(_claim_rows(tx, stream))
        self._findings: list[_Finding] = []
        self._streams = 0
        self._done = 0

    def run(self) -> Verdict:
        sources: tuple[_Ahead[Any], ...] = (self._events, self._anchors, self._head_rows, self._claims)
        while True:
            keys = [s.item[0] for s in sources if s.item is not None]
            if not keys:
                break
            self._stream(min(keys))
        self._progress(self._done)
        bad = self._first_bad()
        return Verdict(
            ok=bad is None, streams=self._streams, events=self._done, checkpoint=None, first_bad=bad, fault=None
        )

    def _stream(self, key: str) -> None:
        """Check one stream, and go past it in every source."""
        before = self._done
        place, previous, stream_kind, state = self._genuine_part(key)
        rest = self._rest(key)
        is_checkpointed = self._anchors.item is not None and self._anchors.item[0] == key
        head = self._head_rows.last_of(key)
        claim = self._claims.last_of(key)
        self._streams += self._done > before
        if rest or is_checkpointed:
            self._find(key, place + 1, previous, rest)
        elif place == 0:
            # There is a head or a claim, and not one entry.
            self._note(key, 1, "tail_cut", where="claim" if head is None else "head")
        elif head is None or head[1:] != (place, previous):
            is_ahead = head is not None and isinstance(head[1], int) and head[1] > place
            if is_ahead:
                self._note(key, place + 1, "tail_cut", where="head")
            else:
                self._note(key, place, "edited", where="head")
        elif stream_kind == "claim" and (claim is None or claim[1] != state):
            self._note(key, place, "edited", where="claim")
        self._anchors.skip(key)

    def _genuine_part(self, key: str) -> tuple[int, bytes, Any, Any]:
        """How many entries from the first on are as they were, the last one's hash, the stream's kind and state."""
        events, anchors, link = self._events, self._anchors, self._keys.link
        place, previous = 0, GENESIS
        stream_kind: Any = None
        state: Any = None
        while (raw := events.item) is not None and raw[0] == key:
            anchor = anchors.item
            anchored = anchor is not None and anchor[0] == key and anchor[1] == place + 1
            row = _Row(raw)
            if (
                raw[1] != place + 1
                or row.prev_hash != previous
                or (anchored and anchor is not None and row.hash != anchor[2])
                or (made := row.form()) is None
                or link(made.at(place + 1, previous)) != row.hash
            ):
                break
            place, previous, stream_kind = place + 1, row.hash, raw[2]
            if raw[9] is not None:
                state = raw[9]
            elif raw[3] == "received":
                state = "reported"
            if anchored:
                anchors.step()
            events.step()
            self._count()
        return place, previous, stream_kind, state

    def _rest(self, key: str) -> list[_Row]:
        """What the stream has beyond its genuine part."""
        rest: list[_Row] = []
        while (raw := self._events.item) is not None and raw[0] == key:
            if len(rest) < _LOOKED_AT and len(self._findings) < _COMPARED:
                rest.append(_Row(raw))
            self._events.step()
            self._count()
        return rest

    def _find(self, key: str, p: int, previous: bytes, rest: list[_Row]) -> None:
        if len(self._findings) == _COMPARED:
            return
        places = _Places(self._keys, p, previous, self._heads.window(dashed(key), max(1, p - 1), _LOOKED_AT))
        kind = places.kind(rest)
        self._note(key, p, kind, genuine=places.anchors.get(p), previous=previous, row=rest[0] if rest else None)

    def _note(
        self,
        key: str,
        seq: int,
        kind: Kind,
        *,
        where: str = "entry",
        genuine: bytes | None = None,
        previous: bytes = GENESIS,
        row: _Row | None = None,
    ) -> None:
        if len(self._findings) < _COMPARED:
            bad = FirstBad(dashed(key), seq, kind, where)
            self._findings.append(_Finding(bad, key, genuine, previous, row))

    def _first_bad(self) -> FirstBad | None:
        """The first finding; an edit whose entry stands at another broken place was a swap across streams."""
        if not self._findings:
            return None
        first = self._findings[0]
        if first.bad.kind != "edited" or first.genuine is None:
            return first.bad
        for other in self._findings[1:]:
            made = other.row.form(first.key) if other.row is not None else None
            if made is not None and self._keys.link(made.at(first.bad.seq, first.previous)) == first.genuine:
                return replace(first.bad, kind="swapped")
        return first.bad

    def _count(self) -> None:
        self._done += 1
        if self._done % _EVERY == 0:
            self._progress(self._done)


class _Places:
    """Which place a row of a broken stream belongs to. ``anchors``: checkpointed hashes from before ``p`` on."""

    def __init__(self, keys: KeyRing, p: int, previous: bytes, anchors: dict[int, bytes]) -> None:
        self._link = keys.link
        self._p = p
        self._previous = previous
        self.anchors = anchors
        self._by_hash = {link: place for place, link in anchors.items() if place >= p}

    def kind(self, rest: list[_Row]) -> Kind:
        p = self._p
        if not rest:
            return "tail_cut"
        forms = [row.form() for row in rest]
        if p in self.anchors and self._is_vouched_for(forms[0], rest[0]):
            return "tail_cut"
        first = self._place(forms[0], rest[0])
        others = list(zip(forms[1:], rest[1:], strict=True))
        kind = name(
            p,
            left=True,
            first=first,
            p_later=any(self._fits(made, row, p) for made, row in others),
            first_again=first is not None and first != p and any(self._fits(made, row, first) for made, row in others),
        )
        is_beyond = max(self.anchors, default=0) < p
        if is_beyond and kind == "edited" and first is None:
            builds_on = any(row.prev_hash == rest[0].hash and self._fits(made, row, p + 1) for made, row in others)
            return "edited" if builds_on else "inserted"
        return kind

    def _is_vouched_for(self, made: Form | None, row: _Row) -> bool:
        """Another entry than the checkpointed one, and made with the key: written after the rest had been cut."""
        if made is None or row.seq != self._p or row.hash == self.anchors[self._p]:
            return False
        return self._link(made.at(self._p, self._previous)) == row.hash

    def _place(self, made: Form | None, row: _Row) -> int | None:
        if made is None:
            return None
        likely = [self._p, self._by_hash.get(row.hash), row.seq, self._p + 1]
        for place in dict.fromkeys((*likely, *self.anchors)):
            if isinstance(place, int) and place >= self._p and self._fits(made, row, place):
                return place
        return None

    def _fits(self, made: Form | None, row: _Row, place: int) -> bool:
        """Whether the row's content is that of ``place``: with the genuine hash before it, it gives the genuine hash.

        Where no checkpoint holds the place, the row's own hash counts if the key gives it.
        """
        if made is None:
            return False
        before = self._previous if place == self._p else self.anchors.get(place - 1, row.prev_hash)
        return self._link(made.at(place, before)) == self.anchors.get(place, row.hash)


class _Ahead(Generic[T]):
    """An iterator whose next item can be looked at. Items are tuples with their stream's key in front."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self.item: T | None = next(items, None)

    def step(self) -> None:
        self.item = next(self._items, None)

    def skip(self, key: str) -> None:
        while self.item is not None and self.item[0] == key:  # type: ignore[index]
            self.step()

    def last_of(self, key: str) -> T | None:
        """The item of ``key`` and past it, None where there is none."""
        found: T | None = None
        while self.item is not None and self.item[0] == key:  # type: ignore[index]
            found = self.item
            self.step()
        return found


def _event_rows(tx: Transaction, stream: str | None) -> Iterator[tuple[Any, ...]]:
    columns = "seq, stream_kind, kind, at, {}, reason, policy_version, before, after, {}, prev_hash, hash"
    columns = (
        columns.format("actor", "data") if tx.is_sqlite else columns.format(_undashed("actor"), "CAST(data AS text)")
    )
    return _rows(tx, "event", "stream", columns, stream, order=", event.seq")


def _head_rows(tx: Transaction, stream: str | None) -> Iterator[tuple[Any, ...]]:
    for key, seq, link in _rows(tx, "stream_head", "stream", "seq, hash", stream):
        yield key, seq, _bytes(link)


def _claim_rows(tx: Transaction, stream: str | None) -> Iterator[tuple[Any, ...]]:
    return _rows(tx, "claim", "id", "state", stream)


def _rows(
    tx: Transaction, table: str, key: str, columns: str, stream: str | None, *, order: str = ""
) -> Iterator[tuple[Any, ...]]:
    """Rows by stream, its 32 digits in front. Written out here: nothing in it comes from outside."""
    name_ = key if tx.is_sqlite else _undashed(key)
    condition, parameters = "", {}
    if stream is not None:
        condition = f"WHERE {key} = {':stream' if tx.is_sqlite else 'CAST(:stream AS uuid)'}"
        parameters = {"stream": stream.replace("-", "") if tx.is_sqlite else stream}
    statement = sa.text(f"SELECT {name_}, {columns} FROM {table} {condition} ORDER BY {table}.{key}{order}")  # noqa: S608
    for row in tx.connection.execute(statement.execution_options(yield_per=2_000), parameters):
        first = row[0]
        # SQLite sorts bytes behind text, and so does this spelling of them.
        yield tuple(row) if isinstance(first, str) else (f"~{_bytes(first).hex()}", *tuple(row)[1:])


def _undashed(column: str) -> str:
    return f"replace(CAST({column} AS text), '-', '')"


def _bytes(value: Any) -> bytes:
    """Bytes as they are, nothing where the database has something else."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""
