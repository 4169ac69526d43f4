"""A throw-away PostgreSQL for the whole run.

A pytest plugin, to be named after ``tests.support.shared``. No test that asks for it is ever skipped: where no server
is installed, the one in the wheel is used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

from tests.support.shared import shared_server

BUSY_TEMPLATE_LIMIT_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running cluster, reached through a socket in ``folder``; any user of this machine is let in."""

    folder: str
    user: str
    version: str

    def url(self, database: str) -> str:
        """For SQLAlchemy and ``FAIRCLAIM_DATABASE_URL``."""
        return f"postgresql+psycopg://{self.user}@/{quote(database)}?host={quote(self.folder, safe='')}"

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """A new empty database (or a copy of ``template``, where nobody may be connected); answers its URL."""
        origin = sql.Identifier("template1" if template is None else template)
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), origin)
        deadline = time.monotonic() + BUSY_TEMPLATE_LIMIT_S
        while True:  # two test processes that copy one template get in one another's way for a moment
            try:
                self._run(command)
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return self.url(name)

    def drop_database(self, name: str) -> None:
        """Without complaint where it does not exist; ends whatever is connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def has_database(self, name: str) -> bool:
        with self._connect() as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def _run(self, command: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(command)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=self.folder, user=self.user, dbname="postgres", autocommit=True, connect_timeout=10)


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The run's own PostgreSQL, shared by all test processes: name databases after your process or at random."""
    return Postgres(**shared_server("postgres", settings={"durable": False}))
