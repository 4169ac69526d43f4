"""Which claims a list shows: filters, search and the reader's scope, as one query (CUS-01, AUD-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.customers.credit_code import normalise_credit_code
from domain.customers.email import normalise_email
from domain.customers.names import CustomerKind, normalise_name, query_words
from domain.customers.phone import normalise_phone
from domain.people.access import ReadScope
from domain.refusals import Refusal
from storage import tables as t
from storage.database import Transaction
from storage.merges import came_under
from storage.types import to_us

#: A filter that more rows than this pass is checked row by row, in the order of the list.
_LEADS = 2_000
#: So many of the newest claims tell whether a page of them fills soon.
_SAMPLE = 1_000
#: So many teams or programs of a reader are asked one by one.
_FEW = 30


@dataclass(frozen=True)
class ClaimFilters:
    """Filters of `GET /v1/claims`; None = not asked for."""

    state: str | None = None
    program: str | None = None
    track: str | None = None
    project: str | None = None
    owner: str | None = None
    reporter: str | None = None
    team: str | None = None
    customer: str | None = None
    external_id: str | None = None
    due_before: datetime | None = None
    follow_up_overdue: bool = False
    q: str | None = None


def claims_in_scope(
    tx: Transaction, filters: ClaimFilters, *, scope: ReadScope, acting_for: Sequence[str], subtree: frozenset[str]
) -> tuple[sa.Select[Any], tuple[sa.ColumnElement[bool], ...]]:
    """Claims that match, and ways: each of them is found, or may be read, by one of these; () where that says nothing.

    ``subtree`` is that of ``filters.team``. A list asks each way by itself (:func:`api.paging.page`).
    """
    c = t.claim.c
    wanted: list[sa.ColumnElement[bool]] = []
    for column, value in (
        (c.state, filters.state),
        (c.program, filters.program),
        (c.track, filters.track),
        (c.project, filters.project),
        (c.reporter, filters.reporter),
        (c.external_id, filters.external_id),
    ):
        if value is not None:
            wanted.append(column == value)
    if filters.customer is not None:
        wanted.append(came_under(tx, c.customer, filters.customer))
    if filters.owner is not None:
        wanted += [c.owner == filters.owner, c.holds]
    if filters.team is not None:
        wanted.append(c.team.in_(sorted(subtree)))
    ways = () if scope.everything else _ways(scope, acting_for)
    if (due := filters.due_before) is not None:
        if scope.everything and _led_by_deadline(tx, due):
            ways = (c.deadline < due,)
        else:
            # An expression keeps the index out of it, which would find them all only to sort them all.
            wanted.append(sa.type_coerce(c.deadline, sa.BigInteger) + 0 < to_us(due))
    if filters.follow_up_overdue:
        task = t.task.c
        overdue = (task.kind == "follow_up_due", task.state == "open", task.due < tx.now())
        wanted.append(sa.exists().where(task.person == c.owner, task.subject == c.id, *overdue))
    if filters.q is not None:
        wanted.append(of_customers_matching(tx, c.customer, filters.q))
    return sa.select(t.claim).where(*wanted), ways


def readable_claims(scope: ReadScope, acting_for: Sequence[str]) -> sa.ColumnElement[bool]:
    """The condition under which a row of `claim` is readable to a scope that is not everything."""
    return sa.or_(*_ways(scope, acting_for))


def _ways(scope: ReadScope, acting_for: Sequence[str]) -> tuple[sa.ColumnElement[bool], ...]:
    c = t.claim.c
    ways: list[sa.ColumnElement[bool]] = [
        c.reporter == scope.person,
        c.owner == scope.person,
        c.id.in_(sa.select(t.collaborator.c.claim).where(t.collaborator.c.person == scope.person)),
        c.id.in_(sa.select(t.request_waiting.c.claim).where(t.request_waiting.c.person.in_(list(acting_for)))),
        # A judge in charge has an open task about the claim.
        c.id.in_(
            sa.select(t.task.c.subject).where(
                t.task.c.person.in_(list(acting_for)), t.task.c.state == "open", t.task.c.subject_type == "claim"
            )
        ),
    ]
    for column, values in ((c.program, scope.programs), (c.team, scope.teams), (c.reporter_team, scope.teams)):
        if len(values) > _FEW:
            ways.append(column.in_(sorted(values)))
        else:
            # One by one each is a range of an index that is in the order of the list already.
            ways += [column == value for value in sorted(values)]
    return tuple(ways)


def of_customers_matching(
    tx: Transaction, column: sa.ColumnElement[str], q: str, *, region: str = "CN"
) -> sa.ColumnElement[bool]:
    """Whether ``column`` is a customer found by company words or their beginnings, or by a whole value (CUS-01).

    Whole values are a name, a phone, an e-mail or a code.
    """
    digests = [tx.keys.blind(field, value) for field, value in _whole_values(q, region)]
    whole = sa.select(t.customer_key.c.customer).where(t.customer_key.c.digest.in_(digests))
    words = query_words(q)
    if not words:
        return column.in_(whole)
    rare = next((w for w in words if not _many(tx, sa.select(sa.literal(1)).where(_has(w)))), None)
    others = [_customer_has(column, word) for word in words if word != rare]
    if rare is None:
        return sa.or_(column.in_(whole), sa.and_(*others))
    leading = sa.select(t.customer_word.c.customer).where(_has(rare))
    found = sa.union(whole, leading).subquery()
    if not others:
        return column.in_(sa.select(found.c.customer))
    return sa.and_(column.in_(sa.select(found.c.customer)), sa.or_(column.in_(whole), sa.and_(*others)))


def _led_by_deadline(tx: Transaction, instant: datetime) -> bool:
    """Whether what is due is found by its deadlines, rather than among the newest claims.

    Few are; and so are many that the newest ones are not among. An index has all that the order of the list needs.
    """
    if not _many(tx, sa.select(sa.literal(1)).where(t.claim.c.deadline < instant)):
        return True
    newest = sa.select(t.claim.c.deadline).order_by(t.claim.c.received_at.desc(), t.claim.c.id.desc()).limit(_SAMPLE)
    due = [d for d in tx.execute(newest).scalars() if d is not None and d < instant]
    return len(due) < _SAMPLE // 10


def _many(tx: Transaction, found: sa.Select[Any]) -> bool:
    """Whether so many rows pass a filter that it is checked in the order of the list; else it leads to its rows."""
    few = found.limit(_LEADS + 1).subquery()
    return int(tx.execute(sa.select(sa.func.count()).select_from(few)).scalar_one()) > _LEADS


def _customer_has(column: sa.ColumnElement[str], word: str) -> sa.ColumnElement[bool]:
    of = t.customer_word.alias()
    return sa.exists().where(of.c.customer == column, _begins(of.c.word, word))


def _has(word: str) -> sa.ColumnElement[bool]:
    return _begins(t.customer_word.c.word, word)


def _begins(column: sa.ColumnElement[str], word: str) -> sa.ColumnElement[bool]:
    """A prefix as a range, which an index answers on both databases."""
    return sa.and_(column >= word, column < word + "\U0010ffff")


def _whole_values(q: str, region: str) -> list[tuple[str, str]]:
    values: list[tuple[str, str]] = []
    for kind in CustomerKind:
        name = normalise_name(q, kind=kind)
        if name:
            values.append(("name", name))
    for field, normalise in (
        ("phone", lambda text: normalise_phone(text, region=region).e164),
        ("company_code", normalise_credit_code),
        ("email", lambda text: normalise_email(text).address),
    ):
        try:
            value = normalise(q)
        except Refusal:
            continue
        if value is not None:
            values.append((field, value))
    values.append(("external_id", q.strip()))
    return values
