"""The walks through money find what they are there to find."""

from __future__ import annotations

import pytest

from domain.refusals import Refusal
from tests.model.money_walk import Walk
from tests.model.planted_money_bugs import MONEY_BUGS, MoneyBug

#: So many walks may pass before a planted bug is seen.
WITHIN = 300


@pytest.mark.parametrize("bug", MONEY_BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_in_money_is_found(bug: MoneyBug) -> None:
    """:mod:`tests.model.test_money_walk` finds nothing without them."""
    found = None
    with bug.planted():
        for seed in range(WITHIN):
            try:
                Walk(seed).run(deals=3, steps=30)
            except (AssertionError, Refusal, ValueError):
                found = seed
                break
    assert found is not None, f"{bug.name} ({bug.rule})"
    print(f"{bug.name} ({bug.rule}): found in walk {found}")
