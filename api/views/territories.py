"""Territory plans as their readers see them (contract section 19: TER-02, TER-03)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.policies import reads_drafts, reads_policy
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.pools.limits import workload
from domain.refusals import Refusal
from domain.territories.division import CONDITIONS, Overlap, Territory, located, overlaps, territory_of
from domain.territories.division import TerritoryPlan as Plan
from domain.territories.lifecycle import PlanState, allowed, standing
from storage import tables as t
from storage import territories, territory_reviews, texts
from storage.codec import rfc3339
from storage.database import Transaction
from storage.pools import takers

Row = dict[str, Any]
_GAPS = 100
_CLAIMS = 200


def plan_row(tx: Transaction, caller: Caller, plan: str) -> Row:
    """The row of a plan the caller may read; else ``not_found``, the same as for a missing one (PPL-02)."""
    row = tx.row(sa.select(t.territory_plan).where(t.territory_plan.c.id == plan))
    if row is None or not _reads(caller, row):
        raise Refusal("not_found")
    return row


def plan_page(tx: Transaction, caller: Caller, *, program: str | None, limit: int, cursor: str | None) -> Row:
    """Plans of programs whose rules the caller reads, newest first."""
    c = t.territory_plan.c
    statement = sa.select(t.territory_plan).where(_readable(caller))
    if program is not None:
        statement = statement.where(c.program == program)
    rows, following = page(
        tx,
        statement,
        time_column=c.created_at,
        id_column=c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "territories", "program": program},
    )
    present = territories.present(tx, {row["program"] for row in rows}, at=tx.now())
    return {"items": [_view(tx, caller, row, present) for row in rows], "next": following}


def plan_view(tx: Transaction, caller: Caller, row: Row) -> Row:
    """One plan, and how it stands now."""
    return _view(tx, caller, row, territories.present(tx, [row["program"]], at=tx.now()))


def _view(tx: Transaction, caller: Caller, row: Row, present: Collection[str]) -> Row:
    state = _state(row, present, at=tx.now())
    said = texts.read(tx, (one["reason"] for one in row["waived"]))
    return {
        "id": row["id"],
        "program": row["program"],
        "version": row["version"],
        "state": state.value,
        "territories": [
            {**one, "to": {"person": one["to"].get("person"), "team": one["to"].get("team")}}
            for one in row["territories"]
        ],
        "waived": [{**one, "reason": said.get(one["reason"])} for one in row["waived"]],
        "author": row["author"],
        "reason": tx.keys.open_text(row["reason"]) if row["reason"] is not None else None,
        "activated_by": row["activated_by"],
        "effective_at": rfc3339(row["effective_at"]) if row["effective_at"] is not None else None,
        "ended_at": rfc3339(row["ended_at"]) if row["ended_at"] is not None else None,
        "review_by": rfc3339(row["review_by"]) if row["review_by"] is not None else None,
        "created_at": rfc3339(row["created_at"]),
        "allowed": [trigger.value for trigger in allowed(state)] if may_divide(caller, row["program"]) else [],
    }


def state_of(tx: Transaction, row: Mapping[str, Any], *, at: datetime) -> PlanState:
    """How the plan stands at ``at`` (TER-03)."""
    return _state(row, territories.present(tx, [row["program"]], at=at), at=at)


def _state(row: Mapping[str, Any], present: Collection[str], *, at: datetime) -> PlanState:
    return standing(effective_at=row["effective_at"], ended_at=row["ended_at"], is_in_force=row["id"] in present, at=at)


def may_divide(caller: Caller, program: str) -> bool:
    """Whether the caller divides the program into territories."""
    place = Place(program=program)
    return has_role(caller.actor, {Role.ADMIN}, organisation=caller.setting.organisation, at=caller.at, place=place)


def preview(tx: Transaction, caller: Caller, plan: str) -> Row:
    """What activating would meet: overlaps, gaps, claims that would fall elsewhere, with counts (TER-03)."""
    return _met(tx, caller, _as_if(tx, _looked_into(tx, caller, plan)))


def review(tx: Transaction, caller: Caller, plan: str) -> Row:
    """What a review looks at: figures per territory, and what activating it now would meet (TER-04)."""
    row = _looked_into(tx, caller, plan)
    as_if = _as_if(tx, row)
    due = row["review_by"]
    return {
        "plan": row["id"],
        "review_by": rfc3339(due) if due is not None else None,
        "overdue": due is not None and due < as_if.effective_at,
        "territories": _figures(tx, caller, as_if),
        **_met(tx, caller, as_if),
    }


def _looked_into(tx: Transaction, caller: Caller, plan: str) -> Row:
    row = plan_row(tx, caller, plan)
    if not reads_drafts(caller, row["program"]):
        raise Refusal("not_allowed", rule="PPL-02")
    return row


def _as_if(tx: Transaction, row: Row) -> Plan:
    """The plan as if it came into force now."""
    return Plan(
        id=row["id"],
        program=row["program"],
        version=row["version"],
        effective_at=tx.now(),
        territories=territories.territories_of(row["territories"]),
    )


def _figures(tx: Transaction, caller: Caller, plan: Plan) -> list[Row]:
    claims: Counter[str] = Counter()
    deals: Counter[str] = Counter()
    live = territory_reviews.live_deals(tx, plan.program)
    for claim, customer in territories.claims_of(tx, plan.program):
        found = territory_of(plan, customer, track=claim["track"])
        if found is not None:
            claims[found.territory.name] += 1
            deals[found.territory.name] += live.get(claim["id"], 0)
    cases = (
        territory_of(plan, customer, track=track) for track, customer in territory_reviews.disputes_of(tx, plan.program)
    )
    disputes = Counter(found.territory.name for found in cases if found is not None)
    return [
        {
            "name": one.name,
            "track": one.track,
            "claims": claims[one.name],
            "deals": deals[one.name],
            "disputes": disputes[one.name],
            **_load(tx, caller, one, at=plan.effective_at),
        }
        for one in plan.territories
    ]


def _load(tx: Transaction, caller: Caller, territory: Territory, *, at: datetime) -> Row:
    """How many people hold the territory, and how much they have to do, in the company's points (POOL-11)."""
    organisation, policy = caller.setting.organisation, caller.setting.company_policy_at(at)
    people = [
        person.id
        for person in organisation.people.values()
        if person.active and territory.is_of(person.id, organisation=organisation, at=at)
    ]
    known = takers(tx, people, matter=_NO_MATTER, since=at, now=at, teams={})
    points = sum(
        workload(claims=known[p].held, leads=known[p].leads, overdue=known[p].overdue, policy=policy) for p in people
    )
    return {"people": len(people), "load_points": float(points)}


