"""Programs (业务项目) and their members in the database (TER-01)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.claims.lifecycle import HOLDING
from storage import tables as t
from storage.database import Transaction, mint

#: States in which somebody holds a customer.
_HELD = sorted(state.value for state in HOLDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProgram:
    """A program as opened; its first policy version is written beside it."""

    name: str
    oversight: Sequence[str]
    panel: Sequence[str]
    calendar: str
    external_id: str | None
    pool_admins_only: bool = False


def add(tx: Transaction, opened: NewProgram, *, at: datetime, rev: int) -> str:
    """An open program with its default pool (公海)."""
    program, pool = mint(), mint()
    tx.execute(
        t.program.insert().values(
            id=program,
            name=opened.name,
            state="open",
            external_id=opened.external_id,
            oversight=list(opened.oversight),
            panel=list(opened.panel),
            calendar=opened.calendar,
            default_pool=pool,
            created_at=at,
            version=1,
            rev=rev,
        )
    )
    row = {"id": pool, "program": program, "name": opened.name, "is_default": True, "created_at": at, "rev": rev}
    row["open_to"] = "admins" if opened.pool_admins_only else "members"
    tx.execute(t.pool.insert().values(row))
    return program


def add_member(
    tx: Transaction, program: str, *, team: str | None, person: str | None, at: datetime, rev: int
) -> tuple[dict[str, Any], bool]:
    """A member from ``at`` on; one that is a member already stays the row it is. Whether the row is new."""
    here = sa.and_(
        t.program_member.c.program == program,
        t.program_member.c.team.is_(None) if team is None else t.program_member.c.team == team,
        t.program_member.c.person.is_(None) if person is None else t.program_member.c.person == person,
        t.program_member.c.to_at.is_(None),
    )
    found = tx.row(sa.select(t.program_member).where(here))
    if found is not None:
        return found, False
    row = {"id": mint(), "program": program, "team": team, "person": person, "from_at": at, "to_at": None, "rev": rev}
    tx.execute(t.program_member.insert().values(**row))
    return row, True


def end_member(tx: Transaction, member: str, *, at: datetime, rev: int) -> None:
    """End a membership of a program now."""
    tx.execute(t.program_member.update().where(t.program_member.c.id == member).values(to_at=at, rev=rev))


def members(tx: Transaction, programs: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """Everybody who is or was a member, in the order of joining, by program."""
    wanted = sorted(set(programs))
    found: dict[str, list[dict[str, Any]]] = {program: [] for program in wanted}
    for row in tx.rows(
        sa.select(t.program_member)
        .where(t.program_member.c.program.in_(wanted))
        .order_by(t.program_member.c.from_at, t.program_member.c.id)
    ):
        found[row["program"]].append(row)
    return found


def holders(tx: Transaction, program: str) -> list[str]:
    """Who holds a customer in the program now."""
    found = tx.execute(
        sa.select(t.claim.c.owner)
        .where(t.claim.c.program == program, t.claim.c.state.in_(_HELD), t.claim.c.owner.is_not(None))
        .distinct()
        .order_by(t.claim.c.owner)
    )
    return list(found.scalars())
