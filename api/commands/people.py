"""Entering and changing people, teams, grants, tokens, absences and delegations (contract section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.call import Done
from api.commands.company import Change, given, invalid, require_unused, require_version
from api.schemas.people import (
    AbsenceIn,
    DelegationIn,
    GrantIn,
    PersonIn,
    PersonPatch,
    TeamIn,
    TeamPatch,
    TokenIn,
)
from api.views.people import (
    absence_view,
    delegation_view,
    grant_view,
    person_row,
    person_view,
    team_row,
    team_view,
    token_view,
)
from domain.customers.email import normalise_email
from domain.people.access import SELLING, Place
from domain.people.organisation import ChangeKind, Grant, Role, ScopeKind
from domain.refusals import FieldError, Refusal
from storage import people, tokens
from storage import tables as t
from storage.codec import rfc3339
from storage.database import mint

# --- people ------------------------------------------------------------------------------------------------------


def enter_person(change: Change, body: PersonIn) -> Done:
    """A new person, in the root team where none is named (PPL-01)."""
    team = body.team or change.organisation.root
    change.require(Role.ADMIN, place=change.at_team(team))
    _known_team(change, team)
    email = _email(body.email)
    require_unused(change.tx, t.person, "external_id", body.external_id)
    entered = people.NewPerson(
        name=body.name,
        team=team,
        email=email,
        phone=_phone(body.phone),
        locale=body.locale or change.setting.company_policy_at(change.now).choice("locale.default"),
        external_id=body.external_id,
    )
    person = people.add_person(change.tx, entered, at=change.now, rev=change.rev)
    change.record(person, "person", "created", team=team)
    return Done(201, person_view(change.tx, change.call.caller, person_row(change.tx, person)))


def edit_person(change: Change, person: str, body: PersonPatch) -> Done:
    """Name, contacts, language, and the home team: a mover's customers are decided on again (PPL-06)."""
    row = person_row(change.tx, person)
    change.require(Role.ADMIN, place=change.at_team(row["team"]))
    if body.team is not None:
        change.require(Role.ADMIN, place=change.at_team(body.team))
        _known_team(change, body.team)
    moves = body.team is not None and body.team != row["team"]
    if moves:
        change.active_person(person, field="team")
    values: dict[str, Any] = {}
    if body.name is not None:
        values["name"] = change.tx.keys.seal(body.name)
    if "email" in body.model_fields_set:
        values["email"] = change.tx.keys.seal(_email(body.email))
    if "phone" in body.model_fields_set:
        values["phone"] = change.tx.keys.seal(_phone(body.phone))
    if body.locale is not None:
        values["locale"] = body.locale
    require_version(body.version, row["version"])
    if moves:
        values["team"] = body.team
    if values:
        _write(change, t.person, row, values)
        change.record(person, "person", "edited", fields=sorted(values))
    if moves and body.team is not None:
        people.move_home(change.tx, person, body.team, at=change.now, rev=change.rev)
        change.record(person, "person", "moved", **{"from": row["team"], "to": body.team})
    return Done(200, person_view(change.tx, change.call.caller, person_row(change.tx, person)))


def leave(change: Change, person: str) -> Done:
    """A person leaves (离职): sign-in ends at once, customers held wait for the supervisor (PPL-06, AUD-06)."""
    row = person_row(change.tx, person)
    change.require(Role.ADMIN, place=change.at_team(row["team"]))
    if row["active"]:
        _keep_an_admin(change, without=person)
        people.retire(change.tx, person, at=change.now, rev=change.rev)
        ended = tokens.revoke_all(change.tx, person, at=change.now)
        change.record(person, "person", "left", tokens=ended)
    return Done(200, person_view(change.tx, change.call.caller, person_row(change.tx, person)))


# --- teams -------------------------------------------------------------------------------------------------------


def enter_team(change: Change, body: TeamIn) -> Done:
    """A new team under another one (PPL-01)."""
    change.require(Role.ADMIN, place=change.at_team(body.parent))
    if body.parent is None:
        raise _cycle()
    if body.parent not in change.organisation.teams:
        raise invalid("parent")
    if body.leader is not None:
        change.active_person(body.leader, field="leader")
    require_unused(change.tx, t.team, "external_id", body.external_id)
    team = mint()
    change.tx.execute(
        t.team.insert().values(
            id=team,
            name=body.name,
            parent=body.parent,
            leader=body.leader,
            external_id=body.external_id,
            created_at=change.now,
            version=1,
            rev=change.rev,
        )
    )
    people.lead(change.tx, team, body.leader, at=change.now, rev=change.rev)
    change.record(team, "team", "created", parent=body.parent, leader=body.leader)
    return Done(201, team_view(team_row(change.tx, team)))


