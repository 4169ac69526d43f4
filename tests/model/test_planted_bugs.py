"""The walk finds what it is there to find: rules of the product that are told wrongly."""

from __future__ import annotations

import pytest

from tests.model.companies import Installations
from tests.model.planted_bugs import BUGS, Bug
from tests.model.walk import Difference, Walk

#: So many acts may pass before a planted bug is seen.
WITHIN = 300


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_is_found(bug: Bug, installations: Installations) -> None:
    """Issue "A claim lives": planted bugs are found, within a bounded number of acts."""
    with installations.company("sqlite") as company:
        walk = Walk(company, bug.seed, programs=dict.fromkeys(bug.programs, 1))
        with bug.planted(), pytest.raises(Difference, match=rf"seed {bug.seed}, act \d+"):
            walk.run(WITHIN)
    print(f"{bug.name} ({bug.rule}): found at act {walk.tally.operations}")
