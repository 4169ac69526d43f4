"""Posting once, whatever is retried, and balances that equal a replay (COM-06)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from domain.money.model import COMPANY
from domain.refusals import Refusal
from storage import ledger
from storage import tables as t
from storage.database import Database
from tests.ledger.books import account, accrual, deal, release


def stands(database: Database, one: str) -> dict[str, int]:
    """The accounts of a deal, which must be what their postings come to."""
    with database.reading() as tx:
        kept = {account: amount for (account, _, _), amount in ledger.balances(tx, [one]).items() if amount}
        assert kept == {account: amount for (account, _, _), amount in ledger.recomputed(tx, [one]).items()}
    return kept


def test_what_is_posted_adds_up(database: Database) -> None:
    one = deal(database)
    written = database.transact(lambda tx: ledger.post(tx, [accrual(one, 5_000), release(one, 2_000)]))
    assert written == [f"deal/{one}:accrue", "receipt/1:release"]
    assert stands(database, one) == {account("accrued"): 3_000, account("payable"): 2_000, COMPANY: -5_000}
    database.transact(lambda tx: ledger.post(tx, [release(one, 3_000, receipt="2")]))
    assert stands(database, one) == {account("payable"): 5_000, COMPANY: -5_000}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_slices_of_a_recomputation_are_all_postings_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """However the slices fall, also inside an entry, every posting counts once."""
    one = deal(database)
    receipts = [release(one, 100 * number, receipt=str(number)) for number in range(1, 6)]
    database.transact(lambda tx: ledger.post(tx, [accrual(one), *receipts]))
    monkeypatch.setattr(ledger, "_SLICE", size)
    assert stands(database, one) == {account("accrued"): 3_500, account("payable"): 1_500, COMPANY: -5_000}


def test_the_same_cause_posts_once(database: Database) -> None:
    """A retry, in the same transaction or a later one, finds it there."""
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one), accrual(one)]))
    assert database.transact(lambda tx: ledger.post(tx, [accrual(one)])) == []
    assert stands(database, one) == {account("accrued"): 5_000, COMPANY: -5_000}


def test_the_same_cause_with_other_content_is_a_conflict(database: Database) -> None:
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one)]))
    for entries in ([accrual(one, 5_001)], [release(one, 1), release(one, 2)]):
        with pytest.raises(Refusal) as refused:
            database.transact(lambda tx, some=entries: ledger.post(tx, some))
        assert (refused.value.code, refused.value.rule) == ("ledger_conflict", "COM-06")
    assert stands(database, one) == {account("accrued"): 5_000, COMPANY: -5_000}


def test_currencies_are_never_mixed(database: Database) -> None:
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one), accrual(one, 70, key="deal/x:accrue", currency="USD")]))
    with database.reading() as tx:
        found = {(name, currency): amount for (name, _, currency), amount in ledger.balances(tx, [one]).items()}
    assert found == {
        (account("accrued"), "CNY"): 5_000,
        (COMPANY, "CNY"): -5_000,
        (account("accrued"), "USD"): 70,
        (COMPANY, "USD"): -70,
    }


def test_a_right_ledger_has_no_fault(database: Database) -> None:
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one), release(one, 2_000)]))
    with database.reading() as tx:
        assert ledger.first_fault(tx) is None


def test_a_balance_that_is_not_what_was_posted_is_found(database: Database) -> None:
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one)]))
    wrong = t.ledger_balance.update().where(t.ledger_balance.c.account == COMPANY).values(amount_minor=-4_000)
    database.transact(lambda tx: tx.execute(wrong))
    with database.reading() as tx:
        fault = ledger.first_fault(tx)
    assert fault == ledger.LedgerFault("balance", f"{COMPANY} of {one}", "CNY", -1_000)


def test_a_changed_posting_is_found_though_the_balances_agree(database: Database) -> None:
    """Somebody who may drop triggers shifts money from one account to the company's: one entry is off by it."""
    one = deal(database)
    database.transact(lambda tx: ledger.post(tx, [accrual(one)]))
    drop = (
        "DROP TRIGGER ledger_posting_no_update"
        if database.is_sqlite
        else "ALTER TABLE ledger_posting DISABLE TRIGGER ALL"
    )

    def attack(tx: object) -> None:
        connection = tx.connection  # type: ignore[attr-defined]
        connection.exec_driver_sql(drop)
        for table in ("ledger_posting", "ledger_balance"):
            connection.execute(
                sa.text(f"UPDATE {table} SET amount_minor = 9000 WHERE account = :of"), {"of": account("accrued")}
            )

    database.transact(attack)
    with database.reading() as tx:
        fault = ledger.first_fault(tx)
    assert fault is not None
    assert (fault.kind, fault.currency, fault.by_minor) == ("entry", "CNY", 4_000)
