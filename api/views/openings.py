"""The opening load of a program as its members see it (docs/http-contract.md, section 16; INT-10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import acting_for, customers_of, person_names, projects_of, scope_of
from domain.calendar.duration import DAY_US
from domain.claims.lifecycle import OPEN
from domain.customers.names import mask_person_name
from domain.refusals import Refusal
from storage import tables as t
from storage.claim_queries import readable_claims
from storage.claim_rows import claim_of
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

_OPEN = sorted(state.value for state in OPEN)
#: Rows and objections that are still somebody's business.
_STANDING = sa.and_(t.claim.c.opening.is_not(None), t.claim.c.state.in_(_OPEN))


def visible_load(tx: Transaction, caller: Caller, program: str) -> Row:
    """The row of a load that the caller may know of: members and readers of the program; else ``not_found``."""
    row = load_of(tx, program)
    if row is None or not _knows(caller, program):
        raise Refusal("not_found")
    return row


def load_of(tx: Transaction, program: str) -> Row | None:
    """The row of the program's load, if it has one."""
    return tx.row(sa.select(t.opening_load).where(t.opening_load.c.program == program))


def visible_row(tx: Transaction, caller: Caller, program: str, row: str) -> Row:
    """The claim that a row of the load is, if the caller is shown it; else ``not_found``."""
    visible_load(tx, caller, program)
    c = t.claim.c
    found = tx.row(sa.select(t.claim).where(c.id == row, c.program == program, *_shown(caller)))
    if found is None:
        raise Refusal("not_found")
    return found


def opening_view(tx: Transaction, caller: Caller, program: str) -> Row:
    """`GET /v1/programs/{id}/opening`."""
    return load_view(tx, visible_load(tx, caller, program), shown=_shown(caller))


def load_view(tx: Transaction, load: Mapping[str, Any], *, shown: Sequence[sa.ColumnElement[bool]] = ()) -> Row:
    """How a load stands: open rows among those ``shown``, and how many of them somebody else is named beside."""
    c, program = t.claim.c, load["program"]
    rows = sa.select(sa.func.count()).where(c.program == program, c.opening == "row", c.state.in_(_OPEN), *shown)
    crowded = sa.select(c.matter).where(c.program == program, _STANDING).group_by(c.matter).having(sa.func.count() > 1)
    return {
        "program": program,
        "opened_by": load["opened_by"],
        "opened_at": rfc3339(load["opened_at"]),
        "go_live_at": rfc3339(load["go_live_at"]),
        "state": "listed" if tx.now() <= load["go_live_at"] else "live",
        "rows": tx.execute(rows).scalar_one(),
        "contested": tx.execute(rows.where(c.matter.in_(crowded))).scalar_one(),
    }


def opening_row_page(
    tx: Transaction, caller: Caller, program: str, *, owner: str | None, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/programs/{id}/opening/rows`."""
    visible_load(tx, caller, program)
    c = t.claim.c
    wanted = sa.select(t.claim).where(c.program == program, *_shown(caller))
    scope = scope_of(caller)
    if not scope.everything:
        # They are listed to be objected to. What became of somebody's claim since is for who reads it (CUS-09).
        wanted = wanted.where(sa.or_(c.state == "reported", readable_claims(scope, acting_for(caller))))
    if owner is not None:
        wanted = wanted.where(c.reporter == owner)
    rows, following = page(
        tx,
        wanted,
        time_column=c.received_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "opening", "program": program, "owner": owner},
    )
    return {"items": _views(tx, caller, rows), "next": following}


def _knows(caller: Caller, program: str) -> bool:
    setting, scope = caller.setting, scope_of(caller)
    member = setting.programs[program].is_member(caller.person, organisation=setting.organisation, at=caller.at)
    return member or scope.everything or program in scope.programs


def _shown(caller: Caller) -> tuple[sa.ColumnElement[bool], ...]:
    """Rows for this reader: people of a partner see those of the partner, others all (PPL-08)."""
    partner = caller.setting.organisation.partner_of(caller.person)
    # The condition of the index is repeated, else it is not used.
    every = (t.claim.c.opening == "row", t.claim.c.opening.is_not(None))
    return every if partner is None else (*every, t.claim.c.reporter_team == partner.team)


def _views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    people = customers_of(tx, {r["customer"] for r in rows})
    projects = projects_of(tx, {r["project"] for r in rows if r["project"] is not None})
    names = person_names(tx, {r["reporter"] for r in rows})
    beside = _beside(tx, {r["matter"] for r in rows})
    return [_view(caller, r, people[r["customer"]], projects, names, beside.get(r["matter"], ())) for r in rows]


def _beside(tx: Transaction, matters: Collection[str]) -> dict[str, list[Row]]:
    """Open rows and objections by the matter they are about."""
    c, found = t.claim.c, dict[str, list[Row]]()
    named = sa.select(c.id, c.matter, c.reporter, c.opening).where(c.matter.in_(sorted(matters)), _STANDING)
    for row in tx.rows(named) if matters else ():
        found.setdefault(row["matter"], []).append(row)
    return found


def _view(
    caller: Caller,
    row: Row,
    customer: Row,
    projects: Mapping[str, Row],
    names: Mapping[str, str],
    beside: Sequence[Row],
) -> Row:
    claim = claim_of(row)
    opening = claim.opening
    assert opening is not None
    if customer["kind"] == "person" and customer["name"] is not None:
        customer = customer | {"name": mask_person_name(customer["name"])}
    mine = (o["id"] for o in beside if o["reporter"] == caller.person and o["opening"] == "objection")
    return {
        "id": claim.id,
        "receipt": claim.receipt,
        "customer": customer,
        "project": projects.get(row["project"]),
        "track": row["track"],
        "owner": claim.reporter,
        "owner_name": names[claim.reporter],
        "stage": claim.stage,
        "last_follow_up_at": rfc3339(claim.last_qualified_at) if claim.last_qualified_at is not None else None,
        "protection_days_left": opening.protection.microseconds // DAY_US if opening.protection is not None else None,
        "object_by": rfc3339(opening.object_by),
        "others": sum(o["id"] != claim.id for o in beside),
        "objection": next(mine, None),
        "state": claim.state.value,
        "received_at": rfc3339(claim.received_at),
    }
