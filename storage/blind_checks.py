"""The log of blind checks (盲查): who asked, when, and what runs of numbers are seen by (CUS-08).

A number is kept as a keyed digest, and its neighbourhoods likewise; what only an alarm needs is gone after two days.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.customers.phone import Phone
from domain.customers.probe_runs import Probe, neighbourhoods
from storage import tables as t
from storage.database import Transaction, mint

#: How long a check is on record.
KEPT = timedelta(days=365)
#: How long it can be part of a run that is told, and a day more.
DIGESTS_KEPT = timedelta(days=2)


def probe_of(tx: Transaction, phone: Phone, *, at: datetime) -> Probe:
    """A check of ``phone`` in digests."""
    whole = phone.e164 if phone.masked is None else f"{phone.masked.pattern.value}/{phone.masked.visible}"
    assert whole is not None
    return Probe(at, _digest(tx, whole), tuple(_digest(tx, block) for block in neighbourhoods(phone)))


def earlier(tx: Transaction, person: str, *, since: datetime) -> list[Probe]:
    """The checks of numbers that ``person`` made after ``since``, oldest first."""
    c = t.blind_check.c
    found = tx.execute(
        sa.select(c.at, c.number, c.blocks)
        .where(c.person == person, c.at > since, c.number.is_not(None))
        .order_by(c.at, c.id)
    )
    return [Probe(row.at, row.number, tuple(row.blocks)) for row in found]


def keep(
    tx: Transaction, *, person: str, program: str, track: str, answer: str, at: datetime, probe: Probe | None
) -> None:
    """Put a check on record."""
    tx.insert(
        t.blind_check,
        {
            "id": mint(),
            "person": person,
            "at": at,
            "program": program,
            "track": track,
            "answer": answer,
            "number": probe.number if probe is not None else None,
            "blocks": list(probe.blocks) if probe is not None else [],
        },
    )


def _digest(tx: Transaction, text: str) -> str:
    return tx.keys.blind("probe", text).hex()[:24]
