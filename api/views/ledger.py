"""The ledger as its readers see it: accounts, entries, and everybody's own statement (COM-06, COM-11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.money.model import Account
from domain.people.access import grants_of, leads
from domain.people.organisation import Role, ScopeKind
from domain.refusals import FieldError, Refusal
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

#: Who reads the ledger of all (contract section 9).
_READERS = frozenset({Role.FINANCE, Role.AUDITOR})
_WORDS = tuple(account.value for account in Account)
_EARLIER = t.ledger_posting.alias("earlier")
#: The first posting of an entry to somebody's accounts: one for each line of a statement. It is asked for row by row
#: along the index; what is grouped or made distinct would be read to its end for one page.
_FIRST = ~sa.exists().where(
    _EARLIER.c.entry == t.ledger_posting.c.entry,
    _EARLIER.c.holder == t.ledger_posting.c.holder,
    _EARLIER.c.line < t.ledger_posting.c.line,
)
#: A whole statement is read in portions, so that it never stands in memory twice.
_PORTION = 2_000


@dataclass(frozen=True, slots=True)
class LedgerFilters:
    """Filters of accounts and entries; None = not asked for. ``start`` is in, ``end`` is out."""

    person: str | None = None
    deal: str | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def account_page(tx: Transaction, caller: Caller, filters: LedgerFilters, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/ledger/accounts`: what each payee's accounts come to, by currency: people, and partners (PPL-08)."""
    _check(filters)
    within = _scope(caller, filters.person)
    dated = filters.start is not None or filters.end is not None
    source = t.ledger_posting if dated else t.ledger_balance
    c = source.c
    sums = (
        sa.select(
            c.holder,
            c.currency,
            sa.func.min(c.account).label("account"),
            *(
                sa.func.sum(sa.case((c.account.endswith(f":{word}"), c.amount_minor), else_=0)).label(f"{word}_minor")
                for word in _WORDS
            ),
        )
        .where(c.holder.is_not(None), *_matching(source, filters, within))
        .group_by(c.holder, c.currency)
        .subquery()
    )
    rows, following = page(
        tx,
        sa.select(sums),
        time_column=sums.c.holder,  # ids grow with time
        id_column=sums.c.currency,
        cursor=cursor,
        limit=limit,
        filters={"list": "accounts", **_plain(filters)},
    )
    return {"items": [_shown(_account(row)) for row in rows], "next": following}