def edit_team(change: Change, team: str, body: TeamPatch) -> Done:
    """Name, place in the tree, leader; who led before stays on record for that time (PPL-01)."""
    row = team_row(change.tx, team)
    change.require(Role.ADMIN, place=change.at_team(team))
    values = given(body, "parent", "leader")
    if body.name is not None:
        values["name"] = body.name
    if values.get("parent", row["parent"]) != row["parent"]:
        _check_parent(change, team, body.parent)
    if body.leader is not None:
        change.active_person(body.leader, field="leader")
    require_version(body.version, row["version"])
    changed = {name: value for name, value in values.items() if value != row[name]}
    if changed:
        _write(change, t.team, row, changed)
        if "leader" in changed:
            people.lead(change.tx, team, body.leader, at=change.now, rev=change.rev)
        moved = {name: changed[name] for name in ("parent", "leader") if name in changed}
        change.record(team, "team", "edited", fields=sorted(changed), **moved)
    return Done(200, team_view(team_row(change.tx, team)))


def _check_parent(change: Change, team: str, parent: str | None) -> None:
    """One tree with one root: nothing hangs below itself, the root hangs below nothing."""
    if parent is None:
        raise _cycle()
    if parent not in change.organisation.teams:
        raise invalid("parent")
    change.require(Role.ADMIN, place=change.at_team(parent))
    if parent in change.organisation.subtree(team):
        raise _cycle()


def _cycle() -> Refusal:
    return Refusal("team_cycle", errors=(FieldError("parent", "team_cycle"),))


# --- grants ------------------------------------------------------------------------------------------------------


def give_grant(change: Change, person: str, body: GrantIn) -> Done:
    """A role over a scope; it works at the next request (PPL-02)."""
    row = person_row(change.tx, person)
    kind = ScopeKind(body.scope.kind)
    change.require(Role.ADMIN, place=_reach(change, kind, body.scope.id, team=row["team"]))
    start = body.from_ or change.now
    _check_scope(change, kind, body.scope.id)
    if body.to is not None and body.to <= start:
        raise invalid("to")
    _active(row)
    grant = mint()
    change.tx.execute(
        t.role_grant.insert().values(
            id=grant,
            person=person,
            role=body.role,
            scope_kind=kind.value,
            scope_id=body.scope.id,
            from_at=start,
            to_at=body.to,
            rev=change.rev,
        )
    )
    change.record(
        person,
        "person",
        "granted",
        grant=grant,
        role=body.role,
        scope=kind.value,
        scope_id=body.scope.id,
        **{"from": start, "to": body.to},
    )
    return Done(201, grant_view(_grant_row(change, grant)))


def revoke_grant(change: Change, grant: str) -> Done:
    """A grant ends now. Whoever loses the last selling role has changed role: customers held wait (PPL-06)."""
    row = _grant_row(change, grant)
    holder = person_row(change.tx, row["person"])
    place = _reach(change, ScopeKind(row["scope_kind"]), row["scope_id"], team=holder["team"])
    if not change.wears(Role.ADMIN, place=place):
        above = change.wears(Role.TEAM_LEAD, place=change.at_team(holder["team"]))
        raise Refusal("not_allowed" if above or holder["id"] == change.person else "not_found", rule="PPL-02")
    if row["to_at"] is not None and row["to_at"] <= change.now:
        return Done(200, grant_view(row))
    if row["role"] == Role.ADMIN:
        _keep_an_admin(change, ending=grant)
    people.end_grant(change.tx, grant, at=change.now, rev=change.rev)
    change.record(holder["id"], "person", "grant_revoked", grant=grant, role=row["role"])
    if _sells_no_more(change, holder["id"], ending=grant):
        people.add_change(change.tx, holder["id"], ChangeKind.MOVED, at=change.now, rev=change.rev)
        change.record(holder["id"], "person", "moved", role=row["role"])
    return Done(200, grant_view(_grant_row(change, grant)))


