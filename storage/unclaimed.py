"""High-ranked customers whom nobody took from their pool in time (POOL-05): each becomes a lead for smart dispatch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa

from domain.leads.lifecycle import LeadState
from domain.leads.model import Facets, Lead
from domain.leads.rules import UNCLAIMED
from domain.leads.scoring import graded, scored
from domain.matters.setting import Setting
from domain.pools.limits import takeable_from
from domain.pools.pool import Pool
from storage import customers, lead_intake, matters
from storage import tables as t
from storage.database import Transaction, mint

#: So many at most of one pool are looked at in one round; the next round takes up the rest.
_PORTION = 20


def due(tx: Transaction, setting: Setting) -> list[str]:
    """Entries of a level that a pool's priority names, `pool.unclaimed_h` after they could be taken."""
    now, m = tx.now(), t.matter.c
    found: list[str] = []
    for program, pool in _with_priority(setting, at=now):
        assert pool.priority is not None
        since_entry = t.lead.c.received_at >= m.pool_at
        sent = sa.exists().where(t.lead.c.matter == m.id, t.lead.c.source == UNCLAIMED, since_entry)
        rows = tx.rows(
            sa.select(m.id, m.pool_at)
            .join(t.customer, t.customer.c.id == m.customer)
            .where(
                m.pool == pool.id,
                m.pooled,
                ~m.pool_locked,
                ~m.led,
                m.pool_at <= now,
                customers.LEVEL.in_(sorted(pool.priority.levels)),
                ~sent,
            )
            .order_by(m.pool_at, m.id)
            .limit(_PORTION)
        )
        found += [row["id"] for row in rows if _is_over(row["pool_at"], program, setting, at=now)]
    return found


def send(tx: Transaction, setting: Setting, matter: str) -> None:
    """Make a lead of the entry ``matter``, in the name of who looks after its pool; nothing if it is none any more."""
    locked = matters.lock_even_merged(tx, matter)
    row = locked.row
    if not row["pooled"] or row["pool_locked"] or row["led"]:
        return
    program = setting.programs[row["program"]]
    organisation = setting.organisation
    keepers = (*sorted(program.pool(row["pool"]).admins), *program.oversight)
    sender = next((p for p in keepers if organisation.is_active(p, at=locked.now)), None)
    if sender is None:
        return
    terms = setting.terms_at(program.id, at=locked.now)
    policy = setting.policy(terms)
    score = scored({}, policy).score
    lead = Lead(
        id=mint(),
        number=tx.next_number("lead"),
        matter=matter,
        program=program.id,
        customer=row["customer"],
        sender=sender,
        team=organisation.team_of(sender, at=locked.now),
        source=UNCLAIMED,
        state=LeadState.RECEIVED,
        received_at=locked.now,
        terms=terms,
        facets=Facets(region=(row["facets"] or {}).get("region")),
        score=score,
        grade=graded(score, policy),
    )
    more = {"track": row["track"], "project": row["project"], "external_id": None}
    lead_intake.receive(tx, lead, more, locked, epoch=setting.epoch, told={"person": None})
    matters.ring_later(tx, lead.id, "lead", at=locked.now)


def _with_priority(setting: Setting, *, at: datetime) -> Iterator[tuple[str, Pool]]:
    for program in setting.programs.values():
        if program.open and setting.policy_at(program.id, at=at).duration("pool.unclaimed_h") is not None:
            yield from ((program.id, pool) for pool in program.pools if pool.priority is not None)


def _is_over(entered_at: datetime, program: str, setting: Setting, *, at: datetime) -> bool:
    policy = setting.policy_at(program, at=at)
    wait = policy.duration("pool.unclaimed_h")
    free = takeable_from(entered_at, policy, setting=setting, program=program)
    return wait is not None and setting.calendar(program).add(free, wait).at <= at
