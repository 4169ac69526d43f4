"""The run's seed, printed so that a failing run can be repeated."""

from __future__ import annotations

import os
import secrets

import pytest


@pytest.fixture
def seed() -> int:
    """``FAIRCLAIM_TEST_SEED`` repeats a run."""
    given = int(os.environ.get("FAIRCLAIM_TEST_SEED") or secrets.randbelow(2**32))
    print(f"FAIRCLAIM_TEST_SEED={given} repeats this run")
    return given
