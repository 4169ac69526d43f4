"""Companies to walk in, outside pytest too: databases installed once and copied, a stopped clock, one thread."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio.to_thread
import pytest

from storage import installation, schema
from storage.database import Database
from storage.keys import KeyRing
from tests.model.stopped_clock import StoppedDatabase
from tests.support.company import Company
from tests.support.live import LiveCompany
from tests.support.postgres import Postgres

KINDS: Final = ("sqlite", "postgresql")

D = TypeVar("D", bound=StoppedDatabase)


@contextmanager
def in_one_thread() -> Iterator[None]:
    """A walk does one thing at a time; without the hops to a thread and back it needs a third less time."""

    async def here(work: Callable[..., Any], *args: Any, **_options: Any) -> Any:
        return work(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anyio.to_thread, "run_sync", here)
        yield


class Installations:
    """Fresh databases of either kind, each a copy of one that was installed once."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres
        self._keys = KeyRing.fresh()
        self._templates: dict[str, tuple[str, str]] = {}  # where and the administrator's token, by kind

    @contextmanager
    def company(self, kind: str) -> Iterator[Company]:
        """A company whose commands are drained at once."""
        with self._database(kind, StoppedDatabase) as (database, token), in_one_thread():
            company = Company(database, token, self._folder)
            try:
                yield company
            finally:
                company.close()

    @contextmanager
    def live_company(self, kind: str, *, address: str, namespace: str) -> Iterator[LiveCompany]:
        """A company on the real engine."""
        with self._database(kind, StoppedDatabase) as (database, token):
            company = LiveCompany(database, token, self._folder, address=address, namespace=namespace)
            try:
                yield company
            finally:
                company.close()

    @contextmanager
    def database(self, kind: str, of: type[D]) -> Iterator[D]:
        """A database without a company around it."""
        with self._database(kind, of) as (database, _):
            yield database

    @contextmanager
    def _database(self, kind: str, of: type[D]) -> Iterator[tuple[D, str]]:
        template, token = self._template(kind)
        name = f"walk_{uuid.uuid4().hex[:16]}"
        if kind == "sqlite":
            shutil.copyfile(template, self._folder / f"{name}.db")
            url = self._sqlite_url(name)
        else:
            url = self._postgres.create_database(name, template=template)
        database = of(url, keys=self._keys)
        try:
            yield database, token
        finally:
            database.close()
            if kind == "sqlite":
                for file in self._folder.glob(f"{name}.db*"):
                    file.unlink()
            else:
                self._postgres.drop_database(name)

    def _template(self, kind: str) -> tuple[str, str]:
        if kind not in self._templates:
            name = f"walks_{uuid.uuid4().hex[:12]}"
            url = self._sqlite_url(name) if kind == "sqlite" else self._postgres.create_database(name)
            database = Database(url, keys=self._keys, patient=True)
            schema.upgrade(database)
            token = installation.install(database).token
            assert token is not None
            database.scrub()
            database.close()
            self._templates[kind] = (str(self._folder / f"{name}.db") if kind == "sqlite" else name, token)
        return self._templates[kind]

    def _sqlite_url(self, name: str) -> str:
        return f"sqlite:///{self._folder / f'{name}.db'}"
