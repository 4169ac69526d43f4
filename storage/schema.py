"""The schema: migrated from empty to the present, and checked against the tables (INT-08)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database, translated
from storage.tables import metadata

_HERE = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> None:
    """Bring the database to the newest schema. Nothing to do is quick."""
    if is_current(database):
        return
    with database.engine.connect() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def is_current(database: Database) -> bool:
    """Whether the schema is the newest one; refuses ``store_unavailable`` where the database is away."""
    with translated(), database.engine.connect() as connection:
        return current(connection) == newest()


def current(connection: sa.Connection) -> str | None:
    """The revision the database is at, None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """The revision that the migrations lead to."""
    return ScriptDirectory(str(_HERE)).get_current_head()


def differences(database: Database) -> list[object]:
    """What autogenerate would still change; empty when migrations and tables agree."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config
