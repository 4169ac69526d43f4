"""A database from before takes on the ledger and the answers about records (INT-08, COM-01, CUS-13)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from storage import deals, sameness, schema
from storage import tables as t
from storage.database import Database, mint
from storage.keys import KeyRing
from storage.sameness import Answer
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


def test_the_answer_of_a_case_about_two_records_is_kept(old: Database) -> None:
    """CUS-13: the later of two; a case that goes on has none yet, and is found by the other record all the same."""
    program, first, second, third, matter, beside = (mint() for _ in range(6))
    early, late, going_on = (mint() for _ in range(3))
    rows: list[tuple[str, dict[str, object]]] = [
        ("program", {"id": program}),
        ("customer", {"id": first}),
        ("customer", {"id": second}),
        ("matter", {"id": matter, "program": program, "customer": second, "subject": second}),
        ("matter", {"id": beside, "program": program, "customer": first, "subject": first}),
    ]
    for number, (case, of, other, same) in enumerate(
        ((early, second, first, True), (late, second, first, False), (going_on, first, third, None))
    ):
        detail = {"other_customer": other, "outcome": None if same is None else {"same": same}}
        state = {"grounds": "identity", "open": same is None, "state": "negotiating" if same is None else "final"}
        place = {"matter": beside if of == first else matter, "program": program, "customer": of, "number": number}
        ended = None if same is None else AT + timedelta(days=number)
        rows.append(("dispute", {"id": case, "detail": detail, "ended_at": ended, **place, **state}))
    with old.engine.connect() as connection:
        for name, given in rows:
            connection.execute(_insert(connection, name), _row(connection, name, given))
        connection.commit()
    schema.upgrade(old)
    with old.reading() as tx:
        d = t.dispute.c
        others = {row.id: row.other_customer for row in tx.execute(sa.select(d.id, d.other_customer))}
        answers = [sameness.answer(tx, *pair) for pair in ((first, second), (second, first), (first, third))]
    assert others == {early: first, late: first, going_on: third}
    assert answers == [Answer(same=False, dispute=late)] * 2 + [None]


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
