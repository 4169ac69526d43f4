"""Policy versions as their readers see them (contract section 3: POL-01, POL-04, POL-07)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from domain.claims.model import TermsRef
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.policy.text import rule_text
from domain.programs.program import Program, in_force
from domain.refusals import Refusal
from storage import policies
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

#: Who reads a program's policy besides its members (contract section 9).
_READERS = frozenset(
    {
        Role.TEAM_LEAD,
        Role.MANAGER,
        Role.MEDIATOR,
        Role.ARBITRATOR,
        Role.OVERSIGHT,
        Role.FINANCE,
        Role.POLICY_ADMIN,
        Role.AUDITOR,
        Role.ADMIN,
    }
)
#: Who reads a version that has not come into force: those who make, check or watch policies.
_DRAFT_READERS = frozenset({Role.OVERSIGHT, Role.POLICY_ADMIN, Role.AUDITOR, Role.ADMIN})


def policy_row(tx: Transaction, caller: Caller, policy: str) -> Row:
    """The row of a version the caller may read; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.policy).where(t.policy.c.id == policy))
    if row is None or not reads(caller, row):
        raise Refusal("not_found")
    return row


def policy_view(tx: Transaction, row: Row) -> Row:
    """One version: what it sets, and how it stands."""
    now = tx.now()
    present = policies.in_force(tx, [row["program"]], at=now)[row["program"]]["id"]
    return _view(tx, row, present=present, at=now)


def policy_in_force(tx: Transaction, caller: Caller, program: str, *, at: datetime | None) -> Row:
    """`GET /v1/programs/{id}/policy`: the version in force at an instant, every parameter with its value (POL-01)."""
    known = readable_program(caller, program)
    terms = caller.setting.terms_at(known.id, at=at or caller.at)
    row = tx.row(sa.select(t.policy).where(t.policy.c.id == terms.policy))
    assert row is not None
    return policy_view(tx, row) | _resolved(caller.setting.policy(terms))


def policy_page(tx: Transaction, caller: Caller, program: str | None, *, limit: int, cursor: str | None) -> Row:
    """Versions of a program or of the company, newest first; unfinished ones for those who make or check them."""
    if program is not None:
        readable_program(caller, program)
    of = t.policy.c.program.is_(None) if program is None else t.policy.c.program == program
    statement = sa.select(t.policy).where(of)
    everything = reads_drafts(caller, program)
    if not everything:
        statement = statement.where(t.policy.c.state.in_(("active", "archived")))
    rows, following = page(
        tx,
        statement,
        time_column=t.policy.c.created_at,
        id_column=t.policy.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "policies", "program": program, "drafts": everything},
    )
    now = tx.now()
    present = policies.in_force(tx, [program], at=now)[program]["id"]
    return {"items": [_view(tx, row, present=present, at=now) for row in rows], "next": following}


def rules_in_words(tx: Transaction, caller: Caller, policy: str, *, lang: str) -> Row:
    """`GET /v1/policies/{id}/text` (POL-07)."""
    row = policy_row(tx, caller, policy)
    return {"text": rule_text(policy_of(caller, row, at=caller.at), lang=lang)}


def policy_of(caller: Caller, row: Row, *, at: datetime) -> Policy:
    """What a version comes to: over the company's policy in force at ``at``, or by itself if it is the company's."""
    setting = caller.setting
    if row["program"] is None:
        return Policy.resolve(row["parameters"], overrides=row["overrides"], version=row["version"])
    beneath = in_force(setting.company_policies, at) or setting.company_policies[0]
    if row["id"] in setting.policies:
        return setting.policy(TermsRef(row["id"], beneath.id, row["version"], 0))
    company = setting.policies[beneath.id]
    return Policy.resolve(
        company.parameters,
        row["parameters"],
        overrides=(*company.overrides, *row["overrides"]),
        version=row["version"],
    )


def readable_program(caller: Caller, program: str) -> Program:
    """A program whose policy the caller may read: 404 where there is none, 403 for outsiders."""
    known = caller.setting.programs.get(program)
    if known is None:
        raise Refusal("not_found")
    if not reads_policy(caller, known):
        raise Refusal("not_allowed", rule="POL-07")
    return known


def reads_policy(caller: Caller, program: Program) -> bool:
    """Members and their leaders, oversight and panel, and who wears a reading role over the program."""
    organisation, at = caller.setting.organisation, caller.at
    if program.is_member(caller.person, organisation=organisation, at=at):
        return True
    if caller.person in (*program.oversight, *program.panel):
        return True
    present = [m for m in program.members if m.end is None or at < m.end]
    teams = {m.team for m in present if m.team is not None}
    teams |= {organisation.team_of(m.person, at=at) for m in present if m.person is not None}
    place = Place(program=program.id, teams=tuple(sorted(teams)))
    return has_role(caller.actor, _READERS, organisation=organisation, at=at, place=place)


def reads(caller: Caller, row: Row) -> bool:
    """Whether the caller may read a version of a policy or a plan by its ``program`` and ``state``."""
    if reads_drafts(caller, row["program"]):
        return True
    if row["state"] not in ("active", "archived"):
        return False
    program = caller.setting.programs.get(row["program"]) if row["program"] is not None else None
    return row["program"] is None or (program is not None and reads_policy(caller, program))


def reads_drafts(caller: Caller, program: str | None) -> bool:
    """Whether the caller makes, checks or watches what is not in force yet."""
    known = caller.setting.programs.get(program) if program is not None else None
    if known is not None and caller.person in known.oversight:
        return True
    place = Place(program=program) if program is not None else None
    return has_role(caller.actor, _DRAFT_READERS, organisation=caller.setting.organisation, at=caller.at, place=place)


def _resolved(policy: Policy) -> Row:
    values = {name: policy.effective(name) for name in policy.values()}
    return {"parameters": values, "overrides": [override.as_json() for override in policy.overrides]}


def _view(tx: Transaction, row: Row, *, present: str, at: datetime) -> Row:
    return {
        "id": row["id"],
        "program": row["program"],
        "version": row["version"],
        "state": policies.standing(row, in_force=present, at=at).value,
        "parameters": row["parameters"],
        "overrides": row["overrides"],
        "author": row["author"],
        "reviewed_by": row["reviewed_by"],
        "approved_by": row["approved_by"],
        "reason": tx.keys.open_text(row["reason"]),
        "effective_at": rfc3339(row["effective_at"]) if row["effective_at"] is not None else None,
        "warnings": row["warnings"],
    }
