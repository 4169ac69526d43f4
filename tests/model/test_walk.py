"""2,000 acts on the claims of a company, on both databases, against the model; `make acceptance` does 20,000."""

from __future__ import annotations

import pytest

from tests.model.companies import KINDS, Installations
from tests.model.walk import REACHABLE, Tally, Walk

OPERATIONS = 2_000


@pytest.mark.timeout(1800)
def test_product_and_model_agree_on_every_act(installations: Installations, seed: int) -> None:
    """Issue "A claim lives": no difference, at least two acts of five take effect, every trigger happens."""
    total = Tally()
    for kind in KINDS:
        with installations.company(kind) as company:
            total.add(Walk(company, seed).run(OPERATIONS // len(KINDS)))
        seed += 1
    print(total)
    assert total.operations >= OPERATIONS
    assert total.share >= 0.4
    assert set(total.triggers) >= REACHABLE
