"""`fairclaim verify` counts months of performance again from what the deals say (COM-13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage import performance
from storage import tables as t
from storage.database import Database, Transaction
from storage.ledger import LedgerFault
from storage.setting import Snapshots
from storage.verification import verify
from tests.support.company import Company
from tests.support.money import MoneyOffice

Attack = Callable[[Transaction], None]


class UndoneError(Exception):
    """So that nothing of an attack stays."""


@pytest.fixture
def deal(company: Company) -> str:
    """A deal of March, shared and partly refunded, whose refund was reversed when March was closed; its id."""
    office = MoneyOffice(company)
    deal = office.won(office.first)
    company.advance(days=2)
    office.share(deal, [(office.first, 7_000), (office.second, 3_000)])
    refunded = office.give_back(deal, 200_000)
    company.advance(days=40)
    body = {"reverses": refunded["told"][0]["key"], "reason": "没有退款"}
    office.money.made(f"/v1/deals/{deal}/reversals", body)
    return deal


def found_after(database: Database, attack: Attack) -> LedgerFault | None:
    """What is found in the books after somebody who may drop triggers has been there; nothing of it stays."""
    found: list[LedgerFault | None] = []

    def work(tx: Transaction) -> None:
        disarm(tx)
        attack(tx)
        found.append(performance.first_fault(tx, lambda: Snapshots().setting(tx)))
        raise UndoneError

    with pytest.raises(UndoneError):
        database.transact(work)
    return found[0]


def disarm(tx: Transaction) -> None:
    if not tx.is_sqlite:
        tx.execute(sa.text("ALTER TABLE performance_line DISABLE TRIGGER ALL"))
        return
    armed = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'performance_line'")
    for name in list(tx.execute(armed).scalars()):
        tx.execute(sa.text(f"DROP TRIGGER {name}"))


def test_lines_that_are_not_what_the_deal_says_are_found(database: Database, deal: str) -> None:
    """A line that is gone, changed, made up or somebody else's; a deal that says something else than was counted."""
    line = t.performance_line.c
    with database.reading() as tx:
        first, *_, last = tx.rows(sa.select(t.performance_line).order_by(line.at, line.amount_minor.desc()))
    assert (first["amount_minor"], first["month"], last["month"]) == (1_000_000, "2031-03", "2031-04")
    one = sa.and_(line.key == last["key"], line.person == last["person"])

    def changed(**values: Any) -> Attack:
        return lambda tx: tx.execute(t.performance_line.update().where(one).values(**values)) and None

    def gone(tx: Transaction) -> None:
        tx.execute(t.performance_line.delete().where(one))

    def made_up(tx: Transaction) -> None:
        tx.insert(t.performance_line, {**last, "key": "deal/made-up", "amount_minor": 7})

    def dearer(tx: Transaction) -> None:
        tx.execute(t.deal.update().where(t.deal.c.id == deal).values(amount_minor=1_000_100))

    amount, who = last["amount_minor"], f"{last['person']} of {deal}"
    others: Mapping[str, Attack] = {
        "another person": changed(person=first["team"]),
        "another team": changed(team=first["person"]),
        "another deal": lambda tx: tx.execute(t.deal.update().values(detail={})) and None,
        "dearer": dearer,
    }
    assert found_after(database, lambda _: None) is None
    assert found_after(database, gone) == LedgerFault("performance", who, "CNY", -amount)
    assert found_after(database, changed(amount_minor=amount + 5)) == LedgerFault("performance", who, "CNY", 5)
    assert found_after(database, changed(share_bps=1)) == LedgerFault("performance", who, "CNY", 0)
    assert found_after(database, made_up) == LedgerFault("performance", who, "CNY", 7)
    for name, attack in others.items():
        found = found_after(database, attack)
        assert found is not None, name
        assert found.kind == "performance", name
    moved = LedgerFault("month", f"{last['key']} for {last['person']}", None, 0)
    for values in ({"month": "2031-03"}, {"month": "2031-05"}, {"corrects": None}, {"currency": "USD"}):
        assert found_after(database, changed(**values)) == moved, values


def test_a_line_that_is_gone_fails_the_check_of_the_whole(database: Database, deal: str, tmp_path: Path) -> None:
    """COM-13, AUD-02: `fairclaim verify` and `GET /v1/audit/verify` say so."""
    assert verify(database, database.keys, tmp_path).ok
    last = sa.select(sa.func.max(t.performance_line.c.at)).scalar_subquery()

    def gone(tx: Transaction) -> None:
        disarm(tx)
        tx.execute(t.performance_line.delete().where(t.performance_line.c.at == last))

    database.transact(gone)
    verdict = verify(database, database.keys, tmp_path)
    assert not verdict.ok
    shown = verdict.as_json()["ledger"]
    assert (shown["kind"], shown["currency"], shown["subject"].endswith(f" of {deal}")) == ("performance", "CNY", True)
