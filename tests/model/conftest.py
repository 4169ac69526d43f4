"""A company on the stopped clock, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.model.stopped_clock import StoppedDatabase
from tests.support.company import Company

if TYPE_CHECKING:
    from tests.conftest import Store


@pytest.fixture
def stopped(store: Store, admin_token: str, tmp_path: Path) -> Iterator[Company]:
    """A company whose clock only a test moves; commands are drained at once."""
    database = StoppedDatabase(store.url, keys=store.keys)
    company = Company(database, admin_token, tmp_path)
    yield company
    company.close()
    database.close()
