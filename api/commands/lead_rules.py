"""Assignment rules of a program (LEAD-03) and profiles of people (PPL-04), as changes of the company."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.call import Done
from api.commands.company import Change, invalid, require_version
from api.schemas.leads import LeadRulesPatch, RuleTo
from api.schemas.profiles import ConfirmIn, ProfilePatch
from api.views.lead_rules import profile_view, rules_view
from api.views.people import is_above, person_row
from api.views.programs import program_row
from domain.calendar.office_hours import parse_office_hours
from domain.people.access import Place
from domain.people.organisation import Role
from domain.refusals import FieldError, Refusal
from storage import tables as t

#: Whose word confirms a skill, and who may enter one for somebody else.
_ABOVE = (Role.ADMIN, Role.TEAM_LEAD, Role.MANAGER)
_LISTS = ("industries", "product_lines", "regions", "customer_kinds", "languages", "interests")


def set_rules(change: Change, program: str, body: LeadRulesPatch) -> Done:
    """The program's rules from now on; leads that somebody has stay where they are (LEAD-03)."""
    program_row(change.tx, program)
    change.require(Role.ADMIN, place=Place(program=program))
    for place, rule in enumerate(body.rules):
        _check_target(change, rule.to, field=f"rules.{place}.to")
    rules = [
        {"when": rule.when.model_dump(exclude_none=True), "to": rule.to.model_dump(exclude_none=True)}
        for rule in body.rules
    ]
    _write(change, t.lead_rules, program, body.version, {"rules": rules})
    change.record(program, "program", "lead_rules_set", rules=rules)
    return Done(200, rules_view(change.tx, program))


def _check_target(change: Change, to: RuleTo, *, field: str) -> None:
    """One kind of target, and one that exists."""
    kinds = (to.person is not None, bool(to.pool), to.team is not None or to.way is not None)
    if sum(kinds) != 1:
        raise invalid(field)
    if to.person is not None:
        change.active_person(to.person, field=f"{field}.person")
    if to.team is not None and to.team not in change.organisation.teams:
        raise invalid(f"{field}.team")


def edit_profile(change: Change, person: str, body: ProfilePatch) -> Done:
    """What matching knows of somebody; a changed skill has to be confirmed again (PPL-04)."""
    row = person_row(change.tx, person)
    above = _is_above(change, person, row["team"])
    if change.person != person and not above:
        raise Refusal("not_allowed", rule="PPL-02")
    if not above and "capacity_points" in body.model_fields_set:
        raise Refusal("not_allowed", rule="PPL-04")  # a guard is not set by whom it guards (POOL-11)
    detail = _detail(change, person)
    given = body.model_dump(exclude={"version"}, exclude_unset=True)
    if "skills" in given:
        _enter_skills(detail, given.pop("skills") or {}, confirmed=above)
    if "shift" in given:
        given["shift"] = _shift(body)
    for name in _LISTS:
        if name in given:
            given[name] = sorted(set(given[name] or ()))
    detail = {name: value for name, value in {**detail, **given}.items() if value not in (None, [], {})}
    _write(change, t.profile, person, body.version, {"detail": detail})
    change.record(person, "person", "profile_edited", fields=sorted(body.model_fields_set - {"version"}))
    return Done(200, profile_view(change.tx, person))


def confirm_skills(change: Change, person: str, body: ConfirmIn) -> Done:
    """A supervisor says that somebody has these skills (`people.skill_confirm`, PPL-04)."""
    row = person_row(change.tx, person)
    if not _is_above(change, person, row["team"]):
        raise Refusal("not_allowed", rule="PPL-04")
    detail = _detail(change, person)
    unknown = [f"skills.{n}" for n, skill in enumerate(body.skills) if skill not in detail.get("skills", {})]
    if unknown:
        raise Refusal("field_invalid", rule="PPL-04", errors=tuple(FieldError(f, "field_invalid") for f in unknown))
    detail["confirmed"] = sorted({*detail.get("confirmed", ()), *body.skills})
    version = change.tx.execute(sa.select(t.profile.c.version).where(t.profile.c.id == person)).scalar_one()
    _write(change, t.profile, person, int(version), {"detail": detail})
    change.record(person, "person", "skills_confirmed", skills=len(body.skills))
    return Done(200, profile_view(change.tx, person))


def _is_above(change: Change, person: str, team: str) -> bool:
    """Nobody confirms their own skills."""
    return change.person != person and is_above(change.call.caller, *_ABOVE, team=team)


def _enter_skills(detail: dict[str, Any], skills: dict[str, int], *, confirmed: bool) -> None:
    """What a supervisor enters is confirmed; what the person enters is, where it was and stays the same."""
    was, had = detail.get("skills", {}), set(detail.get("confirmed", ()))
    detail["confirmed"] = sorted(s for s, level in skills.items() if confirmed or (s in had and was.get(s) == level))
    detail["skills"] = skills


def _shift(body: ProfilePatch) -> dict[str, Any] | None:
    if body.shift is None:
        return None
    try:
        start, end = parse_office_hours(body.shift.hours)
    except ValueError:
        raise invalid("shift.hours") from None
    return {"weekdays": sorted(set(body.shift.weekdays)), "start_min": start, "end_min": end}


def _detail(change: Change, person: str) -> dict[str, Any]:
    found = change.tx.execute(sa.select(t.profile.c.detail).where(t.profile.c.id == person)).scalar()
    return dict(found or {})


def _write(change: Change, table: sa.Table, id_: str, read: int, values: dict[str, Any]) -> None:
    """The row's next version; a row that is not there yet is version 1."""
    present = change.tx.execute(sa.select(table.c.version).where(table.c.id == id_)).scalar()
    require_version(read, present or 1)
    row = {**values, "version": (present or 1) + 1, "rev": change.rev}
    if present is None:
        change.tx.insert(table, {"id": id_, **row})
    else:
        change.tx.update(table, {"id": id_}, row)