#: Stands for the matter to be left out of a count of what people have: none.
_NO_MATTER = "00000000-0000-0000-0000-000000000000"


def _met(tx: Transaction, caller: Caller, as_if: Plan) -> Row:
    doubtful, unmatched = _counted(tx, as_if)
    return {
        "overlaps": [
            {**overlap_view(one), "customers": doubtful[one.territories]} for one in overlaps(as_if.territories)
        ],
        "gaps": {
            "customers": unmatched.total(),
            "items": [
                {"facets": dict(zip(CONDITIONS, known, strict=True)), "customers": count}
                for known, count in sorted(unmatched.items(), key=lambda item: (-item[1], str(item[0])))[:_GAPS]
            ],
        },
        "claims": _elsewhere(tx, caller, as_if),
    }


def overlap_view(found: Overlap) -> Row:
    """An overlap as refusals and previews name it."""
    when = {name: list(words) for name, words in found.when} if found.account is None else None
    return {"territories": list(found.territories), "account": found.account, "when": when}


def _counted(tx: Transaction, plan: Plan) -> tuple[Counter[tuple[str, str]], Counter[tuple[str | None, ...]]]:
    """Customers per pair of territories with nothing to decide between them; customers in none, by their facets."""
    doubtful: Counter[tuple[str, str]] = Counter()
    unmatched: Counter[tuple[str | None, ...]] = Counter()
    tracks = sorted({territory.track for territory in plan.territories})
    for customer in territories.customers_of(tx, plan.program):
        for track in tracks:
            names = [found.territory.name for found in located(plan, customer, track=track)]
            doubtful.update(combinations(names, 2))
        if territory_of(plan, customer, track="sales") is None:
            unmatched[tuple(customer.facets.get(name) for name in CONDITIONS)] += 1
    return doubtful, unmatched


def _elsewhere(tx: Transaction, caller: Caller, plan: Plan) -> Row:
    count = 0
    items: list[Row] = []
    for claim, customer in territories.claims_of(tx, plan.program):
        found = territory_of(plan, customer, track=claim["track"])
        if found is None or _holds(caller, found.territory, claim["owner"], at=plan.effective_at):
            continue
        count += 1
        if len(items) < _CLAIMS:
            items.append({"claim": claim["id"], "owner": claim["owner"], "territory": found.territory.name})
    return {"count": count, "items": items}


def _holds(caller: Caller, territory: Territory, owner: str, *, at: datetime) -> bool:
    return territory.is_of(owner, organisation=caller.setting.organisation, at=at)


def _reads(caller: Caller, row: Row) -> bool:
    if reads_drafts(caller, row["program"]):
        return True
    program = caller.setting.programs[row["program"]]
    start, end = row["effective_at"], row["ended_at"]
    began = start is not None and start <= caller.at and (end is None or start < end)
    return began and _is_of_the_house(caller) and reads_policy(caller, program)


def _is_of_the_house(caller: Caller) -> bool:
    """How the house divides its customers among its people is nothing for a partner's (PPL-08)."""
    return caller.setting.organisation.partner_of(caller.person) is None


def _readable(caller: Caller) -> sa.ColumnElement[bool]:
    c, programs = t.territory_plan.c, caller.setting.programs.values()
    drafts: Sequence[str] = sorted(p.id for p in programs if reads_drafts(caller, p.id))
    mine: Sequence[str] = sorted(p.id for p in programs if _is_of_the_house(caller) and reads_policy(caller, p))
    began = sa.and_(c.effective_at <= caller.at, sa.or_(c.ended_at.is_(None), c.effective_at < c.ended_at))
    return sa.or_(c.program.in_(drafts), sa.and_(c.program.in_(mine), began))
