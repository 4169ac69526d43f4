"""Named projects of a customer (项目级报备, CLM-33)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import OPEN
from domain.customers.fields import narrow
from domain.customers.project_names import is_close
from storage import tables as t
from storage.database import Transaction, mint
from storage.merges import records_of, root_of


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A project as reported."""

    name: str
    department: str | None
    site: str | None
    tender_number: str | None
    bid_date: date | None
    award_date: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The project a report is about, and others of the customer that it may be the same as.

    ``news``: what the report says of a project that was known, and its record lacks.
    """

    project: str
    possible: tuple[str, ...] = ()
    news: Mapping[str, Any] = field(default_factory=dict)


#: What may be told of a project after its first report; the name is what it was first reported by.
TOLD_LATER = ("department", "site", "tender_number", "bid_date", "award_date")
#: When a tendered project was awarded; until that is known, the day of the bid.
AWARDED_ON: sa.ColumnElement[date | None] = sa.func.coalesce(t.project.c.award_date, t.project.c.bid_date).label(
    "awarded_on"
)


def name_key(name: str) -> str:
    """Names compare by width, case and blanks alike."""
    return " ".join(narrow(name).casefold().split())[:200]


def find_or_create(
    tx: Transaction, customer: str, facts: ProjectFacts, *, groups: Sequence[Sequence[str]], at: datetime
) -> Found:
    """The project of the customer that agrees in every field of one of ``groups`` (`match.project_keys`).

    Where tender numbers do not tell them apart the same name is the same project. Close names are only possible.

    The caller holds the identity locks of the customer, so two first reports of one project meet here in turn.
    """
    known = _held(tx, customer)
    found, close = _compared(known, facts, groups)
    if found is not None:
        row = next(r for r in known if r["id"] == found)
        news = _changes(row, {name: getattr(facts, name) for name in TOLD_LATER if row[name] is None})
        return Found(found, news=news if _other(known, row, news, groups) is None else {})
    project = mint()
    tx.insert(
        t.project,
        {
            "id": project,
            "customer": customer,
            "name": facts.name,
            "name_key": name_key(facts.name),
            "department": facts.department,
            "site": facts.site,
            "tender_number": _tender(facts.tender_number),
            "bid_date": facts.bid_date,
            "award_date": facts.award_date,
            "created_at": at,
        },
    )
    return Found(project, close)


@dataclass(frozen=True, slots=True)
class Change:
    """A project as it is and as somebody says that it is, under the lock of its customer."""

    project: Mapping[str, Any]
    changes: Mapping[str, Any]
    #: Another project of the customer that it would be the same as.
    met: str | None

    @property
    def awarded_on(self) -> tuple[date | None, date | None]:
        """When it was awarded as far as was known, and as far as is known with the change."""
        now = {**self.project, **self.changes}
        return _awarded_on(self.project), _awarded_on(now)


def change(tx: Transaction, project: str, told: Mapping[str, Any], *, groups: Sequence[Sequence[str]]) -> Change:
    """What of ``told`` is new, and whether another project is that one already; writes nothing.

    Holds the customer as :func:`find_or_create` does, so whoever reports what the project is about to be comes before
    this or finds what it wrote.
    """
    of = tx.execute(sa.select(t.project.c.customer).where(t.project.c.id == project)).scalar_one()
    known = _held(tx, root_of(tx, of))
    row = next(r for r in known if r["id"] == project)
    changes = _changes(row, told)
    return Change(row, changes, _other(known, row, changes, groups))


def tell(tx: Transaction, project: str, changes: Mapping[str, Any]) -> None:
    """Write what is known of a project from now on."""
    tx.update(t.project, {"id": project}, dict(changes))


def people_on(tx: Transaction, project: str, *, now: datetime, besides: str | None = None) -> set[str]:
    """Whoever has an open claim on the project, or may still rescue one, in whatever program and track.

    ``besides``: a matter that is left out.
    """
    c = t.claim.c
    found = tx.execute(
        sa.select(sa.func.coalesce(c.owner, c.reporter))
        .where(
            c.project == project,
            sa.or_(c.state.in_([s.value for s in OPEN]), c.grace_until > now),
            sa.true() if besides is None else c.matter != besides,
        )
        .distinct()
    )
    return set(found.scalars())


def holding(tx: Transaction, project: str) -> list[dict[str, Any]]:
    """Claims that hold the project, in whatever program and track: id, matter, owner."""
    c = t.claim.c
    return tx.rows(sa.select(c.id, c.matter, c.owner).where(c.project == project, c.holds).order_by(c.matter))


def _held(tx: Transaction, customer: str) -> list[dict[str, Any]]:
    """All projects of the customer that ``customer`` stands for, who is locked from now on."""
    if not tx.is_sqlite:
        tx.execute(sa.select(t.customer.c.id).where(t.customer.c.id == customer).with_for_update()).all()
    of = records_of(tx, customer)
    return tx.rows(sa.select(t.project).where(t.project.c.customer.in_(of)).order_by(t.project.c.id))


def _changes(project: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``told`` is not what the record says; None says nothing."""
    given = {name: _tender(value) if name == "tender_number" else value for name, value in told.items()}
    return {name: value for name, value in given.items() if value is not None and value != project[name]}


