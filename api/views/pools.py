"""Pools and their entries as members, admins and readers of the program see them (contract section 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.paging import page
from api.views.claims import claim_views, masked_phone, scope_of
from domain.calendar.wall_clock import WallClock
from domain.claims.lifecycle import ClaimState
from domain.claims.model import Claim
from domain.claims.permissions import may_sell
from domain.customers.email import mask_email
from domain.customers.names import mask_person_name
from domain.people.access import Place, has_role
from domain.people.organisation import Role
from domain.policy.policy import Policy
from domain.pools.limits import admits, capacity_of, held, takeable_from, weighed, workload
from domain.pools.pool import Pool, opens_at
from domain.refusals import Refusal
from domain.territories.division import folded
from storage import customers
from storage import tables as t
from storage.claim_rows import claim_row
from storage.codec import rfc3339, unpack
from storage.database import Transaction
from storage.pools import pool_of, restriction_of, takers

Row = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """How the caller stands to a pool."""

    pool: Pool
    takes: bool  # belongs to those who may take here
    manages: bool
    reads: bool  # may look into it


def standing(caller: Caller, pool: str) -> Standing:
    """``not_found`` for a pool of a program that the caller neither belongs to nor reads (PPL-02)."""
    found = next((p for program in caller.setting.programs.values() for p in program.pools if p.id == pool), None)
    if found is None or not _sees(caller, found.program) or not _shown(caller, found):
        raise Refusal("not_found")
    organisation = caller.setting.organisation
    program = caller.setting.programs[found.program]
    belongs = program.is_member(caller.person, organisation=organisation, at=caller.at)
    manages = caller.person in found.admins or administers(caller, found.program)
    reads_program = _reads(caller, found.program)
    # Whoever is listed looks in, though only admins may give away what lies there.
    listed = not found.members or found.members.includes(caller.person, organisation=organisation, at=caller.at)
    return Standing(
        pool=found,
        takes=belongs and found.open_to(caller.person, organisation=organisation, at=caller.at),
        manages=manages,
        reads=manages or reads_program or (belongs and listed),
    )


def administers(caller: Caller, program: str) -> bool:
    """Whether the caller is an admin over the program."""
    setting = caller.setting
    place = Place(program=program)
    return has_role(caller.actor, {Role.ADMIN}, organisation=setting.organisation, at=caller.at, place=place)


def _sees(caller: Caller, program: str) -> bool:
    member = caller.setting.programs[program].is_member(
        caller.person, organisation=caller.setting.organisation, at=caller.at
    )
    return member or _reads(caller, program)


def _shown(caller: Caller, pool: Pool) -> bool:
    """Whose customers were in-house ones is no business of a partner's people, unless a pool names them (PPL-08).

    A team above theirs does not do: nobody may have thought of them.
    """
    partner = caller.setting.organisation.partner_of(caller.person)
    return partner is None or partner.team in pool.members.teams or caller.person in pool.members.people


def _is_theirs(caller: Caller, member: Row) -> bool:
    """Whether ``member``, a person or a team, is of the partner organisation the caller stands in."""
    organisation = caller.setting.organisation
    partner = organisation.partner_of(caller.person)
    known = organisation.people.get(member.get("person") or "")
    return partner is not None and (
        member.get("team") == partner.team or (known is not None and known.partner == partner.id)
    )


def _reads(caller: Caller, program: str) -> bool:
    scope = scope_of(caller)
    return scope.everything or program in scope.programs or administers(caller, program)


def pool_view(tx: Transaction, caller: Caller, pool: str) -> Row:
    """One pool, which the caller is known to see. Read from its row: it may have been written a moment ago."""
    row = tx.row(sa.select(t.pool).where(t.pool.c.id == pool))
    assert row is not None
    return _pool(caller, row)


def pool_page(tx: Transaction, caller: Caller, *, program: str | None, limit: int, cursor: str | None) -> Row:
    """`GET /v1/pools`."""
    programs = caller.setting.programs
    seen = sorted(p for p in programs if _sees(caller, p) and program in (None, p))
    hidden = [pool.id for p in seen for pool in programs[p].pools if not _shown(caller, pool)]
    rows, following = page(
        tx,
        sa.select(t.pool).where(t.pool.c.program.in_(seen), t.pool.c.id.not_in(hidden)),
        time_column=t.pool.c.created_at,
        id_column=t.pool.c.id,
        cursor=cursor,
        limit=limit,
        filters={"list": "pools", "program": program},
    )
    return {"items": [_pool(caller, row) for row in rows], "next": following}


def _pool(caller: Caller, row: Row) -> Row:
    found, setting = pool_of(row), caller.setting
    program = setting.programs[found.program]
    policy = setting.policy_at(found.program, at=caller.at)
    windows = policy.pool_windows if found.windows is None else found.windows
    opening = opens_at(windows, caller.at, zone=setting.calendar(found.program).zone)
    organisation, at = setting.organisation, caller.at
    members, admins, priority = row["members"], row["admins"], row["priority"]
    if organisation.partner_of(caller.person) is not None:  # others who take or manage here are in-house (PPL-08)
        members, admins = [one for one in members if _is_theirs(caller, one)], []
        if priority is not None:
            people = [one for one in priority["people"] if _is_theirs(caller, {"person": one})]
            teams = [one for one in priority["teams"] if _is_theirs(caller, {"team": one})]
            priority = {**priority, "people": people, "teams": teams}
    return {
        "id": row["id"],
        "program": row["program"],
        "name": row["name"],
        "is_default": row["is_default"],
        "open_to": row["open_to"],
        "members": members,
        "admins": admins,
        "windows": row["windows"],
        "rule": {"regions": [], **row["rule"]} if row["rule"] is not None else None,
        "priority": priority,
        "may_take": may_sell(caller.actor, setting=setting, at=at)
        and program.is_member(caller.person, organisation=organisation, at=at)
        and found.open_to(caller.person, organisation=organisation, at=at),
        "open_now": opening is None,
        "opens_at": rfc3339(opening) if opening is not None else None,
        "version": row["version"],
    }


_ENTRY = sa.select(
    t.matter.c.id,
    t.matter.c.pool,
    t.matter.c.program,
    t.matter.c.track,
    t.matter.c.customer,
    t.matter.c.pool_at,
    t.matter.c.pool_locked,
    t.matter.c.pool_only,
).where(t.matter.c.pooled)


def entry_row(tx: Transaction, caller: Caller, stands: Standing, entry: str) -> Row:
    """The row of an entry of this pool the caller may look at; else ``not_found``."""
    row = tx.row(
        _ENTRY.where(t.matter.c.id == entry, t.matter.c.pool == stands.pool.id, t.matter.c.pool_at <= tx.now())
    )
    if row is None or (_hides_restricted(caller, stands) and not _may_have(caller, row)):
        raise Refusal("not_found")
    return row


def entry_page(
    tx: Transaction, caller: Caller, stands: Standing, *, level: str | None, limit: int, cursor: str | None
) -> Row:
    """`GET /v1/pools/{id}/customers`: the highest rank of `pool.priority_order` first, then the latest (POOL-05)."""
    statement = _ENTRY.join(t.customer, t.customer.c.id == t.matter.c.customer).where(
        t.matter.c.pool == stands.pool.id, t.matter.c.pool_at <= tx.now()
    )
    if level is not None:
        statement = statement.where(t.customer.c.level == level)
    order = caller.setting.policy_at(stands.pool.program, at=caller.at).words("pool.priority_order")
    regions = sorted(folded(region) for region in caller.setting.profile(caller.person).regions)
    first, *others = [*(_rank(word, regions) for word in order), t.matter.c.pool_at]
    rows, following = page(
        tx,
        statement,
        time_column=first,
        id_column=(*others, t.matter.c.id),
        cursor=cursor,
        limit=limit,
        filters={
            "list": "entries",
            "pool": stands.pool.id,
            "level": level,
            "order": list(order),
            "regions": regions,
        },
    )
    if _hides_restricted(caller, stands):
        rows = [row for row in rows if _may_have(caller, row)]
    return {"items": entry_views(tx, caller, stands, rows), "next": following}


def _rank(word: str, regions: Sequence[str]) -> sa.ColumnElement[Any]:
    """A number that is higher for customers who come first by ``word`` of `pool.priority_order` (POOL-05).

    ``regions``: those that whoever looks works in, folded; their customers come first.
    """
    match word:
        case "level":
            places = {level: place for place, level in enumerate(("C", "B", "A", "VIP"), 1)}
            return sa.case(places, value=customers.LEVEL.element, else_=0)
        case "amount":
            expected = sa.select(sa.func.max(t.claim.c.expected_minor)).where(t.claim.c.matter == t.matter.c.id)
            return sa.func.coalesce(expected.correlate(t.matter).scalar_subquery(), 0)
        case _:
            region = sa.func.lower(sa.func.trim(t.customer.c.facets["region"].as_string()))
            return sa.case((region.in_(regions), 1), else_=0)


def entry_views(tx: Transaction, caller: Caller, stands: Standing, rows: Sequence[Row]) -> list[Row]:
    """Entries in the order of ``rows``, in a fixed number of queries."""
    if not rows:
        return []
    ids = {row["customer"] for row in rows}
    found = {r["id"]: r for r in tx.rows(sa.select(t.customer).where(t.customer.c.id.in_(sorted(ids))))}
    # Rules go by the level of the class too, which the row does not show: a deal is no news for everybody (CUS-12).
    levels = {id_: r["level"] or r["class_level"] for id_, r in found.items()}
    keys = customers.data_keys(tx, ids)
    policy = caller.setting.policy_at(stands.pool.program, at=caller.at)
    hidden = frozenset(policy.words("pool.hidden_fields"))
    return [
        _entry(caller, stands, policy, row)
        | {
            "customer": pooled_customer(
                found[row["customer"]],
                customers.contact_of(tx, found[row["customer"]], keys.get(row["customer"])),
                hidden=hidden,
            )
        }
        | {"high": _is_high(stands.pool, levels[row["customer"]])}
        | {"may_take": _may_take(caller, stands, policy, row, levels[row["customer"]])}
        for row in rows
    ]


def pooled_customer(row: Row, contact: customers.Contact, *, hidden: frozenset[str]) -> Row:
    """What is shown of a customer before taking, to everybody alike (POOL-10)."""
    name = contact.name
    if name is not None and row["kind"] == "person":
        name = mask_person_name(name)
    return {
        "kind": row["kind"],
        "name": name,
        "phone": None if "phone" in hidden else masked_phone(contact.phone),
        "email": None if "email" in hidden or not contact.email else mask_email(contact.email),
        "company_code": contact.company_code,
        "level": contact.level,
        "source": row["source"],
    }


def entry_details(tx: Transaction, caller: Caller, stands: Standing, row: Row) -> Row:
    """An entry with who held it before and how much was done, without contact data (POOL-02)."""
    c = t.claim.c
    work = (
        sa.select(sa.func.count())
        .where(t.follow_up.c.claim == c.id, t.follow_up.c.voided_at.is_(None))
        .correlate(t.claim)
        .scalar_subquery()
        .label("work")
    )
    claims = tx.rows(
        sa.select(c.owner, c.accepted_at, c.ended_at, c.state, c.reason, work)
        .where(c.matter == row["id"])
        .order_by(c.received_at.desc(), c.id.desc())
    )
    theirs = caller.setting.organisation.partner_of(caller.person)
    past = [r for r in claims if r["owner"] is not None and r["state"] in ("lapsed", "released") and r["accepted_at"]]
    return entry_views(tx, caller, stands, [row])[0] | {
        "history": [
            {
                "owner": r["owner"] if theirs is None or _is_theirs(caller, {"person": r["owner"]}) else None,
                "from": rfc3339(r["accepted_at"]),
                "to": rfc3339(r["ended_at"]),
                "end": r["state"],
                "reason": r["reason"],
                "follow_ups": r["work"],
            }
            for r in past
        ],
        "claims": len(claims),
        "follow_ups": sum(r["work"] for r in claims),
    }


def load_view(tx: Transaction, caller: Caller, person: str) -> Row:
    """`GET /v1/people/{id}/load`, under the company's policy (POOL-06, POOL-07, POOL-11)."""
    setting, at = caller.setting, caller.at
    require_in_charge(caller, person)
    policy = setting.company_policy_at(at)
    taker = takers(tx, [person], matter=_NO_MATTER, since=at, now=at, teams={})[person]
    counts = {"lead": taker.leads, **weighed(taker.held), "overdue": taker.overdue}
    points = workload(claims=taker.held, leads=taker.leads, overdue=taker.overdue, policy=policy)
    capacity, most = capacity_of(person, policy, setting=setting), policy.number("load.max_ratio")
    clock = WallClock(policy.word("calendar.zone") or "UTC")
    weights = policy.weights("load.weights")
    return {
        "person": person,
        "points": float(points),
        "capacity_points": capacity,
        "ratio": float(points / capacity) if capacity else None,
        "overloaded": bool(most) and points >= most * capacity,
        "held": held(taker.holdings, policy),
        "holding_cap": policy.limit("pool.holding_cap"),
        "takes_today": sum(clock.date_of(taken) == clock.date_of(at) for taken in taker.takes),
        "daily_takes": policy.limit("pool.daily_takes"),
        "parts": [{"kind": k, "count": n, "points": float(weights[k] * n)} for k, n in counts.items()],
    }


