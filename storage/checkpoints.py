"""Signed checkpoints (检查点) of the history, kept outside the database (AUD-02).

Each checkpoint is one file that nobody writes again: the hashes of the entries that were written since the one before,
and a seal with their hash tree's root, the digest of the seal before, and totals, signed with Ed25519. All files
together hold every hash that was ever checkpointed, so whoever rewrites the database can neither shorten a stream nor
put anything else in its place, and a file that is missing, edited or cut is noticed. The format is in docs/audit.md.

What is new is asked of `event.written`, not of a clock: an entry's `at` may lie hours before its commit (a lapse is
recorded at its deadline), and clocks step. On PostgreSQL `written` is the transaction's id and a seal keeps the
snapshot it was read in; new is what that snapshot did not see, so a transaction that was open then is not missed,
whenever it began. SQLite commits one writer after another, so there it is a running number. Where this watermark
cannot be trusted (a restored or another database, a lost file) everything is compared with what the files hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.calendar.duration import Duration
from storage import tables as t
from storage.codec import canonical, rfc3339
from storage.database import Database, Transaction, mint
from storage.keys import KeyRing
from storage.merkle import Path as TreePath
from storage.merkle import Tree, leaf, path_to

FORMAT = "fairclaim-checkpoint/1"

#: So many hashes stand in one line of a file at most.
_PER_LINE = 1_000
_NAME = re.compile(r"checkpoint-(\d{12})\.jsonl")
_HASH = 32


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint as its file's seal names it. ``streams`` and ``events`` count what all files up to it hold."""

    number: int
    id: str
    at: str
    streams: int
    events: int
    signature: str
    seal: dict[str, Any]

    @property
    def digest(self) -> str:
        """What the next seal names as its predecessor."""
        return hashlib.sha256(canonical(self.seal)).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is not what it was. ``kind``: missing, truncated, edited, misplaced; of bundles also others."""

    part: str
    kind: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a stream's latest checkpointed entries stand: their line, and the path from it to a sealed root."""

    checkpoint: Checkpoint
    line: bytes
    index: int
    path: TreePath


# --- making ------------------------------------------------------------------------------------------------------


def make_checkpoint(
    database: Database, keys: KeyRing, folder: Path, now: datetime, *, full: bool = False
) -> Checkpoint | None:
    """Write the next checkpoint; None where nothing was written since, or another process made it just now.

    ``full`` compares every entry with the files instead of asking what is new. Safe to do twice.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with snapshot(database) as tx:
        # The database first: a file that another process makes between the two looks is then met as a race for the
        # number. The other way round its row would be known and its file not, as if the file had been lost.
        known = _known_number(tx)
        last, listed = _newest(folder, keys)
        number = max(known, *listed, 0) + 1
        source = _source(tx)
        since = last.seal["source"] if last is not None and last.seal["files"] == len(listed) and not full else None
        rows = (
            _written_since(tx, since)
            if since is not None and _follows(tx, source, since)
            else _unknown(tx, folder, keys)
        )
        # Whoever loses a race for the number writes nothing, so what was read of the files here still holds.
        draft = _Draft(folder, number=number, files=len(listed) + 1, previous=last)
        try:
            draft.write(rows)
            made = draft.seal(keys, at=now, source=source) if draft.lines else None
        finally:
            draft.close()
    if made is not None:
        row = {"number": made.number, "id": made.id, "at": now}
        database.transact(lambda tx: tx.insert_new(t.checkpoint, [row]))
    return made


def make_if_due(database: Database, folder: Path, *, now: datetime, every: Duration | None) -> bool:
    """A checkpoint if the last one is ``every`` old, whether one was made; None switches them off."""
    if every is None:
        return False
    last = latest(folder, database.keys)
    if last is not None and now < datetime.fromisoformat(last.at) + timedelta(microseconds=every.microseconds):
        return False
    return make_checkpoint(database, database.keys, folder, now) is not None


def latest(folder: Path, keys: KeyRing) -> Checkpoint | None:
    """The newest checkpoint whose seal is whole, without looking at the files before it."""
    return _newest(folder, keys)[0]


class _Draft:
    """A checkpoint file in the making: written aside, and linked into place when it is sealed and on the disk."""

    def __init__(self, folder: Path, *, number: int, files: int, previous: Checkpoint | None) -> None:
        self.lines = 0
        self._folder = folder
        self._number = number
        self._files = files
        self._previous = previous
        self._tree = Tree()
        self._events = previous.events if previous is not None else 0
        self._streams = previous.streams if previous is not None else 0
        self._aside = folder / f".{number:012d}.{os.getpid()}.{secrets.token_hex(4)}.new"
        descriptor = os.open(self._aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")

    def write(self, rows: Iterable[tuple[str, int, bytes]]) -> None:
        """Entries in the order of (stream, seq), in lines of consecutive ones of a stream."""
        for stream, first, hashes in _runs(rows):
            line = canonical([stream, first, b"".join(hashes).hex()])
            self._tree.add(line)
            self._file.write(line + b"\n")
            self.lines += 1
            self._events += len(hashes)
            self._streams += first == 1

    def seal(self, keys: KeyRing, *, at: datetime, source: dict[str, Any]) -> Checkpoint | None:
        seal = {
            "format": FORMAT,
            "number": self._number,
            "files": self._files,
            "id": mint(),
            "at": rfc3339(at),
            "previous": self._previous.digest if self._previous is not None else None,
            "source": source,
            "streams": self._streams,
            "events": self._events,
            "lines": self.lines,
            "root": self._tree.root().hex(),
        }
        signature = base64.b64encode(keys.signing.sign(canonical(seal))).decode()
        self._file.write(canonical({"seal": seal, "signature": signature}) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        try:
            # A link, unlike a rename, never replaces the file of a process that was quicker.
            os.link(self._aside, self._folder / _name(self._number))
        except FileExistsError:
            return None
        _sync_folder(self._folder)
        return _checkpoint(seal, signature)

    def close(self) -> None:
        self._file.close()
        self._aside.unlink(missing_ok=True)


def _runs(rows: Iterable[tuple[str, int, bytes]]) -> Iterator[tuple[str, int, list[bytes]]]:
    """Consecutive entries of a stream together, at most a line's worth."""
    for stream, entries in groupby(rows, key=lambda r: r[0]):
        first, hashes = 0, list[bytes]()
        for _, seq, link in entries:
            if hashes and (seq != first + len(hashes) or len(hashes) == _PER_LINE):
                yield stream, first, hashes
                hashes = []
            if not hashes:
                first = seq
            hashes.append(link)
        if hashes:
            yield stream, first, hashes


