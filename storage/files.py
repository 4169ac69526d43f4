"""Uploaded files: their row in the database, their content sealed in the file folder (DSP-09, AUD-05).

Each file has a key of its own, sealed with the master key in its row. Content without its row is noise, so what a
failed upload leaves behind in the folder tells nothing, and erasing the key erases every copy.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from storage import tables as t
from storage.database import Transaction, mint
from storage.keys import KeyRing, open_bytes, seal_bytes


@dataclass(frozen=True)
class NewFile:
    """A file as it came in."""

    name: str
    media_type: str
    content: bytes


def store(keys: KeyRing, folder: Path, new: NewFile, *, person: str) -> dict[str, Any]:
    """Seal the content into ``folder``; the row that :func:`keep` writes. Large files take no lock meanwhile."""
    key, sealed_key = keys.new_data_key()
    row: dict[str, Any] = {
        "id": mint(),
        "name": keys.seal(new.name, key=key),
        "media_type": new.media_type,
        "size": len(new.content),
        "sha256": hashlib.sha256(new.content).hexdigest(),
        "sealed_key": sealed_key,
        "uploaded_by": person,
    }
    _write(_path(folder, row), seal_bytes(key, new.content))
    return row


def keep(tx: Transaction, row: Mapping[str, Any], *, at: datetime) -> None:
    """Make a stored file part of the record."""
    tx.execute(t.file.insert().values({**row, "uploaded_at": at}))


def row_of(tx: Transaction, file: str) -> dict[str, Any] | None:
    """The row of an uploaded file, None if there is none."""
    return tx.row(sa.select(t.file).where(t.file.c.id == file))


def name_of(tx: Transaction, row: Mapping[str, Any]) -> str | None:
    """The name it was uploaded under; None once it is erased."""
    if row["sealed_key"] is None:
        return None
    return tx.keys.open_text(row["name"], key=tx.keys.data_key(row["sealed_key"]))


def content_of(tx: Transaction, folder: Path, row: Mapping[str, Any]) -> bytes | None:
    """The content; None once it is erased."""
    if row["sealed_key"] is None:
        return None
    return open_bytes(tx.keys.data_key(row["sealed_key"]), _path(folder, row).read_bytes())


def link(tx: Transaction, files: Iterable[str], claim: str) -> None:
    """The readers of ``claim`` may read ``files`` from now on."""
    tx.insert_new(t.file_use, [{"file": file, "claim": claim} for file in files])


def claims_of(tx: Transaction, file: str) -> tuple[str, ...]:
    """Claims that a file was attached to."""
    return tuple(tx.execute(sa.select(t.file_use.c.claim).where(t.file_use.c.file == file)).scalars())


def files_of(tx: Transaction, claims: Collection[str]) -> list[dict[str, Any]]:
    """Files attached to any of ``claims``, oldest first."""
    used = sa.select(t.file_use.c.file).where(t.file_use.c.claim.in_(sorted(claims)))
    return tx.rows(sa.select(t.file).where(t.file.c.id.in_(used)).order_by(t.file.c.id))


def files_of_cases(tx: Transaction, disputes: Collection[str]) -> list[dict[str, Any]]:
    """Files that are evidence in any of ``disputes``, oldest first."""
    used = sa.select(t.evidence.c.file).where(
        t.evidence.c.dispute.in_(sorted(disputes)), t.evidence.c.file.is_not(None)
    )
    return tx.rows(sa.select(t.file).where(t.file.c.id.in_(used)).order_by(t.file.c.id))


def erase(tx: Transaction, claims: Collection[str], disputes: Collection[str]) -> list[dict[str, Any]]:
    """Make the files of claims and cases unreadable for ever; size and digest stay. Their rows, for :func:`remove`."""
    used = {r["id"]: r for r in (*files_of(tx, claims), *files_of_cases(tx, disputes)) if r["sealed_key"] is not None}
    if used:
        tx.execute(t.file.update().where(t.file.c.id.in_(list(used))).values(name=None, sealed_key=None))
    return list(used.values())


def remove(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Take erased content out of the folder; after the erasure is committed, for it cannot be undone."""
    for row in rows:
        _path(folder, row).unlink(missing_ok=True)


def _path(folder: Path, row: Mapping[str, Any]) -> Path:
    digest: str = row["sha256"]
    return folder / digest[:2] / f"{digest}.{row['id']}"


def _write(path: Path, sealed: bytes) -> None:
    """Written aside and moved into place, so that a file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