#: Stands for the matter to be left out of a count: none.
_NO_MATTER = "00000000-0000-0000-0000-000000000000"


def require_in_charge(caller: Caller, person: str) -> None:
    """Oneself, leaders above, managers and admins in scope; else ``not_found``."""
    organisation = caller.setting.organisation
    if person == caller.person:
        return
    if person not in organisation.people:
        raise Refusal("not_found")
    place = Place(teams=(organisation.team_of(person, at=caller.at),))
    roles = {Role.TEAM_LEAD, Role.MANAGER, Role.ADMIN}
    if not has_role(caller.actor, roles, organisation=organisation, at=caller.at, place=place):
        raise Refusal("not_found")


def undecided_take(tx: Transaction, caller: Caller, command: Row) -> Row:
    """What a take or an assignment may become, while nobody has decided it: no receipt yet, and no name."""
    matter = tx.row(sa.select(t.matter).where(t.matter.c.id == command["matter"]))
    assert matter is not None
    customer = tx.row(sa.select(t.customer.c.kind, customers.LEVEL).where(t.customer.c.id == matter["customer"]))
    assert customer is not None
    person = unpack(command["data"]).get("to", command["actor"])
    at, setting = command["received_at"], caller.setting
    team = setting.organisation.team_of(person, at=at)
    claim = Claim(
        id=command["claim"],
        receipt=0,
        matter=matter["id"],
        program=matter["program"],
        reporter=person,
        team=team,
        state=ClaimState.REPORTED,
        received_at=at,
        rank_at=at,
        terms=setting.terms_at(matter["program"], at=at),
        customer_kind=customer["kind"],
        customer_level=customer["level"],
    )
    nothing = ("need", "progress", "next_follow_up_at", "expected_close", "expected_minor", "expected_currency")
    row = claim_row(claim) | dict.fromkeys(nothing)
    row |= {name: matter[name] for name in ("customer", "project", "track")} | {"reporter_team": team, "asked": False}
    view = claim_views(tx, caller, [row])[0]
    name = view["customer"]["name"]
    if name is not None and customer["kind"] == "person":
        name = mask_person_name(name)
    return view | {"customer": view["customer"] | {"name": name, "phone": None, "email": None}, "allowed": []}


