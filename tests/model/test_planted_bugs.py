"""The walk finds what it is there to find: rules of the product that are told wrongly."""

from __future__ import annotations

import pytest

from tests.model.companies import Installations
from tests.model.planted_bugs import BUGS, Bug
from tests.model.walk import Difference, Walk
from tests.support.company import Company

#: So many acts may pass before a planted bug is seen.
WITHIN = 300


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "_"))
def test_a_planted_bug_is_found(bug: Bug, installations: Installations) -> None:
    """Issue "A claim lives": planted bugs are found, within a bounded number of acts; without one nothing is."""
    with installations.company("sqlite") as company:
        walk = walk_of(bug, company)
        with bug.planted(), pytest.raises(Difference, match=rf"seed {bug.seed}, act \d+"):
            walk.run(WITHIN)
    found_at = walk.tally.operations
    with installations.company("sqlite") as company:
        walk_of(bug, company).run(found_at)
    print(f"{bug.name} ({bug.rule}): found at act {found_at}")


def walk_of(bug: Bug, company: Company) -> Walk:
    """A walk where the rule matters."""
    return Walk(company, bug.seed, programs=dict.fromkeys(bug.programs, 1))
