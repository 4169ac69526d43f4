"""Territory plans in the database, and what they are asked about: customers with their facets (TER-02, TER-03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.territories.division import CONDITIONS, Customer, Rule, Territory, TerritoryPlan, folded, in_force
from storage import merges
from storage import tables as t
from storage.database import Transaction

#: Rows are read in portions, so that no statement outlives its time limit.
_PORTION = 500


def plans_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[TerritoryPlan, ...]]:
    """Plans that were activated, be it for a time to come, by program."""
    found: dict[str, list[TerritoryPlan]] = {}
    for row in rows:
        if row["effective_at"] is not None:
            found.setdefault(row["program"], []).append(_plan_of(row))
    return {program: tuple(sorted(plans, key=lambda p: p.version)) for program, plans in found.items()}


def present(tx: Transaction, programs: Iterable[str], *, at: datetime) -> frozenset[str]:
    """The plans in force at ``at``, one of a program at most, as this transaction has them (TER-03)."""
    c = t.territory_plan.c
    rows = tx.rows(
        sa.select(c.id, c.program, c.version, c.effective_at, c.ended_at).where(
            c.program.in_(sorted(set(programs))), c.effective_at <= at
        )
    )
    found = (in_force(plans, at) for plans in plans_of({**row, "territories": ()} for row in rows).values())
    return frozenset(plan.id for plan in found if plan is not None)


def _plan_of(row: Mapping[str, Any]) -> TerritoryPlan:
    return TerritoryPlan(
        id=row["id"],
        program=row["program"],
        version=row["version"],
        effective_at=row["effective_at"],
        ended_at=row["ended_at"],
        territories=territories_of(row["territories"]),
    )


def territories_of(stored: Iterable[Mapping[str, Any]]) -> tuple[Territory, ...]:
    """Territories as drafted."""
    return tuple(
        Territory(
            name=one["name"],
            track=one["track"],
            person=one["to"].get("person"),
            team=one["to"].get("team"),
            rules=tuple(
                Rule({name: frozenset(folded(word) for word in words) for name, words in rule.items()})
                for rule in one["rules"]
            ),
            accounts=frozenset(one["accounts"]),
        )
        for one in stored
    )


def facets_of(stored: Mapping[str, str] | None) -> dict[str, str]:
    """The facets of a customer that are known, of a stored row or as given; what no rule can ask for is left out."""
    return {name: word for name in CONDITIONS if (word := (stored or {}).get(name))}


def customer(tx: Transaction, record: str) -> Customer:
    """The customer that ``record`` is a record of: all their records, the facets of the one that stands for them."""
    records = merges.records_of(tx, record)
    found = tx.execute(sa.select(t.customer.c.facets).where(t.customer.c.id == records[0])).scalar()
    return Customer(records=frozenset(records), facets=facets_of(found))


def customers_of(tx: Transaction, program: str) -> Iterator[Customer]:
    """Every customer of a program, each once: whoever has a claim, a lead or a pool entry in it."""
    m, last = t.matter.c, ""
    while True:
        here = sa.select(m.customer).where(m.program == program).distinct()
        if last:
            here = here.where(m.customer > last)
        found = list(tx.execute(here.order_by(m.customer).limit(_PORTION)).scalars())
        yield from (c for record, c in customers_by(tx, found).items() if _comes_first(tx, program, record, c))
        if len(found) < _PORTION:
            return
        last = found[-1]


def claims_of(tx: Transaction, program: str) -> Iterator[tuple[Mapping[str, Any], Customer]]:
    """Every held claim of a program with its customer, by id."""
    c, last = t.claim.c, ""
    while True:
        here = sa.select(c.id, c.owner, c.customer, c.track).where(c.program == program, c.holds)
        if last:
            here = here.where(c.id > last)
        rows = tx.rows(here.order_by(c.id).limit(_PORTION))
        known = customers_by(tx, [row["customer"] for row in rows])
        yield from ((row, known[row["customer"]]) for row in rows)
        if len(rows) < _PORTION:
            return
        last = rows[-1]["id"]


def customers_by(tx: Transaction, records: Sequence[str]) -> dict[str, Customer]:
    """The customers that ``records`` are records of, by record."""
    every = merges.records_of_all(tx, records)
    roots = sorted({known[0] for known in every.values()})
    facets = {
        row.id: facets_of(row.facets)
        for row in tx.execute(sa.select(t.customer.c.id, t.customer.c.facets).where(t.customer.c.id.in_(roots)))
    }
    return {one: Customer(records=frozenset(known), facets=facets[known[0]]) for one, known in every.items()}


def _comes_first(tx: Transaction, program: str, record: str, found: Customer) -> bool:
    """Whether ``record`` is the first of its customer's in the program: others are passed over, not counted twice."""
    if len(found.records) == 1:
        return True
    m = t.matter.c
    here = sa.select(m.customer).where(m.program == program, m.customer.in_(sorted(found.records)))
    return bool(record == min(tx.execute(here).scalars()))
