"""Duty statements, what has not been acknowledged, and comments on rules as their readers see them (PPL-03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.policies import reads, reads_drafts
from domain.people.access import ReadScope, read_scope
from domain.people.duties import due, member_since, wears_since
from domain.people.organisation import Role
from domain.programs.program import Program
from domain.refusals import FieldError, Refusal
from storage import tables as t
from storage import texts
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

#: So many of those who have not acknowledged something are named; all are counted.
_NAMED = 200
#: Who sees what people in their scope have not acknowledged, leaders apart.
_WATCHING = frozenset({Role.MANAGER, Role.OVERSIGHT, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is acknowledged and commented on: the duty statement of ``role``, or the rules of ``program``.

    ``begins``: since when it is in force and reads as it does; what was acknowledged before that was another text. A
    policy of the company is nobody's by itself: neither is set.
    """

    id: str
    role: Role | None
    program: str | None
    version: int
    begins: datetime

    def since(self, person: str, caller: Caller) -> datetime | None:
        """Since when it concerns ``person``; None: not at all."""
        setting, at = caller.setting, caller.at
        if self.role is not None:
            found = wears_since(person, self.role, organisation=setting.organisation, at=at)
        elif self.program is not None:
            found = member_since(person, setting.programs[self.program], organisation=setting.organisation, at=at)
        else:
            found = None
        return max(found, self.begins) if found is not None else None


def subject_of(tx: Transaction, caller: Caller, about: str) -> Subject:
    """The duty statement, or the policy that the caller reads; anything else is ``field_invalid``."""
    duty = tx.row(sa.select(t.duty).where(t.duty.c.id == about))
    if duty is not None:
        return _of_duty(duty)
    policy = tx.row(sa.select(t.policy).where(t.policy.c.id == about))
    if policy is None or not reads(caller, policy):
        raise Refusal("field_invalid", rule="PPL-03", errors=(FieldError("about", "field_invalid"),))
    program = caller.setting.programs.get(policy["program"]) if policy["program"] is not None else None
    if program is not None and program.policy_at(caller.at).id == about:
        return _rules_of(caller, program)
    begins = policy["effective_at"] or policy["created_at"]
    return Subject(about, None, policy["program"], policy["version"], begins)


def in_force(tx: Transaction, subject: Subject, *, caller: Caller) -> bool:
    """Whether it is what holds now; of a role's statements the last."""
    if subject.role is not None:
        c = t.duty.c
        newest = tx.execute(sa.select(sa.func.max(c.version)).where(c.role == subject.role.value)).scalar_one()
        return bool(newest == subject.version)
    assert subject.program is not None  # a company's policy concerns nobody by itself
    return caller.setting.terms_at(subject.program, at=caller.at).policy == subject.id


def duty_view(tx: Transaction, caller: Caller, duty: str) -> Row:
    """One version of a duty statement, which is known to be there."""
    row = tx.row(sa.select(t.duty).where(t.duty.c.id == duty))
    assert row is not None
    return _duty_views(tx, caller, [row])[0]


def duty_page(tx: Transaction, caller: Caller, *, role: str | None, limit: int, cursor: str | None) -> Row:
    """`GET /v1/duties`: every version, newest first."""
    c = t.duty.c
    rows, following = page(
        tx,
        sa.select(t.duty) if role is None else sa.select(t.duty).where(c.role == role),
        time_column=c.published_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "duties", "role": role},
    )
    return {"items": _duty_views(tx, caller, rows), "next": following}


def owed_list(tx: Transaction, caller: Caller, *, overdue: bool) -> Row:
    """`GET /v1/acknowledgements`: by the caller and by those whom they lead, the longest due first."""
    subjects = [*_statements(tx), *_rules(caller)]
    a = t.acknowledgement.c
    known = sa.select(a.subject, a.person, a.at).where(a.subject.in_([s.id for s in subjects]))
    begins = {s.id: s.begins for s in subjects}
    rows = tx.rows(known) if subjects else []
    done = {(r["subject"], r["person"]) for r in rows if r["at"] >= begins[r["subject"]]}
    people = _shown(caller)
    owed = [one for s in subjects for one in _owed(caller, s, [p for p in people if (s.id, p) not in done])]
    late = sum(one["overdue"] for one in owed)
    found = [one for one in owed if one["overdue"] or not overdue]
    found.sort(key=lambda one: (one["due"] is None, one["due"] or "", one["about"], one["person"]))
    return {"count": len(found), "overdue": late, "items": found[:_NAMED]}


