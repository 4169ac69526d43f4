"""A database with deals from before the ledger takes it on (INT-08, COM-01)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from storage import deals, schema
from storage import tables as t
from storage.database import Database, mint
from storage.keys import KeyRing
from tests.ledger.books import AT


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path, keys: KeyRing) -> Iterator[Database]:
    """A database as it was before the migration, empty."""
    if request.param == "sqlite":
        url, drop = f"sqlite:///{tmp_path / 'old.db'}", lambda: None
    else:
        postgres = request.getfixturevalue("postgres")
        name = f"old_{uuid.uuid4().hex[:12]}"
        url, drop = postgres.create_database(name), lambda: postgres.drop_database(name)
    database = Database(url, keys=keys, patient=True)
    with database.engine.connect() as connection:
        command.upgrade(schema._config(connection), "0003")
        connection.commit()
    yield database
    database.close()
    drop()


def test_deals_keep_their_claim_and_find_their_matter(old: Database) -> None:
    program, customer, matter, claim, owner, deal = (mint() for _ in range(6))
    rows = {
        "program": {"id": program},
        "customer": {"id": customer},
        "matter": {"id": matter, "program": program, "customer": customer, "subject": customer, "track": "channel"},
        "claim": {"id": claim, "matter": matter, "owner": owner, "track": "channel"},
        "deal": {"id": deal, "claim": claim, "number": 7, "amount_minor": 5, "state": "open", "kind": "renewal"},
    }
    with old.engine.connect() as connection:
        for name, given in rows.items():
            connection.execute(_insert(connection, name), _row(connection, name, given))
        connection.commit()
    schema.upgrade(old)
    assert schema.differences(old) == []
    with old.reading() as tx:
        row = tx.row(sa.select(t.deal))
        assert row is not None
        assert tx.execute(sa.select(t.matter.c.dealt)).scalar() is True
    assert (row["matter"], row["track"], row["owner"], row["number"]) == (matter, "channel", owner, 7)
    found = deals.deal_of(row)
    assert (found.id, found.claim, found.amount_minor, found.shares, found.rate_bps) == (deal, claim, 5, (), None)


def _columns(connection: sa.Connection, table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(connection).get_columns(table)]


def _insert(connection: sa.Connection, table: str) -> sa.Insert:
    known = {column.name: column for column in t.metadata.tables[table].columns}
    old = sa.table(table, *(sa.column(name, known[name].type) for name in _columns(connection, table)))
    return old.insert()


def _row(connection: sa.Connection, table: str, given: dict[str, object]) -> dict[str, object]:
    """``given``, and something in every column that needs it."""
    known = {column.name: column for column in t.metadata.tables[table].columns}
    row = dict(given)
    for name in _columns(connection, table):
        column = known[name]
        if name in row or column.nullable:
            row.setdefault(name, None)
            continue
        kind = column.type
        if kind is not None and type(kind).__name__ == "Instant":
            row[name] = AT
        elif isinstance(kind, sa.Uuid):
            row[name] = mint()
        elif isinstance(kind, sa.Boolean):
            row[name] = False
        elif isinstance(kind, sa.BigInteger | sa.Integer):
            row[name] = 1
        elif isinstance(kind, sa.JSON):
            row[name] = {}
        elif isinstance(kind, sa.LargeBinary):
            row[name] = b""
        else:
            row[name] = "x"
    return row
