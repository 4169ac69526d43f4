"""People and teams in the database: dated relations are closed and opened, rows are never deleted (PPL-01, PPL-06)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.people.organisation import ChangeKind, Role, ScopeKind
from storage import tables as t
from storage.database import Transaction, mint


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A person as entered; ``name``, ``email`` and ``phone`` are sealed when they are kept."""

    name: str
    team: str
    email: str | None
    phone: str | None
    locale: str
    external_id: str | None
    partner: str | None = None


def add_person(tx: Transaction, entered: NewPerson, *, at: datetime, rev: int) -> str:
    """A person with their first home team."""
    person = mint()
    tx.execute(
        t.person.insert().values(
            id=person,
            number=tx.next_number("person"),
            name=tx.keys.seal(entered.name),
            email=tx.keys.seal(entered.email),
            phone=tx.keys.seal(entered.phone),
            team=entered.team,
            active=True,
            locale=entered.locale,
            external_id=entered.external_id,
            partner=entered.partner,
            created_at=at,
            version=1,
            rev=rev,
        )
    )
    _open_membership(tx, person, entered.team, at=at, rev=rev)
    return person


def move_home(tx: Transaction, person: str, team: str, *, at: datetime, rev: int) -> None:
    """The old membership ends as the new one begins; claims held take the fact in at their next drain (PPL-06)."""
    _close(tx, t.membership, t.membership.c.person == person, at=at, rev=rev)
    _open_membership(tx, person, team, at=at, rev=rev)
    add_change(tx, person, ChangeKind.MOVED, at=at, rev=rev)


def retire(tx: Transaction, person: str, *, at: datetime, rev: int) -> None:
    """A leaver belongs, leads and may nothing any more (PPL-06); what they held is decided by their supervisor."""
    tx.execute(
        t.person.update().where(t.person.c.id == person).values(active=False, version=t.person.c.version + 1, rev=rev)
    )
    led = set(tx.execute(sa.select(t.team.c.id).where(t.team.c.leader == person)).scalars())
    for team in sorted(led):
        tx.execute(
            t.team.update().where(t.team.c.id == team).values(leader=None, version=t.team.c.version + 1, rev=rev)
        )
    for table, of in (
        (t.membership, t.membership.c.person == person),
        (t.leadership, t.leadership.c.person == person),
        (t.role_grant, t.role_grant.c.person == person),
        (t.program_member, t.program_member.c.person == person),
        (t.delegation, sa.or_(t.delegation.c.person == person, t.delegation.c.delegate == person)),
    ):
        _close(tx, table, of, at=at, rev=rev)
    add_change(tx, person, ChangeKind.LEFT, at=at, rev=rev)


def add_change(
    tx: Transaction, person: str, kind: ChangeKind, *, at: datetime, rev: int, program: str | None = None
) -> None:
    """The fact that every later drain of a claim they hold reads, in ``program`` or everywhere (PPL-06)."""
    tx.execute(
        t.person_change.insert().values(
            number=tx.next_number("change"), person=person, kind=kind.value, at=at, program=program, rev=rev
        )
    )


def lead(tx: Transaction, team: str, leader: str | None, *, at: datetime, rev: int) -> None:
    """Leadership changes hands at ``at``; the row of the team itself is the caller's to write."""
    _close(tx, t.leadership, t.leadership.c.team == team, at=at, rev=rev)
    if leader is not None:
        tx.execute(t.leadership.insert().values(id=mint(), team=team, person=leader, from_at=at, rev=rev))


def give_grant(tx: Transaction, person: str, role: Role, *, at: datetime, rev: int) -> str:
    """A role on somebody's own records, from now on; the grant's id."""
    grant = mint()
    tx.execute(
        t.role_grant.insert().values(
            id=grant, person=person, role=role.value, scope_kind=ScopeKind.OWN.value, from_at=at, rev=rev
        )
    )
    return grant


def end_grant(tx: Transaction, grant: str, *, at: datetime, rev: int) -> None:
    """End a role grant now."""
    _close(tx, t.role_grant, t.role_grant.c.id == grant, at=at, rev=rev)


def cut_delegations(tx: Transaction, person: str, *, start: datetime, end: datetime, rev: int) -> None:
    """Of two delegates at one time the one named last counts: earlier ones end where the new one begins."""
    tx.execute(
        t.delegation.update()
        .where(t.delegation.c.person == person, t.delegation.c.from_at < end, t.delegation.c.to_at > start)
        .values(to_at=_not_before_it_began(t.delegation, start), rev=rev)
    )


def cases_of(tx: Transaction, person: str) -> set[str]:
    """Who has an interest in what now waits for ``person``: reports to judge, requests to decide (PPL-05).

    Reporter and owner of the claim, owners of customers it may be the same as, whoever asked, whoever would receive.
    """
    interested: set[str | None] = set()
    judged = sa.select(t.task.c.subject).where(
        t.task.c.person == person, t.task.c.state == "open", t.task.c.kind == "judge"
    )
    for row in tx.rows(
        sa.select(t.claim.c.reporter, t.claim.c.owner, t.claim.c.detail).where(t.claim.c.id.in_(judged))
    ):
        interested |= {row["reporter"], row["owner"], *row["detail"].get("rivals", ())}
    asked = (
        sa.select(t.request.c.by, t.request.c.data, t.claim.c.reporter, t.claim.c.owner)
        .join(t.request_waiting, t.request_waiting.c.request == t.request.c.id)
        .join(t.claim, t.claim.c.id == t.request.c.claim)
        .where(t.request_waiting.c.person == person)
    )
    for row in tx.rows(asked):
        interested |= {row["by"], row["reporter"], row["owner"], (row["data"] or {}).get("to")}
    return {who for who in interested if who is not None}


def _open_membership(tx: Transaction, person: str, team: str, *, at: datetime, rev: int) -> None:
    tx.execute(t.membership.insert().values(id=mint(), person=person, team=team, from_at=at, rev=rev))


def _close(tx: Transaction, table: sa.Table, of: sa.ColumnElement[bool], *, at: datetime, rev: int) -> None:
    """End what still runs at ``at``; what has not begun yet never will."""
    running = sa.and_(of, sa.or_(table.c.to_at.is_(None), table.c.to_at > at))
    tx.execute(table.update().where(running).values(to_at=_not_before_it_began(table, at), rev=rev))


def _not_before_it_began(table: sa.Table, at: datetime) -> sa.ColumnElement[datetime]:
    return sa.case((table.c.from_at > at, table.c.from_at), else_=sa.literal(at, table.c.to_at.type))
