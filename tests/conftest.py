"""Fixtures of every suite: both databases, and a company to act in."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from storage import installation, schema
from storage.database import Database
from storage.keys import KeyRing
from tests.support.company import Company
from tests.support.compiled import share_compiled
from tests.support.live import LiveCompany

if TYPE_CHECKING:
    from tests.support.engine import Engine
    from tests.support.postgres import Postgres
    from tests.support.spares import Spares

pytest_plugins = ["tests.support.shared", "tests.support.engine", "tests.support.postgres"]

#: Files that take a minute or more. They begin first: whichever is last has the machine for itself, and all wait.
LONGEST = (
    "api/test_schemathesis.py",
    "model/test_case_walk.py",
    "faults/test_same_instant.py",
    "faults/test_twice.py",
    "acceptance/test_small_run.py",
    "faults/test_kills.py",
    "model/test_walk.py",
    "api/test_role_matrix.py",
    "model/test_money_walk_kept.py",
    "faults/test_canaries.py",
    "faults/test_poison.py",
    "model/test_planted_bugs.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest first, all others as they stand."""
    place = {Path(__file__).parent / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


@dataclass
class Store:
    """Where a test's database lies; ``open`` connects to it again, as another process would."""

    url: str
    keys: KeyRing
    kind: str

    def open(self, *, patient: bool = False, channels: tuple[str, ...] = ()) -> Database:
        opened = Database(self.url, keys=self.keys, patient=patient, channels=channels)
        share_compiled(opened)
        return opened


@pytest.fixture(scope="session")
def keys() -> KeyRing:
    return KeyRing.fresh()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, keys: KeyRing) -> tuple[Path, str]:
    """An installed database to copy, and its administrator's token."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    token = _installed(f"sqlite:///{path}", keys)
    return path, token


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, keys: KeyRing) -> tuple[str, str]:
    """The same on PostgreSQL, one per test process: its keys are of this process."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    token = _installed(postgres.create_database(name), keys)
    return name, token


def _installed(url: str, keys: KeyRing) -> str:
    database = Database(url, keys=keys, patient=True)
    schema.upgrade(database)
    token = installation.install(database).token
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    database.close()
    assert token is not None
    return token


@pytest.fixture(scope="session")
def spares(postgres: Postgres, postgres_template: tuple[str, str]) -> Iterator[Spares]:
    """Databases on PostgreSQL that tests of this process use one after the other."""
    # Not above: what it imports is a plugin, which pytest loads itself.
    from tests.support.spares import Spares

    made = Spares(postgres, postgres_template[0])
    yield made
    made.drop_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path, keys: KeyRing) -> Iterator[Store]:
    """A freshly installed database, once on SQLite and once on PostgreSQL (INT-08)."""
    if request.param == "sqlite":
        template, _ = request.getfixturevalue("sqlite_template")
        path = tmp_path / "fairclaim.db"
        path.write_bytes(template.read_bytes())
        yield Store(f"sqlite:///{path}", keys, "sqlite")
        return
    spares: Spares = request.getfixturevalue("spares")
    name = spares.take()
    yield Store(spares.postgres.url(name), keys, "postgresql")
    spares.give_back(name)


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = store.open()
    yield opened
    opened.close()


@pytest.fixture
def admin_token(request: pytest.FixtureRequest, store: Store) -> str:
    template: tuple[object, str] = request.getfixturevalue(
        f"{'sqlite' if store.kind == 'sqlite' else 'postgres'}_template"
    )
    return template[1]


@pytest.fixture
def live(database: Database, admin_token: str, tmp_path: Path, engine: Engine) -> Iterator[LiveCompany]:
    """A company on either database and the real engine, with a worker of its own."""
    made = LiveCompany(database, admin_token, tmp_path, address=engine.address, namespace=engine.namespace)
    yield made
    made.close()


@pytest.fixture
def company(database: Database, admin_token: str, tmp_path: Path) -> Iterator[Company]:
    """A company on either database whose commands are drained at once, without an engine."""
    made = Company(database, admin_token, tmp_path)
    yield made
    made.close()
