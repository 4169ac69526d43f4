"""What became of every claim, told by the event table alone: ``python -m tests.support.fold DATABASE [> claims.json]``.

Imports nothing of the product: whoever compares this with the API and with the claim table compares two readings of
the same history. DATABASE is the file of a SQLite database or the address of a PostgreSQL one.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

HOLDING = ("protected", "active", "won")
IN_CASE = ("disputed", "arbitrated")
ENDED = ("lapsed", "released", "rejected", "withdrawn")

_COLUMNS = 'stream, seq, kind, at, reason, "before", "after", data'
_IN_ORDER = "WHERE stream_kind = 'claim' ORDER BY stream, seq"


@dataclass
class Claim:
    """A claim after its last entry. Instants are RFC 3339.

    ``owner`` is who holds the customer now, ``last_owner`` who held it last. ``clocks`` are deadlines as the last entry
    that names them recorded them, None for a clock that stands still; ``deadline`` is the earliest, None where no clock
    runs, and "?" after an entry that moved it without saying where to.
    """

    id: str
    state: str = ""
    owner: str | None = None
    last_owner: str | None = None
    reporter: str | None = None
    reason: str | None = None
    received_at: str | None = None
    accepted_at: str | None = None
    ended_at: str | None = None
    clocks: dict[str, str | None] = field(default_factory=dict)
    deadline: str | None = None
    entries: int = 0
    kinds: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One row of the event table."""

    stream: str
    seq: int
    kind: str
    at: str
    reason: str | None
    before: str | None
    after: str | None
    data: dict[str, Any]
    actor: str | None = None


def fold(database: str) -> dict[str, Claim]:
    """Every claim in ``database`` by id."""
    return fold_entries(read_entries(database))


def fold_entries(entries: Iterable[Entry]) -> dict[str, Claim]:
    """The same from entries at hand, each stream's in order."""
    claims: dict[str, Claim] = {}
    for entry in entries:
        claim = claims.setdefault(entry.stream, Claim(entry.stream))
        _take(claim, entry)
    return claims


def read_entries(database: str) -> Iterator[Entry]:
    """Entries of claims by stream and number."""
    if database.startswith(("postgres://", "postgresql://", "postgresql+psycopg://")):
        yield from _from_postgresql(database.replace("+psycopg", "", 1))
    else:
        yield from _from_sqlite(database.removeprefix("sqlite:///"))


def _take(claim: Claim, entry: Entry) -> None:
    claim.entries += 1
    claim.kinds.append(entry.kind)
    if entry.seq != claim.entries:
        claim.faults.append(f"entry {claim.entries} has the number {entry.seq}")
    if entry.before is not None and entry.before != claim.state:
        claim.faults.append(f"entry {entry.seq} starts from {entry.before}, not from {claim.state}")
    if entry.kind == "received":
        claim.state, claim.received_at = "reported", entry.at
        claim.reporter = entry.actor
    if entry.after is not None:
        _move(claim, entry)
    _take_clocks(claim, entry)


def _move(claim: Claim, entry: Entry) -> None:
    claim.state = entry.after or claim.state
    if entry.kind == "accepted":
        claim.last_owner, claim.accepted_at = entry.data["owner"], entry.at
        # A customer released to a named colleague is received by the deciding person on the colleague's behalf.
        claim.reporter = claim.last_owner
    elif entry.kind == "transferred":
        claim.last_owner = entry.data["to"]
    if claim.state in ENDED:
        claim.reason, claim.ended_at, claim.clocks, claim.deadline = entry.reason, entry.at, {}, None
    elif claim.state not in IN_CASE:
        claim.reason, claim.ended_at = None, None
    if claim.state in HOLDING:
        claim.owner = claim.last_owner
    elif claim.state not in IN_CASE:
        claim.owner = None


def _take_clocks(claim: Claim, entry: Entry) -> None:
    if "clocks" in entry.data:
        claim.clocks = {clock["clock"]: clock["deadline"] for clock in entry.data["clocks"]}
        ends = [d for clock, d in claim.clocks.items() if d is not None and clock != "rhythm"]  # that one only warns
        claim.deadline = min(ends, key=_instant, default=None)
    elif entry.kind == "follow_up" and "deadline" in entry.data:
        claim.deadline = entry.data["deadline"]
    elif entry.kind == "follow_up" and entry.data["qualified"] and claim.state in HOLDING:
        claim.deadline = "?"


def _from_sqlite(path: str) -> Iterator[Entry]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for row in connection.execute(f"SELECT {_COLUMNS}, actor FROM event {_IN_ORDER}"):
            yield _entry(row)
    finally:
        connection.close()


def _from_postgresql(address: str) -> Iterator[Entry]:
    with psycopg.connect(address) as connection, connection.cursor("entries") as cursor:
        cursor.execute(f"SELECT {_COLUMNS}, actor FROM event {_IN_ORDER}".encode())
        for row in cursor:
            yield _entry(row)


def _entry(row: tuple[Any, ...]) -> Entry:
    stream, seq, kind, at, reason, before, after, data, actor = row
    return Entry(
        stream=_id(stream),
        seq=seq,
        kind=kind,
        at=_text(at),
        reason=reason,
        before=before,
        after=after,
        data=json.loads(data) if isinstance(data, str) else data,
        actor=_id(actor) if actor is not None else None,
    )


def _id(value: Any) -> str:
    digits = str(value).replace("-", "")
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _text(us: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    return at.isoformat().removesuffix("+00:00") + "Z"


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def main() -> None:
    claims = fold(sys.argv[1])
    json.dump({claim.id: asdict(claim) for claim in claims.values()}, sys.stdout, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