def entry_page(tx: Transaction, caller: Caller, filters: LedgerFilters, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/ledger/entries`, newest first. A person who reads only their own sees only their own postings."""
    _check(filters)
    within = _scope(caller, filters.person)
    e, p = t.ledger_entry, t.ledger_posting
    statement = sa.select(e)
    if filters.deal is not None:
        statement = statement.where(e.c.deal == filters.deal)
    if filters.start is not None:
        statement = statement.where(e.c.at >= filters.start)
    if filters.end is not None:
        statement = statement.where(e.c.at < filters.end)
    if within is not None:
        statement = statement.where(e.c.deal.in_(within))
    if filters.person is not None or filters.currency is not None:
        wanted = sa.select(p.c.entry)
        if filters.person is not None:
            wanted = wanted.where(p.c.holder == filters.person)
        if filters.currency is not None:
            wanted = wanted.where(p.c.currency == filters.currency)
        statement = statement.where(e.c.id.in_(wanted))
    rows, following = page(
        tx,
        statement,
        time_column=e.c.at,
        id_column=e.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "ledger", **_plain(filters)},
    )
    only = filters.person if not _reads_all(caller) else None
    return {"items": _entries(tx, rows, only=only), "next": following}


def statement_page(
    tx: Transaction,
    caller: Caller,
    person: str,
    *,
    start: datetime | None,
    end: datetime | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """`GET /v1/people/{id}/statement`: somebody's lines, newest first, and what their accounts stand at (COM-11)."""
    require_statement(caller, person)
    return {"person": person, **lines_of(tx, person, start=start, end=end, limit=limit, cursor=cursor)}


def lines_of(
    tx: Transaction, holder: str, *, start: datetime | None, end: datetime | None, limit: int, cursor: str | None
) -> Row:
    """A page of the lines of a payee, newest first, with what their accounts stand at (COM-11)."""
    p = t.ledger_posting.c
    lines = sa.select(p.entry, p.at).where(p.holder == holder, _FIRST, *_between(p.at, start, end))
    rows, following = page(
        tx,
        lines,
        time_column=p.at,
        id_column=p.entry,
        cursor=cursor,
        limit=limit,
        filters={"list": "statement", "person": holder, "from": start, "to": end},
    )
    return {"totals": account_totals(tx, holder), "items": _lines(tx, holder, rows), "next": following}


def whole_statement(
    tx: Transaction, person: str, *, start: datetime | None, end: datetime | None, at_most: int
) -> Iterator[Row]:
    """Every line, oldest first, for a file; no more than ``at_most``."""
    p = t.ledger_posting.c
    after: tuple[datetime, str] | None = None
    left = at_most
    while left > 0:
        lines = (
            sa.select(p.entry, p.at)
            .where(p.holder == person, _FIRST, *_between(p.at, start, end))
            .order_by(p.at, p.entry)
            .limit(min(_PORTION, left))
        )
        if after is not None:
            bounds = sa.tuple_(sa.literal(after[0], p.at.type), sa.literal(after[1], p.entry.type))
            lines = lines.where(sa.tuple_(p.at, p.entry) > bounds)
        rows = tx.rows(lines)
        if not rows:
            return
        yield from _lines(tx, person, rows)
        after = (rows[-1]["at"], rows[-1]["entry"])
        left -= len(rows)


def account_totals(tx: Transaction, person: str) -> list[Row]:
    """What the accounts of one person stand at, by currency."""
    b = t.ledger_balance.c
    found: dict[str, Row] = {}
    for row in tx.execute(
        sa.select(b.account, b.currency, sa.func.sum(b.amount_minor).label("total"))
        .where(b.holder == person)
        .group_by(b.account, b.currency)
        .order_by(b.currency)
    ):
        item = found.setdefault(row.currency, _empty(person, row.currency))
        item[f"{row.account.rpartition(':')[2]}_minor"] += int(row.total)
    return [_shown(item) for item in found.values()]


def reads_money_of(caller: Caller, team: str) -> bool:
    """Whether the caller reads the statements of those in ``team``: its leaders, its managers, finance, auditors."""
    organisation = caller.setting.organisation
    if caller.actor.wears(Role.TEAM_LEAD) and leads(caller.person, team, organisation=organisation):
        return True
    return any(
        grant.scope is ScopeKind.COMPANY
        or (grant.scope is ScopeKind.TEAM and grant.scope_id in tuple(organisation.path_up(team)))
        for grant in grants_of(caller.actor, organisation=organisation, at=caller.at)
        if grant.role in _READERS | {Role.TEAM_LEAD, Role.MANAGER}
    )


def require_statement(caller: Caller, person: str) -> None:
    """One's own, those of people one leads or manages, all for finance and auditors; else ``not_found`` (COM-11)."""
    organisation = caller.setting.organisation
    if person == caller.person:
        return
    known = organisation.people.get(person)
    if known is None:
        raise Refusal("not_found")
    team = organisation.team_of(person, at=caller.at) if person in organisation.memberships else known.team
    if not reads_money_of(caller, team):
        raise Refusal("not_found")


# --- what somebody reads --------------------------------------------------------------------------------------------


def _reads_all(caller: Caller) -> bool:
    grants = grants_of(caller.actor, organisation=caller.setting.organisation, at=caller.at)
    return any(grant.role in _READERS and grant.scope is not ScopeKind.OWN for grant in grants)


def _scope(caller: Caller, person: str | None) -> sa.Select[Any] | None:
    """The deals whose money the caller reads, None for all; one's own accounts are everybody's to read."""
    organisation = caller.setting.organisation
    programs: set[str] = set()
    teams: set[str] = set()
    for grant in grants_of(caller.actor, organisation=organisation, at=caller.at):
        scope = grant.scope_id
        if grant.role not in _READERS:
            continue
        if grant.scope is ScopeKind.COMPANY:
            return None
        if grant.scope is ScopeKind.PROGRAM and scope is not None:
            programs.add(scope)
        elif grant.scope is ScopeKind.TEAM and scope is not None and scope in organisation.teams:
            teams |= organisation.subtree(scope)
    if not programs and not teams:
        if person == caller.person:
            return None
        raise Refusal("not_allowed", rule="PPL-02")
    of_teams = sa.select(t.claim.c.id).where(t.claim.c.team.in_(sorted(teams)))
    return sa.select(t.deal.c.id).where(sa.or_(t.deal.c.program.in_(sorted(programs)), t.deal.c.claim.in_(of_teams)))


def _plain(filters: LedgerFilters) -> dict[str, object]:
    return {
        "person": filters.person,
        "deal": filters.deal,
        "currency": filters.currency,
        "from": filters.start,
        "to": filters.end,
    }


def _check(filters: LedgerFilters) -> None:
    if filters.start is not None and filters.end is not None and filters.end < filters.start:
        raise Refusal("field_invalid", errors=(FieldError("to", "field_invalid"),))


def _matching(
    source: sa.Table, filters: LedgerFilters, within: sa.Select[Any] | None
) -> Iterator[sa.ColumnElement[bool]]:
    c = source.c
    for column, value in ((c.holder, filters.person), (c.deal, filters.deal), (c.currency, filters.currency)):
        if value is not None:
            yield column == value
    if within is not None:
        yield c.deal.in_(within)
    if source is t.ledger_posting:
        yield from _between(c.at, filters.start, filters.end)


def _between(
    column: sa.ColumnElement[datetime], start: datetime | None, end: datetime | None
) -> Iterator[sa.ColumnElement[bool]]:
    if start is not None:
        yield column >= start
    if end is not None:
        yield column < end


def _account(row: Row) -> Row:
    kind = row["account"].partition(":")[0]
    return {
        "person": row["holder"] if kind == "person" else None,
        "partner": row["holder"] if kind == "partner" else None,
        "currency": row["currency"],
        **{f"{word}_minor": int(row[f"{word}_minor"]) for word in _WORDS},
    }


def _empty(person: str, currency: str) -> Row:
    return {"person": person, "currency": currency, **{f"{word}_minor": 0 for word in _WORDS}}


def _shown(item: Row) -> Row:
    """What somebody owes stands below zero in the ledger and is shown as what is owed (contract section 7)."""
    return {**item, "receivable_minor": -item["receivable_minor"]}


def _entries(tx: Transaction, rows: Sequence[Row], *, only: str | None) -> list[Row]:
    p = t.ledger_posting.c
    postings: dict[str, list[Row]] = {}
    found = sa.select(t.ledger_posting).where(p.entry.in_([r["id"] for r in rows])).order_by(p.entry, p.line)
    if only is not None:
        found = found.where(p.holder == only)
    for row in tx.rows(found) if rows else []:
        postings.setdefault(row["entry"], []).append(
            {"account": row["account"], "currency": row["currency"], "amount_minor": row["amount_minor"]}
        )
    shown = (
        "id",
        "key",
        "kind",
        "deal",
        "dispute",
        "ruling",
        "plan_version",
        "rate_rule",
        "share_bps",
        "stage",
        "reverses",
    )
    said = texts.read(tx, (r["reason"] for r in rows))
    return [
        {
            **{name: r[name] for name in shown},
            "at": rfc3339(r["at"]),
            "reason": said.get(r["reason"], r["reason"]),
            "postings": postings.get(r["id"], []),
        }
        for r in rows
    ]


def _lines(tx: Transaction, person: str, rows: Sequence[Row]) -> list[Row]:
    """The lines of ``rows``, in their order: what an entry did to the accounts of ``person``, and why."""
    if not rows:
        return []
    p, e, d = t.ledger_posting.c, t.ledger_entry.c, t.deal.c
    ids = [r["entry"] for r in rows]
    joined = (
        sa.select(
            p.entry,
            p.holder,
            p.account,
            p.currency,
            p.amount_minor,
            p.share_bps,
            e.key,
            e.kind,
            e.at,
            e.deal,
            e.dispute,
            e.ruling,
            e.plan_version,
            e.rate_rule,
            e.stage,
            e.reverses,
            e.reason,
            d.number,
            d.kind.label("deal_kind"),
            d.program,
            d.track,
            d.product,
            d.rate_bps,
            d.detail,
        )
        .join(t.ledger_entry, e.id == p.entry)
        .join(t.deal, d.id == e.deal)
        .where(p.entry.in_(ids))
    )
    found: dict[str, Row] = {}
    for row in tx.rows(joined):
        # Asked of the database it would choose the index of holders, and read all that somebody ever got.
        if row["holder"] != person:
            continue
        line = found.setdefault(row["entry"], _line(row))
        line[f"{row['account'].rpartition(':')[2]}_minor"] += row["amount_minor"]
        if row["share_bps"] is not None:
            line["share_bps"] = row["share_bps"]
    said = texts.read(tx, (line["reason"] for line in found.values()))
    for line in found.values():
        line["reason"] = said.get(line["reason"], line["reason"])
        line["receivable_minor"] = -line["receivable_minor"]
        line["status"] = _status(line)
    return [found[id_] for id_ in ids]


def _line(row: Mapping[str, Any]) -> Row:
    return {
        "entry": row["entry"],
        "key": row["key"],
        "kind": row["kind"],
        "at": rfc3339(row["at"]),
        "deal": row["deal"],
        "deal_number": row["number"],
        "deal_kind": row["deal_kind"],
        "program": row["program"],
        "track": row["track"],
        "product": row["product"],
        "plan_version": row["plan_version"],
        "rate_rule": row["rate_rule"],
        "rate_bps": row["rate_bps"],
        "share_bps": None,
        "stage": row["stage"],
        "dispute": row["dispute"],
        "ruling": row["ruling"],
        # What holds the deal now, so that "why is it not paid" is answered on the line itself.
        "held_by": list(row["detail"].get("holds", ())),
        "reverses": row["reverses"],
        "reason": row["reason"],
        "currency": row["currency"],
        **{f"{word}_minor": 0 for word in _WORDS},
    }


def _status(line: Row) -> str:
    """Where the line has brought the money: the account that grew most."""
    if line["receivable_minor"] > 0:
        return "receivable"
    grown = {word: line[f"{word}_minor"] for word in ("paid", "held", "payable", "accrued")}
    best = max(grown, key=lambda word: grown[word])
    return best if grown[best] > 0 else "settled"
