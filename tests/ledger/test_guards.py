"""The database itself keeps history, ledger and performance: append-only, and balanced (COM-06, COM-13, AUD-01).

Everything here is said in SQL by the application's own user, past every line of the product's code.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import history, ledger
from storage import tables as t
from storage.database import Database, Transaction, mint
from tests.ledger.books import AT, account, accrual, counts, deal

#: Every guarded table with a column that is not its key.
GUARDED = {
    "event": "kind",
    "ledger_entry": "kind",
    "ledger_posting": "amount_minor",
    "performance_line": "amount_minor",
}


@pytest.fixture
def books(database: Database) -> Database:
    """A database with one entry of the ledger, one of a history, and a line of performance."""
    one = deal(database)

    def write(tx: Transaction) -> None:
        ledger.post(tx, [accrual(one)])
        tx.insert(t.performance_line, counts(one))
        history.append(tx, [history.Entry(stream=mint(), stream_kind="lead", kind="follow_up", at=AT)])

    database.transact(write)
    return database


def content(database: Database) -> list[list[tuple[object, ...]]]:
    with database.reading() as tx:
        return [
            [tuple(row) for row in tx.execute(sa.text(f"SELECT * FROM {table} ORDER BY 1, 2"))] for table in GUARDED
        ]


def refused(database: Database, *statements: str, **values: object) -> DBAPIError:
    """The error that one transaction of ``statements`` ends in; nothing is changed by it."""
    before = content(database)

    def run(tx: Transaction) -> None:
        for statement in statements:
            tx.execute(sa.text(statement), values)

    with pytest.raises(DBAPIError) as error:
        database.transact(run)
    assert content(database) == before
    return error.value


@pytest.mark.parametrize("table", GUARDED)
def test_an_entry_is_neither_changed_nor_deleted(books: Database, table: str) -> None:
    column = GUARDED[table]
    assert "append-only" in str(refused(books, f"UPDATE {table} SET {column} = {column}"))
    assert "append-only" in str(refused(books, f"DELETE FROM {table}"))
    if not books.is_sqlite:
        for truncate in (f"TRUNCATE {table} CASCADE", f"TRUNCATE {table} RESTART IDENTITY CASCADE"):
            assert "append-only" in str(refused(books, truncate))


@pytest.mark.parametrize("table", GUARDED)
def test_an_entry_is_not_replaced_by_an_upsert(books: Database, table: str) -> None:
    keys = {"event": "stream, seq", "ledger_entry": "id", "ledger_posting": "entry, line"}
    key = keys.get(table, "key, person")
    column = GUARDED[table]
    # "WHERE true": else SQLite takes ON for the ON of a join.
    upsert = f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}"  # noqa: E501
    assert re.search("append-only|closed|not balanced", str(refused(books, upsert)))


@pytest.mark.parametrize("recursive", [True, False])
@pytest.mark.parametrize("table", GUARDED)
def test_an_entry_is_not_replaced_on_sqlite(books: Database, table: str, recursive: bool) -> None:
    """INSERT OR REPLACE deletes without a DELETE trigger where a connection has `recursive_triggers` off."""
    if not books.is_sqlite:
        assert isinstance(refused(books, f"INSERT INTO {table} SELECT * FROM {table}"), IntegrityError)
        return
    before = content(books)
    connection = sqlite3.connect(str(books.url.database), isolation_level=None)
    connection.execute(f"PRAGMA recursive_triggers={'ON' if recursive else 'OFF'}")
    for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"):
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|closed|not balanced"):
            connection.execute(f"{verb} INTO {table} SELECT * FROM {table}")
    connection.close()
    assert content(books) == before


Amounts = list[tuple[str, str, int]]
A, B = account("accrued"), "company:commission"


def raw_entry(database: Database, amounts: Amounts, *, lines: int | None = None) -> Callable[[Transaction], None]:
    """An entry past :mod:`storage.ledger`, postings first."""
    entry, of = mint(), deal(database)
    postings = [
        {
            "entry": entry,
            "line": line,
            "account": name,
            "holder": None,
            "deal": of,
            "currency": currency,
            "amount_minor": amount,
            "share_bps": None,
            "at": AT,
        }
        for line, (name, currency, amount) in enumerate(amounts, start=1)
    ]
    header = {
        "id": entry,
        "key": f"deal/{of}:accrue",
        "kind": "accrual",
        "at": AT,
        "deal": of,
        "lines": len(amounts) if lines is None else lines,
        "digest": "",
    }

    def write(tx: Transaction) -> None:
        for posting in postings:
            tx.insert(t.ledger_posting, posting)
        tx.insert(t.ledger_entry, header)

    return write


@pytest.mark.parametrize(
    ("amounts", "lines"),
    [
        ([(A, "CNY", 100), (B, "CNY", -99)], None),
        ([(A, "CNY", 100), (B, "USD", -100)], None),  # in sum nothing, and in neither currency
        ([(A, "CNY", 100), (B, "CNY", -100), (A, "USD", 1)], None),
        ([(A, "CNY", 0)], None),  # one side is none
        ([], None),
        ([(A, "CNY", 100), (B, "CNY", -100)], 3),
        ([(A, "CNY", 2**62), (B, "CNY", 2**62), (A, "CNY", 2**62), (B, "CNY", 2**62)], None),  # 0 in 64 bits
    ],
)
def test_an_entry_that_does_not_balance_is_refused(database: Database, amounts: Amounts, lines: int | None) -> None:
    write = raw_entry(database, amounts, lines=lines)
    with pytest.raises(DBAPIError, match=r"not balanced|integer overflow"):
        database.transact(write)
    with database.reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM ledger_posting")).scalar() == 0


def test_an_entry_that_balances_in_each_currency_is_taken(database: Database) -> None:
    amounts = [(A, "CNY", 100), (B, "CNY", -60), (B, "CNY", -40), (A, "USD", 7), (B, "USD", -7)]
    database.transact(raw_entry(database, amounts))
    with database.reading() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM ledger_posting")).scalar() == 5


def test_nothing_is_added_to_an_entry_that_is_there(books: Database) -> None:
    """Not even what balances by itself."""
    add = (
        "INSERT INTO ledger_posting (entry, line, account, deal, currency, amount_minor, at) "
        "SELECT entry, line + 10, account, deal, currency, amount_minor, at FROM ledger_posting"
    )
    for more in (add, f"{add} WHERE amount_minor > 0"):
        assert re.search("closed|not balanced", str(refused(books, more)))


def test_postings_without_an_entry_are_refused_at_the_commit(books: Database) -> None:
    orphans = (
        "INSERT INTO ledger_posting (entry, line, account, deal, currency, amount_minor, at) "
        "SELECT deal, line, account, deal, currency, amount_minor, at FROM ledger_posting"
    )
    assert isinstance(refused(books, orphans), IntegrityError)
