"""Months of performance counted again from what the deals themselves say (COM-13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from domain.matters.setting import Setting
from domain.money.model import Deal, PerformanceLine
from domain.money.performance import counted, may_count_in
from storage import tables as t
from storage.database import Transaction
from storage.deals import deal_of
from storage.ledger import LedgerFault

#: The columns of a line, under names that no column of a deal has.
_LINE = {column.name: f"line_{column.name}" for column in t.performance_line.c}

#: What somebody has of a deal, for the team of the day.
_Part = tuple[str, str]


def first_fault(tx: Transaction, setting: Callable[[], Setting]) -> LedgerFault | None:
    """The first deal, in the order of ids, whose lines are not what its facts come to; None where all agree.

    Kinds: ``performance`` (the lines of somebody do not sum to what the deal counts for them; ``by_minor`` the
    difference) and ``month`` (a line stands in a month, or names a cause, that it cannot have been written with).
    ``setting`` is asked for once there is a line. One pass beside the deals, so nothing grows here with either.
    """
    for deal, lines in _counted_deals(tx):
        fault = _sums(deal, lines) or next((f for line in lines if (f := _place(deal, line, setting()))), None)
        if fault is not None:
            return fault
    return None


def _sums(deal: Deal, lines: Sequence[PerformanceLine]) -> LedgerFault | None:
    teams = deal.recognised.teams if deal.recognised is not None else {}
    off: Counter[_Part] = Counter()
    parts: Counter[_Part] = Counter()
    for line in lines:
        off[line.person, line.team] += line.amount_minor
        parts[line.person, line.team] += line.share_bps
    for person, one in counted(deal).items():
        off[person, teams.get(person, "")] -= one.amount_minor
        parts[person, teams.get(person, "")] -= one.share_bps
    wrong = min((part for part in off if off[part] or parts[part]), default=None)
    if wrong is None:
        return None
    return LedgerFault("performance", f"{wrong[0]} of {deal.id}", deal.currency, off[wrong])


def _place(deal: Deal, line: PerformanceLine, setting: Setting) -> LedgerFault | None:
    first = deal.recognised.key if deal.recognised is not None else None
    is_right = (
        (line.program, line.currency) == (deal.program, deal.currency)
        and line.corrects == (first if line.key != first else None)
        and line.month in may_count_in(setting, line)
    )
    return None if is_right else LedgerFault("month", f"{line.key} for {line.person}", None, 0)


def _counted_deals(tx: Transaction) -> Iterator[tuple[Deal, list[PerformanceLine]]]:
    """Deals that count, or have a line, with their lines."""
    line = t.performance_line
    both = sa.outerjoin(t.deal, line, line.c.deal == t.deal.c.id)
    statement = (
        sa.select(t.deal, *(line.c[name].label(label) for name, label in _LINE.items()))
        .select_from(both)
        .order_by(t.deal.c.id)
        .execution_options(yield_per=2_000)
    )
    rows = tx.connection.execute(statement)
    for _, group in groupby(rows, key=lambda row: row.id):
        found = [row._asdict() for row in group]
        if found[0]["line_key"] is None and "recognised" not in found[0]["detail"]:
            continue
        yield deal_of(found[0]), [_line_of(row) for row in found if row["line_key"] is not None]


def _line_of(row: Mapping[str, Any]) -> PerformanceLine:
    return PerformanceLine(**{name: row[label] for name, label in _LINE.items()})
