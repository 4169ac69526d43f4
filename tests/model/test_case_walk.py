"""2,000 acts in cases of two to five parties, on both databases, against the model; `make acceptance` does 20,000."""

from __future__ import annotations

import pytest

from tests.model.case_walk import REACHABLE, CaseWalk, Tally
from tests.model.companies import KINDS, Installations

OPERATIONS = 2_000


@pytest.mark.timeout(1800)
def test_product_and_model_agree_on_every_case(installations: Installations, seed: int) -> None:
    """Issue "A dispute is a case": no difference, half of the acts take effect, every state is reached."""
    total = Tally()
    for kind in KINDS:
        with installations.company(kind) as company:
            total.add(CaseWalk(company, seed).run(OPERATIONS // len(KINDS)))
        seed += 1
    print(total)
    assert total.operations >= OPERATIONS
    assert total.share >= 0.4
    assert set(total.states) >= REACHABLE
    assert set(total.parties) == {2, 3, 4, 5}
    assert total.codes["consent_needed"] > 0
