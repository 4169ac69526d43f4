"""A matter to hang deals on."""

from __future__ import annotations

import pytest

from domain.matters.matter import Matter
from storage import tables as t
from storage.database import Database, Transaction
from tests.ledger.books import AT
from tests.support.company import Company, person_customer


@pytest.fixture
def matter(company: Company, database: Database) -> Matter:
    """The matter of a claim of a real company, as a decision sees it, without its claims."""
    rep = company.rep()
    claim = rep.made("/v1/claims", {"program": company.program(), "customer": person_customer()})

    def read(tx: Transaction) -> Matter:
        row = tx.row(t.matter.select())
        assert row is not None
        return Matter(
            id=row["id"],
            program=claim["program"],
            customer=claim["customer"]["id"],
            customer_kind="person",
            customer_level=None,
            project=None,
            awarded_on=None,
            track="sales",
            last_at=AT,
        )

    with database.reading() as tx:
        return read(tx)
