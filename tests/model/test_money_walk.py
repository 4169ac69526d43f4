"""2,000 deals with splits, stages, refunds, cases, appeals and leavers in any order, against the reference model."""

from __future__ import annotations

from collections import Counter
from itertools import count
from random import Random

import pytest

from tests.model import money_model as model
from tests.model.money_walk import Walk
from tests.support.money_office import PEOPLE

DEALS, A_WALK = 2_000, 4
STEPS = 34


@pytest.mark.timeout(1800)
def test_product_and_model_agree_on_the_money_of_two_thousand_deals(seed: int) -> None:
    """Issue "Money follows the case": no difference after any step, and everything that can happen does."""
    done: Counter[str] = Counter()
    for walk in count(seed * 10_000):
        one = Walk(walk)
        one.run(deals=A_WALK, steps=STEPS)
        done += one.done
        if done["deal made"] >= DEALS:
            break
    print(dict(sorted(done.items())))
    wanted = {f"dispute of {number}" for number in (2, 3, 4, 5)}
    wanted |= {"ended party", "ended joint", "ended pool", "ended no_change", "appeal for real", "set_off for real"}
    wanted |= {
        "allocated",
        "receipt",
        "refund",
        "stage",
        "cancel",
        "amend",
        "assist",
        "transfer",
        "leave",
        "pay",
        "shares",
        *("cash reversed", "back reversed", "proven reversed", "extra reversed"),
    }
    assert {word for word in wanted if not done[word]} == set()


def test_who_held_before_has_the_customer_again_with_the_deals_they_made_then() -> None:
    """The walk of a failed run: two live deals on a released claim that a later case gives the customer back to."""
    Walk(5_310_070_192, mistakes=False).run(deals=A_WALK, steps=STEPS)


def test_the_reference_loses_nothing_in_a_split(seed: int) -> None:
    """The parts sum to the whole, and nobody is more than one unit from their exact part."""
    rng = Random(seed)
    people = sorted(PEOPLE)
    for _ in range(2_000):
        cuts = sorted(rng.sample(range(1, model.ALL), rng.randrange(0, 6)))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, model.ALL], strict=True)]
        parts = dict(zip(rng.sample(people, len(sizes)), sizes, strict=True))
        total = rng.randrange(0, 10 ** rng.randrange(1, 13))
        shared = model.shared(total, parts, PEOPLE)
        assert sum(shared.values()) == total
        assert all(abs(shared[p] * model.ALL - total * bps) <= model.ALL for p, bps in parts.items())
