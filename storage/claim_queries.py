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
    q: str | None = None


def claims_in_scope(
    tx: Transaction, filters: ClaimFilters, *, scope: ReadScope, acting_for: Sequence[str], subtree: frozenset[str]
) -> sa.Select[Any]:
    """Claims that match and that the reader may read; ``subtree`` is that of ``filters.team``."""
    c = t.claim.c
    wanted: list[sa.ColumnElement[bool]] = []
    for column, value in (
        (c.state, filters.state),
        (c.program, filters.program),
        (c.track, filters.track),
        (c.project, filters.project),
        (c.reporter, filters.reporter),
        (c.customer, filters.customer),
        (c.external_id, filters.external_id),
    ):
        if value is not None:
            wanted.append(column == value)
    if filters.owner is not None:
        wanted += [c.owner == filters.owner, c.holds]
    if filters.team is not None:
        wanted.append(c.team.in_(sorted(subtree)))
    if filters.due_before is not None:
        wanted.append(c.deadline < filters.due_before)
    if filters.q is not None:
        wanted.append(c.customer.in_(customers_matching(tx, filters.q)))
    if not scope.everything:
        wanted.append(readable_claims(scope, acting_for))
    return sa.select(t.claim).where(*wanted)


def readable_claims(scope: ReadScope, acting_for: Sequence[str]) -> sa.ColumnElement[bool]:
    """The condition under which a row of `claim` is readable to a scope that is not everything."""
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
    if scope.programs:
        ways.append(c.program.in_(sorted(scope.programs)))
    if scope.teams:
        ways += [c.team.in_(sorted(scope.teams)), c.reporter_team.in_(sorted(scope.teams))]
    return sa.or_(*ways)


def customers_matching(tx: Transaction, q: str, *, region: str = "CN") -> sa.Select[Any]:
    """Customers found by company words or their beginnings, or by a whole name, phone, e-mail or code (CUS-01)."""
    digests = [tx.keys.blind(field, value) for field, value in _whole_values(q, region)]
    found = [sa.select(t.customer_key.c.customer).where(t.customer_key.c.digest.in_(digests))]
    words = query_words(q)
    if words:
        by_words = sa.select(t.customer_word.c.customer).where(_begins(t.customer_word.c.word, words[0]))
        for word in words[1:]:
            by_words = by_words.where(
                t.customer_word.c.customer.in_(
                    sa.select(t.customer_word.c.customer).where(_begins(t.customer_word.c.word, word))
                )
            )
        found.append(by_words)
    union = sa.union(*found).subquery()
    return sa.select(union.c.customer)


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
