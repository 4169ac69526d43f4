"""Takes, lapses, reports, leads, told visits against the reference of quotas: no order washes one (POOL-06)."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.model.companies import KINDS, Installations
from tests.model.planted_bugs import Edit
from tests.model.planted_take_bugs import TAKE_BUGS
from tests.model.take_walk import OFTEN, TakeWalk

#: On the other database fewer: the races that differ there are in :mod:`tests.api.test_pools`.
ACTS = {"sqlite": 500, "postgresql": 150}


def test_no_order_of_take_release_and_take_again_washes_a_quota(installations: Installations, seed: int) -> None:
    """Issue "Customers come free and are taken": every answer, every owner, every row of the log."""
    met: Counter[str] = Counter()
    for kind in KINDS:
        with installations.company(kind) as company:
            met += TakeWalk(company, seed).run(ACTS[kind])
        seed += 1
    print(dict(met))
    assert set(met) >= OFTEN


@pytest.mark.parametrize("edit", TAKE_BUGS.values(), ids=[name.replace(" ", "_") for name in TAKE_BUGS])
def test_what_acceptance_plants_can_be_planted(edit: Edit) -> None:
    """Walks find the bugs in acceptance alone; that the product still says what they tell wrongly is seen here."""
    with edit.made():
        pass