def _newest(folder: Path, keys: KeyRing) -> tuple[Checkpoint | None, list[int]]:
    """The newest readable checkpoint, and the numbers of all files, from one look at the folder."""
    listed = _files(folder)
    found = (_sealed(path, keys) for _, path in reversed(listed))
    return next((f for f in found if f is not None), None), [number for number, _ in listed]


def _known_number(tx: Transaction) -> int:
    return int(tx.execute(sa.select(sa.func.coalesce(sa.func.max(t.checkpoint.c.number), 0))).scalar_one())


def _source(tx: Transaction) -> dict[str, Any]:
    """How far this transaction sees, for the next checkpoint to start from, and the newest entry to know it again by.

    Transaction ids and running numbers are given a second time after a database was put back from a backup; the hash
    of an entry is not.
    """
    newest = tx.row(
        sa.select(t.event.c.written, t.event.c.hash)
        .order_by(t.event.c.written.desc(), t.event.c.stream.desc(), t.event.c.seq.desc())
        .limit(1)
    )
    written = newest["written"] if newest is not None else 0
    position = (
        written if tx.is_sqlite else tx.execute(sa.text("SELECT CAST(pg_current_snapshot() AS text)")).scalar_one()
    )
    return {
        "database": "sqlite" if tx.is_sqlite else "postgresql",
        "position": position,
        "written": written,
        "hash": newest["hash"].hex() if newest is not None else None,
    }


def _follows(tx: Transaction, source: dict[str, Any], since: dict[str, Any]) -> bool:
    """Whether ``source`` is a later state of what ``since`` was read from, and not of a restored or other database."""
    if source["database"] != since["database"] or since["hash"] is None:
        return False
    if not tx.is_sqlite and _unborn(source["position"]) < _unborn(since["position"]):
        return False
    known = sa.and_(t.event.c.written == since["written"], t.event.c.hash == bytes.fromhex(since["hash"]))
    return tx.execute(sa.select(t.event.c.seq).where(known).limit(1)).first() is not None


def _unborn(position: str) -> int:
    """The first transaction id of a snapshot that was not given out yet."""
    return int(position.split(":")[1])


