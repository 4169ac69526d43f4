"""Faults on real parts. Seeds are printed; ``FAIRCLAIM_TEST_SEED`` repeats a run."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.conftest import Store
from tests.support import chance
from tests.support.company import Company
from tests.support.postgres import Postgres

T = TypeVar("T")
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def seed() -> int:
    """The run's seed, printed so that a failing run can be repeated."""
    return chance.seed()


@pytest.fixture(scope="session")
def seed_line(seed: int) -> str:
    return f"FAIRCLAIM_TEST_SEED={seed} repeats this run"


@pytest.fixture(scope="module")
def empty_databases(postgres: Postgres) -> Iterator[Callable[[str], str | None]]:
    """Makes an empty database of a kind; None stands for the SQLite file of the data folder."""
    made: list[str] = []

    def make(kind: str) -> str | None:
        if kind == "sqlite":
            return None
        made.append(f"faults_{uuid.uuid4().hex[:16]}")
        return postgres.create_database(made[-1])

    yield make
    for name in made:
        postgres.drop_database(name)


@pytest.fixture
def here(store: Store, admin_token: str, tmp_path: Path) -> Iterator[Company]:
    """A company whose process waits for locks as long as it takes."""
    with _patient(store, admin_token, tmp_path) as company:
        yield company


@pytest.fixture
def beside(store: Store, admin_token: str, tmp_path: Path) -> Iterator[Company]:
    """The same company as another process has it."""
    with _patient(store, admin_token, tmp_path) as company:
        yield company


@contextmanager
def _patient(store: Store, token: str, folder: Path) -> Iterator[Company]:
    opened = store.open(patient=True)
    company = Company(opened, token, folder)
    yield company
    company.close()
    opened.close()


def at_once(work: Callable[[str], T]) -> dict[str, T]:
    """``work`` for each kind of database, both at the same time: most of it is waiting."""
    with ThreadPoolExecutor(max_workers=len(DATABASES)) as pool:
        running = {kind: pool.submit(work, kind) for kind in DATABASES}
        return {kind: future.result() for kind, future in running.items()}
