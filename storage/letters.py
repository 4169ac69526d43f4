"""Authorisation letters in the database: numbered when they are issued, void when their claim ends (CLM-33)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime

from domain.claims.letters import Letter
from domain.claims.lifecycle import ENDED
from domain.claims.model import Claim
from storage import tables as t
from storage.database import Transaction


def keep(tx: Transaction, issued: Iterable[Letter]) -> None:
    """Write them under the next numbers of the company."""
    for letter in issued:
        tx.insert(t.letter, asdict(letter) | {"number": tx.next_number("letter"), "voided_at": None})


def void(tx: Transaction, changed: Iterable[Claim], *, former: Mapping[str, Claim], at: datetime) -> None:
    """Those of claims that ended by what is being saved."""
    over = sorted(c.id for c in changed if c.letters and c.state in ENDED and former[c.id].state not in ENDED)
    if over:
        here = (t.letter.c.claim.in_(over), t.letter.c.voided_at.is_(None))
        tx.execute(t.letter.update().where(*here).values(voided_at=at))
