"""Sign-in by token: a token acts as its person, grants are looked up at every request (AUD-06, PPL-02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.matters.setting import Setting
from domain.people.access import Actor
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction
from storage.setting import Snapshots


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the actor, by which token, and since when that was known (``at``)."""

    actor: Actor
    token: str
    at: datetime
    setting: Setting

    @property
    def person(self) -> str:
        return self.actor.person


#: The token, and what tells whether the snapshot of the company is still the present one, in one statement.
_TOKEN = (
    sa.select(
        t.token.c.id,
        t.token.c.person,
        t.token.c.roles,
        t.token.c.expires_at,
        t.token.c.revoked_at,
        t.revision.c.value,
        t.revision.c.epoch,
    )
    .join(t.revision, t.revision.c.id == 1)
    .where(t.token.c.digest == sa.bindparam("digest"))
)


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header, or None."""
    scheme, _, value = (header or "").partition(" ")
    return value.strip() or None if scheme.lower() == "bearer" else None


def authenticate(tx: Transaction, secret: str | None, snapshots: Snapshots) -> Caller:
    """The caller behind a token; none, unknown, expired or revoked: ``not_signed_in``."""
    if secret is None:
        raise Refusal("not_signed_in")
    found = tx.execute(_TOKEN, {"digest": tx.keys.blind("token", secret)}).mappings().first()
    if found is None or found["revoked_at"] is not None:
        raise Refusal("not_signed_in")
    now = tx.now()
    if found["expires_at"] is not None and found["expires_at"] <= now:
        raise Refusal("not_signed_in")
    setting = snapshots.setting(tx, revision=(found["value"], found["epoch"]))
    person = setting.organisation.people.get(found["person"])
    if person is None or not person.active:
        raise Refusal("not_signed_in")
    roles = frozenset(Role(r) for r in found["roles"]) if found["roles"] is not None else None
    return Caller(actor=Actor(person.id, roles), token=found["id"], at=now, setting=setting)
