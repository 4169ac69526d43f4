"""150 deals a database through drains, guards and rows, against the reference model, whatever is retried."""

from __future__ import annotations

import pytest

from tests.model.companies import KINDS, Installations
from tests.model.kept_office import UnluckyDatabase
from tests.model.kept_walk import OFTEN, walk

DEALS = 150


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_the_ledger_and_the_model_agree_whatever_is_retried(
    installations: Installations, seed: int, kind: str
) -> None:
    """Issue "Money follows the case", COM-06: every drain runs twice; some are undone at the commit or fail before."""
    with installations.database(kind, UnluckyDatabase) as database:
        done = walk(database, seed, deals=DEALS)
    print(dict(sorted(done.items())))
    assert {word for word in OFTEN if not done[word]} == set()