def _other(
    known: Sequence[Mapping[str, Any]],
    project: Mapping[str, Any],
    changes: Mapping[str, Any],
    groups: Sequence[Sequence[str]],
) -> str | None:
    """The project of ``known`` that ``project`` is the same as once ``changes`` are made."""
    if not changes:
        return None
    names = ("name", *TOLD_LATER)
    facts = ProjectFacts(**{**{name: project[name] for name in names}, **changes})
    found, _ = _compared([r for r in known if r["id"] != project["id"]], facts, groups)
    return found


def _awarded_on(project: Mapping[str, Any]) -> date | None:
    found: date | None = project["award_date"] or project["bid_date"]
    return found


def look_up(
    tx: Transaction, customers: Collection[str], facts: ProjectFacts, groups: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Projects of ``customers`` that are the one meant, and those that it may be the same as; makes nothing."""
    rows = tx.rows(sa.select(t.project).where(t.project.c.customer.in_(sorted(customers))).order_by(t.project.c.id))
    same: list[str] = []
    close: list[str] = []
    for customer in sorted(customers):
        found, possible = _compared([r for r in rows if r["customer"] == customer], facts, groups)
        same += [found] if found is not None else []
        close += possible
    return tuple(same), tuple(close)


def _compared(
    known: Sequence[Mapping[str, Any]], facts: ProjectFacts, groups: Sequence[Sequence[str]]
) -> tuple[str | None, tuple[str, ...]]:
    """Of one customer's projects the one meant, else those with a close name."""
    key, tender = name_key(facts.name), _tender(facts.tender_number)
    given = _keys(asdict(facts))
    # One tender number is one project, whatever else the policy compares.
    for fields in (("tender_number",), *(tuple(f for f in group if f != "customer") for group in groups)):
        for row in known:
            there = _keys(row)
            if all(given[f] is not None and given[f] == there[f] for f in fields):
                return row["id"], ()
    for row in known:
        if row["name_key"] == key and (tender is None or row["tender_number"] is None):
            return row["id"], ()
    return None, tuple(r["id"] for r in known if is_close(r["name_key"], key))


def _keys(project: Mapping[str, Any]) -> dict[str, Any]:
    """What a project is compared by, each None where there is nothing to compare."""
    texts = {name: name_key(project[name] or "") or None for name in ("name", "department", "site")}
    return {**texts, "tender_number": _tender(project["tender_number"]), "bid_date": project["bid_date"]}


def _tender(number: str | None) -> str | None:
    return "".join(narrow(number).upper().split()) or None if number else None
