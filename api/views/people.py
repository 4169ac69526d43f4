"""People, teams, grants and tokens as their readers see them (contract section 2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.people.partners import Partner
from domain.refusals import Refusal
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]


def person_row(tx: Transaction, person: str) -> Row:
    """The row of a person, else ``not_found``. Every signed-in person may know who works here."""
    return _row(tx, t.person, person)


def known_person(tx: Transaction, caller: Caller, person: str) -> Row:
    """The same for whoever may know of them: people of a partner know their own, and the channel manager (PPL-08)."""
    within = _partner_of(caller)
    if within is not None:
        known = caller.setting.organisation.people.get(person)
        if known is None or (known.partner != within.id and person != _channel_manager(caller, within)):
            raise Refusal("not_found")
    return person_row(tx, person)


def known_team(tx: Transaction, caller: Caller, team: str) -> Row:
    """The row of a team; people of a partner know of their own team only (PPL-08)."""
    within = _partner_of(caller)
    if within is not None and team != within.team:
        raise Refusal("not_found")
    return team_row(tx, team)


def _partner_of(caller: Caller) -> Partner | None:
    return caller.setting.organisation.partner_of(caller.person)


def _channel_manager(caller: Caller, partner: Partner) -> str | None:
    return caller.setting.organisation.leader_of(partner.team, at=caller.at)


def team_row(tx: Transaction, team: str) -> Row:
    """The row of a team, None if there is none."""
    return _row(tx, t.team, team)


def person_view(tx: Transaction, caller: Caller, row: Row) -> Row:
    """A person; e-mail and phone only for themselves, leaders above and admins."""
    return person_fields(tx, row, contacts=shows_contacts(caller, person=row["id"], team=row["team"]))


def person_fields(tx: Transaction, row: Row, *, contacts: bool) -> Row:
    """A person by their row, with or without how they are reached."""
    return {
        "id": row["id"],
        "number": row["number"],
        "name": tx.keys.open_text(row["name"]) or "",
        "team": row["team"],
        "active": row["active"],
        "locale": row["locale"],
        "email": tx.keys.open_text(row["email"]) if contacts else None,
        "phone": tx.keys.open_text(row["phone"]) if contacts else None,
        "external_id": row["external_id"],
        "partner": row["partner"],
        "created_at": rfc3339(row["created_at"]),
        "version": row["version"],
    }


def shows_contacts(caller: Caller, *, person: str, team: str) -> bool:
    """The person, the leaders above and admins see how a person is reached, and their grants and absences."""
    return caller.person == person or is_above(caller, Role.ADMIN, Role.TEAM_LEAD, team=team)


def is_above(caller: Caller, *roles: Role, team: str) -> bool:
    """Whether the caller wears one of ``roles`` over ``team``."""
    organisation = caller.setting.organisation
    # A team newer than the caller's snapshot lies under no scope but the company's yet.
    place = Place(teams=(team,)) if team in organisation.teams else Place()
    return has_role(caller.actor, roles, organisation=organisation, at=caller.at, place=place)


def team_view(row: Row) -> Row:
    """A team (contract section 2)."""
    return {name: row[name] for name in ("id", "name", "parent", "leader", "external_id", "version")}


def membership_view(row: Row) -> Row:
    """One dated membership (PPL-01)."""
    return {"team": row["team"], "from": rfc3339(row["from_at"]), "to": _text(row["to_at"])}


def grant_view(row: Row) -> Row:
    """A role grant (PPL-02)."""
    return {
        "id": row["id"],
        "person": row["person"],
        "role": row["role"],
        "scope": {"kind": row["scope_kind"], "id": row["scope_id"]},
        "from": rfc3339(row["from_at"]),
        "to": _text(row["to_at"]),
    }


def token_view(row: Row) -> Row:
    """A token without its secret."""
    return {
        "id": row["id"],
        "name": row["name"],
        "roles": row["roles"],
        "expires_at": _text(row["expires_at"]),
        "created_at": rfc3339(row["created_at"]),
        "revoked_at": _text(row["revoked_at"]),
    }


def absence_view(row: Row) -> Row:
    """An absence (PPL-05)."""
    return {
        "id": row["id"],
        "person": row["person"],
        "from": rfc3339(row["from_at"]),
        "to": rfc3339(row["to_at"]),
        "duty": row["duty"],
    }


def delegation_view(row: Row) -> Row:
    """A delegation (PPL-05)."""
    return {
        "id": row["id"],
        "person": row["person"],
        "delegate": row["delegate"],
        "from": rfc3339(row["from_at"]),
        "to": rfc3339(row["to_at"]),
    }


def people_page(
    tx: Transaction,
    caller: Caller,
    *,
    team: str | None,
    active: bool | None,
    external_id: str | None,
    limit: int,
    cursor: str | None,
) -> Row:
    """`GET /v1/people`."""
    statement = sa.select(t.person)
    within = _partner_of(caller)
    if within is not None:
        manager = _channel_manager(caller, within)
        own = t.person.c.partner == within.id
        statement = statement.where(own if manager is None else sa.or_(own, t.person.c.id == manager))
    if team is not None:
        statement = statement.where(t.person.c.team == team)
    if active is not None:
        statement = statement.where(t.person.c.active.is_(active))
    if external_id is not None:
        statement = statement.where(t.person.c.external_id == external_id)
    rows, following = page(
        tx,
        statement,
        time_column=t.person.c.created_at,
        id_column=t.person.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "people", "team": team, "active": active, "external_id": external_id},
    )
    return {"items": [person_view(tx, caller, row) for row in rows], "next": following}


def team_page(tx: Transaction, caller: Caller, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/teams`."""
    within = _partner_of(caller)
    statement = sa.select(t.team)
    rows, following = page(
        tx,
        statement if within is None else statement.where(t.team.c.id == within.team),
        time_column=t.team.c.created_at,
        id_column=t.team.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "teams"},
    )
    return {"items": [team_view(row) for row in rows], "next": following}


