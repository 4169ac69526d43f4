"""Histories to tamper with, and an attacker who has the database but neither the key nor the checkpoints (AUD-02)."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import history
from storage import tables as t
from storage.database import Database, mint

Row = dict[str, Any]

_START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_KINDS = ("follow_up", "corrected", "paused", "resumed", "extended", "attempt")


def write_streams(
    database: Database, dice: random.Random, *, streams: int, shortest: int = 1, longest: int = 12
) -> None:
    """Streams of random entries, written a few at a time and in turn, as a service would."""
    left = {mint(): dice.randint(shortest, longest) for _ in range(streams)}
    clock = _START
    while left:
        entries = []
        for stream in dice.sample(sorted(left), min(len(left), 7)):
            clock += timedelta(microseconds=dice.randint(1, 10_000_000))
            entries.append(entry(dice, stream, at=clock))
            left[stream] -= 1
            if not left[stream]:
                del left[stream]
        database.transact(lambda tx, some=tuple(entries): history.append(tx, some))


def entry(dice: random.Random, stream: str, *, at: datetime) -> history.Entry:
    return history.Entry(
        stream=stream,
        stream_kind="lead",
        kind=dice.choice(_KINDS),
        at=at,
        actor=dice.choice((None, str(random_id(dice)))),
        reason=dice.choice((None, "idle", "judged")),
        policy_version=dice.choice((None, 1, 2)),
        before=dice.choice((None, "protected")),
        after=dice.choice((None, "active")),
        data={"n": dice.getrandbits(40), "who": [random_id(dice)], "share": dice.choice((0, 12.5, None)), "ok": True},
    )


def random_id(dice: random.Random) -> str:
    digits = f"{dice.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@dataclass
class Attacker:
    """Reads and writes history with the guards taken off. Remembers what it changes, to put it back."""

    database: Database
    _kept: dict[str, tuple[list[Row], list[Row]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.database.engine.begin() as connection:
            if self.database.is_sqlite:
                for act in ("update", "delete"):
                    connection.execute(sa.text(f"DROP TRIGGER event_no_{act}"))
            else:
                connection.execute(sa.text("ALTER TABLE event DISABLE TRIGGER ALL"))

    def streams(self, *, at_least: int = 1) -> list[str]:
        with self.database.engine.begin() as connection:
            found = connection.execute(
                sa.select(t.event.c.stream).group_by(t.event.c.stream).having(sa.func.count() >= at_least)
            )
            return sorted(found.scalars())

    def rows(self, stream: str) -> list[Row]:
        with self.database.engine.begin() as connection:
            return _rows(connection, t.event, stream)

    def rewrite(self, stream: str, rows: Iterable[Row], head: Row | None) -> None:
        """The stream is ``rows`` from now on, its head ``head`` (None: removed)."""
        with self.database.engine.begin() as connection:
            if stream not in self._kept:
                self._kept[stream] = _rows(connection, t.event, stream), _rows(connection, t.stream_head, stream)
            _replace(connection, stream, list(rows), [head] if head is not None else [])

    def put_back(self) -> None:
        """Everything as it was."""
        with self.database.engine.begin() as connection:
            for stream, (rows, heads) in self._kept.items():
                _replace(connection, stream, rows, heads)
        self._kept.clear()

    def head(self, stream: str) -> Row | None:
        with self.database.engine.begin() as connection:
            return next(iter(_rows(connection, t.stream_head, stream)), None)


def head_of(rows: list[Row], former: Row) -> Row | None:
    """The head that belongs to ``rows``, as the service would keep it."""
    if not rows:
        return None
    return {**former, "stream": rows[-1]["stream"], "seq": rows[-1]["seq"], "hash": rows[-1]["hash"]}


def hashed_anew(rows: list[Row], start: int, make: Callable[[bytes], bytes]) -> list[Row]:
    """Links and hashes from index ``start`` on worked out again, with whatever the attacker has for a key."""
    done = rows[:start]
    previous = done[-1]["hash"] if done else history.GENESIS
    for row in rows[start:]:
        linked = {**row, "prev_hash": previous}
        linked["hash"] = previous = make(history.content(linked))
        done.append(linked)
    return done


def wrong_hash(dice: random.Random) -> Callable[[bytes], bytes]:
    """A plain SHA-256, or a keyed one with a key that is not ours."""
    if dice.random() < 0.5:
        return lambda content: hashlib.sha256(content).digest()
    key = dice.randbytes(32)
    return lambda content: hmac.digest(key, content, "sha256")


def _rows(connection: sa.Connection, table: sa.Table, stream: str) -> list[Row]:
    wanted = sa.select(table).where(table.c.stream == stream).order_by(table.c.seq)
    return [dict(row) for row in connection.execute(wanted).mappings()]


def _replace(connection: sa.Connection, stream: str, rows: list[Row], heads: list[Row]) -> None:
    for table, content in ((t.event, rows), (t.stream_head, heads)):
        connection.execute(table.delete().where(table.c.stream == stream))
        if content:
            connection.execute(table.insert(), content)
