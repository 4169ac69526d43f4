"""What a supervisor is told of somebody with too much on hand: once a day, with who has room by then (POOL-11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.leads.candidates import members, with_room
from domain.matters.draft import Notice
from domain.matters.setting import Setting
from domain.pools.overload import ALARM, showing
from storage import leads
from storage import tables as t
from storage.database import Transaction

_AGAIN = timedelta(days=1)


def told(tx: Transaction, notices: Sequence[Notice], setting: Setting, *, at: datetime) -> list[Notice]:
    """``notices`` without what its reader has heard already within a day, and with who has room."""
    found: list[Notice] = []
    for notice in notices:
        if notice.kind != ALARM:
            found.append(notice)
        elif not _is_known(tx, notice, at=at):
            found.append(showing(notice, _room(tx, notice, setting, at=at)))
    return found


def _is_known(tx: Transaction, notice: Notice, *, at: datetime) -> bool:
    c = t.notice.c
    same = (c.person == notice.person, c.kind == ALARM, c.subject == notice.subject, c.at > at - _AGAIN)
    return tx.row(sa.select(c.id).where(*same).limit(1)) is not None


def _room(tx: Transaction, notice: Notice, setting: Setting, *, at: datetime) -> tuple[str, ...]:
    program: str = notice.facts["program"]
    people = tuple(p for p in members(program, None, setting=setting, at=at) if p != notice.subject)
    policy = setting.policy_at(program, at=at)
    return with_room(people, program, leads.loads(tx, people, now=at), setting=setting, policy=policy, at=at)