def _written_since(tx: Transaction, since: dict[str, Any]) -> Iterator[tuple[str, int, bytes]]:
    position = since["position"]
    if tx.is_sqlite:
        return _entries(tx, "WHERE written > :position", {"position": position})
    condition = (
        "WHERE written >= :oldest"
        " AND NOT pg_visible_in_snapshot(CAST(CAST(written AS text) AS xid8), CAST(:position AS pg_snapshot))"
    )
    return _entries(tx, condition, {"oldest": int(position.split(":")[0]), "position": position})


def _unknown(tx: Transaction, folder: Path, keys: KeyRing) -> Iterator[tuple[str, int, bytes]]:
    """Every entry that no checkpoint holds yet."""
    with fold(folder, keys) as heads:
        held = heads.walk()
        head = next(held, None)
        for stream, seq, link in _entries(tx, "", {}):
            while head is not None and head[:2] < (stream, seq):
                head = next(held, None)
            if head is None or head[:2] != (stream, seq):
                yield stream, seq, link


def _entries(tx: Transaction, condition: str, parameters: dict[str, Any]) -> Iterator[tuple[str, int, bytes]]:
    stream = "stream" if tx.is_sqlite else "CAST(stream AS text)"
    statement = sa.text(f"SELECT {stream}, seq, hash FROM event {condition} ORDER BY event.stream, seq")  # noqa: S608
    for name, seq, link in tx.connection.execute(statement.execution_options(yield_per=5_000), parameters):
        yield dashed(name), seq, bytes(link)


# --- reading -----------------------------------------------------------------------------------------------------


@dataclass
class Heads:
    """What the files of a folder hold, folded: the hash of every checkpointed entry. Close it after use.

    It lies in a private temporary database that spills to disk, so its size does not matter. Where two files disagree
    on an entry the older one counts: what was sealed first cannot have been made up later.
    """

    last: Checkpoint | None = None
    fault: Fault | None = None
    _spool: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect("", isolation_level=None))

    def __post_init__(self) -> None:
        for statement in (
            "PRAGMA journal_mode=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA cache_size=-65536",
            "CREATE TABLE link (stream TEXT, seq INTEGER, hash BLOB, PRIMARY KEY (stream, seq)) WITHOUT ROWID",
        ):
            self._spool.execute(statement)

    def __enter__(self) -> Heads:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._spool.close()

    def walk(self) -> Iterator[tuple[str, int, bytes]]:
        """Every checkpointed entry in the order of (stream, seq)."""
        return self._spool.execute("SELECT stream, seq, hash FROM link ORDER BY stream, seq")

    def window(self, stream: str, first: int, limit: int) -> dict[int, bytes]:
        """Checkpointed hashes of a stream by number, ``limit`` of them from ``first`` on."""
        found = self._spool.execute(
            "SELECT seq, hash FROM link WHERE stream = ? AND seq >= ? ORDER BY seq LIMIT ?", (stream, first, limit)
        )
        return dict(found)

    def take(self, lines: Iterable[bytes]) -> None:
        """Add the entries of a file's lines; those that are known already stay as they are."""
        self._spool.execute("BEGIN")
        self._spool.executemany(
            "INSERT OR IGNORE INTO link VALUES (?, ?, ?)",
            (
                (stream, first + place, link)
                for stream, first, hashes in map(parse_line, lines)
                for place, link in enumerate(hashes)
            ),
        )
        self._spool.execute("COMMIT")


def fold(folder: Path, keys: KeyRing, *, only: str | None = None, known: int = 0) -> Heads:
    """Read and check every checkpoint in ``folder``, oldest first.

    ``only``: keep the entries of one stream. ``known``: the number of the newest one there ever was, where the
    database tells. The first file that is not what it was becomes the ``fault``; others still count.
    """
    heads = Heads()
    expected, digest = 1, None
    for number, path in _files(folder):
        if number != expected:
            _note(heads, expected, "missing")
            digest = None
        trouble, found = _read(path, keys, heads, only)
        if found is not None and (
            found.number != number
            or (digest is not None and found.seal["previous"] != digest)
            or (number == 1 and found.seal["previous"] is not None)
        ):
            trouble = "misplaced"
        if trouble is not None:
            _note(heads, number, trouble)
        if found is not None:
            heads.last = found
        expected, digest = number + 1, found.digest if found is not None else None
    if expected <= known:
        _note(heads, expected, "missing")
    return heads


