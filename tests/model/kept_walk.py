"""Walks through money on a database: so many deals, and what was done with them (COM-06)."""

from __future__ import annotations

from collections import Counter
from itertools import count
from random import Random
from typing import Final

import sqlalchemy as sa

from domain.refusals import Refusal
from storage import ledger
from storage import tables as t
from tests.model.kept_office import KeptOffice, UnluckyDatabase
from tests.model.money_walk import Walk

A_WALK, STEPS = 6, 28

#: What a few hundred deals are sure to meet.
OFTEN: Final = frozenset(
    {
        *("receipt", "refund", "stage", "cancel", "amend", "assist", "leave", "pay", "shares", "cash reversed"),
        *("dispute of 2", "dispute of 3", "dispute of 4", "dispute of 5"),
        *("ended party", "ended joint", "ended no_change", "told again", "undone", "failed"),
    }
)
#: And some thousands.
SELDOM: Final = OFTEN | {"ended pool", "allocated", "transfer", "appeal for real", "set_off for real"}


class WalkError(Exception):
    """Where a walk and the reference part."""


def walk(database: UnluckyDatabase, seed: int, *, deals: int) -> Counter[str]:
    """Walk until ``deals`` deals were made, with a seed for each walk that follows from ``seed``; what was done.

    WalkError: the rows of the ledger are not what the reference says, whatever was retried.
    """
    done: Counter[str] = Counter()
    for one in count(seed * 10_000):
        luck = Random(one)

        def office(retried: Counter[str] = done, luck: Random = luck, **about: object) -> KeptOffice:
            return KeptOffice(database=database, luck=luck, retried=retried, **about)  # type: ignore[arg-type]

        present = Walk(one, office_of=office)
        try:
            present.run(deals=A_WALK, steps=STEPS)
        except (AssertionError, Refusal, ValueError) as error:
            raise WalkError(f"walk {one}, after {present.history}: {error}") from error
        done += present.done
        if done["deal made"] >= deals:
            break
    with database.reading() as tx:
        fault = ledger.first_fault(tx)
        entries = tx.execute(sa.select(sa.func.count()).select_from(t.ledger_entry)).scalar_one()
    if fault is not None:
        raise WalkError(f"seed {seed}: {fault}")
    done["entries posted"] = entries
    return done
