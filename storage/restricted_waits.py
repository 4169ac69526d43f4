"""Restricted customers whom nobody who may have them has been on duty for (POOL-08): a task for who is in charge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from domain.leads.candidates import members
from domain.matters.draft import Task
from domain.matters.setting import Setting
from domain.pools.pool import Pool, Restriction
from storage import matters
from storage import tables as t
from storage.database import Transaction
from storage.pools import restriction_of

_KIND = "pool_restricted"


def follow(tx: Transaction, setting: Setting) -> None:
    """Raise the tasks that are due, each once, and close those of customers who are taken, freed or looked after."""
    now = tx.now()
    wanted = {task.key: task for task in _tasks(tx, setting, at=now)}
    c = t.task.c
    present = set(tx.execute(sa.select(c.key).where(c.kind == _KIND, c.state == "open")).scalars())
    new = [task for key, task in wanted.items() if key not in present]
    matters.save_tasks(tx, new, sorted(present - wanted.keys()), at=now)


def _tasks(tx: Transaction, setting: Setting, *, at: datetime) -> Iterator[Task]:
    m = t.matter.c
    for program in setting.programs.values():
        wait = setting.policy_at(program.id, at=at).duration("pool.restricted_wait_wh")
        if wait is None:
            continue
        since = setting.calendar(program.id).subtract(at, wait)
        rows = tx.rows(
            sa.select(m.id, m.pool, m.pool_only)
            .where(m.program == program.id, m.pooled, m.pool_only.is_not(None), m.pool_at <= since)
            .order_by(m.id)
        )
        for row in rows:
            only, pool = restriction_of(row["pool_only"]), program.pool(row["pool"])
            if _is_served(only, pool, setting, since=since, at=at):
                continue
            keepers = (*sorted(pool.admins), *program.oversight)
            person = next((p for p in keepers if setting.organisation.is_active(p, at=at)), None)
            if person is not None:
                yield Task(
                    key=f"{_KIND}:{row['id']}",
                    person=person,
                    kind=_KIND,
                    subject_type="pool_entry",
                    subject=row["id"],
                    due=None,
                )


def _is_served(only: Restriction, pool: Pool, setting: Setting, *, since: datetime, at: datetime) -> bool:
    """Whether somebody who may take the customer has been on duty between ``since`` and ``at``."""
    organisation, confirm = setting.organisation, setting.policy_at(pool.program, at=at).switch("people.skill_confirm")
    return any(
        not any(away.start <= since and at < away.end for away in organisation.absences.get(person, ()))
        for person in members(pool.program, None, setting=setting, at=at)
        if pool.open_to(person, organisation=organisation, at=at)
        and only.admits(person, profile=setting.profile(person), confirm=confirm, organisation=organisation, at=at)
    )
