"""How a customer comes into a pool (POOL-02): a customer whom nobody holds never sits in no place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.matters.draft import Draft
from domain.pools.pool import pool_for
from domain.territories.division import folded, territory_of


def enter_pool(draft: Draft, *, at: datetime, named: str | None = None) -> None:
    """The customer enters the pool that fits at ``at``, which lies ahead in grace and nurture.

    Whom no rule of the territory plan in force matches enters the default pool, unless a pool is ``named`` (TER-02).
    """
    matter = draft.matter
    region = matter.division.facets.get("region") if matter.division is not None else None
    found = pool_for(
        draft.setting.programs[matter.program].pools,
        gap=_is_in_gap(draft),
        level=matter.customer_level,
        source=matter.customer_source,
        region=folded(region) if region is not None else None,
        default=draft.setting.policy_at(matter.program, at=draft.at).word("pool.default"),
        named=named,
    )
    draft.matter = replace(matter.out_of_pool(), pooled=True, pool_at=at, pool=found.id, brought=matter.brought)


def _is_in_gap(draft: Draft) -> bool:
    matter, setting = draft.matter, draft.setting
    plan = setting.territory_plan(matter.program, at=draft.at)
    if (
        plan is None
        or matter.division is None
        or not setting.is_divided(matter.program, track=matter.track, at=draft.at)
    ):
        return False
    return territory_of(plan, matter.division, track=matter.track) is None