def _reach(change: Change, kind: ScopeKind, scope: str | None, *, team: str) -> Place | None:
    """Where an admin must be one to give or end a grant: nobody hands out more than lies under them."""
    if kind is ScopeKind.COMPANY:
        return None
    if kind is ScopeKind.PROGRAM:
        return Place(program=scope)
    return change.at_team(team if kind is ScopeKind.OWN else scope)


def _check_scope(change: Change, kind: ScopeKind, scope: str | None) -> None:
    if kind in (ScopeKind.OWN, ScopeKind.COMPANY):
        if scope is not None:
            raise Refusal("field_not_allowed", rule="PPL-02", errors=(FieldError("scope.id", "field_not_allowed"),))
        return
    if scope is None:
        raise Refusal("field_missing", rule="PPL-02", errors=(FieldError("scope.id", "field_missing"),))
    known = change.organisation.teams if kind is ScopeKind.TEAM else change.setting.programs
    if scope not in known:
        raise invalid("scope.id")


def _sells_no_more(change: Change, person: str, *, ending: str) -> bool:
    selling = [g for g in _grants_now(change, person) if g.role in SELLING]
    return any(g.id == ending for g in selling) and all(g.id == ending for g in selling)


def _keep_an_admin(change: Change, *, without: str | None = None, ending: str | None = None) -> None:
    """Somebody can always let people in: the last admin of the company neither leaves nor loses the grant."""
    left = {
        person
        for person in change.organisation.grants
        if person != without
        and change.organisation.people[person].active
        and any(
            g.role is Role.ADMIN and g.scope is ScopeKind.COMPANY and g.id != ending
            for g in _grants_now(change, person)
        )
    }
    if not left:
        raise Refusal("illegal_transition", rule="PPL-02", facts={"last": Role.ADMIN.value})


def _grants_now(change: Change, person: str) -> list[Grant]:
    return [g for g in change.organisation.grants.get(person, ()) if g.holds_at(change.now)]


def _grant_row(change: Change, grant: str) -> dict[str, Any]:
    row = change.tx.row(sa.select(t.role_grant).where(t.role_grant.c.id == grant))
    if row is None:
        raise Refusal("not_found")
    return row


# --- tokens ------------------------------------------------------------------------------------------------------


def make_token(change: Change, person: str, body: TokenIn) -> Done:
    """A token for oneself, or for somebody by an admin of the company; its secret is told once (AUD-06)."""
    row = person_row(change.tx, person)
    own = person == change.person
    if not own:
        change.require(Role.ADMIN)
    if body.expires_at is not None and body.expires_at <= change.now:
        raise invalid("expires_at", rule="AUD-06")
    roles = _narrowed(change, body.roles, own=own)
    _active(row)
    token, secret = tokens.create(
        change.tx, person=person, name=body.name, at=change.now, roles=roles, expires_at=body.expires_at
    )
    change.record(person, "person", "token_made", token=token, roles=roles, expires_at=body.expires_at)
    answer = {
        "id": token,
        "name": body.name,
        "token": secret,
        "roles": roles,
        "expires_at": rfc3339(body.expires_at) if body.expires_at is not None else None,
    }
    return Done(201, answer, kept_body=answer | {"token": None})


def revoke_token(change: Change, token: str) -> Done:
    """A token ends at once (AUD-06). Those of others do not exist for whoever may not end them."""
    row = change.tx.row(sa.select(t.token).where(t.token.c.id == token))
    if row is None or (row["person"] != change.person and not change.wears(Role.ADMIN)):
        raise Refusal("not_found")
    if row["revoked_at"] is None:
        change.tx.execute(t.token.update().where(t.token.c.id == token).values(revoked_at=change.now))
        change.record(row["person"], "person", "token_revoked", token=token)
        row["revoked_at"] = change.now
    return Done(200, token_view(row))


def _narrowed(change: Change, asked: Sequence[str] | None, *, own: bool) -> list[str] | None:
    """The roles of a new token. One made with a narrowed token for oneself is never wider than that one."""
    roles = list(dict.fromkeys(asked)) if asked is not None else None
    mine = change.call.caller.actor.roles
    if not own or mine is None:
        return roles
    if roles is None:
        return sorted(role.value for role in mine)
    wider = [place for place, role in enumerate(roles) if Role(role) not in mine]
    if wider:
        raise Refusal(
            "field_invalid",
            rule="AUD-06",
            errors=tuple(FieldError(f"roles.{place}", "field_invalid") for place in wider),
        )
    return roles


