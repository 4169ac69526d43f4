"""Links by which customers are asked who served them first (客户确认): made, sent, used (CNF-01).

Only a keyed digest tells a code. What has to be sent later is kept sealed with the customer's key until it is used, so
an erasure takes it along (AUD-05).
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.model import Confirmation, Confirmed
from domain.matters.matter import Matter
from domain.refusals import Refusal
from storage import customers
from storage import tables as t
from storage.database import Transaction, mint

Row = dict[str, Any]


def send(tx: Transaction, before: Matter, after: Matter, *, at: datetime) -> None:
    """Make the link of every confirmation that a decision asks for, and leave it to the courier."""
    for claim in after.claims.values():
        was = before.claims.get(claim.id)
        if claim.confirmations and (was is None or claim.confirmations != was.confirmations):
            known = {c.id for c in was.confirmations} if was is not None else set()
            for asked in claim.confirmations:
                if asked.id not in known and asked.state is Confirmed.OPEN:
                    _make(tx, asked, claim.id, at=at)


def opened(tx: Transaction, code: str, *, at: datetime) -> Row:
    """The confirmation that ``code`` asks for. Unknown, used or expired: ``link_invalid``."""
    c = t.confirmation
    row = tx.row(sa.select(c).where(c.c.digest == tx.keys.blind("confirmation", code)))
    if row is None or row["answer"] is not None or (row["until"] is not None and at > row["until"]):
        raise Refusal("link_invalid", rule="CNF-01")
    return row


def is_known(tx: Transaction, code: str) -> bool:
    """Whether ``code`` is one that somebody was given, be it used or expired by now."""
    c = t.confirmation.c
    return tx.execute(sa.select(c.id).where(c.digest == tx.keys.blind("confirmation", code))).first() is not None


def renew(tx: Transaction, confirmation: str, *, at: datetime) -> str:
    """Another code in the place of the one there was, which opens nothing any more and is sent to nobody."""
    code = secrets.token_urlsafe(16)
    tx.update(t.confirmation, {"id": confirmation}, {"digest": tx.keys.blind("confirmation", code), "sealed": None})
    _send_no_more(tx, [confirmation], at=at)
    return code


def used(
    tx: Transaction,
    confirmation: str,
    *,
    answer: str,
    named: str | None,
    text: str | None,
    at: datetime,
    form: str | None = None,
) -> None:
    """Keep the answer, which is evidence from now on; ``form``: the file of the paper that was signed.

    The caller holds the lock of the matter.
    """
    said = {"answer": answer, "named": named, "text": text, "answered_at": at, "sealed": None, "form": form}
    tx.update(t.confirmation, {"id": confirmation}, said)
    _send_no_more(tx, [confirmation], at=at)


def erase(tx: Transaction, customer: str, *, at: datetime) -> None:
    """No link of an erased customer opens anything any more; what they answered stays without their words."""
    c = t.confirmation
    ids = list(tx.execute(sa.select(c.c.id).where(c.c.customer == customer)).scalars())
    tx.execute(c.update().where(c.c.customer == customer).values(sealed=None, text=None))
    unanswered = sa.and_(c.c.customer == customer, c.c.answer.is_(None), sa.or_(c.c.until.is_(None), c.c.until > at))
    tx.execute(c.update().where(unanswered).values(until=at))
    _send_no_more(tx, ids, at=at)


def to_send(tx: Transaction, row: Mapping[str, Any]) -> tuple[customers.Contact, str] | None:
    """Whom to ask and by which code; None where the link was used, printed instead, or went with an erasure."""
    key = customers.data_key(tx, row["customer"])
    if key is None or row["sealed"] is None:
        return None
    code = tx.keys.open_text(row["sealed"], key=key)
    known = tx.row(sa.select(t.customer).where(t.customer.c.id == row["customer"]))
    return (customers.contact_of(tx, known, key), code) if code is not None and known is not None else None


def _make(tx: Transaction, asked: Confirmation, claim: str, *, at: datetime) -> None:
    customer = tx.execute(sa.select(t.claim.c.customer).where(t.claim.c.id == claim)).scalar_one()
    key, code = customers.data_key(tx, customer), secrets.token_urlsafe(16)
    if key is None:
        return
    tx.insert(
        t.confirmation,
        {
            "id": asked.id,
            "claim": claim,
            "customer": customer,
            "point": asked.point,
            "person": asked.person,
            "digest": tx.keys.blind("confirmation", code),
            "sealed": tx.keys.seal(code, key=key),
            "asked_at": asked.asked_at,
            "until": asked.until,
        },
    )
    known = tx.row(sa.select(t.customer).where(t.customer.c.id == customer))
    contact = customers.contact_of(tx, known or {}, key)
    reached = {"email": contact.email is not None, "webhook": (contact.phone or contact.email) is not None}
    deliveries = [
        {"id": mint(), "channel": channel, "confirmation": asked.id, "due_at": at, "tries": 0}
        for channel in tx.database.channels
        if reached[channel]
    ]
    if deliveries:
        tx.insert(t.outbox, deliveries)


def _send_no_more(tx: Transaction, ids: Collection[str], *, at: datetime) -> None:
    waiting = sa.and_(t.outbox.c.sent_at.is_(None), t.outbox.c.dead_at.is_(None))
    about = t.outbox.c.confirmation.in_(sorted(ids))
    tx.execute(t.outbox.update().where(about, waiting).values(dead_at=at, error="link_gone"))
