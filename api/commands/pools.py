"""Pools: made and changed by admins; customers taken, assigned, moved, locked, restricted, added (contract section 11).

Taking and assigning are commands, decided in a drain like everything that moves ownership. Where a customer lies and
for whom is no state of a claim: it is written under the lock of the matter (docs/decisions/pools.md).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from api.auth import Caller
from api.call import Done, Waiting
from api.commands.company import Change, given, invalid, require_people, require_version
from api.commands.received import as_of_now, receive_unheld
from api.commands.reports import require_partner_open, told_of_take
from api.schemas.pools import AddIn, AssignIn, AssignManyIn, BatchIn, MoveIn, PoolIn, PoolPatch, RestrictIn
from api.schemas.programs import MemberIn
from api.views.pools import Standing, entry_row, entry_views, pool_view, standing
from domain.claims.permissions import may_sell
from domain.leads.candidates import may_receive
from domain.matters.matter import CommandKind
from domain.people.access import Place
from domain.people.organisation import Role
from domain.policy.values import window
from domain.pools.limits import is_entry
from domain.pools.pool import Group, Restriction
from domain.refusals import FieldError, Refusal
from storage import history, matters, merges, texts, usage
from storage import tables as t
from storage.database import Transaction, mint
from storage.pools import restriction_data

Row = dict[str, Any]

# --- pools themselves ------------------------------------------------------------------------------------------------


def make_pool(change: Change, body: PoolIn) -> Done:
    """One more pool of a program (POOL-01)."""
    if body.program not in change.setting.programs:
        change.require(Role.ADMIN)
        raise invalid("program")
    change.require(Role.ADMIN, place=Place(program=body.program))
    values = _checked(change, body.model_dump(exclude={"program"}))
    row = {
        **values,
        "id": mint(),
        "program": body.program,
        "is_default": False,
        "created_at": change.now,
        "version": 1,
        "rev": change.rev,
    }
    change.tx.execute(t.pool.insert().values(row))
    change.record(row["id"], "pool", "created", program=body.program, **_told(values))
    return Done(201, pool_view(change.tx, change.call.caller, row["id"]))


def edit_pool(change: Change, pool: str, body: PoolPatch) -> Done:
    """Change a pool. The default one takes whoever fits nowhere, so it has no rule (POOL-02)."""
    standing(change.call.caller, pool)
    row = change.tx.row(sa.select(t.pool).where(t.pool.c.id == pool))
    assert row is not None
    change.require(Role.ADMIN, place=Place(program=row["program"]))
    named = given(body, "name", "open_to", "members", "admins", "windows", "rule", "priority")
    if row["is_default"] and named.get("rule") is not None:
        raise Refusal("field_not_allowed", rule="POOL-02", errors=(FieldError("rule", "field_not_allowed"),))
    for field in ("name", "open_to", "members", "admins"):
        if field in named and named[field] is None:
            raise invalid(field, rule="POOL-01")
    values = _checked(change, {k: v for k, v in body.model_dump().items() if k in named})
    require_version(body.version, row["version"])
    changed = {name: value for name, value in values.items() if value != row[name]}
    if changed:
        change.tx.execute(
            t.pool.update().where(t.pool.c.id == pool).values(**changed, version=row["version"] + 1, rev=change.rev)
        )
        change.record(pool, "pool", "edited", fields=sorted(changed), **_told(changed))
    return Done(200, pool_view(change.tx, change.call.caller, pool))


def _told(values: Row) -> Row:
    """What history keeps of a pool: everything but its name."""
    return {name: value for name, value in values.items() if name != "name"}


def _checked(change: Change, values: Row) -> Row:
    """Known teams, people who are there, windows that are hours (POOL-01, POOL-04, POOL-05)."""
    for place, member in enumerate(values.get("members") or ()):
        _check_member(change, MemberIn(**member), field=f"members.{place}")
    require_people(change, values.get("admins") or (), field="admins")
    for place, item in enumerate(values.get("windows") or ()):
        try:
            window(item)
        except (ValueError, TypeError):
            raise invalid(f"windows.{place}", rule="POOL-04") from None
    priority = values.get("priority")
    if priority is not None:
        require_people(change, priority["people"], field="priority.people")
        for place, team in enumerate(priority["teams"]):
            if team not in change.organisation.teams:
                raise invalid(f"priority.teams.{place}")
    return values


def _check_member(change: Change, member: MemberIn, *, field: str) -> None:
    if (member.team is None) == (member.person is None):
        raise invalid(field, rule="POOL-01")
    if member.team is not None and member.team not in change.organisation.teams:
        raise invalid(f"{field}.team")
    if member.person is not None:
        change.active_person(member.person, field=f"{field}.person")


# --- taking ----------------------------------------------------------------------------------------------------------


def take(tx: Transaction, caller: Caller, pool: str, entry: str) -> Waiting:
    """Reach for a pooled customer; who gets it, the drain decides (POOL-03)."""
    program = _program_of(caller, pool)
    setting = caller.setting
    if not may_sell(caller.actor, setting=setting, at=caller.at):
        raise Refusal("not_allowed", rule="PPL-02")
    stands = standing(caller, pool) if _belongs(caller, program) else None
    if stands is None or not stands.takes:
        raise Refusal("not_member", rule="POOL-01")
    require_partner_open(caller.person, program, setting=setting, at=caller.at)
    locked = _locked(tx, program, entry)
    matter = as_of_now(tx, caller, locked, counted_later=caller.person)
    if matter.owner_claim is None and not matter.pooled:
        raise Refusal("not_found")
    data = told_of_take(tx, caller, program, locked.now)
    return receive_unheld(tx, caller, CommandKind.TAKE, locked, data)


def assign(tx: Transaction, caller: Caller, pool: str, entry: str, body: AssignIn) -> Waiting:
    """An admin gives a pooled customer to somebody who may own it (POOL-01)."""
    stands = _managed(caller, pool)
    _check_receiver(caller, stands.pool.program, body.to)
    return _assigned(tx, caller, stands, entry, to=body.to, reason=body.reason)


def assign_many(tx: Transaction, caller: Caller, pool: str, body: AssignManyIn) -> Done:
    """The same of several customers for one person: each row is a command of its own, decided like any (POOL-01)."""
    stands = _managed(caller, pool)
    _check_receiver(caller, stands.pool.program, body.to)
    received: dict[str, Waiting] = {}

    def one(entry: str) -> None:
        received[entry] = _assigned(tx, caller, stands, entry, to=body.to, reason=body.reason)

    _hold_all(tx, stands.pool.program, body.customers)
    codes = _codes(sorted(set(body.customers)), one)
    for waiting in received.values():
        matters.ring_later(tx, waiting.stream, waiting.kind, at=tx.now())
    rows = [
        {
            "customer": entry,
            "ok": entry in received,
            "code": codes[entry],
            "command": received[entry].command if entry in received else None,
            "claim": received[entry].stream if entry in received else None,
        }
        for entry in body.customers
    ]
    return Done(200, {"rows": rows})


def _check_receiver(caller: Caller, program: str, to: str) -> None:
    person = caller.setting.organisation.people.get(to)
    if person is None:
        raise invalid("to", rule="POOL-01")
    if not person.active:
        raise Refusal("person_inactive", rule="PPL-01", errors=(FieldError("to", "person_inactive"),))
    if not may_receive(to, program, setting=caller.setting, at=caller.at):
        raise invalid("to", rule="POOL-01")


def _assigned(tx: Transaction, caller: Caller, stands: Standing, entry: str, *, to: str, reason: str) -> Waiting:
    pool = stands.pool.id
    locked = _locked(tx, stands.pool.program, entry)
    matter = as_of_now(tx, caller, locked)
    if matter.owner_claim is None and (not matter.pooled or matter.pool != pool):
        raise Refusal("not_found")
    text = texts.keep(tx, reason, customer=locked.row["customer"])
    return receive_unheld(tx, caller, CommandKind.POOL_ASSIGN, locked, {"to": to, "text": text})


def _program_of(caller: Caller, pool: str) -> str:
    for program in caller.setting.programs.values():
        if any(p.id == pool for p in program.pools):
            return program.id
    raise Refusal("not_found")


def _belongs(caller: Caller, program: str) -> bool:
    organisation = caller.setting.organisation
    return caller.setting.programs[program].is_member(caller.person, organisation=organisation, at=caller.at)


def _managed(caller: Caller, pool: str) -> Standing:
    stands = standing(caller, pool)
    if not stands.manages:
        raise Refusal("not_allowed", rule="POOL-01")
    return stands


def _locked(tx: Transaction, program: str, entry: str) -> matters.Locked:
    known = tx.execute(sa.select(t.matter.c.id).where(t.matter.c.id == entry, t.matter.c.program == program)).scalar()
    if known is None:
        raise Refusal("not_found")
    return matters.lock(tx, merges.lies_in(tx, entry))


def _hold_all(tx: Transaction, program: str, entries: Collection[str]) -> None:
    """Lock all that a batch is about before it judges one, which may lock people (design section 2, lock order).

    An entry lies in another one's matter once records were merged, so the order of the entries is not that of matters.
    """
    c = t.matter.c
    known = tx.execute(sa.select(c.id).where(c.id.in_(set(entries)), c.program == program)).scalars().all()
    matters.lock_all(tx, [merges.lies_in(tx, entry) for entry in known])


# --- looking ---------------------------------------------------------------------------------------------------------


def open_details(tx: Transaction, caller: Caller, pool: str, entry: str) -> Row:
    """Count the look, then let it happen: nobody reads a pool through in a day (POOL-10)."""
    stands = looked_into(caller, pool)
    row = entry_row(tx, caller, stands, entry)
    now = tx.now()
    cap = caller.setting.policy_at(stands.pool.program, at=now).limit("pool.daily_views")
    zone = caller.setting.calendar(stands.pool.program).zone
    count = usage.count(tx, caller.person, usage.Act.VIEW, usage.day_of(now, zone=zone))
    if cap is not None and count > cap:
        until = usage.next_day(now, zone=zone)
        raise Refusal("view_limit", rule="POOL-10", facts={"cap": cap, "count": count - 1, "until": until})
    return row


def looked_into(caller: Caller, pool: str) -> Standing:
    """Members of the pool, its admins and readers of the program; others ``not_member`` (POOL-01)."""
    stands = standing(caller, pool)
    if not stands.reads:
        raise Refusal("not_member", rule="POOL-01")
    return stands


# --- acts of admins --------------------------------------------------------------------------------------------------


def move(tx: Transaction, caller: Caller, pool: str, body: MoveIn) -> Done:
    """Customers go to another pool of the program; when they entered stays (POOL-01)."""
    stands = _managed(caller, pool)
    if body.to not in {p.id for p in caller.setting.programs[stands.pool.program].pools}:
        raise invalid("to", rule="POOL-01")
    return _each(tx, caller, stands, body, "moved", {"pool": body.to}, {"to": body.to})


def set_locked(tx: Transaction, caller: Caller, pool: str, body: BatchIn, *, locked: bool) -> Done:
    """Nobody takes a locked customer until it is unlocked; admins may still assign it (POOL-01)."""
    stands = _managed(caller, pool)
    return _each(tx, caller, stands, body, "locked" if locked else "unlocked", {"pool_locked": locked}, {})


def restrict(tx: Transaction, caller: Caller, pool: str, body: RestrictIn) -> Done:
    """Only these people, teams and skilled ones may take the customers; nobody named: everybody may (POOL-08)."""
    stands = _managed(caller, pool)
    organisation = caller.setting.organisation
    for field, named, known in (
        ("people", body.people, organisation.people),
        ("teams", body.teams, organisation.teams),
    ):
        for place, one in enumerate(named):
            if one not in known:
                raise invalid(f"{field}.{place}", rule="POOL-08")
    group = Group(frozenset(body.people), frozenset(body.teams))
    needed = {one.skill: one.level for one in body.skills}
    only = restriction_data(Restriction(group, tuple(needed.items())))
    return _each(tx, caller, stands, body, "restricted", {"pool_only": only}, {"only": only})


def _each(
    tx: Transaction,
    caller: Caller,
    stands: Standing,
    body: BatchIn,
    kind: str,
    values: Row,
    told: Row,
) -> Done:
    """One row after the other in the order of their ids, under the locks of all their matters; answered as asked."""

    def one(entry: str) -> None:
        locked = _locked(tx, stands.pool.program, entry)
        matter = as_of_now(tx, caller, locked)
        if matter.owner_claim is not None:
            raise Refusal("already_taken", rule="POOL-03")
        if not is_entry(matter, locked.now) or matter.pool != stands.pool.id:
            raise Refusal("not_found")
        tx.execute(t.matter.update().where(t.matter.c.id == locked.row["id"]).values(values))
        matters.touch(tx, locked.row["id"], locked.now)
        done[entry] = locked.row["customer"]

    done: dict[str, str] = {}
    _hold_all(tx, stands.pool.program, body.customers)
    codes = _codes(sorted(set(body.customers)), one)
    _record(tx, caller, stands, kind, body.reason, done, told)
    return _rows(tx, caller, stands, [(entry, codes[entry]) for entry in body.customers])


def add(tx: Transaction, caller: Caller, pool: str, body: AddIn) -> Done:
    """Customers whom nobody ever reported here come into the pool (POOL-01, POOL-02)."""
    stands = _managed(caller, pool)
    policy = caller.setting.policy_at(stands.pool.program, at=caller.at)
    if body.track not in policy.tracks:
        raise invalid("track")
    if policy.choice("claim.subject") == "project":
        # What is owned there is a project of the customer, which a customer's id does not name (CLM-33).
        raise Refusal("field_not_allowed", rule="CLM-33", errors=(FieldError("customers", "field_not_allowed"),))
    found: dict[str, str] = {}
    entries: dict[str, str] = {}

    def find(customer: str) -> None:
        # Locked, so that an erasure comes before this or finds the entry.
        statement = sa.select(t.customer.c.erased_at, t.customer.c.merged_into).where(t.customer.c.id == customer)
        row = tx.row(tx.locked(statement))
        if row is None or row["erased_at"] is not None:
            raise Refusal("not_found")
        found[customer] = _matter_of(tx, stands, row["merged_into"] or customer, body.track)

    def one(customer: str) -> None:
        matter = found[customer]
        locked = matters.lock(tx, matter)
        present = as_of_now(tx, caller, locked)
        if present.owner_claim is not None or present.reserved_for(locked.now) is not None:
            raise Refusal("already_taken", rule="POOL-03")
        if present.pooled:
            raise invalid("customers")
        values = {"pooled": True, "pool_at": locked.now, "pool": pool, "pool_locked": False, "pool_only": None}
        tx.execute(t.matter.update().where(t.matter.c.id == matter).values(values))
        matters.touch(tx, matter, locked.now)
        entries[customer] = matter

    codes = _codes(sorted(set(body.customers)), find)
    matters.lock_all(tx, found.values())
    codes |= _codes(sorted(found), one)
    _record(tx, caller, stands, "added", body.reason, {e: c for c, e in entries.items()}, {"track": body.track})
    return _rows(tx, caller, stands, [(entries.get(c), codes[c]) for c in body.customers])


def _matter_of(tx: Transaction, stands: Standing, customer: str, track: str) -> str:
    here = {"program": stands.pool.program, "subject": customer, "track": track}
    row = {
        "id": mint(),
        **here,
        "customer": customer,
        "project": None,
        "last_at": tx.now(),
        "pooled": False,
        "poisoned": False,
    }
    tx.insert_new(t.matter, [row])
    found = merges.matter_of(tx, **here)
    assert found is not None
    return found


def _codes(asked: Sequence[str], one: Callable[[str], None]) -> dict[str, str | None]:
    codes: dict[str, str | None] = {}
    for item in asked:
        try:
            one(item)
        except Refusal as refusal:
            if refusal.status >= 500:
                raise
            codes[item] = refusal.code
        else:
            codes[item] = None
    return codes


def _record(
    tx: Transaction, caller: Caller, stands: Standing, kind: str, reason: str, done: dict[str, str], told: Row
) -> None:
    """The history of the pool keeps who did what to whom; why goes with the customer at erasure (AUD-05)."""
    now = tx.now()
    entries = [
        history.Entry(
            stream=stands.pool.id,
            stream_kind="pool",
            kind=f"customer_{kind}",
            at=now,
            actor=caller.person,
            data={"entry": entry, "text": texts.keep(tx, reason, customer=customer), **told},
        )
        for entry, customer in done.items()
    ]
    history.append(tx, entries)


def _rows(tx: Transaction, caller: Caller, stands: Standing, asked: Sequence[tuple[str | None, str | None]]) -> Done:
    ids = sorted({entry for entry, code in asked if code is None and entry is not None})
    found = tx.rows(sa.select(t.matter).where(t.matter.c.id.in_(ids)))
    views = {view["id"]: view for view in entry_views(tx, caller, stands, found)}
    rows = [
        {"customer": entry, "ok": code is None, "code": code, "entry": views.get(entry or "") if code is None else None}
        for entry, code in asked
    ]
    return Done(200, {"rows": rows})