def _entry(caller: Caller, stands: Standing, policy: Policy, row: Row) -> Row:
    return {
        "id": row["id"],
        "pool": row["pool"],
        "program": row["program"],
        "track": row["track"],
        "entered_at": rfc3339(row["pool_at"]),
        "takeable_from": rfc3339(_takeable(caller, policy, stands.pool.program, row["pool_at"])),
        "locked": row["pool_locked"],
        "restricted": row["pool_only"] is not None,
    }


def _takeable(caller: Caller, policy: Policy, program: str, entered_at: datetime) -> datetime:
    return takeable_from(entered_at, policy, setting=caller.setting, program=program)


def _is_high(pool: Pool, level: str | None) -> bool:
    return pool.priority is not None and level in pool.priority.levels


def _may_have(caller: Caller, row: Row) -> bool:
    """Whether a restriction leaves the customer to the caller (POOL-08)."""
    only = restriction_of(row["pool_only"])
    return admits(only, caller.person, program=row["program"], setting=caller.setting, at=caller.at)


def _may_take(caller: Caller, stands: Standing, policy: Policy, row: Row, level: str | None) -> bool:
    """Membership, lock, restriction and priority; not windows and counts."""
    if not stands.takes or row["pool_locked"] or not _may_have(caller, row):
        return False
    if not may_sell(caller.actor, setting=caller.setting, at=caller.at):
        return False
    first, lead = stands.pool.priority, policy.duration("pool.priority_lead_min")
    if first is None or lead is None or level not in first.levels:
        return True
    calendar = caller.setting.calendar(stands.pool.program)
    until = calendar.add(_takeable(caller, policy, stands.pool.program, row["pool_at"]), lead).at
    organisation = caller.setting.organisation
    return caller.at >= until or first.first.includes(caller.person, organisation=organisation, at=caller.at)


def _hides_restricted(caller: Caller, stands: Standing) -> bool:
    policy = caller.setting.policy_at(stands.pool.program, at=caller.at)
    return not stands.manages and policy.choice("pool.restricted_view") == "hidden"
