"""Latent conflicts in the database: one row per pair, customer and window, with how often they met in it (DSP-19)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from domain.matters.draft import Draft, Notice
from domain.people.access import ReadScope
from storage import tables as t
from storage.database import Transaction, mint


def save(tx: Transaction, draft: Draft) -> list[Notice]:
    """Write what two people met on; the alerts of those pairs that nobody was told of in the window."""
    alerts: list[Notice] = []
    c = t.conflict.c
    for met in draft.conflicts:
        known = tx.row(
            sa.select(t.conflict)
            .where(c.matter == draft.matter.id, c.one == met.people[0], c.other == met.people[1], c.at > met.since)
            .order_by(c.at.desc())
            .limit(1)
        )
        if known is not None:
            tx.update(t.conflict, {"id": known["id"]}, {"times": known["times"] + 1, "last_at": draft.at})
            continue
        tx.insert(
            t.conflict,
            {
                "id": mint(),
                "kind": met.kind,
                "at": draft.at,
                "last_at": draft.at,
                "times": 1,
                "matter": draft.matter.id,
                "program": draft.matter.program,
                "customer": draft.matter.customer,
                "project": draft.matter.project,
                "track": draft.matter.track,
                "claim": met.claim,
                "one": met.people[0],
                "other": met.people[1],
                "one_team": met.teams[0],
                "other_team": met.teams[1],
            },
        )
        alerts += met.alerts
    return alerts


def people(tx: Transaction, matter: str, *, since: datetime) -> list[str]:
    """Whoever met somebody on the customer after ``since``, in order."""
    c = t.conflict.c
    pairs = tx.rows(sa.select(c.one, c.other).where(c.matter == matter, c.last_at > since))
    return sorted({person for pair in pairs for person in pair.values()})


def in_scope(
    scope: ReadScope, *, program: str | None, person: str | None, among: str | None = None
) -> sa.Select[tuple[object, ...]]:
    """Conflicts that the reader of ``scope`` is in charge of, never those they are part of themselves.

    ``among``: only those between people of this team, for a partner learns nothing of the house's people (PPL-08).
    """
    c = t.conflict.c
    wanted: list[sa.ColumnElement[bool]] = [c.one != scope.person, c.other != scope.person]
    if program is not None:
        wanted.append(c.program == program)
    if person is not None:
        wanted.append(sa.or_(c.one == person, c.other == person))
    if among is not None:
        wanted += [c.one_team == among, c.other_team == among]
    if not scope.everything:
        teams = sorted(scope.teams)
        wanted.append(sa.or_(c.program.in_(sorted(scope.programs)), c.one_team.in_(teams), c.other_team.in_(teams)))
    return sa.select(t.conflict).where(*wanted)
