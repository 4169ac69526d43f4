"""Partner organisations as their readers see them (additions to the contract, section 12: PPL-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.ledger import lines_of, reads_money_of
from api.views.people import is_above
from domain.people.organisation import Role
from domain.people.partners import Partner
from domain.refusals import Refusal
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import Transaction
from storage.payouts import company_zone

Row = dict[str, Any]


def partner_row(tx: Transaction, caller: Caller, partner: str) -> Row:
    """The row of a partner, ``not_found`` for whoever does not know of it."""
    row = tx.row(sa.select(t.partner).where(t.partner.c.id == partner))
    if row is None or not _knows(caller, row):
        raise Refusal("not_found")
    return row


def money_row(tx: Transaction, caller: Caller, partner: str) -> Row:
    """The same for whoever reads the partner's money: its lead, who leads or manages its team, finance, auditors."""
    row = tx.row(sa.select(t.partner).where(t.partner.c.id == partner))
    if row is None or not (speaks_for(caller, row) or reads_money_of(caller, row["team"])):
        raise Refusal("not_found")
    return row


def speaks_for(caller: Caller, row: Mapping[str, Any]) -> bool:
    """Whether the caller is the partner's own manager."""
    return bool(row["lead"] == caller.person) and caller.actor.wears(Role.BROKER)


def _knows(caller: Caller, row: Mapping[str, Any]) -> bool:
    organisation = caller.setting.organisation
    if organisation.people[caller.person].partner == row["id"]:
        return True
    return reads_money_of(caller, row["team"]) or is_above(caller, Role.ADMIN, team=row["team"])


def partner_view(tx: Transaction, caller: Caller, row: Row, *, at: datetime) -> Row:
    """A partner by its row; its channel manager is whoever leads its team."""
    manager = tx.execute(sa.select(t.team.c.leader).where(t.team.c.id == row["team"])).scalar()
    calendar = next(iter(caller.setting.calendars.values()))
    return {
        "id": row["id"],
        "name": row["name"],
        "team": row["team"],
        "manager": manager,
        "lead": row["lead"],
        "from": row["start_on"].isoformat(),
        "to": row["end_on"].isoformat() if row["end_on"] is not None else None,
        "suspended_at": _text(row["suspended_at"]),
        "takes_reports": partner_of(row).takes_reports(on=calendar.local_date(at)),
        "created_at": rfc3339(row["created_at"]),
        "version": row["version"],
    }


def partner_of(row: Mapping[str, Any]) -> Partner:
    """The domain's partner of a row."""
    return Partner(
        row["id"], row["team"], row["start_on"], row["end_on"], row["lead"], suspended=row["suspended_at"] is not None
    )


def partner_page(tx: Transaction, caller: Caller, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/partners`: those the caller knows of."""
    known = [
        partner.id
        for partner in caller.setting.organisation.partners.values()
        if _knows(caller, {"id": partner.id, "team": partner.team})
    ]
    rows, following = page(
        tx,
        sa.select(t.partner).where(t.partner.c.id.in_(sorted(known))),
        time_column=t.partner.c.created_at,
        id_column=t.partner.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "partners"},
    )
    return {"items": [partner_view(tx, caller, row, at=caller.at) for row in rows], "next": following}


def partner_lines(
    tx: Transaction,
    caller: Caller,
    partner: str,
    *,
    start: datetime | None,
    end: datetime | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """`GET /v1/partners/{id}/statement`: what its brokers earned, line by line (COM-11)."""
    money_row(tx, caller, partner)
    found = lines_of(tx, partner, start=start, end=end, limit=limit, cursor=cursor)
    totals = [{name: value for name, value in total.items() if name != "person"} for total in found["totals"]]
    return {"partner": partner, **found, "totals": totals}


def statement_row(tx: Transaction, partner: str, statement: str) -> Row:
    """The row of a month of the partner, for somebody who reads its money."""
    s = t.partner_statement
    row = tx.row(tx.locked(sa.select(s).where(s.c.id == statement, s.c.partner == partner)))
    if row is None:
        raise Refusal("not_found")
    return row


def statement_views(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Months of partners in the order of ``rows``."""
    said = texts.read(tx, (row["reason"] for row in rows))
    same = ("id", "partner", "period", "state", "totals", "decided_by")
    return [
        {
            **{name: row[name] for name in same},
            "made_at": rfc3339(row["made_at"]),
            "confirm_by": _text(row["confirm_by"]),
            "decided_at": _text(row["decided_at"]),
            "reason": said.get(row["reason"]) if row["reason"] is not None else None,
        }
        for row in rows
    ]


def statement_list(tx: Transaction, caller: Caller, partner: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/partners/{id}/statements`, newest first."""
    money_row(tx, caller, partner)
    s = t.partner_statement
    rows, following = page(
        tx,
        sa.select(s).where(s.c.partner == partner),
        time_column=s.c.made_at,
        id_column=s.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "partner_statements", "partner": partner},
    )
    return {"items": statement_views(tx, rows), "next": following}


def zone_of(caller: Caller) -> str:
    """The zone that months are counted in."""
    return company_zone(caller.setting)


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
