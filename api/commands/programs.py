"""Opening and changing programs and their members (contract section 3: TER-01, PPL-07, POL-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from api.call import Done
from api.commands.company import Change, invalid, require_people, require_team, require_unused, require_version
from api.schemas.programs import MemberIn, ProgramIn, ProgramPatch
from api.views.programs import member_view, program_row, program_view
from domain.matters.setting import PolicyContent
from domain.people.access import Place
from domain.people.organisation import ChangeKind, Role
from domain.policy.drafting import drafted
from domain.policy.policy import Policy
from domain.policy.presets import PRESETS
from domain.policy.validation import validate
from domain.programs.program import Member, in_force
from domain.refusals import FieldError, Refusal
from storage import calendars, people, policies, programs
from storage import tables as t


def open_program(change: Change, body: ProgramIn) -> Done:
    """A new program: members, oversight, default pool, calendar, and policy version 1, active at once."""
    change.require(Role.ADMIN)
    for place, member in enumerate(body.members):
        _check_member(change, member, field=f"members.{place}.")
    require_people(change, body.oversight or (), field="oversight")
    require_people(change, body.panel or (), field="panel")
    if body.calendar is not None:
        _known_calendar(change, body.calendar)
    require_unused(change.tx, t.program, "external_id", body.external_id)
    content = _first_policy(change, body)
    oversight = _oversight(change, body.oversight)
    program = programs.add(
        change.tx,
        programs.NewProgram(
            name=body.name,
            oversight=oversight,
            panel=body.panel or (),
            calendar=body.calendar or _calendar_for(change, content),
            external_id=body.external_id,
            pool_admins_only=body.preset is not None and PRESETS[body.preset].pool_admins_only,
        ),
        at=change.now,
        rev=change.rev,
    )
    for member in body.members:
        programs.add_member(change.tx, program, team=member.team, person=member.person, at=change.now, rev=change.rev)
    policy = policies.add(
        change.tx,
        program=program,
        parameters=content.parameters,
        overrides=content.overrides,
        author=change.person,
        at=change.now,
        rev=change.rev,
        effective_at=change.now,
    )
    change.record(program, "program", "opened", oversight=list(oversight), policy=policy)
    change.record(policy, "policy", "activated", program=program, version=1, effective_at=change.now)
    return Done(201, program_view(change.tx, program))


def edit_program(change: Change, program: str, body: ProgramPatch) -> Done:
    """Name, oversight, panel, calendar; another calendar makes every open claim count its deadlines again (TER-06)."""
    row = program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    require_people(change, body.oversight or (), field="oversight")
    require_people(change, body.panel or (), field="panel")
    if body.calendar is not None:
        _known_calendar(change, body.calendar)
    require_version(body.version, row["version"])
    values: dict[str, Any] = {
        name: value
        for name, value in (("name", body.name), ("panel", body.panel), ("calendar", body.calendar))
        if value is not None
    }
    if body.oversight is not None:
        values["oversight"] = list(_oversight(change, body.oversight))
    changed = {name: value for name, value in values.items() if value != row[name]}
    if changed:
        _write(change, row, changed)
        if "calendar" in changed:
            # Claims compare version numbers: the new calendar's must be higher than the old one's to be noticed.
            former = change.setting.calendars[row["calendar"]].version
            calendars.raise_version(change.tx, changed["calendar"], at=change.now, rev=change.rev, above=former)
        seen = {name: value for name, value in changed.items() if name != "name"}
        change.record(program, "program", "edited", fields=sorted(changed), **seen)
    return Done(200, program_view(change.tx, program))


def set_open(change: Change, program: str, *, is_open: bool) -> Done:
    """Close a program, or open it again: reports stop, open claims run on (TER-01)."""
    row = program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    state = "open" if is_open else "closed"
    if is_open:
        _require_oversight(change, row["oversight"])
    if row["state"] != state:
        _write(change, row, {"state": state})
        change.record(program, "program", "reopened" if is_open else "closed")
    return Done(200, program_view(change.tx, program))


def add_member(change: Change, program: str, body: MemberIn) -> Done:
    """A team or person joins; one that belongs already is given back as it is."""
    program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    _check_member(change, body, field="")
    row, is_new = programs.add_member(
        change.tx, program, team=body.team, person=body.person, at=change.now, rev=change.rev
    )
    if not is_new:
        return Done(200, member_view(row))
    change.record(program, "program", "member_added", member=row["id"], team=row["team"], person=row["person"])
    return Done(201, member_view(row))


def remove_member(change: Change, program: str, member: str) -> Done:
    """A team or person leaves the program; whoever belongs to it no more hands their customers over (PPL-06)."""
    program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    here = sa.and_(t.program_member.c.id == member, t.program_member.c.program == program)
    row = change.tx.row(sa.select(t.program_member).where(here))
    if row is None:
        raise Refusal("not_found")
    if row["to_at"] is None:
        programs.end_member(change.tx, member, at=change.now, rev=change.rev)
        movers = _movers(change, program, without=member)
        for person in movers:
            people.add_change(change.tx, person, ChangeKind.MOVED, at=change.now, rev=change.rev, program=program)
        change.record(program, "program", "member_removed", member=member, movers=movers)
        row["to_at"] = change.now
    return Done(200, member_view(row))


def _movers(change: Change, program: str, *, without: str) -> list[str]:
    """Who holds customers here and belonged to the program through this member alone."""
    known = change.setting.programs[program]
    rest = [m for m in known.members if m.id != without]
    return [
        person
        for person in programs.holders(change.tx, program)
        if change.organisation.people[person].active
        and known.is_member(person, organisation=change.organisation, at=change.now)
        and not _belongs(change, rest, person)
    ]


def _belongs(change: Change, members: Sequence[Member], person: str) -> bool:
    teams = set(change.organisation.path_up(change.organisation.team_of(person, at=change.now)))
    return any((m.person == person or m.team in teams) and m.end is None for m in members)


def _check_member(change: Change, member: MemberIn, *, field: str) -> None:
    """A team or a person, one of the two, known and active."""
    if (member.team is None) == (member.person is None):
        code = "field_missing" if member.team is None else "field_not_allowed"
        name = "team" if member.team is None else "person"
        raise Refusal(code, rule="TER-01", errors=(FieldError(f"{field}{name}", code),))
    if member.team is not None and member.team not in change.organisation.teams:
        raise invalid(f"{field}team")
    if member.person is not None:
        change.active_person(member.person, field=f"{field}person")


def _known_calendar(change: Change, calendar: str) -> None:
    if calendar not in change.setting.calendars:
        raise invalid("calendar")


def _oversight(change: Change, named: Sequence[str] | None) -> Sequence[str]:
    """Whoever is named, else the top leader (PPL-07)."""
    root = change.organisation.root
    top = change.organisation.teams[root].leader
    found = list(dict.fromkeys(named or ())) or ([top] if top is not None else [])
    _require_oversight(change, found)
    return found


def _require_oversight(change: Change, named: Sequence[str]) -> None:
    """Somebody active looks after every program."""
    if not any(change.organisation.people[person].active for person in named):
        raise Refusal("oversight_missing")


def _first_policy(change: Change, body: ProgramIn) -> PolicyContent:
    """The preset with what is given over it, checked as a whole over the company's policy (POL-03, POL-04)."""
    parameters, overrides = drafted(
        body.policy or {}, body.overrides, preset=PRESETS[body.preset] if body.preset is not None else None
    )
    beneath = change.setting.company_policy_at(change.now).values()
    checked, checked_overrides = validate(parameters, overrides=overrides, base=beneath)
    require_team(change, checked)
    return PolicyContent(parameters=checked, overrides=[o.as_json() for o in checked_overrides])


def _calendar_for(change: Change, content: PolicyContent) -> str:
    """The seeded calendar, or another one where the policy's ``calendar.*`` say so (TER-06)."""
    setting = change.setting
    company = in_force(setting.company_policies, change.now) or setting.company_policies[0]
    beneath = setting.policies[company.id]
    policy = Policy.resolve(beneath.parameters, content.parameters, version=1)
    calendar, is_new = calendars.find_or_create(change.tx, hours_set(policy), at=change.now, rev=change.rev)
    if is_new:
        change.record(calendar, "calendar", "created")
    return calendar


def hours_set(policy: Policy) -> calendars.Hours:
    """The calendar that the parameters ``calendar.*`` describe."""
    return calendars.Hours(
        country=policy.word("calendar.country") or "",
        zone=policy.word("calendar.zone") or "",
        office_hours=str(policy.value("calendar.office_hours")),
        weekdays=policy.weekdays(),
    )


def _write(change: Change, row: dict[str, Any], values: dict[str, Any]) -> None:
    change.tx.execute(
        t.program.update()
        .where(t.program.c.id == row["id"])
        .values(**values, version=row["version"] + 1, rev=change.rev)
    )
