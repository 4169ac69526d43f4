"""Restricted customers whom nobody who may have them is on duty for, in the pool or at a desk (POOL-08): a task for who
is in charge.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.calendar import Duration
from domain.leads.candidates import members
from domain.matters.draft import Task
from domain.matters.setting import Setting
from domain.pools.limits import admits
from domain.pools.pool import Pool, Restriction
from domain.programs.program import Program
from domain.reception.lifecycle import ReceptionState
from storage import matters
from storage import tables as t
from storage.database import Transaction
from storage.pools import restriction_of
from storage.receptions import queue_of

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
    for program in setting.programs.values():
        found = (*_unserved(tx, program, setting, at=at), *_visitors(tx, program, setting, at=at))
        for entry, pool in dict(found).items():
            keepers = (*sorted(program.pool(pool).admins), *program.oversight)
            person = next((p for p in keepers if setting.organisation.is_active(p, at=at)), None)
            if person is not None:
                yield Task(
                    key=f"{_KIND}:{entry}",
                    person=person,
                    kind=_KIND,
                    subject_type="pool_entry",
                    subject=entry,
                    due=None,
                )


def _unserved(tx: Transaction, program: Program, setting: Setting, *, at: datetime) -> Iterator[tuple[str, str]]:
    """Entries, each with its pool, that have lain for `pool.restricted_wait_wh` with nobody on duty for them."""
    wait = setting.policy_at(program.id, at=at).duration("pool.restricted_wait_wh")
    if wait is None:
        return
    since = setting.calendar(program.id).subtract(at, wait)
    for row in tx.rows(_kept(program).where(t.matter.c.pool_at <= since)):
        only = restriction_of(row["pool_only"])
        if not _is_served(only, program.pool(row["pool"]), setting, wait, since=since, at=at):
            yield row["id"], row["pool"]


def _visitors(tx: Transaction, program: Program, setting: Setting, *, at: datetime) -> Iterator[tuple[str, str]]:
    """Entries whose customer waits at a site today, where nobody who may receive them has signed in."""
    day, r = setting.calendar(program.id).local_date(at), t.reception.c
    here = _kept(program).join(t.reception, r.matter == t.matter.c.id).join(t.site, r.site == t.site.c.id)
    waiting = here.add_columns(t.site.c.queue).where(r.day == day, r.state == ReceptionState.WAITING.value)
    for row in tx.rows(waiting):
        only = restriction_of(row["pool_only"])
        signed_in = queue_of(row["queue"]).on(day, carry_over=False).present
        if not any(admits(only, person, program=program.id, setting=setting, at=at) for person in signed_in):
            yield row["id"], row["pool"]


def _kept(program: Program) -> sa.Select[Any]:
    """Restricted entries of the program, in the order of their ids."""
    m = t.matter.c
    entries = sa.select(m.id, m.pool, m.pool_only)
    return entries.where(m.program == program.id, m.pooled, m.pool_only.is_not(None)).order_by(m.id)


def _is_served(
    only: Restriction | None, pool: Pool, setting: Setting, wait: Duration, *, since: datetime, at: datetime
) -> bool:
    """Whether somebody who may have the customer has been on duty between ``since`` and ``at``, so much as ``wait``
    counts of time: a weekend between two absences is no duty.

    Where admins alone give customers away, these are whom they may give this one to.
    """
    organisation, calendar = setting.organisation, setting.calendar(pool.program)
    return any(
        any(
            not calendar.between(begin, end, wait.scale).is_zero
            for begin, end in organisation.present_between(person, start=since, end=at)
        )
        for person in members(pool.program, None, setting=setting, at=at)
        if (pool.admins_only or pool.open_to(person, organisation=organisation, at=at))
        and admits(only, person, program=pool.program, setting=setting, at=at)
    )
