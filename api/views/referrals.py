"""Rewards of customers who brought others, for whoever pays them (CNF-05)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import customers_of
from domain.people.access import read_scope
from domain.people.organisation import Role
from domain.refusals import Refusal
from storage import referrals
from storage import tables as t
from storage.codec import rfc3339
from storage.database import Transaction

Row = dict[str, Any]

_R = t.referral_reward.c
_REWARDS = (
    sa.select(
        t.referral_reward,
        t.deal.c.number.label("deal_number"),
        t.deal.c.state.label("deal_state"),
        t.deal.c.owner,
        t.deal.c.track,
        t.deal.c.customer.label("brought"),
    )
    .select_from(t.referral_reward)
    .join(t.deal, t.deal.c.id == _R.deal)
)


def reward_page(tx: Transaction, caller: Caller, *, program: str | None, limit: int, cursor: str | None) -> Row:
    """`GET /v1/referrals/rewards`, newest first."""
    rows, following = page(
        tx,
        _REWARDS.where(*_matching(caller, program)),
        time_column=_R.at,
        id_column=_R.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "rewards", "program": program},
    )
    return {"items": _views(tx, caller, rows), "next": following}


def whole_rewards(tx: Transaction, caller: Caller, *, program: str | None, at_most: int) -> Iterator[Row]:
    """Every reward, oldest first, for a file; no more than ``at_most``."""
    rows = tx.rows(_REWARDS.where(*_matching(caller, program)).order_by(_R.at, _R.id).limit(at_most))
    yield from _views(tx, caller, rows)


def _matching(caller: Caller, program: str | None) -> list[sa.ColumnElement[bool]]:
    """Finance and audit, where their grants lie; nobody else pays or checks it."""
    roles = {Role.FINANCE, Role.AUDITOR}
    scope = read_scope(caller.actor, organisation=caller.setting.organisation, at=caller.at, roles=roles)
    if not scope.everything and not scope.programs:
        raise Refusal("not_allowed", rule="CNF-05")
    wanted = [] if scope.everything else [_R.program.in_(sorted(scope.programs))]
    return [*wanted, *([_R.program == program] if program is not None else [])]


def _state(tx: Transaction, caller: Caller, row: Row) -> str:
    """`channel`: a deal in the channel track came later, and policy pays one of the two; finance decides which."""
    if row["deal_state"] == "cancelled":
        return "cancelled"
    one_source = caller.setting.policy_at(row["program"], at=row["at"]).switch("referral.one_source")
    other_track = row["track"] != referrals.CHANNEL
    if one_source and other_track and referrals.has_channel_deal(tx, row["brought"], program=row["program"]):
        return "channel"
    return "due"


def _views(tx: Transaction, caller: Caller, rows: Sequence[Row]) -> list[Row]:
    people = customers_of(tx, {r["customer"] for r in rows})
    return [
        {
            "id": r["id"],
            "program": r["program"],
            "lead": r["lead"],
            "claim": r["claim"],
            "deal": r["deal"],
            "deal_number": r["deal_number"],
            "referrer": people[r["customer"]],
            "customer": r["brought"],
            "owner": r["owner"],
            "at": rfc3339(r["at"]),
            "state": _state(tx, caller, r),
            "related": referrals.related(tx, r["customer"], r["brought"]),
        }
        for r in rows
    ]
