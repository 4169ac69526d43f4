"""A deal comes back from the database as it was decided (COM-01)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa

from domain.matters.matter import Command, CommandKind, Matter
from domain.money.model import (
    Deal,
    DealState,
    Overlay,
    Payee,
    Proposed,
    Receipt,
    Recognition,
    Refund,
    Reversal,
    Share,
    SharesState,
    StageProof,
    Succession,
)
from storage import deals
from storage import tables as t
from storage.database import Database, Transaction, mint
from tests.ledger.books import AT

ONE, TWO, THREE = mint(), mint(), mint()


def plain_deal() -> Deal:
    return Deal(
        id=mint(),
        program=mint(),
        customer=mint(),
        contract_at=AT,
        amount_minor=100_000,
        currency="JPY",
        recorded_at=AT,
        recorded_by=ONE,
    )


def full_deal() -> Deal:
    """One with something in every field that storage has a column or a corner for."""
    return replace(
        plain_deal(),
        track="channel",
        project=mint(),
        kind="upsell",
        state=DealState.CANCELLED,
        contract_end=date(2032, 2, 29),
        product="GTX",
        external_id="CRM-1",
        owner=ONE,
        plan=mint(),
        plan_version=3,
        rate_rule="r2",
        rate_bps=525,
        release={"contract": Decimal("33.3"), "full_payment": Decimal("66.7")},
        joint_bonus_pct=Decimal("1.5"),
        shares=(Share(ONE, 7_000, 4), Share(TWO, 3_000, 5, mint())),
        shares_state=SharesState.DISPUTED,
        proposed=Proposed(
            shares=(Share(ONE, 6_000, 4), Share(THREE, 4_000, 9)),
            digest="d" * 64,
            by=ONE,
            needs=(ONE, THREE),
            accepted_by=(ONE,),
            until=AT + timedelta(hours=48),
            before=SharesState.SET,
        ),
        overlays=(Overlay(mint(), THREE, 700, number=9), Overlay(mint(), TWO, points=3, number=5)),
        receipts=(Receipt(mint(), 40_000, AT, "bank-1", ONE), Receipt(mint(), 1, AT, "bank-2")),
        refunds=(Refund(mint(), 500, AT, "back-1", mint(), ONE, False), Refund(mint(), 1, AT, "back-2")),
        stages=(StageProof(mint(), "contract", AT, mint(), ONE),),
        successions=(Succession(f"person:{ONE}", Payee("person", TWO, 5), 5_000, 1, 3),),
        paid={f"person:{ONE}": 250},
        last_paid_at=AT + timedelta(days=3),
        set_off={f"person:{ONE}": -20},
        holds=(mint(), mint()),
        reversals=(
            Reversal(Receipt(mint(), 7, AT, "bank-3", ONE), AT, ONE, mint(), "e" * 64),
            Reversal(Refund(mint(), 8, AT, "back-3", mint(), ONE, False), AT, None, None, "e" * 64),
            Reversal(StageProof(mint(), "full_payment", AT), AT, TWO, None, "e" * 64),
            Reversal(Overlay(mint(), TWO, points=3, number=5, partner=mint()), AT, TWO, None, "e" * 64),
        ),
        reversal_asked={mint(): ONE},
        cancel_asked_by=TWO,
        recognise_at="cash",
        recognised=Recognition(AT, "receipt/1:release", {ONE: mint(), TWO: mint()}, counts=False),
        version=2,
    )


def kept(database: Database, deal: Deal) -> Deal:
    with database.reading() as tx:
        row = tx.row(sa.select(t.deal).where(t.deal.c.id == deal.id))
    assert row is not None
    return deals.deal_of(row)


def test_every_field_of_a_deal_comes_back(database: Database) -> None:
    for deal in (plain_deal(), full_deal()):
        database.transact(lambda tx, one=deal: deals.insert(tx, one, matter=None))
        back = kept(database, deal)
        assert back.number > 0
        assert replace(back, number=0) == deal


def test_who_has_a_part_or_is_asked_about_one_finds_the_deal(database: Database) -> None:
    deal = full_deal()
    database.transact(lambda tx: deals.insert(tx, deal, matter=None))
    with database.reading() as tx:
        found = set(tx.execute(sa.select(t.deal_payee.c.person).where(t.deal_payee.c.deal == deal.id)).scalars())
    assert found == {ONE, TWO, THREE}


def test_an_amended_deal_keeps_what_it_was(database: Database, matter: Matter) -> None:
    """A new version; the old one is on record and cannot be changed any more."""
    was = replace(full_deal(), program=matter.program, customer=matter.customer)
    database.transact(lambda tx: deals.insert(tx, was, matter=matter.id))
    now = was.next_version(amount_minor=90_000, shares=(Share(ONE, 10_000, 4),), proposed=None, overlays=())

    def save(tx: Transaction) -> None:
        before = replace(matter, deals={was.id: was})
        deals.save(tx, before, replace(matter, deals={now.id: now}), at=AT)

    database.transact(save)
    assert replace(kept(database, now), number=0) == now
    with database.reading() as tx:
        (version,) = tx.rows(sa.select(t.deal_version))
        people = set(tx.execute(sa.select(t.deal_payee.c.person).where(t.deal_payee.c.deal == now.id)).scalars())
        assert tx.execute(sa.select(t.matter.c.dealt).where(t.matter.c.id == matter.id)).scalar() is True
    assert (version["version"], version["amount_minor"], version["shares"][0][:2]) == (2, 100_000, [ONE, 7_000])
    assert people == {ONE}


def test_an_unclaimed_deal_is_loaded_with_the_matter_that_it_is_allocated_to(database: Database) -> None:
    deal = plain_deal()
    database.transact(lambda tx: deals.insert(tx, deal, matter=None))
    allocate = Command(mint(), CommandKind.DEAL_ALLOCATE, mint(), ONE, AT, {"deal": deal.id})
    with database.reading() as tx:
        row = {"id": mint(), "dealt": False}
        assert deals.load(tx, row, []) == {}
        assert list(deals.load(tx, row, [allocate])) == [deal.id]
