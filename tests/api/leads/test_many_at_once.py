"""1,000 offers that expire at one instant: all re-offered, none twice (LEAD-04, LEAD-11).

Four workers drain them at the same time. PostgreSQL, where they truly meet at the rotation's lock, has fewer of them:
what it shows does not grow with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import sqlalchemy as sa

from activities.matters import DrainInput
from activities.ports import StoreTroubleError
from domain.leads.lifecycle import LeadState
from storage import tables as t
from storage.database import Transaction, mint
from tests.support.company import Company
from tests.support.leads import Leads


def test_offers_that_expire_at_one_instant_are_each_offered_once_more(company: Company) -> None:
    """LEAD-11, through the drain: each to somebody else than before, dealt out evenly, and drained again there is
    nothing to do.
    """
    many = 1_000 if company.database.is_sqlite else 200
    office = Leads(company, policy={"claim.cap_person": 0, "load.max_ratio": 0})
    for number in range(8):
        company.rep(f"销售{number}", team=office.team)
    leads = _copies(company, office.lead(), many)
    limit = _limits(company)
    assert len(limit) == 1
    company.shift(days=1)
    _drain(company, leads)
    with company.database.reading() as tx:
        o = t.lead_offer.c
        ended = tx.rows(sa.select(o.lead, o.end, o.ended_at, o.person).where(o.place == 0))
        again = tx.rows(sa.select(o.lead, o.person, o.way).where(o.place == 1))
        more = tx.execute(sa.select(sa.func.count()).select_from(t.lead_offer).where(o.place > 1)).scalar()
        states = set(tx.execute(sa.select(t.lead.c.state)).scalars())
    assert {(r["end"], r["ended_at"]) for r in ended} == {("missed", *limit)}
    assert sorted(r["lead"] for r in again) == sorted(leads)
    assert (more, states) == (0, {LeadState.OFFERED.value})
    former = {r["lead"]: r["person"] for r in ended}
    assert all(r["person"] != former[r["lead"]] for r in again)
    counts = Counter(r["person"] for r in again).values()
    # Ten people; the one who had them all before takes none of these.
    assert (len(counts), max(counts) - min(counts)) == (9, 1)
    _drain(company, leads[:20])
    with company.database.reading() as tx:
        assert tx.execute(sa.select(sa.func.count()).select_from(t.lead_offer)).scalar() == 2 * many


def _drain(company: Company, leads: list[str]) -> None:
    with ThreadPoolExecutor(4) as workers:
        for state in workers.map(partial(_drained, company), leads):
            assert state == LeadState.OFFERED.value


def _drained(company: Company, lead: str) -> str:
    """As the engine does it: where four writers made one wait too long, it is called again."""
    while True:
        try:
            return company.direct.drains.drain(DrainInput(lead)).state
        except StoreTroubleError:
            continue


def _limits(company: Company) -> set[object]:
    with company.database.reading() as tx:
        return set(tx.execute(sa.select(t.stream.c.next_instant).where(t.stream.c.kind == "lead")).scalars())


def _copies(company: Company, lead: Mapping[str, Any], many: int) -> list[str]:
    """The lead, and copies of its rows: a thousand calls would take longer than what is tested."""

    def work(tx: Transaction) -> list[str]:
        row, offer, stream, matter, customer = (
            tx.rows(sa.select(table).where(column == id_))[0]
            for table, column, id_ in (
                (t.lead, t.lead.c.id, lead["id"]),
                (t.lead_offer, t.lead_offer.c.lead, lead["id"]),
                (t.stream, t.stream.c.id, lead["id"]),
                (t.matter, t.matter.c.customer, lead["customer"]["id"]),
                (t.customer, t.customer.c.id, lead["customer"]["id"]),
            )
        )
        made = [(mint(), mint(), mint()) for _ in range(many - 1)]
        tx.insert(t.customer, [{**customer, "id": of} for _, _, of in made])
        tx.insert(t.matter, [{**matter, "id": id_, "customer": of, "subject": of} for _, id_, of in made])
        numbered = [{"id": id_, "matter": m, "customer": of, "number": tx.next_number("lead")} for id_, m, of in made]
        tx.insert(t.lead, [{**row, **own} for own in numbered])
        tx.insert(t.lead_offer, [{**offer, "lead": id_} for id_, _, _ in made])
        tx.insert(t.stream, [{**stream, "id": id_, "matter": m} for id_, m, _ in made])
        return [str(row["id"]), *(id_ for id_, _, _ in made)]

    return company.database.transact(work)
