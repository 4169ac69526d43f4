"""The run's seed, printed so that a failing run can be repeated."""

from __future__ import annotations

import pytest

from tests.support import chance


@pytest.fixture
def seed() -> int:
    """``FAIRCLAIM_TEST_SEED`` gives another."""
    return chance.seed()
