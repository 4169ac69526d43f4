"""The walk through cases finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.model.case_walk import CaseWalk
from tests.model.companies import Installations
from tests.model.planted_case_bugs import CASE_BUGS, CaseBug
from tests.model.walk import Difference

#: So many acts may pass before a planted bug is seen.
WITHIN = 1_000
SEED = 4


@pytest.mark.parametrize("bug", CASE_BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_in_cases_is_found(bug: CaseBug, installations: Installations) -> None:
    """Issue "A dispute is a case": planted bugs are found; :mod:`tests.model.test_case_walk` finds nothing without."""
    with installations.company("sqlite") as company:
        walk = CaseWalk(company, SEED)
        with bug.planted(), pytest.raises(Difference, match=rf"seed {SEED}, act \d+"):
            walk.run(WITHIN)
    print(f"{bug.name} ({bug.rule}): found at act {walk.tally.operations}")
