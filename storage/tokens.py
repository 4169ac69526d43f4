"""Tokens (AUD-06): a secret that acts as its person; only its keyed digest is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from storage import tables as t
from storage.database import Transaction, mint


def create(
    tx: Transaction,
    *,
    person: str,
    name: str,
    at: datetime,
    roles: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[str, str]:
    """A new token's id and its secret, which nobody can read again. ``roles`` narrows it, None = all of the person."""
    token, secret = mint(), f"fc_{secrets.token_urlsafe(32)}"
    tx.execute(
        t.token.insert().values(
            id=token,
            person=person,
            name=name,
            digest=tx.keys.blind("token", secret),
            roles=list(roles) if roles is not None else sa.null(),
            expires_at=expires_at,
            created_at=at,
        )
    )
    return token, secret


def revoke_all(tx: Transaction, person: str, *, at: datetime) -> int:
    """End every token of a person who leaves (PPL-06); how many there were."""
    live = sa.and_(t.token.c.person == person, t.token.c.revoked_at.is_(None))
    return tx.execute(t.token.update().where(live).values(revoked_at=at)).rowcount


def person_named(tx: Transaction, named: str) -> str | None:
    """The person with this number or id, for tools beside the service; None if there is none."""
    condition = t.person.c.number == int(named) if named.isdigit() else t.person.c.id == named
    found = tx.execute(sa.select(t.person.c.id).where(condition)).scalar()
    return str(found) if found is not None else None