def membership_page(tx: Transaction, caller: Caller, person: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/people/{id}/memberships` (PPL-01): like the name and the team, for everybody."""
    known_person(tx, caller, person)
    return _of_person(tx, t.membership, person, membership_view, limit=limit, cursor=cursor)


def dated_page(
    tx: Transaction,
    caller: Caller,
    person: str,
    table: sa.Table,
    view: Callable[[Row], Row],
    *,
    limit: int,
    cursor: str | None,
) -> Row:
    """Grants, absences or delegations of a person, for themselves, leaders above and admins."""
    row = person_row(tx, person)
    if not shows_contacts(caller, person=person, team=row["team"]):
        raise Refusal("not_allowed", rule="PPL-02")
    return _of_person(tx, table, person, view, limit=limit, cursor=cursor)


def token_page(tx: Transaction, caller: Caller, person: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/people/{id}/tokens` (AUD-06): one's own, or anybody's for an admin of the company."""
    person_row(tx, person)
    if caller.person != person and not has_role(
        caller.actor, {Role.ADMIN}, organisation=caller.setting.organisation, at=caller.at
    ):
        raise Refusal("not_allowed", rule="AUD-06")
    rows, following = page(
        tx,
        sa.select(*(c for c in t.token.c if c.name != "digest")).where(t.token.c.person == person),
        time_column=t.token.c.created_at,
        id_column=t.token.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "tokens", "person": person},
    )
    return {"items": [token_view(row) for row in rows], "next": following}


def me_view(tx: Transaction, caller: Caller) -> Row:
    """`GET /v1/me`."""
    now = tx.now()
    company = tx.row(sa.select(t.company.c.name, t.company.c.root_team))
    grants = tx.rows(
        sa.select(t.role_grant)
        .where(
            t.role_grant.c.person == caller.person,
            t.role_grant.c.from_at <= now,
            sa.or_(t.role_grant.c.to_at.is_(None), t.role_grant.c.to_at > now),
        )
        .order_by(t.role_grant.c.from_at, t.role_grant.c.id)
    )
    return {
        "person": person_view(tx, caller, person_row(tx, caller.person)),
        "grants": [grant_view(row) for row in grants],
        "company": company,
        "policy_version": caller.setting.company_policy_at(caller.at).version,
        "now": rfc3339(now),
    }


def _of_person(
    tx: Transaction, table: sa.Table, person: str, view: Callable[[Row], Row], *, limit: int, cursor: str | None
) -> Row:
    rows, following = page(
        tx,
        sa.select(table).where(table.c.person == person),
        time_column=table.c.from_at,
        id_column=table.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": table.name, "person": person},
    )
    return {"items": [view(row) for row in rows], "next": following}


def _row(tx: Transaction, table: sa.Table, of: str) -> Row:
    row = tx.row(sa.select(table).where(table.c.id == of))
    if row is None:
        raise Refusal("not_found")
    return row


def _text(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
