"""Performance (业绩) by month as its readers see it: what deals count for, for whom and for which team (COM-13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.money.performance import closes_at
from domain.people.access import read_scope
from domain.people.organisation import Role
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

#: Who reads it in their scope, leaders apart; like statements (COM-11).
_READERS = frozenset({Role.MANAGER, Role.FINANCE, Role.AUDITOR})
#: A whole month is read in portions, so that it never stands in memory twice.
_PORTION = 2_000


@dataclass(frozen=True, slots=True)
class PerformanceFilters:
    """Filters of performance; None = not asked for. ``team`` stands for those below it as the tree is now."""

    month: str | None = None
    program: str | None = None
    team: str | None = None
    person: str | None = None
    deal: str | None = None


def performance_page(
    tx: Transaction, caller: Caller, filters: PerformanceFilters, *, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/performance`: lines, newest first, and on the first page what all of them come to by currency.

    ``closes_at`` where month and program are given: from then on only another month corrects it.
    """
    c = t.performance_line.c
    wanted = _matching(caller, filters)
    rows, following = page(
        tx,
        sa.select(t.performance_line).where(*wanted),
        time_column=c.at,
        id_column=(c.key, c.person),
        cursor=cursor,
        limit=limit,
        filters={"list": "performance", **{n: getattr(filters, n) for n in PerformanceFilters.__slots__}},
    )
    closes = None
    if filters.month is not None and filters.program in caller.setting.programs:
        assert filters.program is not None
        closes = rfc3339(closes_at(caller.setting, filters.program, filters.month))
    totals = _totals(tx, wanted) if cursor is None else None  # a sum over all that is there, once
    return {"closes_at": closes, "totals": totals, "items": _lines(tx, rows), "next": following}


def whole_performance(tx: Transaction, caller: Caller, filters: PerformanceFilters, *, at_most: int) -> Iterator[Row]:
    """Every line, oldest first, for a file; no more than ``at_most``. With the person's name and number."""
    c = t.performance_line.c
    after: tuple[Any, ...] | None = None
    left = at_most
    while left > 0:
        lines = (
            sa.select(t.performance_line)
            .where(*_matching(caller, filters))
            .order_by(c.at, c.key, c.person)
            .limit(min(_PORTION, left))
        )
        if after is not None:
            columns = (c.at, c.key, c.person)
            bounds = (sa.literal(value, column.type) for value, column in zip(after, columns, strict=True))
            lines = lines.where(sa.tuple_(*columns) > sa.tuple_(*bounds))
        rows = tx.rows(lines)
        if not rows:
            return
        p = t.person.c
        people = {
            r["id"]: r
            for r in tx.rows(sa.select(p.id, p.number, p.name).where(p.id.in_(sorted({r["person"] for r in rows}))))
        }
        for line in _lines(tx, rows):
            known = people[line["person"]]
            name = tx.keys.open_text(known["name"]) or ""
            yield {**line, "person_number": known["number"], "person": name}
        after = (rows[-1]["at"], rows[-1]["key"], rows[-1]["person"])
        left -= len(rows)


def totals(tx: Transaction, caller: Caller, filters: PerformanceFilters) -> list[Row]:
    """What all lines that the caller reads come to, by currency."""
    return _totals(tx, _matching(caller, filters))


def _matching(caller: Caller, filters: PerformanceFilters) -> list[sa.ColumnElement[bool]]:
    """One's own; by the home team of the day those of teams one leads or manages; all for finance and auditors."""
    c, organisation = t.performance_line.c, caller.setting.organisation
    names = ("month", "program", "person", "deal")
    wanted = [c[name] == value for name in names if (value := getattr(filters, name)) is not None]
    if filters.team is not None:
        below = organisation.subtree(filters.team) if filters.team in organisation.teams else ()
        wanted.append(c.team.in_(sorted(below)))
    scope = read_scope(caller.actor, organisation=organisation, at=caller.at, roles=_READERS)
    if not scope.everything:
        ways = [c.person == caller.person]
        ways += [c.team.in_(sorted(scope.teams))] if scope.teams else []
        ways += [c.program.in_(sorted(scope.programs))] if scope.programs else []
        wanted.append(sa.or_(*ways))
    return wanted


def _totals(tx: Transaction, wanted: list[sa.ColumnElement[bool]]) -> list[Row]:
    c = t.performance_line.c
    found = tx.execute(
        sa.select(c.currency, sa.func.sum(c.amount_minor).label("amount"), sa.func.sum(c.share_bps).label("bps"))
        .where(*wanted)
        .group_by(c.currency)
        .order_by(c.currency)
    )
    return [{"currency": r.currency, "amount_minor": int(r.amount), "deals_bps": int(r.bps)} for r in found]


def _lines(tx: Transaction, rows: list[Row]) -> list[Row]:
    d = t.deal.c
    deals = {
        r["id"]: r
        for r in tx.rows(sa.select(d.id, d.number, d.kind).where(d.id.in_(sorted({r["deal"] for r in rows}))))
    }
    return [
        {
            **{name: row[name] for name in ("key", "month", "person", "team", "program", "deal")},
            "deal_number": deals[row["deal"]]["number"],
            "deal_kind": deals[row["deal"]]["kind"],
            "event_at": rfc3339(row["event_at"]),
            "at": rfc3339(row["at"]),
            "currency": row["currency"],
            "amount_minor": row["amount_minor"],
            "share_bps": row["share_bps"],
            "corrects": row["corrects"],
        }
        for row in rows
    ]
