"""Changing the company: people, teams, grants, programs, policies, calendars, each change under one common lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel
from starlette.responses import Response

from api.call import Call, Done
from domain.matters.setting import Setting
from domain.people.access import Place, has_role
from domain.people.organisation import Organisation, Role
from domain.refusals import FieldError, Refusal
from storage import history
from storage.database import Transaction
from storage.setting import hold, next_revision


@dataclass(frozen=True)
class Change:
    """One change: the company as it stood before (``setting``) and the instant it happens at.

    What it appends to histories is written last, after every other row (design section 2, "Lock order").
    """

    tx: Transaction
    call: Call
    setting: Setting
    now: datetime
    entries: list[history.Entry] = field(default_factory=list)

    @cached_property
    def rev(self) -> int:
        """The revision its rows carry; a change that writes none of them takes none."""
        return next_revision(self.tx)

    @property
    def organisation(self) -> Organisation:
        return self.setting.organisation

    @property
    def person(self) -> str:
        return self.call.person

    def record(self, stream: str, stream_kind: str, kind: str, **data: Any) -> None:
        """Append to a history: ids, codes, numbers and instants only (AUD-01)."""
        self.entries.append(
            history.Entry(stream=stream, stream_kind=stream_kind, kind=kind, at=self.now, actor=self.person, data=data)
        )

    def wears(self, *roles: Role, place: Place | None = None) -> bool:
        """Whether the caller wears one of ``roles`` over ``place``, without one over the company."""
        return has_role(self.call.caller.actor, roles, organisation=self.organisation, at=self.now, place=place)

    def require(self, *roles: Role, place: Place | None = None) -> None:
        """Refuse ``not_allowed`` unless the caller does."""
        if not self.wears(*roles, place=place):
            raise Refusal("not_allowed", rule="PPL-02")

    def at_team(self, *teams: str | None) -> Place:
        """Where something of these teams lies; unknown ones lie nowhere."""
        return Place(teams=tuple(team for team in teams if team is not None and team in self.organisation.teams))

    def active_person(self, person: str, *, field: str) -> None:
        """Refuse a reference to nobody (``field_invalid``) or to somebody who has left (``person_inactive``)."""
        known = self.organisation.people.get(person)
        if known is None:
            raise invalid(field)
        if not known.active:
            raise Refusal("person_inactive", errors=(FieldError(field, "person_inactive"),))


def change(call: Call, work: Callable[[Change], Done], *, may_rehearse: bool = False) -> Response:
    """``work`` once per key, alone among all changes of the company, with what it recorded appended at the end."""

    def run(tx: Transaction) -> Done:
        hold(tx)
        made = Change(tx=tx, call=call, setting=call.services.snapshots.setting(tx), now=tx.now())
        done = work(made)
        history.append(tx, made.entries)
        return done

    return call.write(run, may_rehearse=may_rehearse)


def members_of(change: Change, program: str | None) -> list[str]:
    """Everybody active who belongs to ``program`` now, or to the company, by person number."""
    known = change.setting.programs[program] if program is not None else None
    return [
        person.id
        for person in sorted(change.organisation.people.values(), key=lambda p: p.number)
        if person.active
        and (known is None or known.is_member(person.id, organisation=change.organisation, at=change.now))
    ]


def given(body: BaseModel, *names: str) -> dict[str, Any]:
    """Those of ``names`` that the body names, null included."""
    return {name: getattr(body, name) for name in names if name in body.model_fields_set}


def invalid(field: str, *, rule: str | None = None, **facts: Any) -> Refusal:
    """``field_invalid`` on one field."""
    return Refusal("field_invalid", rule=rule, facts=facts, errors=(FieldError(field, "field_invalid"),))


def require_team(change: Change, parameters: Mapping[str, object]) -> None:
    """A hand-off goes to a team of the company, or a name misspelt would hand over nothing without a word (CLM-31)."""
    team = parameters.get("handoff.team")
    if team is not None and team not in change.organisation.teams:
        raise Refusal("policy_invalid", rule="CLM-31", errors=(FieldError("handoff.team", "field_invalid"),))


def require_version(read: int, present: int) -> None:
    """The one the caller read must be the present one, else ``version_conflict``."""
    if read != present:
        raise Refusal("version_conflict", facts={"versions": {"sent": read, "present": present}})


def require_unused(tx: Transaction, table: sa.Table, column: str, value: str | None) -> None:
    """An ``external_id`` or a name that must be the only one: ``field_invalid`` where another row has it."""
    if value is None:
        return
    if tx.execute(sa.select(table.c.id).where(table.c[column] == value)).first() is not None:
        raise invalid(column)


def require_people(change: Change, people: Iterable[str], *, field: str) -> None:
    """Every one of a list of people exists and is active."""
    for place, person in enumerate(people):
        change.active_person(person, field=f"{field}.{place}")