def comment_page(tx: Transaction, caller: Caller, about: str, *, limit: int, cursor: str | None) -> Row:
    """`GET /v1/rule-comments`."""
    subject, c = subject_of(tx, caller, about), t.rule_comment.c
    everything = reads_drafts(caller, subject.program)
    statement = sa.select(t.rule_comment).where(c.subject == subject.id)
    rows, following = page(
        tx,
        statement if everything else statement.where(c.person == caller.person),
        time_column=c.at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "rule_comments", "about": about, "of": None if everything else caller.person},
    )
    return {"items": comment_views(tx, rows), "next": following}


def comment_views(tx: Transaction, rows: Sequence[Row]) -> list[Row]:
    """Comments in the order of ``rows``."""
    said = texts.read(tx, (r["text"] for r in rows))
    return [
        {
            "id": r["id"],
            "about": r["subject"],
            "author": r["person"],
            "text": said.get(r["text"], ""),
            "at": rfc3339(r["at"]),
        }
        for r in rows
    ]


def _of_duty(row: Row) -> Subject:
    return Subject(row["id"], Role(row["role"]), None, row["version"], row["published_at"])


def _statements(tx: Transaction) -> list[Subject]:
    """The present duty statement of every role that has one."""
    c = t.duty.c
    newest = sa.select(c.role, sa.func.max(c.version).label("version")).group_by(c.role).subquery()
    present = sa.select(t.duty).join(newest, sa.and_(newest.c.role == c.role, newest.c.version == c.version))
    return [_of_duty(row) for row in tx.rows(present.order_by(c.id))]


def _rules(caller: Caller) -> list[Subject]:
    """The policy in force of every open program."""
    return [_rules_of(caller, program) for program in caller.setting.programs.values() if program.open]


def _rules_of(caller: Caller, program: Program) -> Subject:
    """The rules of ``program``: its policy in force, over that of the company (POL-01)."""
    present = program.policy_at(caller.at)
    begins = caller.setting.rules_since(program.id, at=caller.at)
    return Subject(present.id, None, program.id, present.version, begins)


def _shown(caller: Caller) -> list[str]:
    """The caller, and everybody active whom they lead or watch over, by person number."""
    organisation, at = caller.setting.organisation, caller.at
    scope: ReadScope = read_scope(caller.actor, organisation=organisation, at=at, roles=_WATCHING)
    return [
        p.id
        for p in sorted(organisation.people.values(), key=lambda p: p.number)
        if p.active and (p.id == caller.person or scope.everything or organisation.team_of(p.id, at=at) in scope.teams)
    ]


def _owed(caller: Caller, subject: Subject, people: Sequence[str]) -> Iterator[Row]:
    setting, at = caller.setting, caller.at
    # A role belongs to no program: the company says how long, and its days are counted by the first calendar.
    policy = setting.policy_at(subject.program, at=at) if subject.program else setting.company_policy_at(at)
    within = policy.duration("people.duty_ack_wd")
    of_company = setting.calendars[min(setting.calendars)]
    calendar = setting.calendar(subject.program) if subject.program is not None else of_company
    for person in people:
        since = subject.since(person, caller)
        if since is None:
            continue
        until = due(since, within=within, calendar=calendar)
        yield {
            "person": person,
            "about": subject.id,
            "kind": "duty" if subject.role is not None else "rules",
            "role": subject.role.value if subject.role is not None else None,
            "program": subject.program,
            "version": subject.version,
            "since": rfc3339(since),
            "due": rfc3339(until) if until is not None else None,
            "overdue": until is not None and until < at,
        }


def _duty_views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    present = {s.id for s in _statements(tx)}
    a = t.acknowledgement.c
    mine = sa.select(a.subject, a.at).where(a.person == caller.person, a.subject.in_([r["id"] for r in rows]))
    read = {r["subject"]: r["at"] for r in tx.rows(mine)}
    return [
        {
            "id": r["id"],
            "role": r["role"],
            "version": r["version"],
            "text": r["text"],
            "current": r["id"] in present,
            "published_by": r["author"],
            "published_at": rfc3339(r["published_at"]),
            "acknowledged_at": rfc3339(read[r["id"]]) if r["id"] in read else None,
        }
        for r in rows
    ]
