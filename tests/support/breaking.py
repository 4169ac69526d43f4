"""A database that refuses one kind of statement for a while, in words of the test's choice."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from storage.database import Database


@contextmanager
def broken(database: Database, table: str, act: str, *, words: str = "broken", where: str = "TRUE") -> Iterator[None]:
    """Meanwhile every ``act`` (INSERT, UPDATE) on ``table`` fails whose new row is as ``where`` says."""
    trigger = f"broken_{uuid.uuid4().hex[:8]}"
    if database.is_sqlite:
        made = [
            f"CREATE TRIGGER {trigger} BEFORE {act} ON {table} WHEN {where} BEGIN SELECT RAISE(ABORT, '{words}'); END"
        ]
        undone = [f"DROP TRIGGER {trigger}"]
    else:
        made = [
            (
                f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION '{words}' USING DETAIL = '{words}', HINT = '{words}'; END $$"
            ),
            (
                f"CREATE TRIGGER {trigger} BEFORE {act} ON {table} FOR EACH ROW WHEN ({where}) "
                f"EXECUTE FUNCTION {trigger}()"
            ),
        ]
        undone = [f"DROP TRIGGER {trigger} ON {table}", f"DROP FUNCTION {trigger}()"]
    _run(database, made)
    try:
        yield
    finally:
        _run(database, undone)


def spelled(database: Database, given: str) -> str:
    """An id as the database spells it in ``where``."""
    return f"'{given.replace('-', '')}'" if database.is_sqlite else f"'{given}'::uuid"


def _run(database: Database, statements: list[str]) -> None:
    database.transact(lambda tx: [tx.execute(sa.text(one)) for one in statements])
