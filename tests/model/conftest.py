"""Companies to walk in, and the run's seed: printed, and ``FAIRCLAIM_TEST_SEED`` repeats it."""

from __future__ import annotations

import os
import secrets

import pytest

from tests.model.companies import Installations
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def seed() -> int:
    """Of this run. A difference that is found names it too."""
    value = int(os.environ.get("FAIRCLAIM_TEST_SEED") or secrets.randbelow(10**6))
    print(f"FAIRCLAIM_TEST_SEED={value}")
    return value


@pytest.fixture(scope="session")
def installations(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Installations:
    return Installations(tmp_path_factory.mktemp("walks"), postgres)
