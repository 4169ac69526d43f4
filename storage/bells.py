"""Bells in the database: :class:`activities.ports.BellStore`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from activities.ports import Bell, StoreTroubleError
from domain.claims.model import RequestKind, RequestState
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Database, Transaction, mint
from storage.setting import current_revision

T = TypeVar("T")

#: A command undecided for so long was left by its sender: the relay rings for it.
_FORGOTTEN = timedelta(seconds=4)
_OVERDUE = timedelta(seconds=60)
#: So many ids at most are looked for by one statement.
_PORTION = 500
#: Bells for a fact about many claims hang at most so many a second apart.
_SPREAD_PER_S = 50
_WATERMARK = "spread"


class DatabaseBells:
    """Bells, forgotten commands and overdue streams."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int) -> Sequence[Bell]:
        def read(tx: Transaction) -> list[Bell]:
            now = tx.now()
            hung = tx.rows(
                sa.select(t.bell.c.id, t.bell.c.stream, t.bell.c.kind)
                .where(t.bell.c.not_before <= now)
                .order_by(t.bell.c.not_before)
                .limit(limit)
            )
            forgotten = tx.rows(
                sa.select(t.command.c.id, t.command.c.stream, t.stream.c.kind)
                .join(t.stream, t.stream.c.id == t.command.c.stream)
                .where(t.command.c.decided_at.is_(None), t.command.c.received_at < now - _FORGOTTEN)
                .order_by(t.command.c.received_at)
                .limit(limit)
            )
            bells: dict[str, Bell] = {}
            for row in hung:
                bells.setdefault(row["stream"], Bell(row["stream"], row["kind"], row["id"]))
            for row in forgotten:
                bells.setdefault(row["stream"], Bell(row["stream"], row["kind"], command=row["id"]))
            return list(bells.values())[:limit]

        return self._read(read)

    def rung(self, bells: Sequence[Bell]) -> None:
        ids = [b.id for b in bells if b.id is not None]
        if ids:
            self._write(lambda tx: tx.execute(t.bell.delete().where(t.bell.c.id.in_(ids))))

    def failed(self, bells: Sequence[Bell]) -> None:
        ids = [b.id for b in bells if b.id is not None]
        if not ids:
            return

        def later(tx: Transaction) -> None:
            now = tx.now()
            for row in tx.rows(sa.select(t.bell.c.id, t.bell.c.tries).where(t.bell.c.id.in_(ids))):
                wait = timedelta(seconds=min(30, 2 ** min(row["tries"], 5)))
                tx.execute(
                    t.bell.update()
                    .where(t.bell.c.id == row["id"])
                    .values(tries=row["tries"] + 1, not_before=now + wait)
                )

        self._write(later)

    def overdue(self, limit: int) -> Sequence[Bell]:
        def read(tx: Transaction) -> list[Bell]:
            found = tx.rows(
                sa.select(t.stream.c.id, t.stream.c.kind)
                .where(t.stream.c.open, t.stream.c.next_instant < tx.now() - _OVERDUE)
                .order_by(t.stream.c.next_instant)
                .limit(limit)
            )
            return [Bell(row["id"], row["kind"]) for row in found]

        return self._read(read)

    def spread(self) -> int:
        def write(tx: Transaction) -> int:
            revision = current_revision(tx)
            mark = tx.execute(sa.select(t.counter.c.value).where(t.counter.c.name == _WATERMARK)).scalar_one()
            if mark >= revision:
                return 0
            hung = _hang(tx, _concerned(tx, int(mark)))
            tx.execute(t.counter.update().where(t.counter.c.name == _WATERMARK).values(value=revision))
            return hung

        if self._read(_is_spread):
            return 0
        return self._write(write)

    def hang_all(self) -> int:
        def write(tx: Transaction) -> int:
            now = tx.now()
            rows = tx.rows(
                sa.select(t.stream.c.id, t.stream.c.kind)
                .where(t.stream.c.open)
                .order_by(sa.nulls_last(t.stream.c.next_instant.asc()))
            )
            bells = [
                {
                    "id": mint(),
                    "stream": r["id"],
                    "kind": r["kind"],
                    # Order, not delay: the relay takes the earliest first.
                    "not_before": now - timedelta(microseconds=len(rows) - place),
                    "tries": 0,
                }
                for place, r in enumerate(rows)
            ]
            if bells:
                tx.insert(t.bell, bells)
            return len(bells)

        return self._write(write)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        try:
            with self._database.reading() as tx:
                return work(tx)
        except Refusal as refusal:
            raise StoreTroubleError from refusal

    def _write(self, work: Callable[[Transaction], T]) -> T:
        try:
            return self._database.transact(work)
        except Refusal as refusal:
            raise StoreTroubleError from refusal


