"""Idempotency keys: one effect and one answer per person and key (contract section 1, INT-01).

The key's row is written in the transaction of the effect, so there is never one without the other. A second request
that arrives meanwhile waits for that transaction, and for a lock longer than the database allows it is told
``request_in_flight``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from domain.refusals import Refusal
from storage import tables as t
from storage.codec import canonical
from storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key of one request. ``fingerprint`` covers method, path and body; it is known for ``kept``."""

    person: str
    key: str
    fingerprint: bytes
    kept: timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before. ``status`` None: the command is known, its answer not kept yet."""

    command: str | None
    status: int | None
    body: Any


class RepeatedError(Exception):
    """This key has had its effect; ``kept`` is what is known of the answer."""

    def __init__(self, kept: Kept) -> None:
        super().__init__("repeated")
        self.kept = kept


def make_key(*, person: str, header: str | None, method: str, path: str, body: Any, kept: timedelta) -> Key:
    """The key of a request; refuses ``idempotency_missing`` where there is none of 1–128 printable ASCII."""
    if header is None or not 1 <= len(header) <= 128 or not all(" " <= c <= "~" for c in header):
        raise Refusal("idempotency_missing")
    content = body if isinstance(body, bytes) else canonical(body)
    digest = hashlib.sha256(f"{method} {path}\n".encode() + content).digest()
    return Key(person=person, key=header, fingerprint=digest, kept=kept)


def begin(tx: Transaction, key: Key, *, command: str | None = None) -> None:
    """Take the key for the effect of this transaction; RepeatedError if it has had one."""
    now = tx.now()
    row = {
        "person": key.person,
        "key": key.key,
        "fingerprint": _sealed_fingerprint(tx, key),
        "command": command,
        "created_at": now,
    }
    if _insert(tx, row):
        return
    found = tx.row(sa.select(t.idempotency).where(*_here(key)))
    assert found is not None
    if found["created_at"] < now - key.kept:
        free(tx, key)
        _insert(tx, row)
        return
    if found["fingerprint"] != row["fingerprint"]:
        raise Refusal("idempotency_mismatch")
    raise RepeatedError(
        Kept(
            command=found["command"],
            status=found["status"],
            body=json.loads(tx.keys.open_text(found["answer"]) or "null") if found["answer"] else None,
        )
    )


def name_command(tx: Transaction, key: Key, command: str) -> None:
    """The effect is a command; a repeat finds it by its id."""
    tx.update(t.idempotency, {"person": key.person, "key": key.key}, {"command": command})


def keep(tx: Transaction, key: Key, *, status: int, body: Any) -> None:
    """Keep the answer, sealed: it may hold names."""
    answer = tx.keys.seal(json.dumps(body, ensure_ascii=False))
    tx.update(t.idempotency, {"person": key.person, "key": key.key}, {"status": status, "answer": answer})


def keep_refusal(tx: Transaction, key: Key, *, status: int, body: Any) -> None:
    """A 409 is kept like an answer, also when nothing was begun."""
    now = tx.now()
    tx.execute(t.idempotency.delete().where(*_here(key), t.idempotency.c.created_at < now - key.kept))
    row = {
        "person": key.person,
        "key": key.key,
        "fingerprint": _sealed_fingerprint(tx, key),
        "created_at": now,
    }
    _insert(tx, row)
    keep(tx, key, status=status, body=body)


def free(tx: Transaction, key: Key) -> None:
    """The command was refused in a way that leaves the key free."""
    tx.execute(t.idempotency.delete().where(*_here(key)))


def _insert(tx: Transaction, row: dict[str, Any]) -> bool:
    return tx.insert_new(t.idempotency, [row]) == 1


def _here(key: Key) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return t.idempotency.c.person == key.person, t.idempotency.c.key == key.key


def _sealed_fingerprint(tx: Transaction, key: Key) -> bytes:
    # Keyed, so that nobody with the database alone can try names against it.
    return tx.keys.blind("fingerprint", key.fingerprint.hex())