# --- absences and delegations --------------------------------------------------------------------------------------


def enter_absence(change: Change, person: str, body: AbsenceIn) -> Done:
    """A person is away (请假), from ``from`` until before ``to`` (PPL-05).

    That the company called them away, which makes missed turns good (LEAD-04), is for a leader or an admin to say.
    """
    row = _person_to_manage(change, person)
    if body.duty and person == change.person:
        raise Refusal("not_allowed", rule="LEAD-04")
    if body.to <= body.from_:
        raise invalid("to", rule="PPL-05")
    _active(row)
    absence = mint()
    values = {"id": absence, "person": person, "from_at": body.from_, "to_at": body.to, "duty": body.duty}
    change.tx.execute(
        t.absence.insert().values(
            **values,
            entered_at=change.now,
            reason=change.tx.keys.seal(body.reason or None),
            rev=change.rev,
        )
    )
    known = {"from": body.from_, "to": body.to, "duty": body.duty}
    change.record(person, "person", "absence_entered", absence=absence, **known)
    return Done(201, absence_view(values))


def name_delegate(change: Change, person: str, body: DelegationIn) -> Done:
    """Somebody decides on a person's behalf (代理) for a time; the one named last counts (PPL-05)."""
    row = _person_to_manage(change, person)
    if body.delegate != person:
        _refuse_bound_delegate(change, person, body)
    _check_delegation(change, person, body)
    _active(row)
    people.cut_delegations(change.tx, person, start=body.from_, end=body.to, rev=change.rev)
    values = {
        "id": mint(),
        "person": person,
        "delegate": body.delegate,
        "from_at": body.from_,
        "to_at": body.to,
    }
    change.tx.execute(t.delegation.insert().values(**values, rev=change.rev))
    change.record(
        person,
        "person",
        "delegated",
        delegation=values["id"],
        delegate=body.delegate,
        **{"from": body.from_, "to": body.to},
    )
    return Done(201, delegation_view(values))


def _check_delegation(change: Change, person: str, body: DelegationIn) -> None:
    if body.delegate == person:
        raise invalid("delegate", rule="PPL-05")
    change.active_person(body.delegate, field="delegate")
    if body.to <= body.from_ or body.to <= change.now:
        raise invalid("to", rule="PPL-05")
    policy = change.setting.company_policy_at(change.now)
    longest = policy.duration("delegation.max_days")
    calendar = next(iter(change.setting.calendars.values()))
    if longest is not None and body.to > (until := calendar.add(body.from_, longest).at):
        refusal = invalid("to", rule="PPL-05", until=until)
        refusal.policy_version = policy.version
        raise refusal


def _refuse_bound_delegate(change: Change, person: str, body: DelegationIn) -> None:
    """No chain of delegates, and nobody who has an interest in what waits for the person now (PPL-05)."""
    for other, delegations in change.organisation.delegations.items():
        for d in delegations:
            if d.start >= body.to or d.end <= body.from_ or d.end <= d.start:
                continue
            if d.delegate == person or other == body.delegate:
                raise Refusal("delegation_chain")
    if body.delegate in people.cases_of(change.tx, person):
        raise Refusal("recusal_required", rule="PPL-05")


def _person_to_manage(change: Change, person: str) -> dict[str, Any]:
    """Absences and delegates are for the person, leaders above and admins to enter."""
    row = person_row(change.tx, person)
    if person != change.person:
        change.require(Role.ADMIN, Role.TEAM_LEAD, place=change.at_team(row["team"]))
    return row


# --- small checks --------------------------------------------------------------------------------------------------


def _active(row: dict[str, Any]) -> None:
    """Nothing is given to somebody who has left."""
    if not row["active"]:
        raise Refusal("person_inactive", errors=(FieldError("person", "person_inactive"),))


def _known_team(change: Change, team: str) -> None:
    if team not in change.organisation.teams:
        raise invalid("team")


def _email(text: str | None) -> str | None:
    return normalise_email(text).display if text is not None else None


def _phone(text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise invalid("phone")
    return text


def _write(change: Change, table: sa.Table, row: dict[str, Any], values: dict[str, Any]) -> None:
    """Save ``values`` as the next version of ``row``."""
    change.tx.execute(
        table.update().where(table.c.id == row["id"]).values(**values, version=row["version"] + 1, rev=change.rev)
    )
