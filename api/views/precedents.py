"""Precedents as anybody in their program may read them: without names, and undated in a small one (DSP-18)."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.policies import reads_policy
from domain.disputes.facts import Grounds
from storage import precedents
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

#: The kinds as people call them.
_NAMES: Final[dict[Grounds, tuple[str, ...]]] = {
    Grounds.OWNERSHIP: ("归属",),
    Grounds.SHARE: ("分配", "份额"),
    Grounds.CONTESTED_LAPSE: ("失效异议", "contested lapse"),
    Grounds.REFUSED_REPORT: ("报备被驳回", "撞单", "refused report"),
    Grounds.POACHING: ("抢单",),
    Grounds.IDENTITY: ("同一客户",),
}


def precedent_page(
    tx: Transaction,
    caller: Caller,
    *,
    q: str | None,
    rule: str | None,
    outcome: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """`GET /v1/precedents`, the newest cases first; of programs whose rules the caller reads."""
    c = t.precedent.c
    programs = [p.id for p in caller.setting.programs.values() if reads_policy(caller, p)]
    statement = sa.select(t.precedent).where(c.program.in_(sorted(programs)))
    partner = caller.setting.organisation.partner_of(caller.person)
    if partner is not None:  # cases among the house's own people are in-house (PPL-08)
        statement = statement.where(precedents.is_of(partner.id))
    if rule is not None:
        statement = statement.where(c.rules.contains(f",{rule},", autoescape=True))
    if outcome is not None:
        statement = statement.where(c.outcome == outcome)
    if q is not None:
        statement = statement.where(c.grounds.in_(_kinds(q)))
    rows, following = page(
        tx,
        statement,
        time_column=c.place,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "precedents", "q": q, "rule": rule, "outcome": outcome},
    )
    small = {program: _is_small(caller, program) for program in {r["program"] for r in rows}}
    return {"items": [_view(r, blurred=small[r["program"]]) for r in rows], "next": following}


def _kinds(q: str) -> list[str]:
    wanted = q.strip().lower()
    return [g.value for g in Grounds if any(wanted in name for name in (g.value, *_NAMES[g]))]


def _is_small(caller: Caller, program: str) -> bool:
    """Whether so few people belong to the program that a date would tell whose case it was."""
    known = caller.setting.programs[program]
    least = caller.setting.policy_at(program, at=caller.at).limit("precedent.group_min")
    organisation = caller.setting.organisation
    present = 0
    for person in organisation.people.values():
        if least is None or present >= least:
            return False
        present += person.active and known.is_member(person.id, organisation=organisation, at=caller.at)
    return least is not None and present < least


def _view(row: dict[str, Any], *, blurred: bool) -> dict[str, Any]:
    return {
        "id": row["id"],
        "program": row["program"],
        "track": row["track"],
        "grounds": row["grounds"],
        "tier": row["tier"],
        "outcome": row["outcome"],
        "rules": [rule for rule in row["rules"].split(",") if rule],
        "overturned": row["overturned"],
        "at": None if blurred else rfc3339(row["at"]),
        "policy_version": row["policy_version"],
        "blurred": blurred,
    }
