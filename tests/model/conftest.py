"""Companies to walk in, and the run's seed: printed, and ``FAIRCLAIM_TEST_SEED`` repeats it."""

from __future__ import annotations

import pytest

from tests.model.companies import Installations
from tests.support import chance
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def seed() -> int:
    """Of this run. A difference that is found names it too."""
    return chance.seed()


@pytest.fixture(scope="session")
def installations(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Installations:
    return Installations(tmp_path_factory.mktemp("walks"), postgres)