def evidence(folder: Path, keys: KeyRing, stream: str) -> Evidence | None:
    """The line of the newest checkpoint that names ``stream``, with its path to the sealed root; None if none does."""
    mark = b'["' + stream.encode() + b'",'
    for _, path in reversed(_files(folder)):
        content = path.read_bytes()
        if not content.startswith(mark) and b"\n" + mark not in content:
            continue
        lines = content.splitlines()[:-1]
        checkpoint = _sealed(path, keys)
        if checkpoint is None:
            continue
        tree = Tree()
        for line in lines:
            tree.add(line)
        if tree.root().hex() != checkpoint.seal["root"]:
            continue
        index = max(place for place, line in enumerate(lines) if line.startswith(mark))
        return Evidence(checkpoint, lines[index], index, path_to(index, [leaf(line) for line in lines]))
    return None


def parse_line(line: bytes) -> tuple[str, int, list[bytes]]:
    """Stream, first number and hashes of a line; ValueError where it is none."""
    parsed = json.loads(line)
    if not isinstance(parsed, list) or len(parsed) != 3:
        raise ValueError("not a line of a checkpoint")
    stream, first, run = parsed
    joined = bytes.fromhex(run)
    if len(joined) % _HASH or not isinstance(first, int) or not isinstance(stream, str):
        raise ValueError("not a line of a checkpoint")
    return stream, first, [joined[i : i + _HASH] for i in range(0, len(joined), _HASH)]


def check_seal(sealed: Any, key: Ed25519PublicKey) -> Checkpoint | None:
    """The checkpoint of ``{"seal": …, "signature": …}`` if ``key`` signed it, else None."""
    try:
        seal, signature = sealed["seal"], sealed["signature"]
        key.verify(base64.b64decode(signature, validate=True), canonical(seal))
        return _checkpoint(seal, signature) if seal["format"] == FORMAT else None
    except (InvalidSignature, ValueError, KeyError, TypeError):
        return None


def dashed(identifier: str) -> str:
    """An id as histories spell it; SQLite keeps 32 digits. Whatever is none stays as it is."""
    if len(identifier) != 32:
        return identifier
    return "-".join((identifier[:8], identifier[8:12], identifier[12:16], identifier[16:20], identifier[20:]))


@contextmanager
def snapshot(database: Database) -> Iterator[Transaction]:
    """One state of the database for as long as it takes to read it, whatever is written meanwhile."""
    with database.reading() as tx:
        if not tx.is_sqlite:
            tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            tx.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield tx


def _read(path: Path, keys: KeyRing, heads: Heads, only: str | None) -> tuple[str | None, Checkpoint | None]:
    """Take in one file. What is wrong with it, or None; and its checkpoint, if the seal is whole.

    Lines count only once the root is known to be theirs, so a bad file is read and forgotten.
    """
    found = _sealed(path, keys)
    if found is None:
        return ("edited" if _ends_like_a_seal(path) else "truncated"), None
    tree, lines = Tree(), 0
    with path.open("rb") as file:
        for line in file:
            if lines < found.seal["lines"]:
                tree.add(line.rstrip(b"\n"))
            lines += 1
    if lines != found.seal["lines"] + 1 or tree.root().hex() != found.seal["root"]:
        return "edited", found
    mark = f'["{only}",'.encode() if only is not None else b"["
    with path.open("rb") as file:
        heads.take(line for line in file if line.startswith(mark))
    return None, found


def _sealed(path: Path, keys: KeyRing) -> Checkpoint | None:
    try:
        return check_seal(json.loads(_last_line(path)), keys.signing.public_key())
    except ValueError:
        return None


def _ends_like_a_seal(path: Path) -> bool:
    line = _last_line(path)
    return line.startswith(b'{"seal":') and line.endswith(b"}")


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        # A seal is shorter than this, however many transactions its snapshot names.
        file.seek(max(0, file.tell() - 262_144))
        return file.read().rstrip(b"\n").rpartition(b"\n")[2]


def _note(heads: Heads, number: int, kind: str) -> None:
    if heads.fault is None:
        heads.fault = Fault(_name(number), kind)


def _name(number: int) -> str:
    return f"checkpoint-{number:012d}.jsonl"


def _files(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    found = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match is not None)


def _checkpoint(seal: dict[str, Any], signature: str) -> Checkpoint:
    return Checkpoint(
        number=seal["number"],
        id=seal["id"],
        at=seal["at"],
        streams=seal["streams"],
        events=seal["events"],
        signature=signature,
        seal=seal,
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