def _is_spread(tx: Transaction) -> bool:
    mark = tx.execute(sa.select(t.counter.c.value).where(t.counter.c.name == _WATERMARK)).scalar_one()
    return int(mark) >= current_revision(tx)


def _concerned(tx: Transaction, mark: int) -> list[tuple[str, str, datetime]]:
    """Open streams and their kinds that facts newer than revision ``mark`` concern, and from which instant on."""
    now = tx.now()
    held = sa.select(t.claim.c.id, t.claim.c.deadline, sa.literal("claim").label("kind")).where(
        t.claim.c.ended_at.is_(None)
    )
    cases = sa.select(t.dispute.c.id, sa.null().label("deadline"), sa.literal("dispute").label("kind")).where(
        t.dispute.c.open
    )
    found: dict[str, tuple[datetime, datetime | None, str]] = {}

    def add(statement: sa.Select[Any], at: datetime) -> None:
        for row in tx.rows(statement):
            begin = max(now, at)
            if row["id"] not in found or begin < found[row["id"]][0]:
                found[row["id"]] = (begin, row["deadline"], row["kind"])

    for row in tx.rows(sa.select(t.person_change).where(t.person_change.c.rev > mark)):
        add(held.where(t.claim.c.owner == row["person"]), row["at"])
        add(held.where(t.claim.c.id.in_(_awaiting(row["person"]))), row["at"])
        concerned = sa.select(t.dispute_party.c.dispute).where(t.dispute_party.c.person == row["person"])
        add(cases.where(sa.or_(_tended_by(row["person"]), t.dispute.c.id.in_(concerned))), row["at"])
    led = sa.select(t.leadership.c.team, t.leadership.c.from_at).where(
        t.leadership.c.rev > mark, t.leadership.c.to_at.is_(None)
    )
    for row in tx.rows(led):
        for some in _delivered_by(tx, row["team"]):
            add(held.where(t.claim.c.id.in_(some)), row["from_at"])
    for row in tx.rows(sa.select(t.absence).where(t.absence.c.rev > mark)):
        add(held.where(t.claim.c.owner == row["person"]), row["from_at"])
        add(cases.where(_tended_by(row["person"])), row["from_at"])
    for row in tx.rows(sa.select(t.delegation).where(t.delegation.c.rev > mark)):
        add(cases.where(t.dispute.c.arbitrator.in_((row["person"], row["delegate"]))), row["from_at"])
    for row in tx.rows(sa.select(t.migration).where(t.migration.c.rev > mark)):
        chosen = held.where(t.claim.c.program == row["program"])
        if row["claims"] is not None:
            chosen = chosen.where(t.claim.c.id.in_(row["claims"]))
        add(chosen, row["at"])
    for row in tx.rows(sa.select(t.calendar).where(t.calendar.c.rev > mark, t.calendar.c.version > 1)):
        programs = sa.select(t.program.c.id).where(t.program.c.calendar == row["id"])
        add(held.where(t.claim.c.program.in_(programs)), row["changed_at"])
    far = max((d for _, d, _ in found.values() if d is not None), default=now)
    ordered = sorted(found.items(), key=lambda item: (item[1][0], item[1][1] or far, item[0]))
    return [(stream, kind, begin) for stream, (begin, _, kind) in ordered]


def _awaiting(person: str) -> sa.CompoundSelect[Any]:
    """Claims with a report that somebody judges, or a request that somebody decides."""
    task = t.task.c
    judged = sa.select(task.subject).where(
        task.person == person, task.state == "open", task.subject_type == "claim", task.kind == "judge"
    )
    return sa.union_all(judged, sa.select(t.request_waiting.c.claim).where(t.request_waiting.c.person == person))


def _delivered_by(tx: Transaction, team: str) -> Iterator[list[str]]:
    """Claims of which ``team`` is to accept the delivery, in portions (CLM-31)."""
    w, r = t.request_waiting.c, t.request.c
    asked = sa.select(r.claim, r.data).where(
        r.id.in_(sa.select(w.request)), r.kind == RequestKind.DELIVERY.value, r.state == RequestState.OPEN.value
    )
    found = [row["claim"] for row in tx.rows(asked) if row["data"]["team"] == team]
    yield from (found[start : start + _PORTION] for start in range(0, len(found), _PORTION))


def _tended_by(person: str) -> sa.ColumnElement[bool]:
    return sa.or_(t.dispute.c.arbitrator == person, t.dispute.c.mediator == person)


def _hang(tx: Transaction, concerned: list[tuple[str, str, datetime]]) -> int:
    step = timedelta(seconds=1) / _SPREAD_PER_S
    rows = [
        {"id": mint(), "stream": stream, "kind": kind, "not_before": begin + place * step, "tries": 0}
        for place, (stream, kind, begin) in enumerate(concerned)
    ]
    if rows:
        tx.insert(t.bell, rows)
    return len(rows)
